"""The runner inside the process: takes up due jobs, each key once at a time, and settles them in the store."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chatops.usecases.ports import Again, Clock, Done, Job, JobStore, WaitingJob
from chatops.work.lock import RunnerLock
from chatops.work.precedence import Precedence

Run = Callable[[Job, int], Awaitable[Done | Again]]
"""Runs one job; the number says how often it was run before. At least once, so it must be idempotent."""

AT_ONCE = 32
POLL_SECONDS = 0.5
"""How soon jobs that another process has put are noticed; those of this process wake the runner."""
HOLD_SECONDS = 0.02
"""The acknowledgement whose commit woke the runner goes out first, and what follows it at once is told together."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
CANCEL_SECONDS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`waiting` includes the running ones: they stand in the store until they are done."""

    waiting: int
    running: int
    failed_attempts: int


def find_pause_seconds(failures: int) -> float:
    """The pause after the n-th failure: 1 s, doubling, at most 5 minutes."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 20))


class Runner:
    """One per database. What runs is marked in memory only: after a crash everything unfinished runs again."""

    def __init__(
        self,
        store: JobStore,
        clock: Clock,
        run: Run,
        *,
        at_once: int = AT_ONCE,
        at_once_by_kind: Mapping[str, int] | None = None,
        poll_seconds: float = POLL_SECONDS,
        wait_turn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._run = run
        self._at_once = at_once
        self._at_once_by_kind = dict(at_once_by_kind or {})
        self._poll_seconds = poll_seconds
        self._wait_turn = wait_turn or Precedence().wait_turn
        self._lock = RunnerLock(store.runner_lock_path)
        self._wake = asyncio.Event()
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._loop_task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._seen_version = 0
        self._is_stopping = False
        self._failed_attempts = 0

    async def start(self) -> None:
        """Raises BadSettings where another runner works on this database."""
        self._lock.acquire()
        self._stop_listening = self._store.on_commit(self._wake.set, only_jobs=True)
        self._loop_task = asyncio.create_task(self._work(), name="chatops-runner")

    async def stop(self, grace_seconds: float) -> None:
        """Take up nothing more, wait so long for what runs, give the rest back; they run again at the next start."""
        self._is_stopping = True
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.wait([self._loop_task])
        tasks = self._tasks()
        if tasks:
            await asyncio.wait(tasks, timeout=grace_seconds)
        left = self._tasks()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CANCEL_SECONDS)
        self._lock.release()

    async def count(self) -> Counts:
        waiting = await self._store.count_jobs()
        return Counts(waiting=waiting, running=len(self._running), failed_attempts=self._failed_attempts)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for _, task in self._running.values()]

    async def _work(self) -> None:
        failures = 0
        while True:
            self._wake.clear()
            try:
                self._seen_version = self._store.version()
                next_due_at = await self._start_due()
                failures = 0
            except Exception:
                failures += 1
                _log.exception("The runner could not look up the due jobs; it will try again.")
                await asyncio.sleep(find_pause_seconds(failures))
                continue
            await self._wait(next_due_at)

    async def _start_due(self) -> datetime | None:
        """Fill the free places; returns when the next job will be due."""
        while True:
            # A job that ran when the look began may be done by now: the look would still show it.
            before = set(self._running)
            limit = self._at_once + 1
            look = await self._store.look_up_jobs(now=self._clock.now(), limit=limit, without_kinds=self._full_kinds())
            for each in look.due:
                if each.job.key not in before and self._has_room(each):
                    self._begin(each)
            if len(look.due) < limit or self._running.keys() <= before:
                return look.next_due_at

    def _full_kinds(self) -> list[str]:
        running = Counter(kind for kind, _ in self._running.values())
        return [kind for kind, limit in self._at_once_by_kind.items() if running[kind] >= limit]

    def _has_room(self, waiting: WaitingJob) -> bool:
        return len(self._running) < self._at_once and waiting.job.kind not in self._full_kinds()

    def _begin(self, waiting: WaitingJob) -> None:
        task = asyncio.create_task(self._run_one(waiting), name=f"job {waiting.job.key}")
        self._running[waiting.job.key] = (waiting.job.kind, task)

    async def _wait(self, next_due_at: datetime | None) -> None:
        """Until a commit puts jobs, a running one ends, the next is due, or another process has committed."""
        while True:
            seconds = self._poll_seconds
            if next_due_at is not None:
                until_due = (next_due_at - self._clock.now()).total_seconds()
                seconds = max(0.0, min(seconds, self._clock.real_seconds(until_due)))
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
                await asyncio.sleep(HOLD_SECONDS)
            except TimeoutError:
                is_due = next_due_at is not None and next_due_at <= self._clock.now()
                if not is_due and self._store.version() == self._seen_version:
                    continue
            return

    async def _run_one(self, waiting: WaitingJob) -> None:
        try:
            outcome = await self._attempt(waiting)
            await self._settle(waiting, outcome)
        finally:
            del self._running[waiting.job.key]
            self._wake.set()

    async def _attempt(self, waiting: WaitingJob) -> Done | Again:
        try:
            await self._wait_turn()
            return await self._run(waiting.job, waiting.attempts)
        except asyncio.CancelledError:
            if self._is_stopping:
                raise
            # Somebody else's cancellation: without a pause the job would run again at once, and again.
            return self._fail(waiting)
        except Exception:
            return self._fail(waiting)

    def _fail(self, waiting: WaitingJob) -> Again:
        self._failed_attempts += 1
        pause = find_pause_seconds(waiting.attempts + 1)
        _log.exception("Job %s has failed; it runs again in %.0f s.", waiting.job.key, pause)
        return Again(at=self._clock.now() + self._incident_time(pause))

    def _incident_time(self, real_seconds: float) -> timedelta:
        """Pauses are real time, due times are incident time, which may run faster."""
        real_per_incident_second = self._clock.real_seconds(1.0)
        return timedelta(seconds=real_seconds / real_per_incident_second)

    async def _settle(self, waiting: WaitingJob, outcome: Done | Again) -> None:
        """Until the store takes it (the disk may be full): the job keeps its place, so it does not run meanwhile."""
        failures = 0
        while True:
            try:
                await self._settling(waiting, outcome)
            except Exception:
                failures += 1
                _log.exception("The outcome of job %s could not be saved; it will be tried again.", waiting.job.key)
                await asyncio.sleep(find_pause_seconds(failures))
            else:
                return

    def _settling(self, waiting: WaitingJob, outcome: Done | Again) -> Coroutine[Any, Any, None]:
        if isinstance(outcome, Again):
            return self._store.postpone_job(waiting, due_at=outcome.at)
        return self._store.finish_job(waiting)
