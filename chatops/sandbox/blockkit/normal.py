"""Blocks as Slack gives them back: with ids and the defaults it fills in."""

import copy

from chatops.sandbox.forms import walk
from chatops.sandbox.wire import Json, new_id


def normalise_blocks(blocks: list[Json]) -> list[Json]:
    """Slack adds a `block_id` and `action_id` where the app gave none, and spells out text defaults."""
    normal = copy.deepcopy(blocks)
    _add_block_ids(normal)
    for _, element in walk(normal):
        if element["type"] != "image":
            element.setdefault("action_id", new_id("", 5))
    _spell_out_texts(normal)
    return normal


def normalise_view(view: Json) -> Json:
    normal = {key: value for key, value in copy.deepcopy(view).items() if value is not None}
    normal["blocks"] = normalise_blocks(view["blocks"])
    _spell_out_texts(normal)
    return normal


def _add_block_ids(blocks: list[Json]) -> None:
    for block in blocks:
        block.setdefault("block_id", new_id("", 5))
        _add_block_ids(block.get("child_blocks") or [])


def _spell_out_texts(value: object) -> None:
    if isinstance(value, list):
        for item in value:
            _spell_out_texts(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for item in value.values():
            _spell_out_texts(item)
