"""The durable side of a broadcast: attempt each delivery, and settle what is uncertain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from chatops.domain import broadcast as rules
from chatops.domain.broadcast import Delivery, DeliveryState, Update
from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import CHATOPS, OUTLETS, PAGE, IncidentNumber, OutletKey, format_incident
from chatops.domain.incident import Incident
from chatops.domain.pauses import fold_pauses
from chatops.domain.records import (
    Action,
    AnyData,
    DeliveryRefused,
    DeliverySent,
    DeliverySkipped,
    DeliveryStalled,
    DeliveryUncertain,
    OutletWords,
    Purpose,
)
from chatops.usecases.broadcasts import publish_if_due
from chatops.usecases.ports import (
    Again,
    Attempt,
    Desk,
    Done,
    EditingOutlet,
    Job,
    Outlet,
    Posting,
    RetractingOutlet,
    Sent,
    Transaction,
)
from chatops.usecases.recording import cards_job, load_incident, record

Result = Sent | NotSent | Refused | Uncertain
"""How an attempt ended."""

LOOK_UP_PAUSE = timedelta(seconds=60)
"""A network's own time lines lag: looking at once would miss a post that stands."""
LOOK_UPS = 5
"""So often a doubtful delivery is looked up, or sent again under its own key, before a person is asked."""
LOOK_UP_RETRY = timedelta(seconds=10)
"""A look that did not get through is repeated sooner: it leaves nothing behind."""


NOT_SEEN = "It may stand there, and looking it up failed:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A delivery job's aim, read from its data."""

    incident: IncidentNumber
    update: int
    outlet: OutletKey
    part: int
    requeued: int


class _NotSeen(Uncertain):
    """The look-up did not get through, for now."""

    def __init__(self, text: str, *, retry_after: timedelta | None) -> None:
        super().__init__(text)
        self.pause = max(LOOK_UP_RETRY, retry_after or LOOK_UP_RETRY)


class _LookedUp(Sent):
    """Found on the network: an earlier attempt had sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What the first transaction of an attempt found: an earlier attempt may have ended in a crash."""

    attempt: Attempt
    posting: Posting
    action: Action
    is_doubtful: bool
    tries: int
    doubts: int
    """How often it was sent, looked up, and not found there."""


def parse_errand(job: Job) -> Errand:
    return Errand(
        incident=IncidentNumber(int(job.data["incident"])),
        update=int(job.data["update"]),
        outlet=OutletKey(str(job.data["outlet"])),
        part=int(job.data["part"]),
        requeued=int(job.data["requeued"]),
    )


async def deliver(
    desk: Desk, outlets: Mapping[str, Outlet], job: Job, *, runs: int, jitter: Callable[[], float]
) -> Done | Again:
    """One attempt of one delivery: `sending` is committed before the call, the outcome after it."""
    errand = parse_errand(job)
    outlet = outlets.get(errand.outlet)
    start = await desk.store.write(lambda tx: _begin(tx, desk, errand))
    if start is None:
        return Done()
    if outlet is None:
        return await _finish(desk, errand, start, _miss_outlet(start), jitter())
    # Editing or removing twice is harmless, whatever the network: only a post must be asked for before it is repeated.
    settled_by = outlet.spec.abilities.settled_by if start.action == "post" else "own_key"
    is_readable = start.is_doubtful and settled_by == "read_back"
    look_up_at = start.attempt.started_at + LOOK_UP_PAUSE
    if is_readable and desk.clock.now() < look_up_at:
        return Again(at=look_up_at)
    start, result = await (_settle if is_readable else _send)(desk, outlet, errand, start)
    if isinstance(result, Uncertain) and settled_by != "person" and not _is_hopeless(desk, start, runs):
        # The attempt stays open: the next run finds it doubtful, and asks the network or uses the same key again.
        pause = result.pause if isinstance(result, _NotSeen) else LOOK_UP_PAUSE
        return Again(at=desk.clock.now() + pause)
    return await _finish(desk, errand, start, result, jitter())


def _miss_outlet(start: _Start) -> Refused | Uncertain:
    if start.is_doubtful:
        return Uncertain(
            "chatops was stopped while sending, and this outlet is no longer configured. Please look there."
        )
    return Refused("This outlet is no longer configured.")


def _is_hopeless(desk: Desk, start: _Start, runs: int) -> bool:
    """Time alone says nothing: chatops may have been down. Every run but those that were surely not sent was a look."""
    is_late = desk.clock.now() - start.attempt.started_at >= LOOK_UPS * LOOK_UP_PAUSE
    looks = runs - (start.tries - 1 - start.doubts)
    return start.doubts >= LOOK_UPS or (is_late and looks >= LOOK_UPS)


