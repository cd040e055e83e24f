"""`kill -9` while every outlet is served by networks that fail: nothing lost, nothing double, every doubt shown."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.broadcast_storm import BroadcastStorm
from tests.e2e.networks import AT_MOST_ONCE, build_plan
from tests.e2e.town import raise_town

SPEED = 30.0


async def test_a_short_storm_over_all_outlets(tmp_path: Path) -> None:
    async with raise_town(tmp_path, build_plan(SPEED)) as town:
        storm = BroadcastStorm(town=town, seed=1, updates=4, kills=3, incidents=2)
        await town.start()
        await storm.rage()
        assert len(storm.killed) == 3
        assert set(storm.asked) <= set(AT_MOST_ONCE)


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_two_hundred_updates_over_all_outlets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201

    async with raise_town(tmp_path, build_plan(SPEED)) as town:
        storm = BroadcastStorm(town=town, seed=7, updates=200, kills=80, incidents=8, say=say)
        await town.start()
        await storm.rage()
        say(f"  faults: {storm.networks.count_struck()}; kills: {Counter(storm.killed)}")
        say(f"  asked of a person: {Counter(storm.asked)}, of these sent again: {storm.sent_again}")
        assert set(storm.asked) <= set(AT_MOST_ONCE)
