"""One write transaction: the log, the ledgers, the read tables and the jobs, all of it or nothing."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from chatops.domain.chain import Head
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, OutletKey, Stream, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import AnyData, Record
from chatops.store import jobs, log
from chatops.store.known import MOST_FOLDS, Known, Latest
from chatops.store.mention_tables import replies
from chatops.store.mention_writes import SqlMentionWrites
from chatops.store.prepared import Prepared, names_of, prepare_upsert
from chatops.store.reads import SqlReads
from chatops.store.tables import (
    READ_TABLES,
    attempts,
    commands,
    counters,
    identities,
    member_groups,
    members,
    posts,
    slack_channels,
    threads,
)
from chatops.store.views import Views
from chatops.usecases.ports import Answer, Attempt, Identity, Job, PagePost, SlackPost, Thread

_SAVE_ANSWER = Prepared(insert(commands))
_FORGET_ANSWERS = Prepared(delete(commands).where(commands.c.at < bindparam("before")))
_COUNT_UP = Prepared(
    insert(counters)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
)
_FIND_MEMBER_ID = Prepared(
    select(members.c.id).where(
        members.c.workspace == bindparam("workspace"), members.c.slack_id == bindparam("slack_id")
    )
)
_LEAVE_GROUPS = Prepared(delete(member_groups).where(member_groups.c.member == bindparam("of_member")))
_JOIN_GROUPS = Prepared(insert(member_groups))
_FORGET_NAMES = Prepared(
    delete(slack_channels).where(
        slack_channels.c.workspace == bindparam("in_workspace"),
        slack_channels.c.channel == bindparam("of_channel"),
        slack_channels.c.name != bindparam("but"),
    )
)
_DELETE_POST = Prepared(delete(posts).where(posts.c.key == bindparam("post")))
_START_ATTEMPT = Prepared(
    insert(attempts).returning(attempts.c.id),
    ("incident", "update", "outlet", "part", "requeued", "started_at"),
)
_FINISH_ATTEMPT = Prepared(
    update(attempts).where(attempts.c.id == bindparam("attempt")), ("finished_at", "outcome", "note", "next_at")
)


class SqlTransaction(SqlReads, SqlMentionWrites):
    """Writes on one connection that holds the write lock, so what was read is still true when it is written.

    Most of it is written once, by `flush` at the end of the body, however many records it appends.
    """

    def __init__(self, connection: sqlite3.Connection, known: Known, *, real_now: datetime) -> None:
        super().__init__(connection)
        self._known = known
        self._heads: dict[Stream, Record | Head | None] = {}
        self._linked: list[Record] = []
        self._grown: set[Stream] = set()
        self._folds: Latest[Stream, Incident] = Latest(MOST_FOLDS)
        """Of this body alone, until it has succeeded."""
        self._real_now = real_now
        self.has_put_jobs = False
        self._views = Views()
        self._answers: list[dict[str, Any]] = []
        self._jobs: dict[str, tuple[Job, datetime | None] | None] = {}
        """By key; None: to be cancelled."""

    def flush(self) -> None:
        """What was kept for the end of the body."""
        self._write_records()
        _SAVE_ANSWER.run_many(self.connection, self._answers)
        self._views.write(self.connection)
        wanted = [each for each in self._jobs.values() if each is not None]
        jobs.cancel(self.connection, [key for key, each in self._jobs.items() if each is None])
        jobs.put(self.connection, wanted)
        self.has_put_jobs = bool(wanted)
        self._known.learn(self._folds, grown=self._grown)

    def save_answer(self, workspace: str, key: str, answer: Answer) -> None:
        """The first answer stays: a second one for the same key is refused by the database."""
        self._answers.append({"workspace": workspace, "key": key, "answer": answer, "at": self._real_now})

    def forget_answers(self, *, before: datetime) -> int:
        """`before` in real time, as answers are dated; returns how many."""
        return _FORGET_ANSWERS.run(self.connection, {"before": before})

    def take_incident_number(self) -> IncidentNumber:
        number = IncidentNumber(self._count_up("incident"))
        self._heads[incident_stream(number)] = None
        return number

    # The log: nobody else writes while this transaction holds the lock, so what is known of a stream holds.

    def load(self, stream: Stream) -> list[Record]:
        self._write_records()
        loaded = super().load(stream)
        self._heads[stream] = loaded[-1] if loaded else None
        return loaded

    def load_incident(self, number: IncidentNumber) -> Incident:
        stream = incident_stream(number)
        incident = self._folds.find(stream)
        if incident is None and stream not in self._grown:
            incident = self._known.folds.find(stream)
        if incident is None:
            incident = super().load_incident(number)
            self._folds.keep(stream, incident)
        self._heads.setdefault(stream, Head(incident.head_seq, incident.head_hash))
        return incident

    def append(self, stream: Stream, at: datetime, actor: MemberId, data: Sequence[AnyData]) -> list[Record]:
        added = log.link_all(self._find_head(stream), stream, at, actor, data)
        if added:
            self._heads[stream] = added[-1]
            self._linked += added
            self._grown.add(stream)
            self._folds.forget(stream)
        return added

    def list_streams(self) -> list[Stream]:
        self._write_records()
        return super().list_streams()

    def _write_records(self) -> None:
        log.append(self.connection, self._linked)
        self._linked.clear()

    def _find_head(self, stream: Stream) -> Record | Head | None:
        if stream not in self._heads:
            self._heads[stream] = log.find_head(self.connection, stream)
        return self._heads[stream]

    # Read tables

    def save_incident(self, incident: Incident, before: Incident | None = None) -> None:
        self._folds.keep(incident_stream(incident.number), incident)
        self._views.keep_incident(incident, before)
        if self._views.is_large:
            self._views.write(self.connection)

    def save_page_post(self, post: PagePost) -> None:
        self._views.keep_page_post(post)

    def clear_read_tables(self) -> None:
        self._views = Views()
        for table in (*READ_TABLES, replies):
            Prepared(delete(table)).run(self.connection)

    # Ledgers

    def find_member(self, workspace: str, slack_id: str) -> Member | None:
        known = self._known.members.find((workspace, slack_id))
        if known is not None:
            return known
        member = super().find_member(workspace, slack_id)
        if member is not None:
            self._known.members.keep((workspace, slack_id), member)
        return member

    def save_member(self, workspace: str, member: Member) -> Member:
        self._known.members.forget((workspace, member.slack_id))
        found = _FIND_MEMBER_ID.scalar(self.connection, workspace=workspace, slack_id=member.slack_id)
        saved = replace(member, id=MemberId(found or f"m{self._count_up('member')}"))
        fields = {name: getattr(saved, name) for name in names_of(members) if name != "workspace"}
        self._upsert(members, {"workspace": workspace, **fields})
        _LEAVE_GROUPS.run(self.connection, {"of_member": saved.id})
        rows = [{"member": saved.id, "handle": handle} for handle in sorted(saved.groups)]
        _JOIN_GROUPS.run_many(self.connection, rows)
        return saved

    def save_identity(self, identity: Identity) -> None:
        self._save(identities, identity)

    def save_slack_channel(self, workspace: str, name: str, channel: str) -> None:
        """A Slack channel has one name: the one it had before is forgotten."""
        earlier = {"in_workspace": workspace, "of_channel": channel, "but": name}
        _FORGET_NAMES.run(self.connection, earlier)
        self._upsert(slack_channels, {"workspace": workspace, "name": name, "channel": channel})

    def save_thread(self, thread: Thread) -> None:
        self._save(threads, thread)

    def save_post(self, post: SlackPost) -> None:
        self._save(posts, post)

    def erase_conversations(self, ids: Collection[ConversationId]) -> int:
        self._write_records()
        return super().erase_conversations(ids)

    def delete_post(self, key: str) -> None:
        _DELETE_POST.run(self.connection, {"post": key})

    def start_attempt(
        self, *, incident: IncidentNumber, update: int, outlet: OutletKey, part: int, requeued: int, at: datetime
    ) -> Attempt:
        row = {"incident": incident, "update": update, "outlet": outlet, "part": part, "requeued": requeued}
        return Attempt(
            id=_START_ATTEMPT.scalar(self.connection, **row, started_at=at),
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
        _FINISH_ATTEMPT.run(self.connection, {"attempt": attempt, **changed})

    # Work

    def put(self, job: Job, *, due_at: datetime | None = None) -> None:
        self._jobs[job.key] = (job, due_at)

    def cancel(self, key: str) -> None:
        self._jobs[key] = None

    def _count_up(self, name: str) -> int:
        value: int = _COUNT_UP.scalar(self.connection, name=name, value=1)
        return value

    def _save(self, table: Table, value: object) -> None:
        prepare_upsert(table).save_all(self.connection, [value])

    def _upsert(self, table: Table, row: dict[str, Any]) -> None:
        prepare_upsert(table).run(self.connection, row)
