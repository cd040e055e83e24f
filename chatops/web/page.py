"""Snapshots → HTML: pure functions over templates that are compiled once."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from chatops.domain.records import Impact
from chatops.usecases.page_reading import HistorySnapshot, NowSnapshot, PublicIncident, PublicUpdate
from chatops.web.assets import load_assets
from chatops.web.words import render_content, render_words

IMPACT_WORDS = {
    Impact.NONE: "No impact",
    Impact.MINOR: "Minor impact",
    Impact.MAJOR: "Major impact",
    Impact.CRITICAL: "Critical impact",
}
STATE_WORDS = {
    "operational": "Operational",
    "degraded_performance": "Degraded performance",
    "partial_outage": "Partial outage",
    "major_outage": "Major outage",
}


def render_now(now: NowSnapshot) -> str:
    latest = now.unresolved[0] if len(now.unresolved) == 1 else None
    more = f" – {latest.status.value.capitalize()}: {latest.title}" if latest else ""
    return _render_layout(
        _render("now.html", now=now),
        team=now.team,
        title=f"{now.team} status: {now.overall.words}",
        description=f"{now.overall.words}{more}",
        tint="well" if now.overall.is_well else now.overall.indicator.value,
        here="now",
    )


def render_incident(incident: PublicIncident, *, team: str) -> str:
    return _render_layout(
        _render("incident.html", incident=incident),
        team=team,
        title=f"{incident.title} · {team} status",
        description=f"{incident.status.value.capitalize()}: {incident.title}",
        tint="well" if incident.is_resolved else incident.impact.value,
        here="incident",
    )


def render_history(history: HistorySnapshot, *, team: str) -> str:
    month = word_month(history.month.first_day)
    return _render_layout(
        _render("history.html", history=history),
        team=team,
        title=f"{month} · {team} status",
        description=f"Incidents of {month}",
        here="history",
        indexed=bool(history.incidents),
        live=False,
    )


def render_problem(status: int, heading: str, advice: str, *, team: str) -> str:
    main = _render("problem.html", status=status, heading=heading, advice=advice)
    title = f"{heading} · {team} status"
    return _render_layout(main, team=team, title=title, description=heading, here="", indexed=False, live=False)


def word_minute(at: datetime) -> str:
    """`3 Nov 2026, 14:05 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b} {utc.year}, {utc:%H:%M} UTC"


def word_short_minute(at: datetime) -> str:
    """`3 Nov, 14:05 UTC`, where the year is plain from what stands around it."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b}, {utc:%H:%M} UTC"


def word_change(update: PublicUpdate) -> str:
    """`Corrected 3 Nov, 14:05 UTC`, or `Retracted …`; empty where the first words stand."""
    if update.edited_at is None:
        return ""
    return f"{'Retracted' if update.is_retracted else 'Corrected'} {word_short_minute(update.edited_at)}"


def word_machine_time(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def word_day(day: date) -> str:
    return f"{day:%a}, {day.day} {day:%b} {day.year}"


def word_month(day: date) -> str:
    return f"{day:%B} {day.year}"


def word_duration(span: timedelta) -> str:
    """`35 minutes`, `2 hours 6 minutes`, `3 days 4 hours`; never less than a minute."""
    minutes = max(1, round(span.total_seconds() / 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes % 60, "minute")]
    return " ".join(_count(number, noun) for number, noun in parts if number)


def word_lasted(incident: PublicIncident) -> str:
    return word_duration((incident.resolved_at or incident.updated_at) - incident.started_at)


def count_incidents(number: int) -> str:
    return _count(number, "incident") if number else "No incidents"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _render(template: str, **values: object) -> Markup:
    # What a template with autoescape renders is safe by construction.
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704


def _render_layout(
    main: Markup,
    *,
    team: str,
    title: str,
    description: str,
    here: str,
    tint: str = "well",
    indexed: bool = True,
    live: bool = True,
) -> str:
    """`digest` tells the script in an open browser whether what it shows has changed."""
    return _render(
        "layout.html",
        main=main,
        digest=hashlib.sha256(main.encode(errors="replace")).hexdigest()[:16],
        team=team,
        title=title,
        description=description,
        here=here,
        tint=tint,
        indexed=indexed,
        live=live,
        assets=load_assets(),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("chatops.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        words=render_words,
        content=render_content,
        minute=word_minute,
        short_minute=word_short_minute,
        machine=word_machine_time,
        day_words=word_day,
        month_words=word_month,
        lasted=word_lasted,
        impact_words=IMPACT_WORDS.__getitem__,
        state_words=STATE_WORDS.__getitem__,
        count_incidents=count_incidents,
        count_updates=lambda number: _count(number, "update"),
    )
    return environment
