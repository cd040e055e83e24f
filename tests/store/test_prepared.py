"""Statements that run on the driver bind and read values as the columns' types say."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, delete, insert, select

from chatops.store.prepared import Prepared, each_of
from chatops.store.sqlite import SqliteStore
from chatops.store.tables import jobs, members, threads
from chatops.store.transaction import SqlTransaction
from tests.store.building import NOW

JOB = {"key": "k", "kind": "x", "data": {"ü": [1, None]}, "due_at": NOW, "generation": 1, "attempts": 0}
PUT = Prepared(insert(jobs), JOB.keys())
FIND = Prepared(select(jobs).where(jobs.c.key == bindparam("wanted")).limit(1))


async def test_what_was_written_is_read_again(store: SqliteStore) -> None:
    await store.write(lambda tx: PUT.run_many(tx.connection, [JOB, {**JOB, "key": "l"}]))
    assert await store.read(lambda reads: FIND.first(reads.connection, wanted="k")) == {"id": 1, **JOB}
    assert await store.read(lambda reads: FIND.first(reads.connection, wanted="nobody")) is None


async def test_a_column_and_a_single_value_are_read_by_their_type(store: SqliteStore) -> None:
    due = Prepared(select(jobs.c.due_at).order_by(jobs.c.key))
    assert await store.read(lambda reads: due.scalar(reads.connection)) is None
    await store.write(lambda tx: PUT.run(tx.connection, JOB))
    assert await store.read(lambda reads: due.column(reads.connection)) == [NOW]
    assert await store.read(lambda reads: due.scalar(reads.connection)) == NOW


async def test_booleans_and_nothing_stay_what_they_are(store: SqliteStore) -> None:
    row = {"incident": 1, "channel": "C1", "ts": None, "posted_seq": 0, "is_own": True}
    save, find = Prepared(insert(threads)), Prepared(select(threads))
    await store.write(lambda tx: save.run(tx.connection, row))
    assert await store.read(lambda reads: find.rows(reads.connection)) == [row]


async def test_a_list_is_one_parameter(store: SqliteStore) -> None:
    await store.write(lambda tx: PUT.run_many(tx.connection, [{**JOB, "key": key} for key in ("k", "l", "'; --")]))
    some = Prepared(select(jobs.c.key).where(jobs.c.key.in_(each_of("keys"))).order_by(jobs.c.key))
    for keys in ([], ["l"], ["k", "l", "m"], ["'; --"]):
        found = await store.read(lambda reads, keys=keys: some.column(reads.connection, keys=keys))  # type: ignore[misc]
        assert found == [key for key in keys if key != "m"]


async def test_run_tells_how_many_rows_it_touched(store: SqliteStore) -> None:
    await store.write(lambda tx: PUT.run_many(tx.connection, [JOB, {**JOB, "key": "l"}]))
    forget = Prepared(delete(jobs).where(jobs.c.due_at <= bindparam("until")))
    assert await store.write(lambda tx: forget.run(tx.connection, {"until": datetime(2020, 1, 1, tzinfo=UTC)})) == 0
    assert await store.write(lambda tx: forget.run(tx.connection, {"until": NOW})) == 2


async def test_a_missing_value_and_a_time_without_a_zone_are_refused(store: SqliteStore) -> None:
    def put(tx: SqlTransaction, **changes: object) -> None:
        PUT.run(tx.connection, {**JOB, **changes})

    with pytest.raises(ValueError, match="without a time zone"):
        await store.write(lambda tx: put(tx, due_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - what is refused
    find = Prepared(select(members.c.id).where(members.c.slack_id == bindparam("slack_id")))
    with pytest.raises(KeyError, match="slack_id"):
        await store.read(lambda reads: find.first(reads.connection, workspace="T1"))