async def _settle(desk: Desk, outlet: Outlet, errand: Errand, start: _Start) -> tuple[_Start, Result]:
    """Look first; send only what does not stand there. A look-up that fails says nothing about the post."""
    try:
        found = await outlet.find(start.posting)
    except NotSent as error:
        return start, _NotSeen(f"{NOT_SEEN} {error}", retry_after=error.retry_after)
    except (Refused, Uncertain) as error:
        return start, Uncertain(f"{NOT_SEEN} {error}")
    if found:
        return start, _LookedUp(url=found.url, remote_id=found.remote_id, note=found.note)
    anew = await desk.store.write(lambda tx: _begin_anew(tx, desk, errand, start))
    return await _send(desk, outlet, errand, anew)


async def _send(desk: Desk, outlet: Outlet, errand: Errand, start: _Start) -> tuple[_Start, Result]:
    if start.is_doubtful and start.action == "post" and outlet.spec.abilities.settled_by == "person":
        text = "chatops was stopped while sending, and this network cannot be asked. Please look there."
        return start, Uncertain(text)
    try:
        return start, await _carry_out(outlet, start)
    except Refused as refusal:
        if start.is_doubtful:
            return start, Uncertain(f"An earlier attempt may stand there; this one was refused: {refusal}")
        return start, refusal
    except (NotSent, Uncertain) as outcome:
        return start, outcome


async def _carry_out(outlet: Outlet, start: _Start) -> Sent:
    if start.action != "post" and start.posting.target is None:
        raise Refused("What was to be changed does not stand there any more.")
    match start.action:
        case "post":
            return await outlet.send(start.posting)
        case "edit":
            return await cast(EditingOutlet, outlet).edit(start.posting)
        case "retract":
            return await cast(RetractingOutlet, outlet).retract(start.posting)


def _begin(tx: Transaction, desk: Desk, errand: Errand) -> _Start | None:
    incident = load_incident(tx, errand.incident)
    update = incident.get_update(errand.update)
    delivery = update.get_delivery(errand.outlet, errand.part)
    if delivery.state is not DeliveryState.QUEUED or delivery.requeued != errand.requeued:
        return None
    now = desk.clock.now()
    before = [each for each in tx.list_attempts(errand.incident, errand.update) if _is_same(each, errand)]
    open_ = [each for each in before if each.finished_at is None]
    if _skip(tx, desk, incident, errand, open_):
        return None
    attempt = open_[0] if open_ else _start_attempt(tx, errand, now)
    first_tried_at = before[0].started_at if before else now
    tx.put(cards_job(errand.incident))
    return _Start(
        attempt=attempt,
        posting=_freeze(incident, update, delivery, first_tried_at),
        action=_get_words(update, delivery).action,
        is_doubtful=bool(open_),
        tries=len(before) + (not open_),
        doubts=sum(each.outcome == "uncertain" for each in before),
    )


def _skip(tx: Transaction, desk: Desk, incident: Incident, errand: Errand, open_: list[Attempt]) -> bool:
    """What is not to go out any more ends visibly; `Retry` sends it once its outlet is resumed.

    True also where an attempt was cut off and its post may stand there: then a person is asked to look.
    """
    update = incident.get_update(errand.update)
    overtaking = rules.find_overtaking(incident.updates, update, errand.outlet)
    pause = fold_pauses(tx.load(OUTLETS)).get(errand.outlet)
    if overtaking is None and pause is None:
        return False
    reason = f"paused: {pause.reason}" if pause else ""
    if overtaking:
        reason = f"update {overtaking.number}, a {overtaking.revision.purpose} of it, came first"
    data: AnyData = DeliverySkipped(update=errand.update, outlet=errand.outlet, part=errand.part, reason=reason)
    if open_ and _may_stand(desk, update, errand, is_overtaken=overtaking is not None):
        reason = f"chatops was stopped while sending; not tried again, {reason}"
        data = DeliveryUncertain(update=errand.update, outlet=errand.outlet, part=errand.part, reason=reason)
    for attempt in open_:
        tx.finish_attempt(attempt.id, at=desk.clock.now(), outcome="uncertain", note=reason, next_at=None)
    incident = record(tx, desk, errand.incident, incident, CHATOPS, [data])
    if overtaking is None or overtaking.revision.purpose is Purpose.CORRECTION:
        publish_if_due(tx, desk, incident, errand.update)
    return True


def _may_stand(desk: Desk, update: Update, errand: Errand, *, is_overtaken: bool) -> bool:
    """A cut-off post; under our own key it may be sent again later all the same, unless that is not to happen."""
    action = _get_words(update, update.get_delivery(errand.outlet, errand.part)).action
    settled_by = next((spec.abilities.settled_by for spec in desk.specs if spec.key == errand.outlet), "person")
    return action == "post" and (is_overtaken or settled_by != "own_key")


def _get_words(update: Update, delivery: Delivery) -> OutletWords:
    return next(words for words in update.revision.words if words.outlet == delivery.outlet)


def _begin_anew(tx: Transaction, desk: Desk, errand: Errand, start: _Start) -> _Start:
    """The doubtful attempt ended without a post: the next one is noted before its call, like every other."""
    now = desk.clock.now()
    note = "Looked up: it does not stand there."
    tx.finish_attempt(start.attempt.id, at=now, outcome="uncertain", note=note, next_at=now)
    attempt = _start_attempt(tx, errand, now)
    return replace(start, attempt=attempt, is_doubtful=False, tries=start.tries + 1, doubts=start.doubts + 1)


