"""One transaction: all of it or nothing, one after the other, answered after the commit."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatops.domain.errors import ChatopsError, Conflict, IllegalMove, StorageFull
from chatops.domain.ids import ConversationId, conversation_stream, incident_stream
from chatops.store import engine, writer
from chatops.store.mention_writes import ERASED_KINDS
from chatops.store.reads import SqlReads
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from chatops.usecases.ports import Job, JobStore, Reads, Store, Transaction
from tests.builders import SAMPLES
from tests.store.building import ANN, NOW, make_comment, open_incident, open_new_store

STREAM = incident_stream(1)


def test_the_store_is_what_the_ports_ask_for(store: SqliteStore) -> None:
    """For the type checker."""
    as_store: Store = store
    as_job_store: JobStore = store
    kinds: tuple[type[Reads], type[Transaction]] = (SqlReads, SqlTransaction)
    assert as_store is as_job_store
    assert kinds


def increment(transaction: SqlTransaction) -> None:
    """Read, then write: what loses updates where the lock is taken too late."""
    answer = transaction.find_answer("T1", "sum") or {"value": 0}
    transaction.connection.execute("DELETE FROM commands WHERE key = 'sum'")
    transaction.save_answer("T1", "sum", {"value": int(answer["value"] or 0) + 1})


async def read_sum(store: SqliteStore) -> object:
    answer = await store.read(lambda reads: reads.find_answer("T1", "sum"))
    return answer and answer["value"]


async def test_no_update_is_lost_within_one_store(store: SqliteStore) -> None:
    async def ten() -> None:
        for _ in range(10):
            await store.write(increment)

    await asyncio.gather(*(ten() for _ in range(20)))
    assert await read_sum(store) == 200


async def test_no_update_is_lost_between_two_stores_on_one_file(store: SqliteStore, tmp_path: Path) -> None:
    def in_a_thread(other: SqliteStore) -> None:
        async def ten_times_ten() -> None:
            for _ in range(10):
                await asyncio.gather(*(other.write(increment) for _ in range(10)))
            await other.close()

        asyncio.run(ten_times_ten())

    with ThreadPoolExecutor(2) as pool:
        left, right = open_new_store(tmp_path), open_new_store(tmp_path)
        await asyncio.gather(
            *(asyncio.get_running_loop().run_in_executor(pool, in_a_thread, other) for other in (left, right))
        )
    assert await read_sum(store) == 200


@pytest.mark.parametrize(("is_urgent", "count"), [(True, 1), (False, 2)])
async def test_a_refused_body_undoes_only_itself(store: SqliteStore, is_urgent: bool, count: int) -> None:
    """Also where it shares a commit with others, as the urgent do."""

    def refused(transaction: SqlTransaction) -> None:
        transaction.append(STREAM, NOW, ANN, [make_comment("never")])
        transaction.put(Job(kind="x", key="never"))
        transaction.take_incident_number()  # Written at once: the two above would be written at the end.
        raise IllegalMove("no")

    def say(transaction: SqlTransaction, words: str) -> None:
        transaction.append(STREAM, NOW, ANN, [make_comment(words)])

    commits: list[None] = []
    store.on_commit(lambda: commits.append(None))
    bodies = (lambda t: say(t, "one"), refused, lambda t: say(t, "two"), refused)
    writes = (store.write(body, is_urgent=is_urgent) for body in bodies)
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), IllegalMove, type(None), IllegalMove]
    records = await store.read(lambda reads: reads.load(STREAM))
    assert [record.data for record in records] == [make_comment("one"), make_comment("two")]
    assert await store.count_jobs() == 0
    assert len(commits) == count
    assert await store.write(lambda transaction: transaction.take_incident_number()) == 1


async def test_a_body_sees_what_it_appended_itself(store: SqliteStore) -> None:
    def say_and_look(transaction: SqlTransaction) -> None:
        assert transaction.list_streams() == []
        first = transaction.append(STREAM, NOW, ANN, [make_comment("one")])
        assert transaction.load(STREAM) == first
        second = transaction.append(STREAM, NOW, ANN, [make_comment("two")])
        assert transaction.list_streams() == [STREAM]
        assert transaction.load(STREAM) == [*first, *second]

    await store.write(say_and_look)


async def test_what_a_body_appended_itself_it_can_erase(store: SqliteStore) -> None:
    """Personal words must not stay because they were still to be written."""
    stream = conversation_stream(ConversationId(1))
    data = next(each for each in SAMPLES if each.kind in ERASED_KINDS)

    def say_and_erase(transaction: SqlTransaction) -> None:
        transaction.append(stream, NOW, ANN, [data])
        transaction.erase_conversations([ConversationId(1)])

    await store.write(say_and_erase)
    (record,) = await store.read(lambda reads: reads.load(stream))
    assert (record.kind, record.text, record.salt) == (data.kind, None, None)


async def test_a_body_sees_what_the_one_before_it_did(store: SqliteStore) -> None:
    numbers = await asyncio.gather(*(store.write(open_incident) for _ in range(30)))
    assert sorted(numbers) == list(range(1, 31))


async def test_a_commit_that_fails_is_told_to_everybody_and_the_writer_goes_on(store: SqliteStore) -> None:
    def poisoned(transaction: SqlTransaction) -> None:
        transaction.connection.execute("PRAGMA defer_foreign_keys = ON")
        transaction.connection.execute("INSERT INTO member_groups VALUES ('nobody', 'ops')")

    calls: list[None] = []
    store.on_commit(lambda: calls.append(None))
    with pytest.raises(sqlite3.IntegrityError):
        await store.write(poisoned)
    assert calls == []
    await store.write(increment)
    assert await read_sum(store) == 1


async def test_a_full_disk_is_a_readable_error_and_the_store_recovers(store: SqliteStore) -> None:
    def limit(transaction: SqlTransaction, pages: int) -> None:
        transaction.connection.execute(f"PRAGMA max_page_count = {pages}")

    def much(transaction: SqlTransaction) -> None:
        transaction.append(STREAM, NOW, ANN, [make_comment("x" * 4000)] * 50)

    await store.write(increment)
    await store.write(lambda transaction: limit(transaction, 1))
    outcomes = await asyncio.gather(*(store.write(much) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StorageFull}
    assert "disk of the database is full" in str(outcomes[0])
    assert await store.read(lambda reads: reads.load(STREAM)) == []
    await store.write(lambda transaction: limit(transaction, 1_000_000))
    await store.write(much)
    assert len(await store.read(lambda reads: reads.load(STREAM))) == 50


@contextmanager
def another_program(path: Path) -> Iterator[None]:
    """Holds the database until the end: who writes meanwhile has to wait."""
    with closing(sqlite3.connect(path / "chatops.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


async def test_a_lock_that_another_program_keeps_is_a_readable_error(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_MILLISECONDS", 50)
    with another_program(tmp_path), pytest.raises(Conflict, match="another program holds the database"):
        await store.write(increment)
    await store.write(increment)
    assert await read_sum(store) == 1


async def test_the_event_loop_goes_on_while_another_program_holds_the_database(
    store: SqliteStore, tmp_path: Path
) -> None:
    with another_program(tmp_path):
        waiting = asyncio.ensure_future(store.write(increment))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        assert await read_sum(store) is None
    await waiting
    assert await read_sum(store) == 1


async def test_the_event_loop_goes_on_while_the_disk_is_slow(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def commit_slowly(connection: sqlite3.Connection) -> None:
        begun.set()
        assert go_on.wait(20), "the event loop stood still"
        engine.commit(connection)

    monkeypatch.setattr(writer, "commit", commit_slowly)
    waiting = asyncio.ensure_future(store.write(increment))
    await asyncio.to_thread(begun.wait, 20)
    assert await read_sum(store) is None
    go_on.set()
    await waiting
    assert await read_sum(store) == 1


async def test_a_second_event_loop_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    async def write_elsewhere() -> None:
        await store.write(increment)

    with another_program(tmp_path):
        waiting = asyncio.ensure_future(store.write(increment))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Another event loop"):
            await asyncio.to_thread(asyncio.run, write_elsewhere())
    await waiting


def test_event_loops_may_use_a_store_one_after_the_other(tmp_path: Path) -> None:
    store = open_new_store(tmp_path)
    for _ in range(2):
        asyncio.run(_increment_once(store))
    assert asyncio.run(read_sum(store)) == 2
    asyncio.run(store.close())


async def _increment_once(store: SqliteStore) -> None:
    await store.write(increment)


async def test_a_cancelled_writer_whose_turn_has_not_come_leaves_nothing(store: SqliteStore, tmp_path: Path) -> None:
    with another_program(tmp_path):
        first = asyncio.ensure_future(store.write(lambda _: None))
        await asyncio.sleep(0.02)
        second = asyncio.ensure_future(store.write(increment))
        await asyncio.sleep(0.02)
        second.cancel()
        await asyncio.wait([second])
    await first
    await store.write(lambda _: None)
    assert await read_sum(store) is None


async def test_a_read_sees_one_moment_and_is_not_held_up_by_a_writer(store: SqliteStore) -> None:
    gate, begun = threading.Event(), threading.Event()

    def look_twice(reads: SqlReads) -> tuple[object, object]:
        first = reads.find_answer("T1", "sum")
        begun.set()
        gate.wait(5)
        return first, reads.find_answer("T1", "sum")

    await store.write(increment)
    reading = asyncio.ensure_future(store.read(look_twice))
    await asyncio.to_thread(begun.wait, 5)
    await store.write(increment)
    gate.set()
    first, second = await reading
    assert first == second == {"value": 1}
    assert await read_sum(store) == 2


async def test_the_version_changes_with_every_commit_and_not_without(store: SqliteStore, tmp_path: Path) -> None:
    other = open_new_store(tmp_path)
    seen = [store.version()]
    assert store.version() == seen[0]
    await store.read(lambda reads: reads.list_incidents())
    assert store.version() == seen[0]
    for each in (store, other, store):
        await each.write(increment)
        seen.append(store.version())
    assert len(set(seen)) == 4
    await other.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Who waits for the commit is answered before those who listen are told."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0)


async def test_commits_are_told_to_those_who_listen(store: SqliteStore) -> None:
    every: list[None] = []
    only_jobs: list[None] = []

    def fail() -> None:
        raise RuntimeError("a listener's own fault")

    stops = [store.on_commit(fail), store.on_commit(lambda: every.append(None))]
    stops.append(store.on_commit(lambda: only_jobs.append(None), only_jobs=True))
    await store.write(increment)
    await until(lambda: (len(every), len(only_jobs)) == (1, 0))
    await store.write(lambda transaction: transaction.put(Job(kind="x", key="x")))
    await until(lambda: (len(every), len(only_jobs)) == (2, 1))
    for stop in stops:
        stop()
    await store.write(lambda transaction: transaction.put(Job(kind="x", key="x")))
    assert (len(every), len(only_jobs)) == (2, 1)


async def test_what_somebody_waits_for_goes_before_other_work(store: SqliteStore, tmp_path: Path) -> None:
    """And nothing else delays its commit."""
    order: list[str] = []
    store.on_commit(lambda: order.append("commit"))
    with another_program(tmp_path):
        writes = [asyncio.create_task(store.write(lambda _: order.append("first")))]
        await asyncio.sleep(0.02)
        writes.extend(asyncio.create_task(store.write(lambda _: order.append("work"))) for _ in range(3))
        await asyncio.sleep(0)
        urgent = [store.write(lambda _: order.append("urgent"), is_urgent=True) for _ in range(2)]
        writes.extend(asyncio.create_task(each) for each in urgent)
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    await until(lambda: order.count("commit") == 5)
    assert order == ["first", "commit", "urgent", "urgent", "commit", *["work", "commit"] * 3]


async def test_a_closed_store_finishes_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    store = open_new_store(tmp_path)
    waiting = [asyncio.ensure_future(store.write(increment)) for _ in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*waiting)
    with pytest.raises(ChatopsError, match="stopping"):
        await store.write(increment)
    assert store.version() == store.version()
    await store.close()
    again = open_new_store(tmp_path)
    assert await read_sum(again) == 20
    await again.close()


async def test_an_answer_is_kept_once_and_forgotten_by_its_age(store: SqliteStore) -> None:
    answer = {"incident": 12, "text": "Opened INC-12 – ✓", "is_new": True, "url": None}
    await store.write(lambda transaction: transaction.save_answer("T1", "Ev1", answer))
    with pytest.raises(sqlite3.IntegrityError):
        await store.write(lambda transaction: transaction.save_answer("T1", "Ev1", {}))
    assert await store.read(lambda reads: reads.find_answer("T1", "Ev1")) == answer
    assert await store.read(lambda reads: reads.find_answer("T2", "Ev1")) is None
    assert await store.write(lambda transaction: transaction.forget_answers(before=NOW)) == 0
    later = NOW.replace(year=2027)
    assert await store.write(lambda transaction: transaction.forget_answers(before=later)) == 1
