"""Clocks for the tests of durable work."""

import time
from datetime import UTC, datetime, timedelta

from tests.store.building import NOW


class ScaledClock:
    """Incident time that runs `speed` times as fast as real time, from a fixed moment."""

    def __init__(self, *, speed: float) -> None:
        self._speed = speed
        self._begun = time.monotonic()
        self._jumped = timedelta()

    def now(self) -> datetime:
        return NOW + self._jumped + timedelta(seconds=(time.monotonic() - self._begun) * self._speed)

    def real_now(self) -> datetime:
        return datetime.now(UTC)

    def real_seconds(self, seconds: float) -> float:
        return seconds / self._speed

    def jump(self, stretch: timedelta) -> None:
        self._jumped += stretch
