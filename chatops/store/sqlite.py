"""The store on one SQLite file: one writer, two reading threads, and a number that changes with every commit."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from chatops.store import jobs
from chatops.store.engine import find_database_file, open_connection, snapshot
from chatops.store.reads import SqlReads
from chatops.store.schema import require_schema
from chatops.store.transaction import SqlTransaction
from chatops.store.writer import Writer
from chatops.usecases.ports import DueJobs, WaitingJob

T = TypeVar("T")
READ_THREADS = 2
"""More would only take the interpreter from the event loop, and from each other."""
SCRUB_SECONDS = 5.0

_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(url: str, *, real_now: Callable[[], datetime] = _utc_now) -> "SqliteStore":
    """Open a migrated database; raises BadSettings, with what to do, where it is not one."""
    require_schema(url)
    return SqliteStore(url, real_now=real_now)


class SqliteStore:
    """Implements the ports Store and JobStore."""

    def __init__(self, url: str, *, real_now: Callable[[], datetime]) -> None:
        self._path = find_database_file(url)
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="chatops-reader")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(READ_THREADS):
            self._idle.put(open_connection(self._path))
        self._listeners: list[tuple[Callable[[], None], bool]] = []
        # PRAGMA data_version changes when *another* connection has committed, so it needs a connection that never
        # writes; it also sees other processes, which a counter of ours would not. https://sqlite.org/pragma.html
        self._watch = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._watch_lock = threading.Lock()
        self._last_version = 0
        self._is_closed = False
        self._writer = Writer(self._path, real_now=real_now, on_commit=self._tell)

    async def write(self, body: Callable[[SqlTransaction], T], *, is_urgent: bool = False) -> T:
        return await self._writer.submit(body, is_urgent=is_urgent)

    async def read(self, body: Callable[[SqlReads], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, body)

    def version(self) -> int:
        """Some microseconds; only worth comparing with an earlier answer of the same store."""
        with self._watch_lock:
            if not self._is_closed:
                self._last_version = self._watch.execute("PRAGMA data_version").fetchone()[0]
            return self._last_version

    def on_commit(self, callback: Callable[[], None], *, only_jobs: bool = False) -> Callable[[], None]:
        """Called in the event loop, once the writers are answered: keep it short."""
        listener = (callback, only_jobs)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def scrub(self) -> None:
        """The write-ahead log keeps old pages until it is written over: https://sqlite.org/wal.html#ckpt"""
        await asyncio.to_thread(self._empty_journal)

    def _empty_journal(self) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=SCRUB_SECONDS)) as connection:
            is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            _log.warning("The journal of the database is in use; what was erased leaves it with the next commits.")

    async def close(self) -> None:
        """Commit what waits, then let go of the file."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        with self._watch_lock:
            self._is_closed = True
            self._watch.close()
        while not self._idle.empty():
            self._idle.get().close()

    @property
    def runner_lock_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.runner")

    async def look_up_jobs(self, *, now: datetime, limit: int, without_kinds: Collection[str] = ()) -> DueJobs:
        return await self.read(
            lambda reads: jobs.look_up(reads.connection, now=now, limit=limit, without_kinds=without_kinds)
        )

    async def finish_job(self, waiting: WaitingJob) -> None:
        await self.write(lambda transaction: jobs.finish(transaction.connection, waiting))

    async def postpone_job(self, waiting: WaitingJob, *, due_at: datetime) -> None:
        await self.write(lambda transaction: jobs.postpone(transaction.connection, waiting, due_at=due_at))

    async def count_jobs(self) -> int:
        return await self.read(lambda reads: jobs.count(reads.connection))

    def _read(self, body: Callable[[SqlReads], T]) -> T:
        connection = self._idle.get()
        try:
            with snapshot(connection):
                return body(SqlReads(connection))
        finally:
            self._idle.put(connection)

    def _tell(self, *, has_put_jobs: bool) -> None:
        for callback, only_jobs in tuple(self._listeners):
            if has_put_jobs or not only_jobs:
                try:
                    callback()
                except Exception:
                    _log.exception("What listens to commits has failed.")
