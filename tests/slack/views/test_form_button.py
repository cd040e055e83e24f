"""The button that brings a form back: nothing typed is lost."""

from hypothesis import given

from chatops.slack.views import form_button
from tests.slack.views.checking import check_message, labels, press, read
from tests.slack.views.texts import LAW, long_text


def test_what_was_typed_stands_above_the_button() -> None:
    blocks = check_message(form_button.build(action_id="reopen_form", value="open Logins", typed="Logins *fail*"))
    assert "Nothing is lost" in read(blocks)
    assert "Logins *fail*" in read(blocks)
    button = press(blocks, "Open the form")
    assert (button["action_id"], button["value"]) == (form_button.REOPEN, "open Logins")


def test_without_delay_and_without_words_it_is_just_a_button() -> None:
    text, _ = message = form_button.build(action_id="assign", value="12", late=False)
    blocks = check_message(message)
    assert text == "Press the button to open the form."
    assert "Nothing is lost" not in read(blocks)
    assert labels(blocks) == ["Open the form"]


@LAW
@given(value=long_text(), typed=long_text())
def test_it_holds_any_words(value: str, typed: str) -> None:
    blocks = check_message(form_button.build(action_id="reopen_form", value=value, typed=typed))
    assert press(blocks, "Open the form").get("value", "") in (value, "")
