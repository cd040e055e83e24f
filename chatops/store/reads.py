"""What can be looked up: the same for a transaction and for a plain read."""

import sqlite3
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, and_, bindparam, exists, func, or_, select

from chatops.domain.errors import NotFound
from chatops.domain.fold import fold
from chatops.domain.ids import CHATOPS, IncidentNumber, MemberId, Stream, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Impact, Record, Status
from chatops.store import log
from chatops.store.mention_reads import SqlMentionReads
from chatops.store.prepared import Prepared, each_of
from chatops.store.tables import (
    attempts,
    commands,
    identities,
    incidents,
    member_groups,
    members,
    page_posts,
    posts,
    slack_channels,
    threads,
)
from chatops.usecases.ports import Answer, Attempt, Identity, IncidentRow, PagePost, SlackPost, Thread

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_ITSELF = Member(id=CHATOPS, slack_id="", name="chatops", is_bot=True)

_FIND_ANSWER = Prepared(
    select(commands.c.answer).where(commands.c.workspace == bindparam("workspace"), commands.c.key == bindparam("key"))
)
_GROUPS = (
    select(func.json_group_array(member_groups.c.handle, type_=JSON))
    .where(member_groups.c.member == members.c.id)
    .scalar_subquery()
)
_MEMBERS = select(members, _GROUPS.label("groups"))
_FIND_MEMBER = Prepared(
    _MEMBERS.where(members.c.workspace == bindparam("workspace"), members.c.slack_id == bindparam("slack_id"))
)
_FIND_MEMBER_BY_ID = Prepared(_MEMBERS.where(members.c.id == bindparam("member")))
_LIST_MEMBERS = Prepared(
    _MEMBERS.where(members.c.workspace == bindparam("workspace")).order_by(members.c.name, members.c.id)
)
_LIST_BY_IDS = Prepared(_MEMBERS.where(members.c.id.in_(each_of("ids"))))
_LIST_NAMED = Prepared(
    _MEMBERS.where(
        members.c.workspace == bindparam("workspace"),
        or_(
            func.lower(members.c.slack_id).in_(each_of("names")),
            func.lower(members.c.email).in_(each_of("names")),
            members.c.id.in_(
                select(member_groups.c.member).where(func.lower(member_groups.c.handle).in_(each_of("names")))
            ),
        ),
    )
)
_FIND_IDENTITY = Prepared(select(identities).where(identities.c.workspace == bindparam("workspace")))
_LIST_IDENTITIES = Prepared(select(identities))
_FIND_SLACK_CHANNEL = Prepared(
    select(slack_channels.c.channel).where(
        slack_channels.c.workspace == bindparam("workspace"), slack_channels.c.name == bindparam("name")
    )
)
_FIND_THREAD = Prepared(select(threads).where(threads.c.incident == bindparam("incident")))
_FIND_BY_THREAD = Prepared(
    select(threads.c.incident).where(threads.c.channel == bindparam("channel"), threads.c.ts == bindparam("ts"))
)
# Few incidents are open, and thousands may have their thread in one Slack channel: without the concatenation SQLite
# would go through all of those.
_LIVES_THERE = and_(threads.c.incident == incidents.c.number, threads.c.channel.concat("") == bindparam("channel"))
_FIND_BY_CHANNEL = Prepared(
    select(incidents.c.number)
    .join(threads, _LIVES_THERE)
    .where(threads.c.is_own.is_(True), incidents.c.resolved_at.is_(None))
    .limit(2)
)
_FIND_INCIDENT = Prepared(select(incidents).where(incidents.c.number == bindparam("number")))
_LIST_OPEN = Prepared(
    select(incidents)
    .where(incidents.c.resolved_at.is_(None), incidents.c.workspace == bindparam("workspace"))
    .order_by(incidents.c.number.desc())
)
_LIST_INCIDENTS = Prepared(select(incidents).order_by(incidents.c.number.desc()).limit(bindparam("limit")))
_LIST_PAGE_POSTS = Prepared(
    select(page_posts)
    .where(page_posts.c.incident == bindparam("incident"))
    .order_by(page_posts.c.at, page_posts.c["update"])
)
_IS_ON_PAGE = exists().where(page_posts.c.incident == incidents.c.number)
_LIST_UNRESOLVED_ON_PAGE = Prepared(
    select(incidents.c.number).where(incidents.c.resolved_at.is_(None), _IS_ON_PAGE).order_by(incidents.c.number.desc())
)
_LIST_RECENT_ON_PAGE = Prepared(
    select(incidents.c.number)
    .where(incidents.c.resolved_at >= bindparam("since"), _IS_ON_PAGE)
    .order_by(incidents.c.resolved_at.desc(), incidents.c.number.desc())
    .limit(bindparam("limit"))
)
_EARLIER = page_posts.alias("earlier")
_IS_FIRST_ON_PAGE = ~exists().where(
    _EARLIER.c.incident == page_posts.c.incident,
    (_EARLIER.c.at < page_posts.c.at)
    | ((_EARLIER.c.at == page_posts.c.at) & (_EARLIER.c["update"] < page_posts.c["update"])),
)
_FIND_LAST_ON_PAGE = Prepared(
    select(page_posts.c.at)
    .where(_IS_FIRST_ON_PAGE, page_posts.c.at < bindparam("before"))
    .order_by(page_posts.c.at.desc())
    .limit(1)
)
_LIST_MONTH_ON_PAGE = Prepared(
    select(page_posts.c.incident)
    .where(page_posts.c.at >= bindparam("begin"), page_posts.c.at < bindparam("end"), _IS_FIRST_ON_PAGE)
    .order_by(page_posts.c.at.desc(), page_posts.c.incident.desc())
)
_FIND_POST = Prepared(select(posts).where(posts.c.key == bindparam("key")))
_FIND_POST_BY_TS = Prepared(
    select(posts).where(posts.c.channel == bindparam("channel"), posts.c.ts == bindparam("ts")).limit(1)
)
_LIST_POSTS = Prepared(
    select(posts)
    .where(posts.c.incident == bindparam("incident"))
    .order_by(posts.c.first_seq, posts.c.last_seq, posts.c.key)
)
_HAS_POST_IN_FLIGHT = Prepared(select(exists().where(posts.c.channel == bindparam("channel"), posts.c.ts.is_(None))))
_LIST_ATTEMPTS = Prepared(
    select(attempts)
    .where(attempts.c.incident == bindparam("incident"), attempts.c["update"] == bindparam("number"))
    .order_by(attempts.c.id)
)


