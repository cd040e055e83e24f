"""The clock: real time, or incident time that runs faster for a replay."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """`now()` starts at `start` when built and runs `speed` times as fast as real time."""

    start: datetime | None = None
    speed: float = 1.0
    _built_at: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        if self.start is None:
            return datetime.now(UTC)
        return self.start + timedelta(seconds=(time.monotonic() - self._built_at) * self.speed)

    def real_now(self) -> datetime:
        return datetime.now(UTC)

    def real_seconds(self, seconds: float) -> float:
        return seconds / self.speed
