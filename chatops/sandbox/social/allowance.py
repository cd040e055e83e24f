"""Rate limits as networks count them: so many calls in a window that begins with the first."""

from dataclasses import dataclass

from chatops.sandbox.wire import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    limit: int
    remaining: int
    reset_at: float
    is_over: bool


class Allowance:
    def __init__(self, limit: int, seconds: float, clock: Clock) -> None:
        self.limit = limit
        self._seconds = seconds
        self._clock = clock
        self._used = 0
        self._reset_at = 0.0

    def take(self, points: int = 1) -> Left:
        now = self._clock()
        if now >= self._reset_at:
            self._used, self._reset_at = 0, now + self._seconds
        is_over = self._used + points > self.limit
        self._used = min(self.limit, self._used + points)
        return Left(limit=self.limit, remaining=self.limit - self._used, reset_at=self._reset_at, is_over=is_over)

    def exhaust(self) -> Left:
        """As if all calls of this window had been made."""
        return self.take(self.limit + 1)
