"""The forecast: only a real flood is announced, once, in words that promise no less than it will take."""

from datetime import timedelta

import pytest

from chatops.domain.flood import find_minutes_left, is_flood, word_flood, word_wait

HOUR = timedelta(hours=1)


def test_the_forecast_goes_by_the_last_quarter_of_an_hour() -> None:
    assert find_minutes_left(waiting=60, answered_lately=30) == 30
    assert find_minutes_left(waiting=20, answered_lately=0) == 300


def test_a_handful_is_no_flood_and_a_quick_team_has_none() -> None:
    assert not is_flood(waiting=9, answered_lately=0, target=HOUR, foreseen=0)
    assert not is_flood(waiting=100, answered_lately=30, target=HOUR, foreseen=0)
    assert is_flood(waiting=121, answered_lately=30, target=HOUR, foreseen=0)


def test_said_again_only_when_twice_as_many_wait() -> None:
    assert not is_flood(waiting=199, answered_lately=1, target=HOUR, foreseen=100)
    assert is_flood(waiting=200, answered_lately=1, target=HOUR, foreseen=100)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(5, "half an hour"), (31, "an hour"), (61, "2 hours"), (1440, "a day"), (1441, "2 days"), (90, "2 hours")],
)
def test_the_wait_is_rounded_up(minutes: int, words: str) -> None:
    assert word_wait(minutes) == words
    assert f"up to {words}" in word_flood(minutes)
