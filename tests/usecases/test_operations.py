"""What an operator does: what was verified is counted as what it is."""

import pytest

from chatops.domain.ids import OUTLETS, IncidentNumber, Stream, incident_stream
from chatops.usecases.operations import word_streams


@pytest.mark.parametrize(
    ("streams", "words"),
    [
        ([], "0 incidents"),
        ([incident_stream(IncidentNumber(1))], "1 incident"),
        ([incident_stream(IncidentNumber(1)), OUTLETS, incident_stream(IncidentNumber(2))], "2 incidents, outlets"),
    ],
)
def test_a_log_that_is_no_incidents_is_not_counted_among_them(streams: list[Stream], words: str) -> None:
    assert word_streams(streams) == words
