"""The way to the app: deliveries, their acknowledgements, and which transport carries them."""

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

from chatops.sandbox.faults import Faults
from chatops.sandbox.violations import Violations
from chatops.sandbox.wire import Json

Kind = Literal["slash_commands", "interactive", "events_api"]
Outcome = Literal["ok", "http_timeout", "http_error", "connection_failed"]
"""The last three are also Slack's values of X-Slack-Retry-Reason."""

ACK_SECONDS = 3.0
"""https://docs.slack.dev/tools/bolt-python/concepts/acknowledge"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    kind: Kind
    payload: Json
    retry_num: int = 0
    retry_reason: str | None = None

    @property
    def name(self) -> str:
        """What it is, for a list of violations."""
        if self.kind == "slash_commands":
            return str(self.payload["command"])
        if self.kind == "events_api":
            return str(self.payload.get("event", self.payload)["type"])
        return str(self.payload["type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    outcome: Outcome
    status: int | None = None
    body: Json | None = None
    text: str = ""
    stop_retrying: bool = False

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"


class Transport(Protocol):
    @property
    def is_connected(self) -> bool: ...

    async def send(self, delivery: Delivery) -> Acknowledgement: ...


class AppLink:
    """Sends to a connected socket if there is one, else over HTTP if there is a request URL."""

    def __init__(self, transports: list[Transport], faults: Faults, violations: Violations) -> None:
        self._transports = transports
        self._faults = faults
        self._violations = violations

    @property
    def is_connected(self) -> bool:
        return any(transport.is_connected for transport in self._transports)

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        transport = next((transport for transport in self._transports if transport.is_connected), None)
        if transport is None:
            return Acknowledgement(outcome="connection_failed")
        copies = 2 if self._faults.take("twice", delivery.name) else 1
        first, *_ = await asyncio.gather(*(transport.send(delivery) for _ in range(copies)))
        if first.outcome == "http_timeout":
            self._violations.add("late_ack", delivery.name, "no acknowledgement within 3 seconds")
        elif first.outcome == "http_error":
            self._violations.add("bad_ack", delivery.name, f"answered with status {first.status}")
        return first
