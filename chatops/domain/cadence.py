"""When the next update is due, and who is nudged when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chatops.domain.errors import IllegalMove
from chatops.domain.incident import Incident
from chatops.domain.policy import Policy
from chatops.domain.records import Status, Step
from chatops.domain.update import Draft, DraftState

LEAD = timedelta(minutes=5)
"""How long before the due moment the first reminder comes; a fifth of the interval where that is shorter."""
PATIENCE = timedelta(minutes=10)
"""How long each rung of the ladder waits for the one before it; a third of the interval where that is shorter."""
_LADDER = tuple(Step)
CHASE_EVERY = timedelta(minutes=10)
CHASES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The next update is due: the ladder's next rung, at its moment."""

    at: datetime
    step: Step
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chase:
    """A draft waits for approval."""

    at: datetime
    draft: int
    revision: int
    round: int


def due_after_publication(
    policy: Policy, incident: Incident, *, status: Status, promise_minutes: int | None, published_at: datetime
) -> datetime | None:
    """The promised time, else the cadence of the impact; None once resolved."""
    if status is Status.RESOLVED:
        return None
    if promise_minutes is not None:
        return published_at + timedelta(minutes=promise_minutes)
    return published_at + policy.interval(incident.impact)


def find_next_nudge(incident: Incident) -> Reminder | Chase | None:
    """The earliest nudge still to come, or None."""
    nudges = [nudge for nudge in (_find_reminder(incident), _find_chase(incident)) if nudge]
    return min(nudges, key=lambda nudge: nudge.at) if nudges else None


def list_rungs(incident: Incident) -> list[Reminder]:
    """Those of the ladder that are still to come."""
    return list(_climb(incident))


def _find_reminder(incident: Incident) -> Reminder | None:
    return next(_climb(incident), None)


def _climb(incident: Incident) -> Iterator[Reminder]:
    """Rungs are taken upwards: one that was missed below the last given one is not made up for."""
    due = incident.remind_at
    if due is None or incident.is_resolved:
        return
    given = max((_LADDER.index(step) for step in incident.reminded), default=-1)
    for step in _LADDER[given + 1 :]:
        yield Reminder(at=_find_moment(step, due, incident.clock_from), step=step, due_at=incident.due_at or due)


def _find_moment(step: Step, due: datetime, clock_from: datetime) -> datetime:
    interval = max(due - clock_from, timedelta(0))
    match step:
        case Step.BEFORE:
            return due - min(LEAD, interval / 5)
        case Step.DUE:
            return due
        case Step.COMMANDER:
            return due + min(PATIENCE, interval / 3)
        case Step.CHANNEL:
            return due + 2 * min(PATIENCE, interval / 3)


def find_due_nudge(incident: Incident, now: datetime) -> Reminder | Chase | None:
    """What to give now, if anything: after a long stop the highest rung and the last round, not each of them."""
    due = find_next_nudge(incident)
    if due is None or due.at > now:
        return None
    return _find_due_reminder(incident, now) if isinstance(due, Reminder) else _catch_up(due, now)


def _catch_up(chase: Chase, now: datetime) -> Chase:
    missed = min((now - chase.at) // CHASE_EVERY, CHASES - chase.round)
    return replace(chase, round=chase.round + missed, at=chase.at + missed * CHASE_EVERY)


def _find_due_reminder(incident: Incident, now: datetime) -> Reminder | None:
    due = [rung for rung in list_rungs(incident) if rung.at <= now]
    return due[-1] if due else None


def find_waiting_draft(incident: Incident) -> Draft | None:
    draft = incident.draft
    return draft if draft and draft.state is DraftState.OPEN else None


def require_open_draft(incident: Incident) -> Draft:
    draft = find_waiting_draft(incident)
    if draft is None:
        raise IllegalMove(f"{incident.name} has no open draft.")
    return draft


def _find_chase(incident: Incident) -> Chase | None:
    draft = find_waiting_draft(incident)
    if draft is None or incident.is_resolved or draft.chases >= CHASES:
        return None
    round_ = draft.chases + 1
    at = draft.current.at + CHASE_EVERY * round_
    return Chase(at=at, draft=draft.number, revision=draft.current.number, round=round_)
