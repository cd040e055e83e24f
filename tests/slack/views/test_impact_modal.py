"""The modal “Change impact”."""

from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.domain.records import Impact
from chatops.slack.views import impact_modal
from tests.builders import open_journal
from tests.slack.views.checking import check_screen, field_labels, option_texts, submit
from tests.slack.views.texts import LAW, long_text

INCIDENT = open_journal(impact=Impact.MAJOR).incident


def test_it_begins_with_the_present_impact() -> None:
    screen = check_screen(impact_modal.build(INCIDENT))
    assert screen["title"]["text"] == "Change impact"
    assert field_labels(screen) == ["Impact"]
    assert option_texts(screen, "Impact") == ["None", "Minor", "Major", "Critical"]
    assert impact_modal.parse(submit(screen)) == (1, Impact.MAJOR)
    assert impact_modal.parse(submit(screen, {"Impact": "None"})) == (1, Impact.NONE)


def test_a_missing_choice_is_asked_for() -> None:
    with pytest.raises(BadInput) as error:
        impact_modal.parse(submit(check_screen(impact_modal.build(INCIDENT)), {"Impact": None}))
    assert impact_modal.field_block_id(error.value.field) == "impact"


@LAW
@given(title=long_text())
def test_it_holds_any_title(title: str) -> None:
    check_screen(impact_modal.build(replace(INCIDENT, title=title)))
