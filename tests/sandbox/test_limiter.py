"""Rate limits: bursts, refilling, and the whole seconds of Retry-After."""

from chatops.sandbox.limiter import Limiter


def test_posts_per_channel() -> None:
    now = [0.0]
    limiter = Limiter(strict=True, clock=lambda: now[0])
    waits = [limiter.wait_seconds("chat.postMessage", None, "C1") for _ in range(6)]
    assert waits == [None] * 5 + [1]
    assert limiter.wait_seconds("chat.postMessage", None, "C2") is None
    now[0] += 1
    assert limiter.wait_seconds("chat.postMessage", None, "C1") is None


def test_tiers_and_generous_bursts() -> None:
    strict = Limiter(strict=True, clock=lambda: 0.0)
    assert [strict.wait_seconds("users.list", 2, None) for _ in range(21)] == [None] * 20 + [3]
    generous = Limiter(strict=False, clock=lambda: 0.0)
    assert [generous.wait_seconds("users.list", 2, None) for _ in range(200)] == [None] * 200
