"""The read tables are views of the log: emptied and folded again they say the same."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select

from chatops.domain.fold import fold
from chatops.domain.ids import incident_stream
from chatops.domain.records import DeliveryRequeued, DeliverySent, Impact, ImpactChanged, IncidentResolved
from chatops.store import views
from chatops.store.prepared import Prepared
from chatops.store.reads import SqlReads
from chatops.store.sqlite import SqliteStore
from chatops.store.tables import READ_TABLES, deliveries
from chatops.store.transaction import SqlTransaction
from tests.store.building import ANN, NOW, X, append, make_page_post, make_revision, open_incident, tell_story

Rows = dict[str, list[tuple[object, ...]]]


def live(transaction: SqlTransaction) -> None:
    """Several incidents, each saved after every single record, as use cases do."""
    for count in range(4):
        number = open_incident(transaction, private=count == 3)
        for update in range(1, count + 1):
            for data in tell_story(update):
                append(transaction, number, [data], NOW + timedelta(minutes=update))
    append(transaction, 2, [DeliveryRequeued(update=1, outlet=X, part=1)])
    append(transaction, 3, [ImpactChanged(impact=Impact.CRITICAL, due_at=NOW), IncidentResolved()])
    append(transaction, 4, [make_revision(4)])


def snapshot(reads: SqlReads) -> Rows:
    return {table.name: sorted(read_all(reads, select(table)), key=repr) for table in READ_TABLES}


def read_all(reads: SqlReads, query: Select[Any]) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in Prepared(query).rows(reads.connection)]


def rebuild(transaction: SqlTransaction) -> None:
    transaction.clear_read_tables()
    for stream in transaction.list_streams():
        transaction.save_incident(fold(transaction.load(stream)))


async def test_rebuilding_from_the_log_gives_the_same_rows(store: SqliteStore) -> None:
    await store.write(live)
    before = await store.read(snapshot)
    assert (len(before["incidents"]), len(before["deliveries"])) == (4, 18)
    await store.write(rebuild)
    assert await store.read(snapshot) == before


async def test_clearing_leaves_nothing(store: SqliteStore) -> None:
    await store.write(live)
    await store.write(lambda transaction: transaction.save_page_post(make_page_post(1, 1, NOW)))
    await store.write(lambda transaction: transaction.clear_read_tables())
    assert await store.read(snapshot) == {"incidents": [], "page_posts": [], "deliveries": []}
    assert len(await store.read(lambda reads: reads.list_streams())) == 4


async def test_a_delivery_row_follows_the_fold(store: SqliteStore) -> None:
    await store.write(live)
    query = select(deliveries.c.part, deliveries.c.state, deliveries.c.url, deliveries.c.requeued)
    query = query.where(deliveries.c.incident == 2, deliveries.c.outlet == X).order_by(deliveries.c.part)
    rows = await store.read(lambda reads: read_all(reads, query))
    assert rows == [(0, "sent", "https://x.example/1", 0), (1, "queued", None, 1)]


async def test_many_records_in_one_transaction_show_what_they_come_to(store: SqliteStore) -> None:
    """Read tables are written once a transaction; told apart, record by record, they are the same."""

    await store.write(live)
    together = await store.read(snapshot)
    await store.write(lambda transaction: transaction.clear_read_tables())
    streams = await store.read(lambda reads: reads.list_streams())
    for stream in streams:
        for count in range(1, len(await store.read(lambda reads, of=stream: reads.load(of))) + 1):  # type: ignore[misc]
            await store.write(lambda tx, of=stream, to=count: tx.save_incident(fold(tx.load(of)[:to])))  # type: ignore[misc]
    assert await store.read(snapshot) == together


async def test_only_what_differs_from_before_is_written(store: SqliteStore) -> None:
    await store.write(live)
    stream = incident_stream(2)

    def change(transaction: SqlTransaction) -> None:
        before = fold(transaction.load(stream))
        transaction.connection.execute("UPDATE deliveries SET reason = 'seen' WHERE incident = 2")
        (record,) = transaction.append(stream, NOW, ANN, [DeliverySent(update=1, outlet=X, part=1, remote_id="9")])
        transaction.save_incident(fold([record], before), before)

    await store.write(change)
    query = select(deliveries.c.part, deliveries.c.state, deliveries.c.reason)
    query = query.where(deliveries.c.incident == 2, deliveries.c.outlet == X).order_by(deliveries.c.part)
    assert await store.read(lambda reads: read_all(reads, query)) == [(0, "sent", "seen"), (1, "sent", None)]


async def test_a_rebuild_of_many_does_not_keep_them_all(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_KEPT", 2)
    await store.write(live)
    before = await store.read(snapshot)
    await store.write(rebuild)
    assert await store.read(snapshot) == before
