"""What a person reads: the words in messages and views, and the labels on what can be clicked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatops.sandbox.forms import offered_options, walk
from chatops.sandbox.wire import Json

ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
WORDS = ("text", "title", "subtitle", "body", "label", "hint", "placeholder", "alt_text", "description")


@dataclass(frozen=True, slots=True)
class Clickable:
    """Something with a label that can be clicked; an overflow's options are each one of them."""

    label: str
    block_id: str
    element: Json
    option: Json | None = None


def text_of(shown: Json) -> str:
    """All readable text of a message or a view, a piece per line."""
    pieces = [shown["text"]] if isinstance(shown.get("text"), str) else []
    for key in ("title", "submit"):
        pieces += list(_words(shown.get(key)))
    for block in shown.get("blocks") or []:
        pieces += list(_words(block))
    for file in shown.get("files") or []:
        pieces.append(str(file.get("title") or file.get("name")))
    return plain("\n".join(dict.fromkeys(pieces)))


def plain(text: str) -> str:
    """Slack's entities as the characters they stand for."""
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, dict):
        for key, content in value.items():
            if key in WORDS and isinstance(content, str):
                yield content
            elif isinstance(content, dict | list):
                yield from _words(content)


def label_of(text_object: Json | None) -> str:
    return plain(str((text_object or {}).get("text", "")))


def same_label(label: str, wanted: str) -> bool:
    """Labels match whatever emoji or marks surround their words, and whatever their case."""
    return _bare(label) == _bare(wanted)


def _bare(label: str) -> str:
    without_codes = re.sub(r":[a-z0-9_+-]+:", " ", label.casefold())
    return " ".join(re.findall(r"[^\W_]+|[&?/+]", without_codes))


def clickables(blocks: list[Json]) -> list[Clickable]:
    found = []
    for block, element in walk(blocks):
        block_id = block["block_id"]
        if element["type"] in ("button", "workflow_button", "icon_button"):
            found.append(Clickable(label_of(element.get("text")), block_id, element))
        elif element["type"] not in ("image",) and block["type"] != "input":
            found += [
                Clickable(label_of(option["text"]), block_id, element, option) for option in offered_options(element)
            ]
    return found


def choices_by_label(blocks: list[Json]) -> dict[str, tuple[Json, Json]]:
    """What can be filled in, by the label a person reads: an input's label, else a section's text or a placeholder."""
    found: dict[str, tuple[Json, Json]] = {}
    for block, element in walk(blocks):
        if element["type"] in ("button", "overflow", "image", "workflow_button", "icon_button"):
            continue
        if block["type"] == "input":
            label = label_of(block["label"])
        else:
            label = label_of(block.get("text")) or label_of(element.get("placeholder")) or str(element["action_id"])
        found.setdefault(label, (block, element))
        if element["type"] == "checkboxes" and len(element["options"]) == 1:
            found.setdefault(label_of(element["options"][0]["text"]), (block, element))
    return found
