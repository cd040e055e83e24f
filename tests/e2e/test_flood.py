"""A flood of customers on four networks, people who answer in Slack, and kills: nothing lost, nothing twice."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.flood import PROBE, Flood, add_newcomers, build_plan
from tests.e2e.flood_laws import read_ledger, require_flood_laws
from tests.e2e.flood_watch import Probe, read_memory_mb, word_times
from tests.e2e.town import raise_town

SPEED = 30.0
MINUTES_10 = 600.0
PROBE_EVERY_SECONDS = 0.5


async def test_a_short_flood(tmp_path: Path) -> None:
    async with raise_town(tmp_path, build_plan(SPEED)) as town:
        flood = Flood(
            town=town,
            seed=4,
            posts=40,
            seconds=6,
            people=4,
            pause_seconds=0.2,
            drain_seconds=1,
            least_answers=10,
            kills=2,
        )
        await town.start()
        await flood.pour()
        await require_flood_laws(flood)
        assert len(flood.killed) == 2


@pytest.mark.faults
@pytest.mark.timeout(2400)
async def test_five_thousand_mentions_in_ten_minutes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight people, each with an answer in five seconds: that is as many forms as Slack opens in a workspace."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201

    async with raise_town(tmp_path, build_plan(1.0)) as town:
        add_newcomers(town)
        flood = Flood(
            town=town,
            seed=11,
            posts=5000,
            seconds=MINUTES_10,
            people=8,
            pause_seconds=5,
            drain_seconds=30,
            kills=12,
            say=say,
        )
        await town.start()
        probe = Probe(town, PROBE, PROBE_EVERY_SECONDS)
        memory = asyncio.create_task(_watch_memory(flood, say))
        await probe.start()
        await flood.pour()
        await probe.stop()
        memory.cancel()
        ledger = await read_ledger(town)
        say(f"  {len(ledger.kept)} conversations; answers: {dict(ledger.count_states())}")
        say(f"  kills: {Counter(flood.killed)}; failures of networks: {dict(flood.count_struck())}")
        say(f"  customers: {dict(flood.crowd.done)}; {flood.rushes} rushes at one button")
        say(f"  not taken: {len(flood.answers.refused)} forms; messages in Slack: {len(flood.desk.list_messages())}")
        say(f"  Slack said no: {dict(flood.limiter.stopped)}")
        say(f"  acknowledged: {word_times(probe.seconds)}; while it was down: {probe.unanswered} not")
        await require_flood_laws(flood)


async def _watch_memory(flood: Flood, say: Callable[[str], None]) -> None:
    """The most between two kills; a bot that starts anew begins anew."""
    most = 0.0
    while True:
        await asyncio.sleep(1)
        found = read_memory_mb(flood.town)
        if found > most + 5:
            most = found
            say(f"  memory of the bot: {most:.0f} MB")
