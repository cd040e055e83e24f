"""`kill -9` anywhere: nothing acknowledged is lost, nothing is published twice, the audit thread is whole."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

from chatops.sandbox.api import dispatch
from chatops.sandbox.api.dispatch import read_arguments
from tests.e2e.laws import require_laws, require_verified, settle
from tests.e2e.steps import open_incident, propose
from tests.e2e.storm import PLAN, Storm, count_repeated_mails
from tests.e2e.town import CHANNEL, Json, run_town

LONG_SEEDS = range(100, 106)


async def test_a_short_storm_of_kills_loses_nothing(tmp_path: Path) -> None:
    async with run_town(tmp_path, PLAN) as town:
        storm = Storm(town=town, seed=3, updates=3, kills=3)
        log = await storm.rage()
        assert len(storm.killed) == 3
        exported = await town.run_cli("export", "INC-1", "--format", "json")
        assert json.loads(exported.out) == log.document


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", LONG_SEEDS)
async def test_a_long_storm_of_kills_loses_nothing(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201

    async with run_town(tmp_path, PLAN) as town:
        storm = Storm(town=town, seed=seed, updates=12, kills=16, say=say)
        log = await storm.rage()
        again = count_repeated_mails(town)
        say(f"  seed {seed}: {len(log.records)} records, {town.starts} starts, {again} mails came again by the same id")


async def test_a_post_that_slack_finishes_after_the_kill_is_not_said_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is at Slack when the bot dies, and Slack carries it out while the next bot is starting."""
    at_slack, carry_out = asyncio.Event(), asyncio.Event()

    async def read_and_ponder(request: web.Request) -> tuple[Json, list[str]]:
        read = await read_arguments(request)
        if request.match_info["method"] == "chat.postMessage" and not at_slack.is_set():
            at_slack.set()
            await carry_out.wait()
        return read

    async with run_town(tmp_path) as town:
        await open_incident(town)
        await settle(town)
        monkeypatch.setattr(dispatch, "read_arguments", read_and_ponder)
        await town.belle.command(CHANNEL, "/incident remind 30m INC-1")
        await at_slack.wait()
        await town.kill()
        await town.start()
        await asyncio.sleep(0.5)
        carry_out.set()
        await propose(town, "We are still looking.")
        await require_laws(town, await settle(town))
        await require_verified(town)
