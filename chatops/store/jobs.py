"""Durable work as rows: put and cancel in the caller's transaction, and what the runner asks and settles."""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from chatops.store.prepared import Prepared, each_of
from chatops.store.tables import EPOCH, jobs
from chatops.usecases.ports import DueJobs, Job, WaitingJob

AT_ONCE = EPOCH
"""The due time of a job that was put without one: due on every clock, also a replay's."""

_INSERT = insert(jobs)
_PUT = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=["key"],
        set_={
            **{name: _INSERT.excluded[name] for name in ("kind", "data", "due_at", "attempts")},
            "generation": jobs.c.generation + 1,
        },
    ),
    ("key", "kind", "data", "due_at", "generation", "attempts"),
)
_CANCEL = Prepared(delete(jobs).where(jobs.c.key == bindparam("job")))
_IS_SAME = (jobs.c.key == bindparam("job")) & (jobs.c.generation == bindparam("known"))
_FINISH = Prepared(delete(jobs).where(_IS_SAME))
_POSTPONE = Prepared(update(jobs).where(_IS_SAME).values(due_at=bindparam("at"), attempts=jobs.c.attempts + 1))
_LIST_DUE = Prepared(
    select(jobs)
    .where(jobs.c.due_at <= bindparam("now"), jobs.c.kind.not_in(each_of("without")))
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(bindparam("limit"))
)
_COUNT = Prepared(select(func.count()).select_from(jobs))
_FIND_NEXT_DUE = Prepared(select(func.min(jobs.c.due_at)).where(jobs.c.due_at > bindparam("now")))


def put(connection: sqlite3.Connection, wanted: Iterable[tuple[Job, datetime | None]]) -> None:
    """Insert, or replace what waits under the same key; what runs now will run again."""
    _PUT.run_many(connection, [_row_from(job, due_at) for job, due_at in wanted])


def cancel(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    _CANCEL.run_many(connection, [{"job": key} for key in keys])


def look_up(connection: sqlite3.Connection, *, now: datetime, limit: int, without_kinds: Collection[str]) -> DueJobs:
    """The longest due first; among those due at once, in the order they were first put."""
    rows = _LIST_DUE.rows(connection, now=now, limit=limit, without=list(without_kinds))
    return DueJobs(
        due=tuple(_waiting_from(row) for row in rows), next_due_at=_FIND_NEXT_DUE.scalar(connection, now=now)
    )


def finish(connection: sqlite3.Connection, waiting: WaitingJob) -> None:
    """Delete, unless it was put again while it ran."""
    _FINISH.run(connection, {"job": waiting.job.key, "known": waiting.generation})


def postpone(connection: sqlite3.Connection, waiting: WaitingJob, *, due_at: datetime) -> None:
    """Wait for another attempt; where it was put again while it ran, the newer wish stands."""
    _POSTPONE.run(connection, {"job": waiting.job.key, "known": waiting.generation, "at": due_at})


def count(connection: sqlite3.Connection) -> int:
    found: int = _COUNT.scalar(connection)
    return found


def _row_from(job: Job, due_at: datetime | None) -> dict[str, Any]:
    due = {"due_at": due_at or AT_ONCE, "generation": 1, "attempts": 0}
    return {"key": job.key, "kind": job.kind, "data": dict(job.data), **due}


def _waiting_from(row: dict[str, Any]) -> WaitingJob:
    job = Job(kind=row["kind"], key=row["key"], data=row["data"])
    return WaitingJob(job=job, generation=row["generation"], attempts=row["attempts"])
