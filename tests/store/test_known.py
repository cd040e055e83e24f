"""What is known saves looking it up, and is never older than the log and the tables."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from chatops.domain.errors import IllegalMove, NotFound
from chatops.domain.fold import fold
from chatops.domain.ids import IncidentNumber, MemberId, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import AnyData, Impact, ImpactChanged
from chatops.store.known import Latest
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from tests.store.building import ANN, NOW, append, open_incident, open_new_store, tell_story

ONE = IncidentNumber(1)
STREAM = incident_stream(ONE)
CHANGE = ImpactChanged(impact=Impact.CRITICAL, due_at=NOW)


def record(transaction: SqlTransaction, data: AnyData) -> Incident:
    """As the use cases do it: fold on from what is known."""
    before = transaction.load_incident(ONE)
    (added,) = transaction.append(STREAM, NOW, ANN, [data])
    incident = fold([added], before)
    transaction.save_incident(incident, before)
    return incident


def find_both(transaction: SqlTransaction) -> tuple[Incident, Incident]:
    """The fold as it is found, and as the log tells it."""
    return transaction.load_incident(ONE), fold(transaction.load(STREAM))


@pytest.fixture
async def told(store: SqliteStore) -> SqliteStore:
    await store.write(open_incident)
    for data in tell_story(1):
        await store.write(lambda transaction, data=data: record(transaction, data))  # type: ignore[misc]
    return store


async def test_the_log_is_not_read_again(told: SqliteStore) -> None:
    def look(transaction: SqlTransaction) -> list[str]:
        seen: list[str] = []
        transaction.connection.set_trace_callback(seen.append)
        record(transaction, CHANGE)
        record(transaction, CHANGE)
        transaction.connection.set_trace_callback(None)
        return [each for each in seen if "FROM records" in each]

    assert await told.write(look) == []
    found, from_log = await told.write(find_both)
    assert found == from_log


async def test_a_refused_body_leaves_no_fold_behind(told: SqliteStore) -> None:
    def refused(transaction: SqlTransaction) -> None:
        record(transaction, CHANGE)
        raise IllegalMove("no")

    with pytest.raises(IllegalMove):
        await told.write(refused)
    found, from_log = await told.write(find_both)
    assert found == from_log
    assert found.impact is Impact.MAJOR


async def test_records_that_nobody_has_folded_yet_are_not_overlooked(told: SqliteStore) -> None:
    def append_only(transaction: SqlTransaction) -> Incident:
        before = transaction.load_incident(ONE)
        transaction.append(STREAM, NOW, ANN, [CHANGE])
        found, from_log = find_both(transaction)
        assert found == from_log != before
        transaction.append(STREAM, NOW, ANN, [CHANGE.model_copy(update={"impact": Impact.MINOR})])
        return found

    between = await told.write(append_only)
    found, from_log = await told.write(find_both)
    assert found == from_log != between


async def test_what_another_process_appended_is_seen(told: SqliteStore, tmp_path: Path) -> None:
    await told.write(lambda transaction: transaction.load_incident(ONE))
    other = open_new_store(tmp_path)
    await other.write(lambda transaction: append(transaction, 1, [CHANGE]))
    await other.close()
    found, from_log = await told.write(find_both)
    assert found == from_log
    assert found.impact is Impact.CRITICAL


async def test_what_another_process_erased_is_gone(told: SqliteStore, tmp_path: Path) -> None:
    """The hashes stay, and so does the head."""
    assert (await told.write(lambda transaction: transaction.load_incident(ONE))).updates
    with sqlite3.connect(tmp_path / "chatops.db") as other:
        other.execute("UPDATE records SET text = NULL, salt = NULL WHERE kind = 'revision_proposed'")
    other.close()
    found, from_log = await told.write(find_both)
    assert found == from_log
    assert not found.updates


def test_only_the_last_ones_are_kept() -> None:
    latest: Latest[int, str] = Latest(2)
    for number in range(4):
        latest.keep(number, f"the {number}")
    latest.keep(2, "the same")
    latest.keep(5, "the last")
    assert [latest.find(number) for number in range(6)] == [None, None, "the same", None, None, "the last"]


async def test_an_incident_that_does_not_exist_is_not_found(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        await store.write(lambda transaction: transaction.load_incident(ONE))
    with pytest.raises(NotFound):
        await store.read(lambda reads: reads.load_incident(ONE))


def find_ann(transaction: SqlTransaction) -> Member | None:
    return transaction.find_member("T1", "U1")


def rename_ann(transaction: SqlTransaction, name: str) -> None:
    known = find_ann(transaction)
    assert known
    transaction.save_member("T1", replace(known, name=name))
    assert find_ann(transaction) == replace(known, name=name)


async def test_who_asks_is_not_looked_up_again_and_a_change_is_seen(store: SqliteStore, tmp_path: Path) -> None:
    await store.write(lambda tx: tx.save_member("T1", Member(id=MemberId(""), slack_id="U1", name="Ann")))

    def look(transaction: SqlTransaction) -> list[str]:
        seen: list[str] = []
        transaction.connection.set_trace_callback(seen.append)
        assert find_ann(transaction)
        transaction.connection.set_trace_callback(None)
        return seen

    assert len(await store.write(look)) == 1
    assert await store.write(look) == []

    await store.write(lambda tx: rename_ann(tx, "Anna"))
    with pytest.raises(IllegalMove):
        await store.write(rename_and_refuse)
    found = await store.write(find_ann)
    assert found
    assert found.name == "Anna"

    other = open_new_store(tmp_path)
    await other.write(lambda tx: rename_ann(tx, "Annabel"))
    await other.close()
    found = await store.write(find_ann)
    assert found
    assert found.name == "Annabel"


def rename_and_refuse(transaction: SqlTransaction) -> None:
    rename_ann(transaction, "Nobody")
    raise IllegalMove("no")
