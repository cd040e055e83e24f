"""A real process, killed with -9 while its runner works: nothing is lost."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import chatops
from chatops.usecases.ports import Done, Job
from chatops.work.embedded import Runner
from tests.store.building import open_new_store
from tests.work.clocks import ScaledClock

JOBS = 40
PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from chatops.store.schema import migrate
from chatops.store.sqlite import open_store
from chatops.usecases.ports import Done, Job
from chatops.work.embedded import Runner

class RealClock:
    def now(self): return datetime.now(UTC)
    real_now = now
    def real_seconds(self, seconds): return seconds

async def run(job, attempts):
    with Path(sys.argv[2]).open("a") as file:
        file.write(job.key + "\\n")
    await asyncio.sleep(0.03)
    return Done()

async def main():
    migrate(sys.argv[1])
    store = open_store(sys.argv[1])
    await store.write(lambda t: [t.put(Job(kind="test", key=str(n))) for n in range(int(sys.argv[3]))])
    await Runner(store, RealClock(), run, at_once=4).start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_kill_9_loses_nothing_and_frees_the_lock(tmp_path: Path) -> None:
    notes = tmp_path / "ran"
    arguments = [sys.executable, "-c", PROGRAM, f"sqlite:///{tmp_path / 'chatops.db'}", str(notes), str(JOBS)]
    await asyncio.to_thread(_run_and_kill, arguments, notes)
    before = notes.read_text().split()
    after: list[str] = []

    async def run(job: Job, attempts: int) -> Done:
        after.append(job.key)
        return Done()

    store = open_new_store(tmp_path)
    left = await store.count_jobs()
    runner = Runner(store, ScaledClock(speed=1.0), run)
    await runner.start()
    async with asyncio.timeout(10):
        while await store.count_jobs():  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.01)
    await runner.stop(grace_seconds=1)
    await store.close()
    assert set(before) | set(after) == {str(number) for number in range(JOBS)}
    assert 0 < left < JOBS
    assert len(after) == left
    assert len(set(before) & set(after)) <= 4, "only what was running at the kill runs twice"


def _run_and_kill(arguments: list[str], notes: Path) -> None:
    process = subprocess.Popen(arguments, cwd=Path(chatops.__file__).parents[1])
    try:
        _wait_for_lines(notes, 10)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait_for_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 20
    while not path.exists() or len(path.read_text().split()) < count:
        assert time.monotonic() < deadline, "the process did not begin to work"
        time.sleep(0.01)
