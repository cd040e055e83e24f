"""Incident names as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import BadInput
from chatops.domain.ids import find_incident_word, format_incident, incident_of, incident_stream, parse_incident


@given(st.integers(0, 10**9 - 1))
def test_names_and_streams_read_back(number: int) -> None:
    assert parse_incident(format_incident(number)) == number
    assert incident_of(incident_stream(number)) == number


@pytest.mark.parametrize("text", ["INC-12", "inc12", " Inc-12 "])
def test_people_may_type_it_their_way(text: str) -> None:
    assert parse_incident(text) == 12


@pytest.mark.parametrize("text", ["", "12", "INC-", "INC--1", "INC-1x", "INC-1234567890"])
def test_anything_else_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(BadInput, match="Write it like INC-12"):
        parse_incident(text)


def test_the_incident_is_found_among_other_words() -> None:
    assert find_incident_word(["20m", "inc-3", "INC-4"]) == "inc-3"
    assert find_incident_word(["20m"]) is None
