"""What the app did wrong in Slack's eyes: a list that tests and the page read."""

import time
from dataclasses import asdict, dataclass

from chatops.sandbox.wire import Clock, Json


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    where: str
    detail: str
    at: float

    def wire(self) -> Json:
        return asdict(self)


class Violations:
    """Kinds: late_ack, bad_ack, invalid_blocks, invalid_arguments, unknown_method, missing_scope, not_allowed_token."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self.found: list[Violation] = []

    def add(self, kind: str, where: str, detail: str) -> None:
        self.found.append(Violation(kind, where, detail, self._clock()))

    def kinds(self) -> list[str]:
        return [violation.kind for violation in self.found]

    def wire(self) -> list[Json]:
        return [violation.wire() for violation in self.found]

    def clear(self) -> None:
        self.found.clear()
