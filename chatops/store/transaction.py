"""One write transaction: the log, the ledgers, the read tables and the jobs, all of it or nothing."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from chatops.domain.ids import IncidentNumber, MemberId, OutletKey, Stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import AnyData, Record
from chatops.domain.update import DraftState
from chatops.store import jobs, log
from chatops.store.mention_tables import replies
from chatops.store.mention_writes import SqlMentionWrites
from chatops.store.reads import SqlReads
from chatops.store.tables import (
    READ_TABLES,
    attempts,
    commands,
    counters,
    deliveries,
    identities,
    incidents,
    member_groups,
    members,
    page_posts,
    posts,
    slack_channels,
    threads,
)
from chatops.usecases.ports import Answer, Attempt, Identity, Job, PagePost, SlackPost, Thread

_LIST_DELIVERIES = select(deliveries).where(deliveries.c.incident == bindparam("incident"))


class SqlTransaction(SqlReads, SqlMentionWrites):
    """Writes on one connection that holds the write lock, so what was read is still true when it is written."""

    def __init__(self, connection: Connection, *, real_now: datetime) -> None:
        super().__init__(connection)
        self._real_now = real_now
        self.has_put_jobs = False
        self._put_at_once: set[str] = set()

    def save_answer(self, workspace: str, key: str, answer: Answer) -> None:
        """The first answer stays: a second one for the same key is refused by the database."""
        row = {"workspace": workspace, "key": key, "answer": answer, "at": self._real_now}
        self.connection.execute(insert(commands), row)

    def forget_answers(self, *, before: datetime) -> int:
        """`before` in real time, as answers are dated; returns how many."""
        return self.connection.execute(delete(commands).where(commands.c.at < before)).rowcount

    def take_incident_number(self) -> IncidentNumber:
        return IncidentNumber(self._count_up("incident"))

    def append(self, stream: Stream, at: datetime, actor: MemberId, data: Sequence[AnyData]) -> list[Record]:
        return log.append(self.connection, stream, at, actor, data)

    # Read tables

    def save_incident(self, incident: Incident) -> None:
        row = {name: getattr(incident, name) for name in _names(incidents) if name != "has_open_draft"}
        row["has_open_draft"] = incident.draft is not None and incident.draft.state is DraftState.OPEN
        self._upsert(incidents, row | {"people": sorted(incident.people)})
        self._save_deliveries(incident)

    def save_page_post(self, post: PagePost) -> None:
        self._upsert(page_posts, asdict(post))

    def clear_read_tables(self) -> None:
        for table in (*READ_TABLES, replies):
            self.connection.execute(delete(table))

    # Ledgers

    def save_member(self, workspace: str, member: Member) -> Member:
        known = and_(members.c.workspace == workspace, members.c.slack_id == member.slack_id)
        found = self.connection.scalar(select(members.c.id).where(known))
        saved = replace(member, id=MemberId(found or f"m{self._count_up('member')}"))
        fields = {name: getattr(saved, name) for name in _names(members) if name != "workspace"}
        self._upsert(members, {"workspace": workspace, **fields})
        self.connection.execute(delete(member_groups).where(member_groups.c.member == saved.id))
        rows = [{"member": saved.id, "handle": handle} for handle in sorted(saved.groups)]
        if rows:
            self.connection.execute(insert(member_groups), rows)
        return saved

    def save_identity(self, identity: Identity) -> None:
        self._upsert(identities, asdict(identity))

    def save_slack_channel(self, workspace: str, name: str, channel: str) -> None:
        """A Slack channel has one name: the one it had before is forgotten."""
        is_it = and_(slack_channels.c.workspace == workspace, slack_channels.c.channel == channel)
        self.connection.execute(delete(slack_channels).where(is_it, slack_channels.c.name != name))
        self._upsert(slack_channels, {"workspace": workspace, "name": name, "channel": channel})

    def save_thread(self, thread: Thread) -> None:
        self._upsert(threads, asdict(thread))

    def save_post(self, post: SlackPost) -> None:
        self._upsert(posts, asdict(post))

    def delete_post(self, key: str) -> None:
        self.connection.execute(delete(posts).where(posts.c.key == key))

    def start_attempt(
        self, *, incident: IncidentNumber, update: int, outlet: OutletKey, part: int, requeued: int, at: datetime
    ) -> Attempt:
        row = {"incident": incident, "update": update, "outlet": outlet, "part": part, "requeued": requeued}
        statement = insert(attempts).values({**row, "started_at": at}).returning(attempts.c.id)
        return Attempt(
            id=self.connection.execute(statement).scalar_one(),
            incident=incident,
            update=update,
            outlet=outlet,
            part=part,
            requeued=requeued,
            started_at=at,
        )

    def finish_attempt(
        self, attempt: int, *, at: datetime, outcome: str, note: str | None, next_at: datetime | None
    ) -> None:
        changed = {"finished_at": at, "outcome": outcome, "note": note, "next_at": next_at}
        self.connection.execute(update(attempts).where(attempts.c.id == attempt).values(changed))

    # Work

    def put(self, job: Job, *, due_at: datetime | None = None) -> None:
        if due_at is None and job.key in self._put_at_once:
            # Each record of one transaction asks for the same work; once is enough.
            return
        jobs.put(self.connection, job, due_at=due_at)
        self.has_put_jobs = True
        if due_at is None:
            self._put_at_once.add(job.key)

    def cancel(self, key: str) -> None:
        jobs.cancel(self.connection, key)
        self._put_at_once.discard(key)

    def _count_up(self, name: str) -> int:
        statement = insert(counters).values(name=name, value=1)
        counted = statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
        value: int = self.connection.execute(counted.returning(counters.c.value)).scalar_one()
        return value

    def _save_deliveries(self, incident: Incident) -> None:
        """Only those that differ: most updates of a long incident are settled for good."""
        stored = {tuple(row) for row in self.connection.execute(_LIST_DELIVERIES, {"incident": incident.number})}
        names = _names(deliveries)
        for change in incident.updates:
            for delivery in change.deliveries:
                row = {"incident": incident.number, "update": change.number, **asdict(delivery)}
                if tuple(row[name] for name in names) not in stored:
                    self._upsert(deliveries, row)

    def _upsert(self, table: Table, row: dict[str, Any]) -> None:
        """Insert, or replace the row with the same primary key."""
        self.connection.execute(_upsert_statement(table), row)


@cache
def _upsert_statement(table: Table) -> Insert:
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in _names(table) if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _names(table: Table) -> list[str]:
    return [column.name for column in table.c]
