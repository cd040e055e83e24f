"""People first, but nobody starves."""

import asyncio
from itertools import pairwise

import pytest

from chatops.work import precedence
from chatops.work.precedence import Precedence


async def test_background_work_goes_on_at_once_where_nobody_asks() -> None:
    async with asyncio.timeout(1):
        await Precedence().wait_turn()


async def test_it_waits_until_every_request_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST_WAIT_SECONDS", 30)
    first = Precedence()
    with first.answering():
        with first.answering():
            waiting = asyncio.create_task(first.wait_turn())
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)
        assert not waiting.done()
    async with asyncio.timeout(1):
        await waiting


async def test_a_request_that_fails_is_over_too() -> None:
    first = Precedence()
    with pytest.raises(ZeroDivisionError), first.answering():
        raise ZeroDivisionError
    async with asyncio.timeout(1):
        await first.wait_turn()


async def test_requests_without_end_do_not_starve_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST_WAIT_SECONDS", 0.01)
    first = Precedence()
    with first.answering():
        async with asyncio.timeout(5):
            for _ in range(10):
                await first.wait_turn()


async def test_pieces_take_turns_so_that_what_has_arrived_goes_in_between() -> None:
    """However many wait: after each of them the loop looks at what has come."""
    first = Precedence()
    order: list[str] = []

    async def work(name: str) -> None:
        await first.wait_turn()
        order.append(name)
        asyncio.get_running_loop().call_soon(order.append, "somebody")

    await asyncio.gather(*(work(str(number)) for number in range(4)))
    await asyncio.sleep(0)
    pairs = pairwise(order)
    assert not [pair for pair in pairs if "somebody" not in pair], order


async def test_who_gives_up_waiting_leaves_the_turn_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST_WAIT_SECONDS", 30)
    first = Precedence()
    with first.answering():
        waiting = asyncio.create_task(first.wait_turn())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait([waiting])
    async with asyncio.timeout(1):
        await first.wait_turn()
