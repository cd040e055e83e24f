"""Cursor pagination: https://docs.slack.dev/apis/web-api/pagination"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from chatops.sandbox.api.call import ApiError, Call

Item = TypeVar("Item")


def page_of(call: Call, items: Sequence[Item], limit: int) -> tuple[list[Item], str]:
    """The page the call's cursor asks for, and the cursor of the next (empty at the end)."""
    start = _decode(call.text("cursor"))
    end = start + limit
    return list(items[start:end]), _encode(end) if end < len(items) else ""


def _encode(offset: int) -> str:
    return base64.b64encode(f"next:{offset}".encode()).decode()


def _decode(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ApiError("invalid_cursor") from error
    if word != "next" or not offset.isdigit():
        raise ApiError("invalid_cursor")
    return int(offset)
