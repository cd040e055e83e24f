"""What the public may read: only page posts, newest first, in the words and days of the page."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chatops.domain.errors import NotFound
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.records import Impact, Status
from chatops.usecases.page_reading import RECENT_DAYS, Month, publish_incident, read_history, read_incident, read_now
from chatops.usecases.ports import IncidentRow

from .fakes import NOW, FakeReads, as_reads, make_desk, make_post

MINUTE = timedelta(minutes=1)


def make_row(number: int, *, resolved_at: datetime | None) -> IncidentRow:
    return IncidentRow(
        number=IncidentNumber(number),
        workspace="T1",
        title="API errors",
        impact=Impact.MAJOR,
        status=Status.RESOLVED,
        private=False,
        slack_channel=None,
        opened_at=NOW,
        resolved_at=resolved_at,
        due_at=None,
        comms_lead=MemberId("m1"),
        commander=MemberId("m1"),
        head_seq=9,
    )


def test_an_empty_page_says_that_all_is_well() -> None:
    now = read_now(as_reads([]), make_desk())
    assert (now.overall.words, now.overall.indicator, now.overall.is_well) == (
        "All systems operational",
        Impact.NONE,
        True,
    )
    assert [each.state for each in now.components] == ["operational", "operational"]
    assert len(now.days) == RECENT_DAYS
    assert all(day.is_quiet for day in now.days)
    assert now.days[0].day == NOW.date()


@pytest.mark.parametrize(
    ("impact", "words", "state"),
    [
        (Impact.NONE, "No known impact on customers", "operational"),
        (Impact.MINOR, "Minor disruption", "degraded_performance"),
        (Impact.MAJOR, "Major disruption", "partial_outage"),
        (Impact.CRITICAL, "Critical disruption", "major_outage"),
    ],
)
def test_the_unresolved_incident_decides(impact: Impact, words: str, state: str) -> None:
    now = read_now(as_reads([make_post(impact=impact)]), make_desk())
    assert (now.overall.words, now.overall.indicator, now.overall.is_well) == (words, impact, False)
    assert {each.name: each.state for each in now.components} == {"API": state, "Web app": "operational"}


def test_the_worst_of_several_decides() -> None:
    posts = [make_post(1, impact=Impact.CRITICAL), make_post(2, impact=Impact.MINOR, at=NOW)]
    now = read_now(as_reads(posts), make_desk())
    assert now.overall.indicator is Impact.CRITICAL
    assert now.components[0].state == "major_outage"
    assert [each.number for each in now.unresolved] == [2, 1]


def test_updates_come_newest_first_and_the_latest_speaks() -> None:
    incident = publish_incident(
        [
            make_post(update=1, next_due_at=NOW),
            make_post(update=2, at=NOW, impact=Impact.MINOR, status=Status.MONITORING, components=("Web app",)),
        ]
    )
    assert [each.number for each in incident.updates] == [2, 1]
    assert (incident.status, incident.impact, incident.components) == (Status.MONITORING, Impact.MINOR, ("Web app",))
    assert incident.next_due_at is None


def test_a_resolved_incident_shows_its_worst_and_no_next_update() -> None:
    incident = publish_incident(
        [
            make_post(update=1, impact=Impact.CRITICAL),
            make_post(update=2, at=NOW, status=Status.RESOLVED, impact=Impact.NONE, components=(), next_due_at=NOW),
            make_post(update=3, at=NOW + MINUTE, status=Status.RESOLVED, impact=Impact.NONE, components=()),
        ]
    )
    assert (incident.impact, incident.components) == (Impact.CRITICAL, ("API",))
    assert (incident.resolved_at, incident.next_due_at) == (NOW, None)


def test_a_reopening_undoes_the_resolution() -> None:
    posts = [make_post(update=1, status=Status.RESOLVED), make_post(update=2, status=Status.MONITORING)]
    assert publish_incident(posts).resolved_at is None


def test_an_incident_without_page_posts_does_not_exist() -> None:
    with pytest.raises(NotFound):
        read_incident(as_reads([make_post(1)]), IncidentNumber(2))


def test_an_end_told_elsewhere_counts() -> None:
    reads = FakeReads([make_post(1)], {IncidentNumber(1): make_row(1, resolved_at=NOW)})
    now = read_now(reads, make_desk())  # type: ignore[arg-type]
    assert now.overall.is_well
    assert [each.number for each in now.days[0].resolved] == [1]


def test_past_days_tell_what_was_resolved_and_what_lasted() -> None:
    days = timedelta(days=1)
    posts = [
        make_post(1, 1, at=NOW - 3 * days),
        make_post(1, 2, at=NOW - 1 * days, status=Status.RESOLVED),
        make_post(2, 1, at=NOW),
    ]
    by_day = {day.day: day for day in read_now(as_reads(posts), make_desk()).days}
    assert [each.number for each in by_day[date(2026, 11, 22)].resolved] == [1]
    assert [each.number for each in by_day[date(2026, 11, 21)].lasting] == [1]
    assert [each.number for each in by_day[date(2026, 11, 23)].lasting] == [2]
    assert by_day[date(2026, 11, 19)].is_quiet


def test_history_leads_to_the_nearest_months_with_incidents() -> None:
    posts = [make_post(n, at=datetime(2026, month, 3, tzinfo=UTC)) for n, month in ((1, 2), (2, 7), (3, 11))]
    history = read_history(as_reads(posts), 2026, 7)
    assert [each.number for each in history.incidents] == [2]
    assert (history.earlier, history.later) == (Month(year=2026, month=2), Month(year=2026, month=11))
    first = read_history(as_reads(posts), 2026, 1)
    assert (first.incidents, first.earlier, first.later) == ((), None, Month(year=2026, month=2))
    assert [month.key for month in first.months] == ["2026-11", "2026-07", "2026-02"]
