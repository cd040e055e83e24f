"""Rate limits: how often each method may be called, as Slack's tiers say."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

# https://docs.slack.dev/apis/web-api/rate-limits: calls per minute by tier
TIER_PER_MINUTE: dict[int, int] = {1: 1, 2: 20, 3: 50, 4: 100}
SPECIAL_PER_MINUTE = 600
"""Methods with "special" limits that the documentation does not number; hundreds per minute by its words."""
POSTS_PER_SECOND = 1.0
POST_BURST = 5
GENEROUS_BURST_FACTOR = 10


@dataclass(slots=True)
class Bucket:
    capacity: float
    per_second: float
    tokens: float
    filled_at: float

    def take(self, now: float) -> float:
        """Zero when allowed, else the seconds to wait."""
        self.tokens = min(self.capacity, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.per_second


class Limiter:
    """Token buckets per method, and per Slack channel for chat.postMessage."""

    def __init__(self, *, strict: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._factor = 1 if strict else GENEROUS_BURST_FACTOR
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def wait_seconds(self, method: str, tier: int | None, channel: str | None) -> int | None:
        """None when the call may pass, else whole seconds for Retry-After."""
        if method == "chat.postMessage" and channel is not None:
            wait = self._take(f"{method} {channel}", POST_BURST, POSTS_PER_SECOND)
        else:
            per_minute = SPECIAL_PER_MINUTE if tier is None else TIER_PER_MINUTE[tier]
            wait = self._take(method, per_minute, per_minute / 60)
        return None if wait == 0 else max(1, math.ceil(wait))

    def _take(self, key: str, capacity: float, per_second: float) -> float:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            burst = capacity * self._factor
            bucket = self._buckets[key] = Bucket(burst, per_second * self._factor, burst, now)
        return bucket.take(now)
