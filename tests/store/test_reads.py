"""Look-ups: what each finds, in which order, and that none of them reads a whole table."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from chatops.domain.errors import NotFound
from chatops.domain.ids import CHATOPS, IncidentNumber, MemberId, incident_stream
from chatops.domain.records import Impact, Status
from chatops.store import jobs
from chatops.store.reads import SqlReads
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from chatops.usecases.ports import Attempt, Identity, IncidentRow, SlackPost, Thread
from tests.store.building import (
    ANN,
    NOW,
    X,
    append,
    make_member,
    make_page_post,
    make_revision,
    open_incident,
    resolve,
)

ONE = IncidentNumber(1)
DAY = timedelta(days=1)


async def test_an_incident_row_follows_its_fold(store: SqliteStore) -> None:
    number = await store.write(lambda transaction: open_incident(transaction, slack_channel="C9", private=True))
    row = await store.read(lambda reads: reads.find_incident_row(number))
    assert row == IncidentRow(
        number=ONE,
        workspace="T1",
        title="Checkout is slow",
        impact=Impact.MAJOR,
        status=Status.INVESTIGATING,
        private=True,
        slack_channel="C9",
        opened_at=NOW,
        resolved_at=None,
        due_at=NOW + timedelta(minutes=30),
        comms_lead=ANN,
        commander=ANN,
        head_seq=1,
        people=frozenset({ANN}),
    )
    assert row.impact is Impact.MAJOR
    await store.write(lambda transaction: append(transaction, 1, [make_revision(1)]))
    row = await store.read(lambda reads: reads.find_incident_row(number))
    assert row is not None
    assert (row.has_open_draft, row.head_seq) == (True, 2)
    assert await store.read(lambda reads: reads.find_incident_row(IncidentNumber(2))) is None


async def test_open_incidents_of_one_workspace_newest_first(store: SqliteStore) -> None:
    def body(transaction: SqlTransaction) -> None:
        for workspace in ("T1", "T2", "T1", "T1"):
            open_incident(transaction, workspace=workspace)
        resolve(transaction, 3, NOW)

    await store.write(body)
    rows = await store.read(lambda reads: reads.list_open_incidents("T1"))
    assert [row.number for row in rows] == [4, 1]
    rows = await store.read(lambda reads: reads.list_incidents(limit=3))
    assert [row.number for row in rows] == [4, 3, 2]


async def test_the_page_lists_what_is_on_it(store: SqliteStore) -> None:
    def body(transaction: SqlTransaction) -> None:
        for _ in range(4):
            open_incident(transaction)
        for number in (1, 2, 3):
            transaction.save_page_post(make_page_post(number, 1, NOW))
        transaction.save_page_post(make_page_post(1, 2, NOW + DAY))
        resolve(transaction, 1, NOW + DAY)
        resolve(transaction, 2, NOW + 2 * DAY)
        resolve(transaction, 4, NOW + DAY)

    await store.write(body)
    posts = await store.read(lambda reads: reads.list_page_posts(ONE))
    assert posts == [make_page_post(1, 1, NOW), make_page_post(1, 2, NOW + DAY)]
    assert await store.read(lambda reads: reads.list_page_posts(IncidentNumber(4))) == []
    assert await store.read(lambda reads: reads.list_unresolved_on_page()) == [3]
    assert await store.read(lambda reads: reads.list_recent_on_page(since=NOW, limit=9)) == [2, 1]
    assert await store.read(lambda reads: reads.list_recent_on_page(since=NOW, limit=1)) == [2]
    assert await store.read(lambda reads: reads.list_recent_on_page(since=NOW + 2 * DAY, limit=9)) == [2]


async def test_months_go_by_the_first_post_in_utc(store: SqliteStore) -> None:
    moments = {
        1: [datetime(2025, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)],
        2: [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)],
        3: [datetime(2026, 3, 31, 23, tzinfo=UTC)],
        4: [datetime(2026, 3, 31, 22, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)],
    }

    def body(transaction: SqlTransaction) -> None:
        for number, times in moments.items():
            for update, at in enumerate(times, start=1):
                transaction.save_page_post(make_page_post(number, update, at))

    await store.write(body)
    months = await store.read(lambda reads: reads.list_months_on_page())
    assert months == [(2026, 3), (2026, 1), (2025, 12)]
    found = [await store.read(lambda reads, m=month: reads.list_month_on_page(*m)) for month in [*months, (2026, 4)]]
    assert found == [[3, 4], [2], [1], []]


async def test_a_member_keeps_its_id(store: SqliteStore) -> None:
    ann = await store.write(lambda transaction: transaction.save_member("T1", make_member("U1", groups={"ops", "sre"})))
    bob = await store.write(lambda transaction: transaction.save_member("T1", make_member("U2", is_guest=True)))
    elsewhere = await store.write(lambda transaction: transaction.save_member("T2", make_member("U1")))
    assert [member.id for member in (ann, bob, elsewhere)] == ["m1", "m2", "m3"]
    changed = make_member("U1", name="Ann New", is_admin=True, groups=frozenset({"ops"}))
    again = await store.write(lambda transaction: transaction.save_member("T1", changed))
    assert again.id == ann.id
    assert await store.read(lambda reads: reads.find_member("T1", "U1")) == again
    assert await store.read(lambda reads: reads.get_member_by_id(again.id)) == again
    assert await store.read(lambda reads: reads.list_members("T1")) == [again, bob]
    assert await store.read(lambda reads: reads.find_member("T1", "U9")) is None


async def test_people_are_found_by_id_and_by_what_a_policy_calls_them(store: SqliteStore) -> None:
    def save(transaction: SqlTransaction) -> None:
        for slack_id, changes in {
            "U1": {"name": "Zoe"},
            "U2": {"email": "Bob@acme.example"},
            "U3": {"groups": frozenset({"On-Call"})},
            "U4": {},
        }.items():
            transaction.save_member("T1", make_member(slack_id, **changes))
        transaction.save_member("T2", make_member("U2", groups=frozenset({"on-call"})))

    await store.write(save)

    async def find(*names: str) -> list[str]:
        people = await store.read(lambda reads: reads.list_people("T1", {MemberId("m1"), CHATOPS}, names))
        return sorted(each.slack_id for each in people)

    assert await find() == ["U1"]
    assert await find("bob@acme.example", "@on-call", "u1") == ["U1", "U2", "U3"]


async def test_chatops_is_a_member_of_its_own(store: SqliteStore) -> None:
    itself = await store.read(lambda reads: reads.get_member_by_id(CHATOPS))
    assert (itself.name, itself.is_bot) == ("chatops", True)
    with pytest.raises(NotFound):
        await store.read(lambda reads: reads.get_member_by_id(MemberId("m404")))


async def test_identities_and_slack_channels(store: SqliteStore) -> None:
    identity = Identity(workspace="T1", bot_id="B1", bot_slack_id="U0", team_name="Acme")

    def body(transaction: SqlTransaction) -> None:
        transaction.save_identity(Identity(workspace="T1", bot_id="B0", bot_slack_id="U0", team_name="Old"))
        transaction.save_identity(identity)
        transaction.save_slack_channel("T1", "incidents", "C1")
        transaction.save_slack_channel("T1", "outages", "C1")
        transaction.save_slack_channel("T1", "support", "C2")

    await store.write(body)
    assert await store.read(lambda reads: reads.find_identity("T1")) == identity
    assert await store.read(lambda reads: reads.find_identity("T2")) is None
    found = [
        await store.read(lambda r, n=n: r.find_slack_channel("T1", n)) for n in ("incidents", "outages", "support")
    ]
    assert found == [None, "C1", "C2"]


async def test_threads_lead_back_to_their_incident(store: SqliteStore) -> None:
    threads = [Thread(incident=IncidentNumber(n), channel="C1", ts=f"{n}.0", posted_seq=n) for n in (1, 2)]

    def body(transaction: SqlTransaction) -> None:
        for thread in threads:
            transaction.save_thread(Thread(incident=thread.incident, channel="C1", ts=None, posted_seq=0))
            transaction.save_thread(thread)

    await store.write(body)
    assert await store.read(lambda reads: reads.find_thread(ONE)) == threads[0]
    assert await store.read(lambda reads: reads.find_incident_by_thread("C1", "2.0")) == 2
    assert await store.read(lambda reads: reads.find_incident_by_thread("C2", "2.0")) is None


async def test_a_slack_channel_of_its_own_leads_to_the_one_incident_that_lives_there(store: SqliteStore) -> None:
    def body(transaction: SqlTransaction) -> None:
        homes = [("CP", True), ("C1", False), ("CS", True), ("CS", True), ("CR", True)]
        for channel, is_own in homes:
            number = open_incident(transaction)
            thread = Thread(incident=number, channel=channel, ts="1.0", posted_seq=0, is_own=is_own)
            transaction.save_thread(thread)
        resolve(transaction, 5, NOW)

    await store.write(body)
    found = [
        await store.read(lambda r, c=channel: r.find_incident_by_channel(c)) for channel in ("CP", "C1", "CS", "CR")
    ]
    assert found == [1, None, None, None]


async def test_posts_are_found_by_key_and_by_place(store: SqliteStore) -> None:
    line = SlackPost(
        key="a", incident=ONE, kind="line", channel="C1", ts=None, thread_ts="1.0", first_seq=4, last_seq=5
    )
    card = SlackPost(
        key="z", incident=ONE, kind="card", channel="C1", ts="9.0", thread_ts=None, first_seq=1, last_seq=1
    )

    def body(transaction: SqlTransaction) -> None:
        transaction.save_post(line)
        transaction.save_post(card)

    await store.write(body)
    assert await store.read(lambda reads: reads.find_post("a")) == line
    assert await store.read(lambda reads: reads.find_post_by_ts("C1", "9.0")) == card
    assert await store.read(lambda reads: reads.find_post_by_ts("C2", "9.0")) is None
    assert await store.read(lambda reads: reads.list_posts(ONE)) == [card, line]
    assert await store.read(lambda reads: reads.has_post_in_flight("C1"))
    assert not await store.read(lambda reads: reads.has_post_in_flight("C2"))
    await store.write(lambda transaction: transaction.delete_post("a"))
    assert await store.read(lambda reads: reads.find_post("a")) is None
    assert not await store.read(lambda reads: reads.has_post_in_flight("C1"))


async def test_attempts_are_begun_and_finished(store: SqliteStore) -> None:
    def begin(transaction: SqlTransaction) -> Attempt:
        return transaction.start_attempt(incident=ONE, update=2, outlet=X, part=0, requeued=1, at=NOW)

    first, second = await store.write(begin), await store.write(begin)
    assert first == Attempt(id=1, incident=ONE, update=2, outlet=X, part=0, requeued=1, started_at=NOW)
    await store.write(
        lambda transaction: transaction.finish_attempt(
            first.id, at=NOW + DAY, outcome="not_sent", note="busy", next_at=NOW + 2 * DAY
        )
    )
    listed = await store.read(lambda reads: reads.list_attempts(ONE, 2))
    assert listed[1] == second
    assert (listed[0].finished_at, listed[0].outcome, listed[0].note) == (NOW + DAY, "not_sent", "busy")
    assert listed[0].next_at == NOW + 2 * DAY
    assert await store.read(lambda reads: reads.list_attempts(ONE, 1)) == []


async def test_a_naive_time_is_refused(store: SqliteStore) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="without a time zone"):
        await store.write(lambda transaction: transaction.forget_answers(before=naive))


LOOKS: dict[str, Callable[[SqlReads], object]] = {
    "load": lambda reads: reads.load(incident_stream(1)),
    "find_incident_row": lambda reads: reads.find_incident_row(ONE),
    "list_open_incidents": lambda reads: reads.list_open_incidents("T1"),
    "list_page_posts": lambda reads: reads.list_page_posts(ONE),
    "list_unresolved_on_page": lambda reads: reads.list_unresolved_on_page(),
    "list_recent_on_page": lambda reads: reads.list_recent_on_page(since=NOW, limit=9),
    "list_month_on_page": lambda reads: reads.list_month_on_page(2026, 11),
    "find_member": lambda reads: reads.find_member("T1", "U1"),
    "find_thread": lambda reads: reads.find_thread(ONE),
    "find_incident_by_thread": lambda reads: reads.find_incident_by_thread("C1", "1.0"),
    "find_incident_by_channel": lambda reads: reads.find_incident_by_channel("C1"),
    "find_post": lambda reads: reads.find_post("a"),
    "find_post_by_ts": lambda reads: reads.find_post_by_ts("C1", "9.0"),
    "has_post_in_flight": lambda reads: reads.has_post_in_flight("C1"),
    "list_posts": lambda reads: reads.list_posts(ONE),
    "list_attempts": lambda reads: reads.list_attempts(ONE, 1),
    "find_answer": lambda reads: reads.find_answer("T1", "k"),
    "jobs": lambda reads: jobs.look_up(reads.connection, now=NOW, limit=9, without_kinds=["slow"]),
}


@contextmanager
def statements(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """What SQLite is asked, with the values in it."""
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    yield seen
    connection.set_trace_callback(None)


@pytest.mark.parametrize("name", LOOKS)
async def test_a_look_up_costs_its_own_length_only(store: SqliteStore, name: str) -> None:
    """SEARCH goes through an index; a SCAN would read the whole table (`json_each` is a list that was handed in)."""

    def plan(reads: SqlReads) -> list[str]:
        with statements(reads.connection) as seen:
            LOOKS[name](reads)
        return [row[3] for statement in seen for row in reads.connection.execute(f"EXPLAIN QUERY PLAN {statement}")]

    steps = await store.read(plan)
    assert steps
    scans = [step for step in steps if step.startswith("SCAN")]
    assert not [step for step in scans if step != "SCAN CONSTANT ROW" and "VIRTUAL TABLE" not in step], steps
