"""Blocks as the plain JSON that Slack takes, in the way of `to_dict` but without its checks of every attribute.

Those take four fifths of its time. Our views keep Slack's limits whatever the text, and the tests run the checks.
"""

from collections.abc import Iterable
from typing import Any

from slack_sdk.models.basic_objects import EMPTY_ALLOWED_TYPE_AND_PROPERTY_LIST, JsonObject
from slack_sdk.models.blocks import Block

_MAY_BE_EMPTY = {(each["type"], each["property"]) for each in EMPTY_ALLOWED_TYPE_AND_PROPERTY_LIST}


def build_plain(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    return [_plain(block) for block in blocks]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    to_dict = getattr(type(value), "to_dict", None)
    if to_dict is None:
        return value
    if to_dict is not JsonObject.to_dict:
        return value.to_dict()  # It has a way of its own, as confirmations and options have.
    found = {name: getattr(value, name, None) for name in sorted(value.attributes)}
    kind = getattr(value, "type", None)
    return {
        name: _plain(each)
        for name, each in found.items()
        if each is not None and ((kind, name) in _MAY_BE_EMPTY or not hasattr(each, "__len__") or len(each) > 0)
    }
