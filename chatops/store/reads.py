"""What can be looked up: the same for a transaction and for a plain read."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, and_, bindparam, exists, func, or_, select

from chatops.domain.errors import NotFound
from chatops.domain.ids import CHATOPS, IncidentNumber, MemberId, Stream
from chatops.domain.policy import Member
from chatops.domain.records import Impact, Record, Status
from chatops.store import log
from chatops.store.mention_reads import SqlMentionReads
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

_ITSELF = Member(id=CHATOPS, slack_id="", name="chatops", is_bot=True)

# Built once: building a statement costs more than SQLite needs to run it.
_FIND_ANSWER = select(commands.c.answer).where(
    commands.c.workspace == bindparam("workspace"), commands.c.key == bindparam("key")
)
_FIND_MEMBER = select(members).where(
    members.c.workspace == bindparam("workspace"), members.c.slack_id == bindparam("slack_id")
)
_LIST_GROUPS = select(member_groups.c.handle).where(member_groups.c.member == bindparam("member"))
_LIST_BY_IDS = select(members).where(members.c.id.in_(bindparam("ids", expanding=True)))
_LIST_NAMED = select(members).where(
    members.c.workspace == bindparam("workspace"),
    or_(
        func.lower(members.c.slack_id).in_(bindparam("names", expanding=True)),
        func.lower(members.c.email).in_(bindparam("names", expanding=True)),
        members.c.id.in_(
            select(member_groups.c.member).where(
                func.lower(member_groups.c.handle).in_(bindparam("names", expanding=True))
            )
        ),
    ),
)
_FIND_THREAD = select(threads).where(threads.c.incident == bindparam("incident"))
_LIST_POSTS = (
    select(posts)
    .where(posts.c.incident == bindparam("incident"))
    .order_by(posts.c.first_seq, posts.c.last_seq, posts.c.key)
)
_LIST_ATTEMPTS = (
    select(attempts)
    .where(attempts.c.incident == bindparam("incident"), attempts.c["update"] == bindparam("number"))
    .order_by(attempts.c.id)
)


class SqlReads(SqlMentionReads):
    """Look-ups on one connection, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    # The log

    def load(self, stream: Stream) -> list[Record]:
        return log.load(self.connection, stream)

    def list_streams(self) -> list[Stream]:
        return log.list_streams(self.connection)

    # Incidents and the page

    def find_incident_row(self, number: IncidentNumber) -> IncidentRow | None:
        row = self._find(incidents, incidents.c.number == number)
        return None if row is None else _incident_from(row)

    def list_open_incidents(self, workspace: str) -> list[IncidentRow]:
        """Newest first."""
        is_open = and_(incidents.c.resolved_at.is_(None), incidents.c.workspace == workspace)
        return self._list_incidents(select(incidents).where(is_open))

    def list_incidents(self, *, limit: int = 50) -> list[IncidentRow]:
        """Newest first."""
        return self._list_incidents(select(incidents).limit(limit))

    def list_page_posts(self, incident: IncidentNumber) -> list[PagePost]:
        query = select(page_posts).where(page_posts.c.incident == incident)
        return [_page_post_from(row) for row in self._rows(query.order_by(page_posts.c.at, page_posts.c["update"]))]

    def list_unresolved_on_page(self) -> list[IncidentNumber]:
        """Newest first."""
        query = select(incidents.c.number).where(incidents.c.resolved_at.is_(None), _is_on_page())
        return self._numbers(query.order_by(incidents.c.number.desc()))

    def list_recent_on_page(self, *, since: datetime, limit: int) -> list[IncidentNumber]:
        """Resolved since then; the last resolved first."""
        query = select(incidents.c.number).where(incidents.c.resolved_at >= since, _is_on_page())
        return self._numbers(query.order_by(incidents.c.resolved_at.desc(), incidents.c.number.desc()).limit(limit))

    def list_months_on_page(self) -> list[tuple[int, int]]:
        """One look into the index for each month found, however many posts it has."""
        months: list[tuple[int, int]] = []
        query = select(page_posts.c.at).where(_is_first_on_page()).order_by(page_posts.c.at.desc()).limit(1)
        last = self.connection.scalar(query)
        while last is not None:
            months.append((last.year, last.month))
            last = self.connection.scalar(query.where(page_posts.c.at < _month_start(last.year, last.month)))
        return months

    def list_month_on_page(self, year: int, month: int) -> list[IncidentNumber]:
        """Newest first, by the month (UTC) of the first post on the page."""
        begin, end = _month_start(year, month), _month_start(year + month // 12, month % 12 + 1)
        is_within = and_(page_posts.c.at >= begin, page_posts.c.at < end, _is_first_on_page())
        query = select(page_posts.c.incident).where(is_within)
        return self._numbers(query.order_by(page_posts.c.at.desc(), page_posts.c.incident.desc()))

    # People and Slack

    def find_member(self, workspace: str, slack_id: str) -> Member | None:
        row = self._one(_FIND_MEMBER, workspace=workspace, slack_id=slack_id)
        return None if row is None else self._member_from(row)

    def get_member_by_id(self, member: MemberId) -> Member:
        if member == CHATOPS:
            return _ITSELF
        row = self._find(members, members.c.id == member)
        if row is None:
            raise NotFound(f"There is no member {member}.")
        return self._member_from(row)

    def list_members(self, workspace: str) -> list[Member]:
        """By name."""
        query = select(members).where(members.c.workspace == workspace).order_by(members.c.name, members.c.id)
        is_theirs = and_(members.c.id == member_groups.c.member, members.c.workspace == workspace)
        groups: dict[str, set[str]] = {}
        for row in self._rows(select(member_groups).join(members, is_theirs)):
            groups.setdefault(row["member"], set()).add(row["handle"])
        return [_member_from(row, groups.get(row["id"], ())) for row in self._rows(query)]

    def list_people(self, workspace: str, ids: Collection[MemberId], names: Collection[str] = ()) -> list[Member]:
        """By name."""
        rows = list(self._rows(_LIST_BY_IDS, ids=list(ids)))
        if names:
            wanted = [name.lower().lstrip("@") for name in names]
            rows += self._rows(_LIST_NAMED, workspace=workspace, names=wanted)
        people = [self._member_from(row) for row in {row["id"]: row for row in rows}.values()]
        return sorted(people, key=lambda member: (member.name, member.id))

    def find_identity(self, workspace: str) -> Identity | None:
        row = self._find(identities, identities.c.workspace == workspace)
        return None if row is None else Identity(**row)

    def list_identities(self) -> list[Identity]:
        return [Identity(**row) for row in self._rows(select(identities))]

    def find_slack_channel(self, workspace: str, name: str) -> str | None:
        is_it = and_(slack_channels.c.workspace == workspace, slack_channels.c.name == name)
        return self.connection.scalar(select(slack_channels.c.channel).where(is_it))

    def find_thread(self, incident: IncidentNumber) -> Thread | None:
        row = self._one(_FIND_THREAD, incident=incident)
        return None if row is None else Thread(**row)

    def find_incident_by_thread(self, channel: str, ts: str) -> IncidentNumber | None:
        is_it = and_(threads.c.channel == channel, threads.c.ts == ts)
        return next(iter(self._numbers(select(threads.c.incident).where(is_it).limit(1))), None)

    def find_incident_by_channel(self, channel: str) -> IncidentNumber | None:
        """None also where two incidents share the channel: then it belongs to neither."""
        lives_there = and_(threads.c.incident == incidents.c.number, threads.c.channel == channel)
        query = select(incidents.c.number).join(threads, lives_there)
        found = self._numbers(query.where(threads.c.is_own.is_(True), incidents.c.resolved_at.is_(None)).limit(2))
        return found[0] if len(found) == 1 else None

    def find_post(self, key: str) -> SlackPost | None:
        row = self._find(posts, posts.c.key == key)
        return None if row is None else SlackPost(**row)

    def find_post_by_ts(self, channel: str, ts: str) -> SlackPost | None:
        row = self._find(posts, and_(posts.c.channel == channel, posts.c.ts == ts))
        return None if row is None else SlackPost(**row)

    def list_posts(self, incident: IncidentNumber) -> list[SlackPost]:
        """In the order of the records they tell."""
        return [SlackPost(**row) for row in self._rows(_LIST_POSTS, incident=incident)]

    def has_post_in_flight(self, channel: str) -> bool:
        in_flight = and_(posts.c.channel == channel, posts.c.ts.is_(None))
        return bool(self.connection.scalar(select(exists().where(in_flight))))

    # Work

    def list_attempts(self, incident: IncidentNumber, update: int) -> list[Attempt]:
        """Oldest first."""
        return [Attempt(**row) for row in self._rows(_LIST_ATTEMPTS, incident=incident, number=update)]

    def find_answer(self, workspace: str, key: str) -> Answer | None:
        return self.connection.scalar(_FIND_ANSWER, {"workspace": workspace, "key": key})

    def _rows(self, query: Select[Any], **values: object) -> Iterable[RowMapping]:
        return self.connection.execute(query, values).mappings()

    def _one(self, query: Select[Any], **values: object) -> RowMapping | None:
        return self.connection.execute(query, values).mappings().one_or_none()

    def _find(self, table: Table, condition: ColumnElement[bool]) -> RowMapping | None:
        return self.connection.execute(select(table).where(condition).limit(1)).mappings().one_or_none()

    def _numbers(self, query: Select[tuple[Any]]) -> list[IncidentNumber]:
        return [IncidentNumber(number) for number in self.connection.scalars(query)]

    def _list_incidents(self, query: Select[Any]) -> list[IncidentRow]:
        return [_incident_from(row) for row in self._rows(query.order_by(incidents.c.number.desc()))]

    def _member_from(self, row: RowMapping) -> Member:
        return _member_from(row, self.connection.scalars(_LIST_GROUPS, {"member": row["id"]}))


def _is_on_page() -> ColumnElement[bool]:
    return exists().where(page_posts.c.incident == incidents.c.number)


def _is_first_on_page() -> ColumnElement[bool]:
    earlier = page_posts.alias("earlier")
    return ~exists().where(
        earlier.c.incident == page_posts.c.incident,
        (earlier.c.at < page_posts.c.at)
        | ((earlier.c.at == page_posts.c.at) & (earlier.c["update"] < page_posts.c["update"])),
    )


def _month_start(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def _incident_from(row: RowMapping) -> IncidentRow:
    parsed = {
        "impact": Impact(row["impact"]),
        "status": Status(row["status"]),
        "people": frozenset(MemberId(each) for each in row["people"]),
    }
    return IncidentRow(**{**row, **parsed})


def _page_post_from(row: RowMapping) -> PagePost:
    typed: Mapping[str, Any] = {
        "impact": Impact(row["impact"]),
        "status": Status(row["status"]),
        "components": tuple(row["components"]),
    }
    return PagePost(**{**row, **typed})


def _member_from(row: RowMapping, groups: Iterable[str]) -> Member:
    fields = {name: value for name, value in row.items() if name != "workspace"}
    return Member(**fields, groups=frozenset(groups))