class SqlReads(SqlMentionReads):
    """Look-ups on one connection, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    # The log

    def load(self, stream: Stream) -> list[Record]:
        return log.load(self.connection, stream)

    def load_incident(self, number: IncidentNumber) -> Incident:
        return fold(self.load(incident_stream(number)))

    def list_streams(self) -> list[Stream]:
        return log.list_streams(self.connection)

    # Incidents and the page

    def find_incident_row(self, number: IncidentNumber) -> IncidentRow | None:
        row = _FIND_INCIDENT.first(self.connection, number=number)
        return None if row is None else _incident_from(row)

    def list_open_incidents(self, workspace: str) -> list[IncidentRow]:
        """Newest first."""
        return [_incident_from(row) for row in _LIST_OPEN.rows(self.connection, workspace=workspace)]

    def list_incidents(self, *, limit: int = 50) -> list[IncidentRow]:
        """Newest first."""
        return [_incident_from(row) for row in _LIST_INCIDENTS.rows(self.connection, limit=limit)]

    def list_page_posts(self, incident: IncidentNumber) -> list[PagePost]:
        return [_page_post_from(row) for row in _LIST_PAGE_POSTS.rows(self.connection, incident=incident)]

    def list_unresolved_on_page(self) -> list[IncidentNumber]:
        """Newest first."""
        return _LIST_UNRESOLVED_ON_PAGE.column(self.connection)

    def list_recent_on_page(self, *, since: datetime, limit: int) -> list[IncidentNumber]:
        """Resolved since then; the last resolved first."""
        return _LIST_RECENT_ON_PAGE.column(self.connection, since=since, limit=limit)

    def list_months_on_page(self) -> list[tuple[int, int]]:
        """One look into the index for each month found, however many posts it has."""
        months: list[tuple[int, int]] = []
        last = _FIND_LAST_ON_PAGE.scalar(self.connection, before=END_OF_TIME)
        while last is not None:
            months.append((last.year, last.month))
            last = _FIND_LAST_ON_PAGE.scalar(self.connection, before=_month_start(last.year, last.month))
        return months

    def list_month_on_page(self, year: int, month: int) -> list[IncidentNumber]:
        """Newest first, by the month (UTC) of the first post on the page."""
        begin, end = _month_start(year, month), _month_start(year + month // 12, month % 12 + 1)
        return _LIST_MONTH_ON_PAGE.column(self.connection, begin=begin, end=end)

    # People and Slack

    def find_member(self, workspace: str, slack_id: str) -> Member | None:
        row = _FIND_MEMBER.first(self.connection, workspace=workspace, slack_id=slack_id)
        return None if row is None else _member_from(row)

    def get_member_by_id(self, member: MemberId) -> Member:
        if member == CHATOPS:
            return _ITSELF
        row = _FIND_MEMBER_BY_ID.first(self.connection, member=member)
        if row is None:
            raise NotFound(f"There is no member {member}.")
        return _member_from(row)

    def list_members(self, workspace: str) -> list[Member]:
        """By name."""
        return [_member_from(row) for row in _LIST_MEMBERS.rows(self.connection, workspace=workspace)]

    def list_people(self, workspace: str, ids: Collection[MemberId], names: Collection[str] = ()) -> list[Member]:
        """By name."""
        rows = _LIST_BY_IDS.rows(self.connection, ids=list(ids))
        if names:
            wanted = [name.lower().lstrip("@") for name in names]
            rows += _LIST_NAMED.rows(self.connection, workspace=workspace, names=wanted)
        people = [_member_from(row) for row in {row["id"]: row for row in rows}.values()]
        return sorted(people, key=lambda member: (member.name, member.id))

    def find_identity(self, workspace: str) -> Identity | None:
        row = _FIND_IDENTITY.first(self.connection, workspace=workspace)
        return None if row is None else Identity(**row)

    def list_identities(self) -> list[Identity]:
        return [Identity(**row) for row in _LIST_IDENTITIES.rows(self.connection)]

    def find_slack_channel(self, workspace: str, name: str) -> str | None:
        channel: str | None = _FIND_SLACK_CHANNEL.scalar(self.connection, workspace=workspace, name=name)
        return channel

    def find_thread(self, incident: IncidentNumber) -> Thread | None:
        row = _FIND_THREAD.first(self.connection, incident=incident)
        return None if row is None else Thread(**row)

    def find_incident_by_thread(self, channel: str, ts: str) -> IncidentNumber | None:
        number: IncidentNumber | None = _FIND_BY_THREAD.scalar(self.connection, channel=channel, ts=ts)
        return number

    def find_incident_by_channel(self, channel: str) -> IncidentNumber | None:
        """None also where two incidents share the channel: then it belongs to neither."""
        found: list[IncidentNumber] = _FIND_BY_CHANNEL.column(self.connection, channel=channel)
        return found[0] if len(found) == 1 else None

    def find_post(self, key: str) -> SlackPost | None:
        row = _FIND_POST.first(self.connection, key=key)
        return None if row is None else SlackPost(**row)

    def find_post_by_ts(self, channel: str, ts: str) -> SlackPost | None:
        row = _FIND_POST_BY_TS.first(self.connection, channel=channel, ts=ts)
        return None if row is None else SlackPost(**row)

    def list_posts(self, incident: IncidentNumber) -> list[SlackPost]:
        """In the order of the records they tell."""
        return [SlackPost(**row) for row in _LIST_POSTS.rows(self.connection, incident=incident)]

    def has_post_in_flight(self, channel: str) -> bool:
        return bool(_HAS_POST_IN_FLIGHT.scalar(self.connection, channel=channel))

    # Work

    def list_attempts(self, incident: IncidentNumber, update: int) -> list[Attempt]:
        """Oldest first."""
        return [Attempt(**row) for row in _LIST_ATTEMPTS.rows(self.connection, incident=incident, number=update)]

    def find_answer(self, workspace: str, key: str) -> Answer | None:
        answer: Answer | None = _FIND_ANSWER.scalar(self.connection, workspace=workspace, key=key)
        return answer


def _month_start(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def _incident_from(row: dict[str, Any]) -> IncidentRow:
    parsed = {
        "impact": Impact(row["impact"]),
        "status": Status(row["status"]),
        "people": frozenset(MemberId(each) for each in row["people"]),
    }
    return IncidentRow(**{**row, **parsed})


def _page_post_from(row: dict[str, Any]) -> PagePost:
    typed: Mapping[str, Any] = {
        "impact": Impact(row["impact"]),
        "status": Status(row["status"]),
        "components": tuple(row["components"]),
    }
    return PagePost(**{**row, **typed})


def _member_from(row: dict[str, Any]) -> Member:
    del row["workspace"]
    return Member(**{**row, "groups": frozenset(row["groups"])})
