"""The two modals that ask for a reason."""

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber
from chatops.slack.views import reason_modal
from chatops.slack.views.target import Target, format_target, parse_number, parse_target
from tests.slack.views.checking import check_screen, field_labels, read, submit
from tests.slack.views.texts import LAW, long_text

TARGET = Target(incident=IncidentNumber(12), draft=1, revision=2)


def test_requesting_changes_asks_for_the_reason_alone() -> None:
    screen = check_screen(reason_modal.build_request_changes(TARGET))
    assert [screen[name]["text"] for name in ("title", "submit")] == ["Request changes", "Send"]
    assert field_labels(screen) == ["Reason"]
    assert reason_modal.parse(submit(screen, {"Reason": "Too long."})) == (TARGET, "Too long.")
    assert screen["callback_id"] == reason_modal.CALLBACK_REQUEST_CHANGES


def test_publishing_without_approval_shows_what_goes_out() -> None:
    screen = check_screen(reason_modal.build_bypass(TARGET, "Logins *fail*."))
    assert [screen[name]["text"] for name in ("title", "submit")] == ["Publish without approval", "Publish"]
    assert field_labels(screen) == ["Reason"]
    assert "revision 2 of INC-12 now" in read(screen["blocks"])
    assert "What goes out\n\nLogins *fail*." in read(screen["blocks"])
    assert reason_modal.parse(submit(screen, {"Reason": "All asleep."})) == (TARGET, "All asleep.")
    assert screen["callback_id"] == reason_modal.CALLBACK_BYPASS


def test_an_empty_reason_comes_back_empty() -> None:
    assert reason_modal.parse(submit(check_screen(reason_modal.build_request_changes(TARGET))))[1] == ""
    assert reason_modal.field_block_id("anything") == "reason"


@LAW
@given(words=long_text())
def test_any_words_can_be_shown(words: str) -> None:
    check_screen(reason_modal.build_bypass(TARGET, words))


@pytest.mark.parametrize("value", ["", "12", "12:1", "12:1:2:3", "a:b:c", "-1:1:1", "12:1:²", "1" * 20 + ":1:1"])
def test_nonsense_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="points nowhere"):
        parse_target(value)
    with pytest.raises(BadInput):
        parse_number(f"{value}x")


def test_a_target_survives_its_button() -> None:
    assert format_target(TARGET) == "12:1:2"
    assert parse_target(format_target(TARGET)) == TARGET
