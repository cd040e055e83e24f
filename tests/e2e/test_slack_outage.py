"""Slack is in trouble: commands are acknowledged, updates go out, and afterwards the thread catches up in order."""

import asyncio
import time
from pathlib import Path
from typing import Any

from tests.e2e.laws import list_errors, read_thread, require_laws, require_verified, settle, settled
from tests.e2e.steps import count_records, mailed, open_incident, propose
from tests.e2e.town import CHANNEL, Json, Plan, Town, run_town

ACK_SECONDS = 1.0
STALL_SECONDS = 2.0
"""No acknowledgement may take this long, not even where the machine stands still; who waited for a slow Slack would."""
TROUBLES: dict[str, Json] = {
    "429": {"retry_after_seconds": 3},
    "500": {},
    "slow": {"seconds": 2.2},
    "drop": {},
    "down": {},
}


async def test_in_every_trouble_all_is_acknowledged_and_published_and_afterwards_told(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        await open_incident(town)
        for name, how in TROUBLES.items():
            seconds = await _live_through(town, name, how)
            assert sorted(seconds)[-2] < ACK_SECONDS, f"{name}: more than one of {seconds}"
            assert max(seconds) < STALL_SECONDS, f"{name}: acknowledged after {max(seconds):.2f} s"
        log = await settle(town)
        assert len(log.of_kind("reminder_moved")) == 6 * len(TROUBLES)
        assert len(log.updates) == len(TROUBLES)
        await require_laws(town, log)
        await require_verified(town)
        assert list_errors(town) == []


async def _live_through(town: Town, name: str, how: Json) -> list[float]:
    """An update goes out in the middle of the trouble; returns how long each acknowledgement took."""
    words = f"Nobody can pay; Slack’s trouble is {name}."
    card = await propose(town, words)
    with town.trouble(name, **how):
        seconds = await _talk(town, card)
        approved_at = time.time()
        await _timed(seconds, town.andy.click("Approve", message=card))
        assert words in "".join(await town.page_bodies("INC-1"))
        assert await mailed(town, words) - approved_at < 5
        seconds += await _talk(town, card)
        await asyncio.sleep(1)
    await town.belle.command(CHANNEL, "/incident status INC-1")
    await settled(town, 20)
    return seconds


async def _talk(town: Town, card: Json) -> list[float]:
    """Commands and comments one after the other; how long each acknowledgement took."""
    seconds: list[float] = []
    for minutes in (20, 30, 40):
        await _timed(seconds, town.belle.command(CHANNEL, f"/incident remind {minutes}m INC-1"))
    await _timed(seconds, town.joel.command(CHANNEL, "/incident status INC-1"))
    await town.joel.reply(CHANNEL, card["thread_ts"], "I am on it.")
    return seconds


async def _timed(seconds: list[float], act: Any) -> None:
    began = time.monotonic()
    answer = await act
    seconds.append(time.monotonic() - began)
    assert answer["app"] == "ok", answer


async def test_the_bot_starts_and_serves_while_slack_is_down(tmp_path: Path) -> None:
    """It knows from its last run who it is: commands are taken, the page is up, the thread follows."""
    async with run_town(tmp_path) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        await town.kill()
        with town.trouble("down"):
            await town.start(needs_slack=False)
            answer = await town.deliver(town.command(await town.belle.id(), "remind 20m INC-1"))
            assert answer.status == 200
            assert answer.seconds < STALL_SECONDS
            await town.andy.click("Approve", message=card)
            await mailed(town, "Nobody can pay.")
            assert len(await town.page_bodies("INC-1")) == 1
        await require_laws(town, await settle(town))


async def test_a_cut_socket_is_opened_again_and_nothing_is_heard_twice(tmp_path: Path) -> None:
    async with run_town(tmp_path, Plan(transport="socket")) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        town.sandbox.parts.socket_mode.drop_all()
        await asyncio.sleep(0.1)
        await town.wait_for_link()
        await town.andy.click("Approve", message=card)
        log = await settle(town)
        assert len(log.updates) == 1
        await require_laws(town, log)


async def test_a_retry_after_is_kept_while_new_records_come(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        await open_incident(town)
        await settle(town)
        town.fault("429", "chat.postMessage", times=1, retry_after_seconds=4)
        began = time.monotonic()
        for minutes in range(20, 25):
            await town.belle.command(CHANNEL, f"/incident remind {minutes}m INC-1")
            await asyncio.sleep(0.2)
        told = len(read_thread(town))
        log = await settle(town)
        assert time.monotonic() - began >= 4
        assert told < count_records(town)
        await require_laws(town, log)
