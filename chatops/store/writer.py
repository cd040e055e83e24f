"""The writer: one body after the other, in the event loop; those that wait together share one commit, in a thread."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from chatops.domain.errors import ChatopsError
from chatops.store.engine import begin_at_once, begin_patiently, commit, explain, open_writing_connection, roll_back
from chatops.store.known import Known
from chatops.store.transaction import SqlTransaction

T = TypeVar("T")
Body = Callable[[SqlTransaction], T]

AT_ONCE = 64
"""At most so many share one commit: the first of them waits for the last."""


class OnCommit(Protocol):
    def __call__(self, *, has_put_jobs: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    body: Body[Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None
    has_put_jobs: bool = False


class _Spoilt(Exception):
    """A body has failed after it had written something: all that was done in this transaction must be undone."""

    def __init__(self, place: int, outcome: _Outcome) -> None:
        super().__init__(place)
        self.place = place
        self.outcome = outcome


class Writer:
    """Of one event loop at a time. For what may take long, a commit and another program's lock, a thread waits.

    Bodies are short, and a thread of their own would make them long: with every statement it gives the interpreter to
    the event loop, and has to wait for it again.
    """

    def __init__(self, path: Path, *, real_now: Callable[[], datetime], on_commit: OnCommit) -> None:
        self._connection = open_writing_connection(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chatops-commit")
        self._known = Known()
        self._seen_version = 0
        self._real_now = real_now
        self._on_commit = on_commit
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def submit(self, body: Body[T], *, is_urgent: bool = False) -> asyncio.Future[T]:
        """The future is answered after the commit. A future cancelled before its turn leaves nothing behind.

        `body` may run more than once, and what it did before is undone: it must change nothing but the database.
        """
        if self._is_closed:
            raise ChatopsError("The database was closed: chatops is stopping.")
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._work(), name="chatops-writer")
        elif self._task.get_loop() is not loop:
            raise RuntimeError("Another event loop is writing with this store.")
        future: asyncio.Future[T] = loop.create_future()
        (self._urgent if is_urgent else self._others).append(_Waiting(body, future))
        return future

    async def close(self) -> None:
        """Finish what waits, then end."""
        self._is_closed = True
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown)
        # The last to close empties the journal into the file.
        await asyncio.to_thread(self._connection.close)

    async def _work(self) -> None:
        await _look_around()
        while group := self._take_group():
            outcomes = await self._commit(group)
            _answer(group, outcomes)
            await _look_around()
            if any(outcome.error is None for outcome in outcomes):
                self._on_commit(has_put_jobs=any(outcome.has_put_jobs for outcome in outcomes))

    def _take_group(self) -> list[_Waiting]:
        """Who shares the next commit: all who are urgent, or else one of the others.

        Several of those would come back to the event loop together, and go on before it looks at what has arrived.
        """
        return _take(self._urgent, AT_ONCE) or _take(self._others, 1)

    async def _commit(self, group: Sequence[_Waiting]) -> list[_Outcome]:
        """One transaction for the group; where it cannot be committed, everybody in it gets the error."""
        failed: dict[int, _Outcome] = {}
        while True:
            try:
                return await self._try(group, failed)
            except _Spoilt as spoilt:
                failed[spoilt.place] = spoilt.outcome
            except Exception as error:
                return [_Outcome(error=_readable(error))] * len(group)

    async def _try(self, group: Sequence[_Waiting], failed: Mapping[int, _Outcome]) -> list[_Outcome]:
        """Run all but those that have failed, and commit; raises _Spoilt where it must be done again without one more.

        A savepoint around each body would undo it alone, but makes SQLite copy every page that it touches.
        """
        if not begin_at_once(self._connection):
            await self._in_thread(begin_patiently)
        try:
            outcomes = self._run_all(group, failed)
            await self._in_thread(commit)
        except Exception:
            roll_back(self._connection)
            self._known.forget_all()
            raise
        return outcomes

    async def _in_thread(self, act: Callable[[sqlite3.Connection], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, act, self._connection)

    def _run_all(self, group: Sequence[_Waiting], failed: Mapping[int, _Outcome]) -> list[_Outcome]:
        self._watch_others()
        outcomes: list[_Outcome] = []
        for place, waiting in enumerate(group):
            written = self._connection.total_changes
            outcome = failed.get(place) or self._run(waiting.body)
            if self._connection.total_changes != written and outcome.error is not None:
                raise _Spoilt(place, outcome)
            outcomes.append(outcome)
        return outcomes

    def _watch_others(self) -> None:
        """What another process has written may have changed any log: also erased data, which leaves its hashes."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen_version:
            self._seen_version = version
            self._known.forget_all()

    def _run(self, body: Body[Any]) -> _Outcome:
        tx = SqlTransaction(self._connection, self._known, real_now=self._real_now())
        try:
            value = body(tx)
            tx.flush()
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # SQLite has rolled everything back by itself (disk full): the others' work is gone as well.
            return _Outcome(error=_readable(error))
        return _Outcome(value=value, has_put_jobs=tx.has_put_jobs)


async def _look_around() -> None:
    """Whoever was answered goes on; and what arrives together is read, is parsed, and asks, to share a commit."""
    for _ in range(3):
        await asyncio.sleep(0)


def _take(queue: deque[_Waiting], most: int) -> list[_Waiting]:
    group: list[_Waiting] = []
    while queue and len(group) < most:
        waiting = queue.popleft()
        if not waiting.future.cancelled():
            group.append(waiting)
    return group


def _answer(group: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
    """Who gave up meanwhile is told nothing: it is done all the same."""
    for waiting, outcome in zip(group, outcomes, strict=True):
        if waiting.future.cancelled():
            continue
        if outcome.error is None:
            waiting.future.set_result(outcome.value)
        else:
            waiting.future.set_exception(outcome.error)


def _readable(error: Exception) -> Exception:
    readable = explain(error)
    return readable if isinstance(readable, Exception) else error
