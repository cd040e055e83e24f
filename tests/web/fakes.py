"""A store that holds page posts only, and small makers of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

from chatops.domain.ids import IncidentNumber
from chatops.domain.policy import Policy
from chatops.domain.records import Impact, Status
from chatops.usecases.ports import Desk, IncidentRow, PagePost, Reads, Store

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def make_post(
    incident: int = 1,
    update: int = 1,
    text: str = "We are looking into it.",
    *,
    at: datetime = NOW - timedelta(hours=1),
    status: Status = Status.INVESTIGATING,
    impact: Impact = Impact.MAJOR,
    title: str = "API errors",
    components: tuple[str, ...] = ("API",),
    next_due_at: datetime | None = None,
) -> PagePost:
    return PagePost(
        incident=IncidentNumber(incident),
        title=title,
        update=update,
        at=at,
        status=status,
        impact=impact,
        components=components,
        text=text,
        next_due_at=next_due_at,
    )


class FakeReads:
    """The part of `Reads` that the page uses."""

    def __init__(self, posts: Sequence[PagePost], rows: Mapping[IncidentNumber, IncidentRow] | None = None) -> None:
        self.posts = posts
        self.rows = rows or {}

    def list_page_posts(self, incident: IncidentNumber) -> list[PagePost]:
        return [post for post in self.posts if post.incident == incident]

    def find_incident_row(self, number: IncidentNumber) -> IncidentRow | None:
        return self.rows.get(number)

    def list_unresolved_on_page(self) -> list[IncidentNumber]:
        last = {post.incident: post for post in self.posts}
        return [number for number, post in last.items() if post.status is not Status.RESOLVED]

    def list_recent_on_page(self, *, since: datetime, limit: int) -> list[IncidentNumber]:
        return list({post.incident: None for post in self.posts if post.at >= since})[:limit]

    def list_months_on_page(self) -> list[tuple[int, int]]:
        return sorted({(post.at.year, post.at.month) for post in self.posts}, reverse=True)

    def list_month_on_page(self, year: int, month: int) -> list[IncidentNumber]:
        return list({post.incident: None for post in self.posts if (post.at.year, post.at.month) == (year, month)})


@dataclass
class FakeStore:
    """Counts its reads; `broken` makes every one of them fail."""

    posts: list[PagePost] = field(default_factory=list)
    stamp: int = 1
    reads: int = 0
    broken: bool = False

    def put(self, *posts: PagePost) -> None:
        self.posts.extend(posts)
        self.stamp += 1

    async def read(self, body: Callable[[Reads], T]) -> T:
        self.reads += 1
        if self.broken:
            raise OSError("secret: no such disk")
        return body(as_reads(self.posts))

    def version(self) -> int:
        return self.stamp


@dataclass
class FakeClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def real_now(self) -> datetime:
        return self.at

    def real_seconds(self, seconds: float) -> float:
        return seconds


def as_reads(posts: Sequence[PagePost]) -> Reads:
    return cast(Reads, FakeReads(posts))


def make_desk(
    store: FakeStore | None = None,
    *,
    components: tuple[str, ...] = ("API", "Web app"),
    clock: FakeClock | None = None,
    team: str = "Acme",
) -> Desk:
    return Desk(
        store=cast(Store, store or FakeStore()),
        clock=clock or FakeClock(),
        policy=Policy(),
        specs=(),
        team=team,
        public_url="https://status.acme.example",
        components=components,
    )
