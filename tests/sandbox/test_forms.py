"""Form state: initial values, changes, and what the client lets a person submit."""

import pytest

from chatops.sandbox.forms import complaint_about, current_values, initial_values, read_choice
from chatops.sandbox.wire import Json, Refused


def field(element: Json, **more: object) -> Json:
    return {"type": "input", "block_id": "b", "label": {}, "element": {"action_id": "a", **element}, **more}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({"type": "plain_text_input", "initial_value": "x"}, {"value": "x"}),
        ({"type": "plain_text_input"}, {"value": None}),
        ({"type": "users_select", "initial_user": "U1"}, {"selected_user": "U1"}),
        ({"type": "multi_users_select"}, {"selected_users": []}),
        ({"type": "datepicker", "initial_date": "2026-11-23"}, {"selected_date": "2026-11-23"}),
        ({"type": "datetimepicker", "initial_date_time": 1}, {"selected_date_time": 1}),
        ({"type": "checkboxes", "options": []}, {"selected_options": []}),
        ({"type": "conversations_select", "initial_conversation": "C1"}, {"selected_conversation": "C1"}),
    ],
)
def test_initial_values(element: Json, value: Json) -> None:
    assert initial_values([field(element)]) == {"b": {"a": {"type": element["type"], **value}}}


def test_changes_survive_only_where_the_element_does() -> None:
    touched = {"b": {"a": {"type": "plain_text_input", "value": "typed"}}, "gone": {"a": {"type": "x"}}}
    assert current_values([field({"type": "plain_text_input"})], touched)["b"]["a"]["value"] == "typed"
    assert current_values([field({"type": "datepicker"})], touched) == {
        "b": {"a": {"type": "datepicker", "selected_date": None}}
    }


@pytest.mark.parametrize(
    ("element", "value", "complaint"),
    [
        ({"type": "plain_text_input"}, None, "required"),
        ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", "no more than 3"),
        ({"type": "plain_text_input"}, "x" * 3001, "no more than 3000"),
        ({"type": "email_text_input"}, "belle", "email"),
        ({"type": "email_text_input"}, "belle@acme.example", None),
        ({"type": "url_text_input"}, "acme", "URL"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "2"}, "1.5", "at least 2"),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "1"}, "1.5", "at most 1"),
        ({"type": "number_input", "is_decimal_allowed": True}, "many", "number"),
    ],
)
def test_complaints(element: Json, value: str | None, complaint: str | None) -> None:
    found = complaint_about(field(element), {"type": element["type"], "value": value})
    assert (found is None) if complaint is None else (found is not None and complaint in found)


def test_optional_may_be_empty_and_choices_are_counted() -> None:
    assert complaint_about(field({"type": "plain_text_input"}, optional=True), {"value": None}) is None
    many = field({"type": "multi_users_select", "max_selected_items": 1})
    assert complaint_about(many, {"selected_users": ["U1", "U2"]}) == "Please choose at most 1."


def test_only_offered_options_can_be_chosen() -> None:
    minor = {"text": {"type": "plain_text", "text": "Minor"}, "value": "minor"}
    select = {"type": "static_select", "option_groups": [{"label": {}, "options": [minor]}]}
    assert read_choice(select, {"selected_option": "minor"})["selected_option"] == minor
    assert read_choice(select, {"selected_option": None})["selected_option"] is None
    with pytest.raises(Refused, match="there are: Minor"):
        read_choice(select, {"selected_option": {"value": "major"}})
