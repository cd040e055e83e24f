"""When customers write faster than they are answered: the forecast, and the words that say so."""

from datetime import timedelta
from math import ceil

PACE_OVER = timedelta(minutes=15)
LEAST_WAITING = 10
"""A handful is answered before anybody has read a post about it."""


def find_minutes_left(*, waiting: int, answered_lately: int) -> int:
    """Until the last who waits now is answered, at the pace of the last quarter of an hour (at least one)."""
    per_minute = max(answered_lately, 1) / (PACE_OVER / timedelta(minutes=1))
    return ceil(waiting / per_minute)


def is_flood(*, waiting: int, answered_lately: int, target: timedelta, foreseen: int) -> bool:
    """True where the target will be missed; once said, only again when twice as many wait (`foreseen`)."""
    if waiting < max(LEAST_WAITING, 2 * foreseen):
        return False
    return timedelta(minutes=find_minutes_left(waiting=waiting, answered_lately=answered_lately)) > target


def word_wait(minutes: int) -> str:
    """Rounded up, as a promise has to be: `2 hours`, `half an hour`, `a day`."""
    if minutes <= 30:
        return "half an hour"
    if minutes <= 60:
        return "an hour"
    hours = -(-minutes // 60)
    return f"{hours} hours" if hours < 24 else "a day" if hours == 24 else f"{-(-hours // 24)} days"


def word_flood(minutes: int) -> str:
    """The ready words that the comms lead is offered."""
    return (
        "Many of you are writing to us, and we read every message. We will answer all of you personally; "
        f"at the moment it may take up to {word_wait(minutes)}. Thank you for your patience."
    )
