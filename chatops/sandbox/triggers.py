"""Trigger ids: the short-lived, single-use permission to open a modal for the person who just acted."""

import secrets
import time
from dataclasses import dataclass

from chatops.sandbox.wire import Clock

TRIGGER_SECONDS = 3.0
"""https://docs.slack.dev/surfaces/modals: a trigger_id expires three seconds after it was issued."""


@dataclass(slots=True)
class Trigger:
    member_id: str
    issued_at: float
    channel_id: str | None = None
    """What the person was looking at, where that is known."""
    used: bool = False


class Triggers:
    def __init__(self, clock: Clock = time.time, lifetime_seconds: float = TRIGGER_SECONDS) -> None:
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._issued: dict[str, Trigger] = {}

    def issue(self, member_id: str, channel_id: str | None = None) -> str:
        now = self._clock()
        trigger_id = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(member_id, now, channel_id)
        return trigger_id

    def problem(self, trigger_id: str) -> str | None:
        """Slack's error code for this trigger, or None if it may be used now."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            return "invalid_trigger_id"
        if trigger.used:
            return "exchanged_trigger_id"
        if self._clock() - trigger.issued_at > self._lifetime_seconds:
            return "expired_trigger_id"
        return None

    def use(self, trigger_id: str) -> str:
        """Spend a trigger that has no problem; gives the member it was issued for."""
        trigger = self._issued[trigger_id]
        trigger.used = True
        return trigger.member_id

    def owner(self, trigger_id: str) -> str:
        return self._issued[trigger_id].member_id

    def channel_id(self, trigger_id: str) -> str | None:
        return self._issued[trigger_id].channel_id
