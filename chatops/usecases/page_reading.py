"""What the public may read, as snapshots: only updates that stand on the page exist here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chatops.domain.errors import NotFound
from chatops.domain.ids import IncidentNumber, format_incident
from chatops.domain.incident import COMPONENT_STATES
from chatops.domain.records import Impact, Status
from chatops.usecases.ports import Desk, PagePost, Reads

RECENT_DAYS = 14
"""Days of past incidents on the front page, today included."""
RECENT_LIMIT = 200
FEED_INCIDENTS = 50
"""As many incidents as a Statuspage shows in its feeds and in `incidents.json`."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OVERALL_WORDS = {
    Impact.NONE: "No known impact on customers",
    Impact.MINOR: "Minor disruption",
    Impact.MAJOR: "Major disruption",
    Impact.CRITICAL: "Critical disruption",
}
ALL_IS_WELL = "All systems operational"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUpdate:
    """One update as it stands on the page; `text` is the exact wording."""

    number: int
    at: datetime
    status: Status
    impact: Impact
    components: tuple[str, ...]
    text: str
    edited_at: datetime | None = None
    """When it was corrected or retracted."""
    is_retracted: bool = False

    @property
    def changed_at(self) -> datetime:
        return self.edited_at or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """An incident as far as the public knows it; updates newest first.

    While it lasts, impact and components are the latest; afterwards the worst and all of them.
    `status` is what the latest words said; an incident whose end was told elsewhere only is resolved all the same.
    `next_due_at` is there only while unresolved and where the latest update has one.
    """

    number: IncidentNumber
    title: str
    status: Status
    impact: Impact
    components: tuple[str, ...]
    started_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    next_due_at: datetime | None
    updates: tuple[PublicUpdate, ...]

    @property
    def name(self) -> str:
        return format_incident(self.number)

    @property
    def is_resolved(self) -> bool:
        return self.resolved_at is not None

    def lasts_on(self, day: date) -> bool:
        """True where any moment between its first update and its resolution falls on that UTC day."""
        ended = self.resolved_at
        return self.started_at.astimezone(UTC).date() <= day and (ended is None or day <= ended.astimezone(UTC).date())


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    name: str
    state: str
    """A Statuspage word: operational, degraded_performance, partial_outage, major_outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """The one line on top. `indicator` is Statuspage's: none, minor, major, critical."""

    indicator: Impact
    words: str
    is_well: bool
    """False where an incident is unresolved, even one without impact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One UTC day: incidents resolved on it, and others that lasted on it."""

    day: date
    resolved: tuple[PublicIncident, ...]
    lasting: tuple[PublicIncident, ...]

    @property
    def is_quiet(self) -> bool:
        return not self.resolved and not self.lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class NowSnapshot:
    team: str
    overall: Overall
    components: tuple[ComponentState, ...]
    unresolved: tuple[PublicIncident, ...]
    days: tuple[Day, ...]
    updated_at: datetime | None
    """When the public last heard anything; None: never, or longer ago than the page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    year: int
    month: int

    @property
    def key(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySnapshot:
    """`earlier` and `later` are the nearest months in which something happened."""

    month: Month
    incidents: tuple[PublicIncident, ...]
    months: tuple[Month, ...]
    earlier: Month | None
    later: Month | None


def read_now(reads: Reads, desk: Desk) -> NowSnapshot:
    """The front page: how things are, what is unresolved, what happened in the past days."""
    today = desk.clock.now().astimezone(UTC).date()
    since = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=RECENT_DAYS - 1)
    unresolved = _read_many(reads, reads.list_unresolved_on_page())
    recent = _read_many(reads, reads.list_recent_on_page(since=since, limit=RECENT_LIMIT))
    known = {each.number: each for each in (*recent, *unresolved)}
    # The page may say Resolved before the log does, which waits for another outlet, or say the contrary again.
    open_ones = _newest_first(each for each in known.values() if not each.is_resolved)
    return NowSnapshot(
        team=desk.team,
        overall=judge_overall(open_ones),
        components=tuple(judge_component(name, open_ones) for name in desk.components),
        unresolved=open_ones,
        days=_group_by_day(tuple(known.values()), today),
        updated_at=max((each.updated_at for each in known.values()), default=None),
    )


def read_incident(reads: Reads, number: IncidentNumber) -> PublicIncident:
    """One incident; raises NotFound where nothing of it stands on the page."""
    incident = _find_public(reads, number)
    if incident is None:
        raise NotFound("There is no such incident on this page.")
    return incident


def read_history(reads: Reads, year: int, month: int) -> HistorySnapshot:
    """One month's incidents, newest first, and the way to the months beside it."""
    here = (year, month)
    months = reads.list_months_on_page()
    earlier = max((each for each in months if each < here), default=None)
    later = min((each for each in months if each > here), default=None)
    return HistorySnapshot(
        month=Month(year=year, month=month),
        incidents=_read_many(reads, reads.list_month_on_page(year, month)),
        months=tuple(_month(each) for each in sorted(months, reverse=True)),
        earlier=_month(earlier) if earlier else None,
        later=_month(later) if later else None,
    )


