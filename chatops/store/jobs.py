"""Durable work as rows: put and cancel in the caller's transaction, and what the runner asks and settles."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from chatops.store.tables import EPOCH, jobs
from chatops.usecases.ports import DueJobs, Job, WaitingJob

AT_ONCE = EPOCH
"""The due time of a job that was put without one: due on every clock, also a replay's."""

_INSERT = insert(jobs)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["key"],
    set_={
        **{name: _INSERT.excluded[name] for name in ("kind", "data", "due_at", "attempts")},
        "generation": jobs.c.generation + 1,
    },
)
_CANCEL = delete(jobs).where(jobs.c.key == bindparam("key"))
_FINISH = _CANCEL.where(jobs.c.generation == bindparam("generation"))


def put(connection: Connection, job: Job, *, due_at: datetime | None) -> None:
    """Insert, or replace what waits under the same key; what runs now will run again."""
    row = {"kind": job.kind, "data": dict(job.data), "due_at": due_at or AT_ONCE}
    connection.execute(_PUT, {"key": job.key, "generation": 1, "attempts": 0, **row})


def cancel(connection: Connection, key: str) -> None:
    connection.execute(_CANCEL, {"key": key})


def look_up(connection: Connection, *, now: datetime, limit: int, without_kinds: Collection[str]) -> DueJobs:
    """The longest due first; among those due at once, in the order they were first put."""
    query = select(jobs).where(jobs.c.due_at <= now).order_by(jobs.c.due_at, jobs.c.id).limit(limit)
    if without_kinds:
        query = query.where(jobs.c.kind.not_in(without_kinds))
    due = tuple(_waiting_from(row) for row in connection.execute(query).mappings())
    next_due_at = connection.scalar(select(func.min(jobs.c.due_at)).where(jobs.c.due_at > now))
    return DueJobs(due=due, next_due_at=next_due_at)


def finish(connection: Connection, waiting: WaitingJob) -> None:
    """Delete, unless it was put again while it ran."""
    connection.execute(_FINISH, {"key": waiting.job.key, "generation": waiting.generation})


def postpone(connection: Connection, waiting: WaitingJob, *, due_at: datetime) -> None:
    """Wait for another attempt; where it was put again while it ran, the newer wish stands."""
    connection.execute(update(jobs).where(_is_same(waiting)).values(due_at=due_at, attempts=jobs.c.attempts + 1))


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(jobs)).scalar_one()


def _is_same(waiting: WaitingJob) -> ColumnElement[bool]:
    return (jobs.c.key == waiting.job.key) & (jobs.c.generation == waiting.generation)


def _waiting_from(row: RowMapping) -> WaitingJob:
    job = Job(kind=row["kind"], key=row["key"], data=row["data"])
    return WaitingJob(job=job, generation=row["generation"], attempts=row["attempts"])
