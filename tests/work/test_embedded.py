"""The runner: every job that was put is run, in time, once at a time, until it is done."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from chatops.domain.errors import BadSettings, IllegalMove, StorageFull
from chatops.store.sqlite import SqliteStore
from chatops.usecases.ports import Again, Done, DueJobs, Job, WaitingJob
from chatops.work import embedded
from chatops.work.embedded import Runner, find_pause_seconds
from tests.store.building import NOW, open_new_store
from tests.work.clocks import ScaledClock
from tests.work.conftest import StartRunner

SECOND = timedelta(seconds=1)


def job(key: str, kind: str = "test", **data: str | int) -> Job:
    return Job(kind=kind, key=key, data=data)


async def put(store: SqliteStore, *jobs: Job, after_seconds: float | None = None) -> None:
    due_at = None if after_seconds is None else NOW + after_seconds * SECOND
    await store.write(lambda transaction: [transaction.put(each, due_at=due_at) for each in jobs] and None)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.005)


async def until_empty(store: SqliteStore, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while await store.count_jobs():  # noqa: ASYNC110 (nothing else tells)
            await asyncio.sleep(0.005)


class Notes:
    """Runs jobs by noting them; `hold` keeps each until it is let go."""

    def __init__(self, *, hold: bool = False) -> None:
        self.ran: list[str] = []
        self.seen: list[tuple[Job, int]] = []
        self.now = 0
        self.most = 0
        self.gate = asyncio.Event()
        if not hold:
            self.gate.set()

    async def __call__(self, job: Job, attempts: int) -> Done | Again:
        self.seen.append((job, attempts))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
        finally:
            self.now -= 1
        self.ran.append(job.key)
        return Done()


async def test_jobs_run_with_their_data_and_are_gone(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes()
    runner = await start(notes)
    await put(store, job("a", words="päivää", number=3))
    await until_empty(store)
    assert notes.seen == [(job("a", words="päivää", number=3), 0)]
    counts = await runner.count()
    assert (counts.waiting, counts.running, counts.failed_attempts) == (0, 0, 0)


async def test_a_job_of_a_transaction_that_failed_never_runs(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes()
    await start(notes)
    with pytest.raises(IllegalMove):
        await store.write(lambda transaction: (transaction.put(job("never")), _refuse()))
    await put(store, job("after"))
    await until_empty(store)
    assert notes.ran == ["after"]


def _refuse() -> None:
    raise IllegalMove("no")


async def test_an_idle_runner_is_woken_by_the_commit(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes()
    await start(notes, poll_seconds=60)
    await asyncio.sleep(0.1)
    await put(store, job("a"))
    await until(lambda: notes.ran == ["a"], seconds=30)


async def test_jobs_of_another_process_are_noticed(store: SqliteStore, start: StartRunner, tmp_path: Path) -> None:
    notes = Notes()
    await start(notes, poll_seconds=0.1)
    await asyncio.sleep(0.05)
    other = open_new_store(tmp_path)
    await put(other, job("from elsewhere"))
    await until(lambda: notes.ran == ["from elsewhere"])
    await other.close()


async def test_the_longest_due_goes_first(store: SqliteStore, start: StartRunner, clock: ScaledClock) -> None:
    await put(store, job("later"), after_seconds=-1)
    await put(store, job("earlier"), after_seconds=-5)
    await put(store, job("now 1"), job("now 2"))
    await put(store, job("future"), after_seconds=3600)
    notes = Notes()
    await start(notes, at_once=1)
    await until(lambda: len(notes.ran) == 4)
    assert notes.ran == ["now 1", "now 2", "earlier", "later"]
    clock.jump(timedelta(hours=2))
    await until(lambda: notes.ran[-1] == "future")


async def test_due_times_are_incident_time(store: SqliteStore, start: StartRunner) -> None:
    clock = ScaledClock(speed=600.0)
    begun: dict[str, float] = {}

    async def run(job: Job, attempts: int) -> Done:
        begun[job.key] = (clock.now() - NOW).total_seconds()
        return Done()

    await put(store, job("minute"), after_seconds=60)
    await put(store, job("two minutes"), after_seconds=120)
    await start(run, clock=clock, poll_seconds=60)
    # In real time both would come long after this patience ends, and so would the runner's next look by itself.
    await until(lambda: len(begun) == 2, seconds=30)
    assert list(begun) == ["minute", "two minutes"]
    assert begun["minute"] >= 60
    assert begun["two minutes"] >= 120


async def test_a_waiting_job_is_replaced(store: SqliteStore, start: StartRunner) -> None:
    await put(store, job("a", number=1), after_seconds=3600)
    await put(store, job("a", number=2), after_seconds=-1)
    await put(store, job("b"))
    await store.write(lambda transaction: transaction.cancel("b"))
    notes = Notes()
    await start(notes)
    await until_empty(store)
    assert [each.data for each, _ in notes.seen] == [{"number": 2}]


async def test_what_is_put_while_it_runs_runs_once_more(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes(hold=True)
    await start(notes, poll_seconds=0.05)
    await put(store, job("a", number=0))
    await until(lambda: notes.now == 1)
    for number in range(1, 6):
        await put(store, job("a", number=number))
    await asyncio.sleep(0.15)
    assert notes.most == 1
    notes.gate.set()
    await until_empty(store)
    assert [each.data["number"] for each, _ in notes.seen] == [0, 5]
    assert notes.most == 1


async def test_a_newer_wish_beats_the_wish_to_run_again(store: SqliteStore, start: StartRunner) -> None:
    runs: list[int] = []
    gate = asyncio.Event()

    async def run(job: Job, attempts: int) -> Done | Again:
        runs.append(attempts)
        await gate.wait()
        return Again(at=NOW + timedelta(days=1)) if len(runs) == 1 else Done()

    await start(run)
    await put(store, job("a"))
    await until(lambda: len(runs) == 1)
    await put(store, job("a"))
    gate.set()
    await until_empty(store)
    assert runs == [0, 0]


async def test_a_running_job_can_be_cancelled_and_still_ends(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes(hold=True)
    await start(notes)
    await put(store, job("a"))
    await until(lambda: notes.now == 1)
    await store.write(lambda transaction: transaction.cancel("a"))
    notes.gate.set()
    await until(lambda: notes.ran == ["a"])
    assert await store.count_jobs() == 0


async def test_again_counts_the_attempts(store: SqliteStore, start: StartRunner, clock: ScaledClock) -> None:
    attempts_seen: list[int] = []

    async def run(job: Job, attempts: int) -> Done | Again:
        attempts_seen.append(attempts)
        return Done() if attempts == 3 else Again(at=clock.now() + timedelta(milliseconds=20))

    await start(run)
    await put(store, job("a"))
    await until_empty(store)
    assert attempts_seen == [0, 1, 2, 3]


async def test_no_more_at_once_than_allowed(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes(hold=True)
    await start(notes, at_once=8)
    await put(store, *(job(str(number)) for number in range(50)))
    await until(lambda: notes.now == 8)
    await asyncio.sleep(0.05)
    assert notes.now == 8
    notes.gate.set()
    await until_empty(store)
    assert sorted(notes.ran) == sorted(map(str, range(50)))
    assert notes.most == 8


async def test_a_kind_with_a_limit_does_not_hold_up_the_others(store: SqliteStore, start: StartRunner) -> None:
    slow, quick = Notes(hold=True), Notes()

    async def run(job: Job, attempts: int) -> Done | Again:
        return await (slow if job.kind == "slow" else quick)(job, attempts)

    await put(store, *(job(f"slow {number}", kind="slow") for number in range(60)))
    await put(store, *(job(f"quick {number}", kind="quick") for number in range(5)))
    await start(run, at_once=8, at_once_by_kind={"slow": 2})
    await until(lambda: len(quick.ran) == 5)
    assert slow.most == 2
    slow.gate.set()
    await until_empty(store)
    assert (len(slow.ran), slow.most) == (60, 2)


async def test_a_failing_job_is_logged_and_tried_again(
    store: SqliteStore, start: StartRunner, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "FIRST_PAUSE_SECONDS", 0.05)
    times: list[float] = []

    async def run(job: Job, attempts: int) -> Done | Again:
        times.append(time.monotonic())
        if attempts < 3:
            raise RuntimeError("the network's own words")
        return Done()

    runner = await start(run, clock=ScaledClock(speed=60.0))
    with caplog.at_level(logging.ERROR):
        await put(store, job("a"))
        await until_empty(store)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(pauses) == 3
    assert [pause >= least for pause, least in zip(pauses, (0.05, 0.1, 0.2), strict=True)] == [True] * 3
    assert pauses[2] < 1.0
    assert (await runner.count()).failed_attempts == 3
    assert [record.exc_info is not None for record in caplog.records] == [True] * 3
    assert "Job a has failed" in caplog.text


def test_pauses_double_to_five_minutes() -> None:
    assert [find_pause_seconds(n) for n in (1, 2, 3, 9, 10, 1000)] == [1, 2, 4, 256, 300, 300]


async def test_a_cancellation_from_elsewhere_is_a_failure(store: SqliteStore, start: StartRunner) -> None:
    async def run(job: Job, attempts: int) -> Done:
        raise asyncio.CancelledError

    runner = await start(run)
    await put(store, job("a"))
    await until(lambda: runner._failed_attempts == 1)
    await asyncio.sleep(0.1)
    counts = await runner.count()
    assert (counts.waiting, counts.failed_attempts) == (1, 1)


async def test_stop_waits_for_what_ends_in_time(store: SqliteStore, start: StartRunner) -> None:
    async def run(job: Job, attempts: int) -> Done:
        await asyncio.sleep(0.1)
        return Done()

    runner = await start(run)
    await put(store, job("a"))
    await until(lambda: len(runner._running) == 1)
    await runner.stop(grace_seconds=5)
    assert await store.count_jobs() == 0


async def test_stop_gives_back_what_does_not_end_in_time(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes(hold=True)
    runner = await start(notes)
    await put(store, job("a"), job("b"))
    await until(lambda: notes.now == 2)
    begun = time.monotonic()
    await runner.stop(grace_seconds=0.2)
    assert time.monotonic() - begun >= 0.2
    assert (notes.now, await store.count_jobs()) == (0, 2)
    again = Notes()
    await start(again)
    await until_empty(store)
    assert (sorted(again.ran), [attempts for _, attempts in again.seen]) == (["a", "b"], [0, 0])


async def test_a_stopped_runner_takes_up_nothing(store: SqliteStore, start: StartRunner) -> None:
    notes = Notes()
    runner = await start(notes)
    await runner.stop(grace_seconds=1)
    await put(store, job("a"))
    await asyncio.sleep(0.1)
    assert notes.ran == []


async def test_a_second_runner_is_refused(store: SqliteStore, start: StartRunner, tmp_path: Path) -> None:
    first = await start(Notes())
    other = open_new_store(tmp_path)
    with pytest.raises(BadSettings, match=r"already running on this database \(pid \d+\)"):
        await start(Notes(), store=other)
    await first.stop(grace_seconds=0)
    await start(Notes(), store=other)
    await other.close()


class FlakyStore:
    """A store whose disk is full for a while, as far as the runner can see."""

    def __init__(self, store: SqliteStore, failures: int) -> None:
        self._store = store
        self._looks = failures
        self._finishes = failures
        self.runner_lock_path = store.runner_lock_path
        self.on_commit = store.on_commit
        self.version = store.version
        self.count_jobs = store.count_jobs
        self.postpone_job = store.postpone_job

    async def look_up_jobs(self, **asked: object) -> DueJobs:
        if self._looks:
            self._looks -= 1
            raise StorageFull("full")
        return await self._store.look_up_jobs(**asked)  # type: ignore[arg-type]

    async def finish_job(self, waiting: WaitingJob) -> None:
        if self._finishes:
            self._finishes -= 1
            raise StorageFull("full")
        await self._store.finish_job(waiting)


async def test_a_store_that_fails_for_a_while_is_asked_again_and_the_job_runs_once(
    store: SqliteStore, start: StartRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "FIRST_PAUSE_SECONDS", 0.02)
    notes = Notes()
    await put(store, job("a"))
    await start(notes, store=FlakyStore(store, failures=3))
    await until_empty(store)
    assert notes.ran == ["a"]


async def test_ten_thousand_armed_timers_cost_a_look_nothing(store: SqliteStore, start: StartRunner) -> None:
    await put(store, *(job(f"timer {number}") for number in range(10_000)), after_seconds=3600)
    begun = time.process_time()
    for _ in range(50):
        await store.look_up_jobs(now=NOW, limit=33)
    assert (time.process_time() - begun) / 50 < 0.02
    notes = Notes()
    await start(notes)
    await put(store, job("now"))
    await until(lambda: notes.ran == ["now"])


async def test_an_abandoned_runner_leaves_everything_to_the_next(store: SqliteStore, clock: ScaledClock) -> None:
    """As after a crash: nothing was given back, only the lock is free."""
    notes = Notes(hold=True)
    runner = Runner(store, clock, notes)
    await runner.start()
    await put(store, *(job(str(number)) for number in range(10)))
    await until(lambda: notes.now == 10)
    assert runner._loop_task is not None
    runner._loop_task.cancel()
    runner._lock.release()
    again = Notes()
    successor = Runner(store, clock, again)
    await successor.start()
    await until_empty(store)
    assert sorted(again.ran) == sorted(map(str, range(10)))
    await successor.stop(grace_seconds=1)
    await runner.stop(grace_seconds=0)