def read_latest(reads: Reads) -> tuple[PublicIncident, ...]:
    """The newest incidents on the page, resolved or not: what feeds and JSON list."""
    recent = _read_many(reads, reads.list_recent_on_page(since=EPOCH, limit=FEED_INCIDENTS))
    open_ones = _read_many(reads, reads.list_unresolved_on_page())
    known = {each.number: each for each in (*recent, *open_ones)}
    return _newest_first(known.values())[:FEED_INCIDENTS]


def judge_overall(unresolved: Sequence[PublicIncident]) -> Overall:
    """The worst unresolved incident speaks for the whole."""
    if not unresolved:
        return Overall(indicator=Impact.NONE, words=ALL_IS_WELL, is_well=True)
    worst = max((each.impact for each in unresolved), key=lambda impact: impact.rank)
    return Overall(indicator=worst, words=OVERALL_WORDS[worst], is_well=False)


def judge_component(name: str, unresolved: Sequence[PublicIncident]) -> ComponentState:
    """The worst unresolved incident that names the component decides its state."""
    impacts = [each.impact for each in unresolved if name in each.components]
    worst = max(impacts, key=lambda impact: impact.rank, default=Impact.NONE)
    return ComponentState(name=name, state=COMPONENT_STATES[worst])


def publish_incident(posts: Sequence[PagePost], *, ended_at: datetime | None = None) -> PublicIncident:
    """All page posts of one incident, oldest first and at least one → what the public knows of it.

    `ended_at`: when it ended by the log, for an end that the page never told.
    """
    last = posts[-1]
    resolved_at = _find_resolution(posts) or ended_at
    updates = tuple(_publish_update(post) for post in reversed(posts))
    worst = max((post.impact for post in posts), key=lambda impact: impact.rank)
    every = tuple(dict.fromkeys(name for post in posts for name in post.components))
    return PublicIncident(
        number=last.incident,
        title=last.title,
        status=last.status,
        impact=worst if resolved_at else last.impact,
        components=every if resolved_at else last.components,
        started_at=posts[0].at,
        updated_at=max(update.changed_at for update in updates),
        resolved_at=resolved_at,
        next_due_at=None if resolved_at else last.next_due_at,
        updates=updates,
    )


def _publish_update(post: PagePost) -> PublicUpdate:
    return PublicUpdate(
        number=post.update,
        at=post.at,
        status=post.status,
        impact=post.impact,
        components=post.components,
        text=post.text,
        edited_at=post.edited_at,
        is_retracted=post.is_retracted,
    )


def _find_resolution(posts: Sequence[PagePost]) -> datetime | None:
    """The first of the trailing Resolved posts: a later afterword does not move the end, a reopening undoes it."""
    ended: datetime | None = None
    for post in reversed(posts):
        if post.status is not Status.RESOLVED:
            break
        ended = post.at
    return ended


def _find_public(reads: Reads, number: IncidentNumber) -> PublicIncident | None:
    posts = sorted(reads.list_page_posts(number), key=lambda post: post.update)
    if not posts:
        return None
    row = None if posts[-1].status is Status.RESOLVED else reads.find_incident_row(number)
    return publish_incident(posts, ended_at=row.resolved_at if row else None)


def _read_many(reads: Reads, numbers: Iterable[IncidentNumber]) -> tuple[PublicIncident, ...]:
    found = (_find_public(reads, number) for number in dict.fromkeys(numbers))
    return _newest_first(each for each in found if each)


def _newest_first(incidents: Iterable[PublicIncident]) -> tuple[PublicIncident, ...]:
    return tuple(sorted(incidents, key=lambda each: (each.started_at, each.number), reverse=True))


def _group_by_day(incidents: Sequence[PublicIncident], today: date) -> tuple[Day, ...]:
    return tuple(_build_day(incidents, today - timedelta(days=ago)) for ago in range(RECENT_DAYS))


def _build_day(incidents: Sequence[PublicIncident], day: date) -> Day:
    lasting = [each for each in incidents if each.lasts_on(day)]
    resolved = [each for each in lasting if each.resolved_at and each.resolved_at.astimezone(UTC).date() == day]
    return Day(
        day=day,
        resolved=_newest_first(resolved),
        lasting=_newest_first(each for each in lasting if each not in resolved),
    )


def _month(pair: tuple[int, int]) -> Month:
    return Month(year=pair[0], month=pair[1])
