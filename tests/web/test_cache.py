"""The memory of rendered answers: bounded, one rendering at a time, patient with readers who hang up."""

import asyncio
from datetime import date

import pytest

from chatops.web.cache import RenderCache, Rendered, Stamp, pack

STAMP: Stamp = (1, date(2026, 11, 23))


def find_stamp() -> Stamp:
    return STAMP


async def make() -> Rendered:
    return pack("hello", content_type="text/plain")


async def test_it_forgets_what_was_not_asked_for_longest() -> None:
    cache = RenderCache(max_entries=2)
    first = await cache.get("a", find_stamp, make)
    await cache.get("b", find_stamp, make)
    assert await cache.get("a", find_stamp, make) is first
    await cache.get("c", find_stamp, make)
    assert await cache.get("a", find_stamp, make) is first
    assert list(cache._kept) == ["c", "a"]


async def test_a_new_day_renders_anew() -> None:
    cache = RenderCache()
    first = await cache.get("a", find_stamp, make)
    assert await cache.get("a", lambda: (1, date(2026, 11, 24)), make) is not first


async def test_who_hangs_up_does_not_stop_the_rendering_for_others() -> None:
    cache, gate, made = RenderCache(), asyncio.Event(), 0

    async def slow() -> Rendered:
        nonlocal made
        made += 1
        await gate.wait()
        return await make()

    first = asyncio.create_task(cache.get("a", find_stamp, slow))
    second = asyncio.create_task(cache.get("a", find_stamp, slow))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert (await second).body == b"hello"
    assert made == 1
    assert not cache._under_way


async def test_a_failure_without_memory_is_told_and_not_remembered() -> None:
    async def fail() -> Rendered:
        raise OSError("away")

    cache = RenderCache()
    with pytest.raises(OSError, match="away"):
        await cache.get("a", find_stamp, fail)
    assert (await cache.get("a", find_stamp, make)).body == b"hello"


def test_the_same_text_gives_the_same_bytes() -> None:
    text = "x" * 1000
    assert pack(text, content_type="a") == pack(text, content_type="a")
    assert pack(text, content_type="a").etag != pack(text + "y", content_type="a").etag
