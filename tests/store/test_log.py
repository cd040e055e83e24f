"""The log: what was appended is loaded, what was changed is named, and it never forks."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.chain import canonical_json, digest_data, hash_envelope, verify
from chatops.domain.errors import BrokenChain, UnreadableRecord
from chatops.domain.ids import Stream, incident_stream
from chatops.domain.records import IncidentResolved, Record
from chatops.store import log
from chatops.store.engine import begin_patiently, commit, open_connection
from chatops.store.schema import migrate
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from tests.store.building import ANN, NOW, make_comment, make_opening, open_new_store, tell_story

STREAM = incident_stream(1)
STORY = [make_opening(), *tell_story(1), make_comment("päivää 🐢"), IncidentResolved()]
COLUMNS = ("at", "actor", "kind", "text", "salt", "data_digest", "prev", "hash")


async def run_sql(store: SqliteStore, sql: str, **values: object) -> None:
    await store.write(lambda transaction: transaction.connection.execute(sql, values) and None)


async def load(store: SqliteStore, stream: Stream = STREAM) -> list[Record]:
    return await store.read(lambda reads: reads.load(stream))


async def test_records_come_back_as_they_were_appended(store: SqliteStore) -> None:
    first = await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, STORY[:3]))
    later = await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, STORY[3:]))
    loaded = await load(store)
    assert loaded == first + later
    assert [record.data for record in loaded] == STORY
    assert verify(loaded) == later[-1]
    assert len({record.salt for record in loaded}) == len(STORY)


async def test_nothing_appended_is_nothing_stored(store: SqliteStore) -> None:
    assert await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, [])) == []
    assert await load(store) == []


async def test_streams_are_listed_in_the_order_of_their_numbers(store: SqliteStore) -> None:
    def body(transaction: SqlTransaction) -> None:
        for number in (10, 2, 1):
            transaction.append(incident_stream(number), NOW, ANN, [make_opening(), make_comment()])
        transaction.append(Stream("mention:7"), NOW, ANN, [make_comment()])

    await store.write(body)
    streams = await store.read(lambda reads: reads.list_streams())
    assert streams == ["incident:1", "incident:2", "incident:10", "mention:7"]


async def test_erased_data_leaves_a_chain_that_verifies(store: SqliteStore) -> None:
    written = await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, STORY))
    await run_sql(store, "UPDATE records SET text = NULL, salt = NULL WHERE seq IN (2, 8)")
    loaded = await load(store)
    assert [record.seq for record in loaded if record.data is None] == [2, 8]
    assert verify(loaded) == written[-1]
    await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, [make_comment("on")]))
    assert verify(await load(store)) is not None


async def test_a_record_of_a_newer_version_is_named_and_not_skipped(store: SqliteStore) -> None:
    await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, [make_opening(), make_comment()]))
    record = (await load(store))[1]
    words, salt = canonical_json({"kind": "moon_phased"}), b"s" * 16
    digest = digest_data(words, salt)
    envelope = hash_envelope(
        stream=STREAM, seq=2, at=NOW, actor=ANN, kind="moon_phased", data_digest=digest, prev=record.prev
    )
    values = {"kind": "moon_phased", "text": words, "salt": salt, "data_digest": digest, "hash": envelope}
    sets = ", ".join(f"{name} = :{name}" for name in values)
    await run_sql(store, f"UPDATE records SET {sets} WHERE seq = 2", **values)
    with pytest.raises(UnreadableRecord, match=r"incident:1 record 2 \(moon_phased\) was written by a newer chatops"):
        await load(store)


async def test_the_earliest_break_is_the_one_that_is_named(store: SqliteStore) -> None:
    await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, STORY))
    await run_sql(store, "UPDATE records SET hash = 'x' WHERE seq = 2")
    await run_sql(store, "UPDATE records SET text = '{' WHERE seq = 5")
    with pytest.raises(BrokenChain) as caught:
        await load(store)
    assert caught.value.seq == 2


@pytest.mark.parametrize("at", ["noon", 2**62])
async def test_a_time_that_is_none_is_a_broken_record(store: SqliteStore, at: object) -> None:
    await store.write(lambda transaction: transaction.append(STREAM, NOW, ANN, STORY))
    await run_sql(store, "UPDATE records SET at = :at WHERE seq = 3", at=at)
    with pytest.raises(BrokenChain, match="record 3"):
        await load(store)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A stored story: each example changes it in a transaction of its own, which is rolled back."""
    path = tmp_path_factory.mktemp("story") / "chatops.db"
    migrate(f"sqlite:///{path}")
    connection = open_connection(path)
    begin_patiently(connection)
    log.append(connection, log.link_all(None, STREAM, NOW, ANN, STORY))
    commit(connection)
    yield connection
    connection.close()


@contextmanager
def undone(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")


@settings(deadline=None)
@given(
    seq=st.integers(1, len(STORY)),
    column=st.sampled_from(COLUMNS),
    place=st.integers(0, 5_000),
    bits=st.integers(1, 255),
)
def test_any_changed_byte_breaks_the_chain_at_its_record(
    story: sqlite3.Connection, seq: int, column: str, place: int, bits: int
) -> None:
    with undone(story):
        change_byte(story, seq, column, place, bits)
        with pytest.raises(BrokenChain) as caught:
            verify(log.load(story, STREAM))
        assert (caught.value.stream, caught.value.seq) == (STREAM, seq)


def change_byte(connection: sqlite3.Connection, seq: int, column: str, place: int, bits: int) -> None:
    if column == "at":
        connection.execute("UPDATE records SET at = at + ? WHERE seq = ?", (bits, seq))
        return
    query = f"SELECT CAST({column} AS BLOB) FROM records WHERE seq = ?"
    raw = bytearray(connection.execute(query, (seq,)).fetchone()[0])
    raw[place % len(raw)] ^= bits
    changed = "?" if column == "salt" else "CAST(? AS TEXT)"
    connection.execute(f"UPDATE records SET {column} = {changed} WHERE seq = ?", (bytes(raw), seq))


@settings(deadline=None)
@given(erased=st.sets(st.integers(1, len(STORY))))
def test_erasing_any_data_with_its_salt_keeps_the_chain(story: sqlite3.Connection, erased: set[int]) -> None:
    with undone(story):
        for seq in erased:
            story.execute("UPDATE records SET text = NULL, salt = NULL WHERE seq = ?", (seq,))
        loaded = log.load(story, STREAM)
        assert verify(loaded) == loaded[-1]
        assert {record.seq for record in loaded if record.data is None} == erased


def test_two_stores_on_one_file_never_fork_a_stream(tmp_path: Path) -> None:
    async def write_many(name: str) -> None:
        store = open_new_store(tmp_path)
        for index in range(25):
            comment = make_comment(f"{name} {index}")
            await store.write(lambda transaction, data=comment: transaction.append(STREAM, NOW, ANN, [data]))
        await store.close()

    threads = [threading.Thread(target=asyncio.run, args=(write_many(name),)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def check() -> None:
        store = open_new_store(tmp_path)
        loaded = await load(store)
        await store.close()
        assert [record.seq for record in loaded] == list(range(1, 51))
        assert verify(loaded) == loaded[-1]

    asyncio.run(check())
