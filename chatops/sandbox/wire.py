"""JSON shapes, ids and timestamps as they travel between Slack, an app and the page."""

import secrets
import time
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], float]

ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Refused(Exception):
    """A person asked for something a Slack client does not offer; the text is for that person."""


def new_id(prefix: str, length: int = 10) -> str:
    """An id that looks like Slack's: a letter that tells the kind, then capitals and digits."""
    return prefix + "".join(secrets.choice(ID_ALPHABET) for _ in range(length))


class Timestamps:
    """Message timestamps: seconds with six decimals, unique and rising within a workspace."""

    def __init__(self, clock: Clock = time.time) -> None:
        self.clock = clock
        self._last_micros = 0

    def next(self) -> str:
        self._last_micros = max(self._last_micros + 1, int(self.clock() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"


def is_timestamp(value: str) -> bool:
    seconds, dot, rest = value.partition(".")
    return seconds.isdigit() and (not dot or rest.isdigit())
