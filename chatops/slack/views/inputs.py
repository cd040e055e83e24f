"""The fields of a modal: how each kind is built, and how its answer is read from `view.state.values`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticMultiSelectElement,
    StaticSelectElement,
    UserSelectElement,
)

from chatops.domain.errors import BadInput
from chatops.slack.views.building import plain

INPUT_CHARS = 3000
OPTION_CHARS = 75
OPTIONS = 100
ACTION = "input"
"""Every field has a block of its own, named after the form's field; its one element is called this."""

Choices = Sequence[tuple[str, str]]
"""(value, label) of each option."""
ViewPayload = Mapping[str, Any]


def text_input(
    name: str,
    label: str,
    *,
    initial: str = "",
    max_chars: int = INPUT_CHARS,
    multiline: bool = False,
    optional: bool = False,
    hint: str | None = None,
) -> InputBlock:
    element = PlainTextInputElement(
        action_id=ACTION, initial_value=initial[:max_chars] or None, multiline=multiline, max_length=max_chars
    )
    return _input(name, label, element, optional=optional, hint=hint)


def choice_input(name: str, label: str, choices: Choices, *, initial: str) -> InputBlock:
    options = _options(choices)
    chosen = next((option for option in options if option.value == initial), None)
    element = StaticSelectElement(action_id=ACTION, options=options, initial_option=chosen)
    return _input(name, label, element)


def choices_input(
    name: str, label: str, choices: Choices, *, initial: Iterable[str] = (), optional: bool = False
) -> InputBlock:
    options = _options(choices)
    wanted = set(initial)
    chosen = [option for option in options if option.value in wanted]
    element = StaticMultiSelectElement(action_id=ACTION, options=options, initial_options=chosen or None)
    return _input(name, label, element, optional=optional)


def person_input(name: str, label: str, *, initial: str | None, optional: bool = False) -> InputBlock:
    return _input(name, label, UserSelectElement(action_id=ACTION, initial_user=initial or None), optional=optional)


def tick_input(name: str, label: str, text: str) -> InputBlock:
    """One checkbox."""
    return _input(name, label, CheckboxesElement(action_id=ACTION, options=_options([(name, text)])), optional=True)


def _input(
    name: str, label: str, element: InputInteractiveElement, *, optional: bool = False, hint: str | None = None
) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=plain(label, 2000),
        element=element,
        optional=optional,
        hint=plain(hint, 2000) if hint else None,
    )


def _options(choices: Choices) -> list[Option]:
    kept = {value[:OPTION_CHARS]: text for value, text in reversed(choices)}
    ordered = dict.fromkeys(value[:OPTION_CHARS] for value, _ in choices)
    return [Option(value=value, text=plain(kept[value], OPTION_CHARS)) for value in ordered if value][:OPTIONS]


def read_text(view: ViewPayload, name: str) -> str:
    """Slack sends null for an empty field."""
    return str(_read(view, name).get("value") or "")


def find_choice(view: ViewPayload, name: str) -> str | None:
    option = _read(view, name).get("selected_option")
    return str(option["value"]) if option else None


def get_choice(view: ViewPayload, name: str) -> str:
    value = find_choice(view, name)
    if value is None:
        raise BadInput("Choose one.", field=name)
    return value


def read_choices(view: ViewPayload, name: str) -> tuple[str, ...]:
    return tuple(str(option["value"]) for option in _read(view, name).get("selected_options") or ())


def find_person(view: ViewPayload, name: str) -> str | None:
    """A Slack id."""
    return _read(view, name).get("selected_user") or None


def is_ticked(view: ViewPayload, name: str) -> bool:
    return bool(read_choices(view, name))


def _read(view: ViewPayload, name: str) -> Mapping[str, Any]:
    """Empty where the form did not have the field."""
    values = (view.get("state") or {}).get("values") or {}
    answer: Mapping[str, Any] = (values.get(name) or {}).get(ACTION) or {}
    return answer


def write_metadata(**data: str | int | None) -> str:
    return json.dumps(data)


def read_metadata(view: ViewPayload) -> dict[str, Any]:
    """What `write_metadata` put there; raises BadInput where this form is not one of ours."""
    try:
        data = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise BadInput("This form cannot be read any more. Please open it again.")
    return data