def _start_attempt(tx: Transaction, errand: Errand, at: datetime) -> Attempt:
    return tx.start_attempt(
        incident=errand.incident,
        update=errand.update,
        outlet=errand.outlet,
        part=errand.part,
        requeued=errand.requeued,
        at=at,
    )


def _is_same(attempt: Attempt, errand: Errand) -> bool:
    own = (attempt.outlet, attempt.part, attempt.requeued)
    return own == (errand.outlet, errand.part, errand.requeued)


def _freeze(incident: Incident, update: Update, delivery: Delivery, first_tried_at: datetime) -> Posting:
    words = _get_words(update, delivery)
    earlier = tuple(
        each.remote_id
        for number, each in rules.list_standing(incident.updates, delivery.outlet)
        if each.remote_id and (number, each.part) < (update.number, delivery.part)
    )
    before = [each for each in incident.updates if each.number < update.number]
    targets = rules.find_targets(before, update.revision.of_update, delivery.outlet)
    has_target = words.action != "post" and delivery.part < len(targets)
    return Posting(
        key=f"{format_incident(incident.number)}/{update.number}/{delivery.outlet}/{delivery.part}",
        words=words.parts[delivery.part],
        subject=words.subject,
        status=update.revision.status,
        digest=update.revision.digest,
        first_tried_at=first_tried_at,
        earlier=earlier,
        target=targets[delivery.part].remote_id if has_target else None,
        fallback=words.fallback[delivery.part] if delivery.part < len(words.fallback) else None,
        impact=update.revision.impact,
        components=update.revision.components,
        is_retraction=update.revision.purpose is Purpose.RETRACTION,
        page_url=next((each.url for each in update.deliveries if each.outlet == PAGE), None),
        started_at=update.started_at,
    )


async def _finish(desk: Desk, errand: Errand, start: _Start, result: Result, jitter: float) -> Done | Again:
    now = desk.clock.now()
    again_at: datetime | None = None
    if isinstance(result, NotSent):
        again_at = rules.find_next_attempt(
            attempts=start.tries,
            first_at=start.posting.first_tried_at,
            now=now,
            retry_after=result.retry_after,
            jitter=jitter,
        )
        if again_at is None:
            result = Refused(f"Given up after {start.tries} attempts. The last one: {result}")

    def body(tx: Transaction) -> Done | Again:
        outcome = _name_outcome(result)
        note = result.note if isinstance(result, Sent) else str(result)
        tx.finish_attempt(start.attempt.id, at=now, outcome=outcome, note=note, next_at=again_at)
        tx.put(cards_job(errand.incident))
        if again_at is not None:
            if isinstance(result, NotSent) and result.needs_person:
                _tell_stalled(tx, desk, errand, str(result))
            return Again(at=again_at)
        _record_outcome(tx, desk, errand, start, result)
        return Done()

    return await desk.store.write(body)


def _tell_stalled(tx: Transaction, desk: Desk, errand: Errand, reason: str) -> None:
    """People in the thread read it once, not at every attempt, nor for every update that waits behind this one."""
    incident = load_incident(tx, errand.incident)
    if errand.outlet in incident.stalled:
        return
    data = DeliveryStalled(update=errand.update, outlet=errand.outlet, part=errand.part, reason=reason)
    record(tx, desk, errand.incident, incident, CHATOPS, [data])


def _name_outcome(result: Result) -> str:
    match result:
        case Sent():
            return "sent"
        case NotSent():
            return "not_sent"
        case Refused():
            return "refused"
        case Uncertain():
            return "uncertain"


def _record_outcome(tx: Transaction, desk: Desk, errand: Errand, start: _Start, result: Result) -> None:
    incident = load_incident(tx, errand.incident)
    delivery = incident.get_update(errand.update).get_delivery(errand.outlet, errand.part)
    if delivery.state is not DeliveryState.QUEUED or delivery.requeued != errand.requeued:
        return
    incident = record(tx, desk, errand.incident, incident, CHATOPS, [_outcome_data(errand, start, result)])
    incident = publish_if_due(tx, desk, incident, errand.update)
    corrected = incident.get_update(errand.update).revision.of_update
    if corrected is not None:
        publish_if_due(tx, desk, incident, corrected)


def _outcome_data(errand: Errand, start: _Start, result: Result) -> AnyData:
    update, outlet, part = errand.update, errand.outlet, errand.part
    if isinstance(result, Sent):
        return DeliverySent(
            update=update,
            outlet=outlet,
            part=part,
            url=result.url,
            remote_id=result.remote_id,
            note=result.note,
            action=start.action,
            how="looked_up" if isinstance(result, _LookedUp) else "sent",
        )
    if isinstance(result, Refused):
        return DeliveryRefused(update=update, outlet=outlet, part=part, reason=str(result))
    return DeliveryUncertain(update=update, outlet=outlet, part=part, reason=str(result))
