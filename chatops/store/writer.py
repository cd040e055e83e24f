"""The single writer thread: runs transaction bodies one after the other, and commits those that wait together."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from chatops.domain.errors import ChatopsError
from chatops.store.engine import explain, open_connection, transaction
from chatops.store.folds import Folds
from chatops.store.transaction import SqlTransaction

T = TypeVar("T")
Body = Callable[[SqlTransaction], T]

URGENT_BODIES = 64
OTHER_BODIES = 8
"""At most so many share one commit: the first of them waits for the last."""


class OnCommit(Protocol):
    def __call__(self, *, has_put_jobs: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    body: Body[Any]
    future: asyncio.Future[Any]
    is_urgent: bool


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
    """Owns the thread; `on_commit` is called in it."""

    def __init__(self, path: Path, *, real_now: Callable[[], datetime], on_commit: OnCommit) -> None:
        self._connection = open_connection(path)
        self._folds = Folds()
        self._seen_version = 0
        self._real_now = real_now
        self._on_commit = on_commit
        self._urgent: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="chatops-writer", daemon=True)
        self._thread.start()

    def submit(self, body: Body[T], *, is_urgent: bool = False) -> asyncio.Future[T]:
        """The future is answered after the commit. A future cancelled before its turn leaves nothing behind.

        `body` may run more than once, and what it did before is undone: it must change nothing but the database.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._is_closed:
                raise ChatopsError("The database was closed: chatops is stopping.")
            (self._urgent if is_urgent else self._others).append(_Waiting(body, future, is_urgent))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Finish what waits, then end; blocks until then."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        while first := self._wait_for_first():
            group = [first]
            outcomes = self._commit(group)
            self._answer(group, outcomes)
            if any(outcome.error is None for outcome in outcomes):
                self._on_commit(has_put_jobs=any(outcome.has_put_jobs for outcome in outcomes))

    def _wait_for_first(self) -> _Waiting | None:
        """Who begins a commit; None once closed, with everything done."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._urgent or self._others or self._is_closed)
            first = self._take_next(())
            if first or self._is_closed:
                return first

    def _take_next(self, group: Sequence[_Waiting]) -> _Waiting | None:
        """The next body of this commit. An urgent one joins others that have begun; then nothing else delays it."""
        is_urgent = any(each.is_urgent for each in group)
        with self._changed:
            while True:
                if self._urgent and len(group) < URGENT_BODIES:
                    waiting = self._urgent.popleft()
                elif self._others and not is_urgent and len(group) < OTHER_BODIES:
                    waiting = self._others.popleft()
                else:
                    return None
                if not waiting.future.cancelled():
                    return waiting

    def _commit(self, group: list[_Waiting]) -> list[_Outcome]:
        """One transaction for all that join the group; where it cannot be committed, everybody in it gets the error."""
        failed: dict[int, _Outcome] = {}
        while True:
            try:
                return self._try(group, failed)
            except _Spoilt as spoilt:
                failed[spoilt.place] = spoilt.outcome
            except Exception as error:
                return [_Outcome(error=_readable(error))] * len(group)

    def _try(self, group: list[_Waiting], failed: Mapping[int, _Outcome]) -> list[_Outcome]:
        """Run all but those that have failed, and commit; raises _Spoilt where it must be done again without one more.

        A savepoint around each body would undo it alone, but makes SQLite copy every page that it touches.
        """
        outcomes: list[_Outcome] = []
        with transaction(self._connection, "BEGIN IMMEDIATE"):
            self._watch_others()
            for place, waiting in enumerate(self._gather(group)):
                written = self._connection.total_changes
                outcome = failed.get(place) or self._run(waiting.body)
                if self._connection.total_changes != written and outcome.error is not None:
                    raise _Spoilt(place, outcome)
                outcomes.append(outcome)
        return outcomes

    def _gather(self, group: list[_Waiting]) -> Iterator[_Waiting]:
        """Who is in the group, and then whoever joins it while it runs."""
        yield from tuple(group)
        while waiting := self._take_next(group):
            group.append(waiting)
            yield waiting

    def _watch_others(self) -> None:
        """What another process has written may have changed any log: also erased data, which leaves its hashes."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen_version:
            self._seen_version = version
            self._folds.forget_all()

    def _run(self, body: Body[Any]) -> _Outcome:
        tx = SqlTransaction(self._connection, self._folds, real_now=self._real_now())
        try:
            value = body(tx)
            tx.flush()
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # SQLite has rolled everything back by itself (disk full): the others' work is gone as well.
            return _Outcome(error=_readable(error))
        return _Outcome(value=value, has_put_jobs=tx.has_put_jobs)

    @staticmethod
    def _answer(group: list[_Waiting], outcomes: list[_Outcome]) -> None:
        """Wakes each event loop once, however many wait in it."""
        answers: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, _Outcome]]] = {}
        for waiting, outcome in zip(group, outcomes, strict=True):
            answers.setdefault(waiting.future.get_loop(), []).append((waiting, outcome))
        for loop, theirs in answers.items():
            with suppress(RuntimeError):  # The loop was closed meanwhile, and nobody waits there any more.
                loop.call_soon_threadsafe(_settle, theirs)


def _settle(answers: list[tuple[_Waiting, _Outcome]]) -> None:
    """In the event loop. Who gave up meanwhile is told nothing: it is done all the same."""
    for waiting, outcome in answers:
        if waiting.future.cancelled():
            continue
        if outcome.error is None:
            waiting.future.set_result(outcome.value)
        else:
            waiting.future.set_exception(outcome.error)


def _readable(error: Exception) -> Exception:
    readable = explain(error)
    return readable if isinstance(readable, Exception) else error
