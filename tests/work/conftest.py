"""A store of its own for each test, and runners that are stopped at its end."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from chatops.store.sqlite import SqliteStore
from chatops.work.embedded import Run, Runner
from tests.store.building import open_new_store
from tests.work.clocks import ScaledClock

StartRunner = Callable[..., Any]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = open_new_store(tmp_path)
    yield store
    await store.close()


@pytest.fixture
def clock() -> ScaledClock:
    return ScaledClock(speed=1.0)


@pytest.fixture
async def start(store: SqliteStore, clock: ScaledClock) -> AsyncIterator[StartRunner]:
    runners: list[Runner] = []

    async def start_runner(run: Run, **options: Any) -> Runner:
        runner = Runner(options.pop("store", store), options.pop("clock", clock), run, **options)
        await runner.start()
        runners.append(runner)
        return runner

    yield start_runner
    for runner in runners:
        await runner.stop(grace_seconds=0)
