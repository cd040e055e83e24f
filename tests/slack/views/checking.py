"""What every screen must satisfy, and a person who fills in and submits a modal as Slack would send it."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from chatops.sandbox.blockkit.surfaces import blocks_text_chars, check_message_blocks, check_view, is_too_large
from chatops.slack.plain import build_plain
from chatops.slack.views.building import Message

Json = dict[str, Any]

OURS = re.compile(r"<(!date\^\d+\^[^<>|]*\|[^<>|]*|@[A-Z0-9]+|https?://[^<>|]*\|[^<>]*)>")
"""The only things that may stand between angle brackets in mrkdwn."""
NEVER = re.compile(r"\b(severity|notification|ticket|owner|users?)\b", re.IGNORECASE)


def check_message(message: Message) -> list[Json]:
    """The blocks, once they hold to every limit of a message."""
    text, built = message
    blocks = [block.to_dict() for block in built]
    assert build_plain(built) == blocks
    assert check_message_blocks(blocks) == []
    assert blocks_text_chars(blocks) <= 12_000
    assert 0 < len(text) <= 4000
    check_markup(text)
    _check_blocks(blocks)
    return blocks


def check_screen(view: View) -> Json:
    """The view as Slack gets it, once it holds to every limit of a modal or the App Home."""
    screen: Json = view.to_dict()
    assert check_view(screen) == []
    assert not is_too_large(screen)
    _check_blocks(screen["blocks"])
    return screen


def _check_blocks(blocks: list[Json]) -> None:
    assert [block.to_dict() for block in Block.parse_all(blocks)] == blocks
    twice = Counter(block["block_id"] for block in blocks if "block_id" in block)
    assert all(count == 1 for count in twice.values())
    for text in find_all(blocks, "mrkdwn"):
        check_markup(text["text"])
    for button in find_all(blocks, "button"):
        assert len(button.get("value", "")) <= 2000


def check_markup(text: str) -> None:
    """Nothing that a person typed can mention, link or hide anything."""
    rest = OURS.sub("", text)
    assert "<" not in rest
    assert ">" not in re.sub(r"(?m)^> ", "", rest)
    assert re.search(r"&(?!amp;|lt;|gt;)", rest) is None


def find_all(value: object, kind: str) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from find_all(item, kind)
    elif isinstance(value, dict):
        if value.get("type") == kind:
            yield value
        for item in value.values():
            yield from find_all(item, kind)


def labels(blocks: list[Json]) -> list[str]:
    """Of all buttons, in order."""
    return [button["text"]["text"] for button in find_all(blocks, "button")]


def press(blocks: list[Json], label: str) -> Json:
    """The one button with this label."""
    found = [button for button in find_all(blocks, "button") if button["text"]["text"] == label]
    assert len(found) == 1
    return found[0]


def read(value: object) -> str:
    """All text that a person sees, in order."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(read, value)))
    if isinstance(value, dict):
        own = value["text"] if isinstance(value.get("text"), str) else ""
        return "\n".join(
            filter(None, [own, *(read(item) for key, item in value.items() if isinstance(item, dict | list))])
        )
    return ""


def field_labels(screen: Json) -> list[str]:
    return [block["label"]["text"] for block in screen["blocks"] if block["type"] == "input"]


def field(screen: Json, label: str) -> Json:
    return next(block for block in screen["blocks"] if block["type"] == "input" and block["label"]["text"] == label)


def option_texts(screen: Json, label: str) -> list[str]:
    return [option["text"]["text"] for option in field(screen, label)["element"]["options"]]


def submit(screen: Json, answers: dict[str, Any] | None = None) -> Json:
    """The view of Slack's `view_submission`, with `answers` by label; the other fields as they were prefilled."""
    answers = answers or {}
    unknown = set(answers) - set(field_labels(screen))
    assert not unknown, unknown
    values: Json = {}
    for block in screen["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            given = answers.get(block["label"]["text"], ...)
            values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **_answer(element, given)}}
    return {**screen, "id": "V1", "state": {"values": values}}


def _answer(element: Json, given: Any) -> Json:
    match element["type"]:
        case "plain_text_input":
            value = element.get("initial_value") if given is ... else given
            return {"value": value or None}
        case "users_select":
            return {"selected_user": element.get("initial_user") if given is ... else given}
        case "static_select":
            return {"selected_option": element.get("initial_option") if given is ... else _option(element, given)}
        case "multi_static_select" | "checkboxes":
            chosen = element.get("initial_options", []) if given is ... else [_option(element, each) for each in given]
            return {"selected_options": chosen}
    raise AssertionError(element["type"])


def _option(element: Json, text: str | None) -> Json | None:
    if text is None:
        return None
    options: list[Json] = element["options"]
    return next(option for option in options if option["text"]["text"] == text)
