"""From the last approval to the public: start a broadcast, publish, and what a person decides of a delivery."""

from chatops.domain import broadcast as rules
from chatops.domain.cadence import due_after_publication, require_open_draft
from chatops.domain.ids import CHATOPS, PAGE, IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import (
    AnyData,
    BroadcastStarted,
    DeliverySent,
    IncidentReopened,
    IncidentResolved,
    Status,
    UpdatePublished,
)
from chatops.usecases.ports import Answer, Desk, Transaction
from chatops.usecases.recording import Command, get_incident, perform, record


def start_broadcast(
    tx: Transaction,
    desk: Desk,
    incident: Incident,
    actor: MemberId,
    *,
    decision: AnyData | None = None,
    bypass_reason: str | None,
) -> Incident:
    """Approved words go out: the page at once, in this transaction; the others as durable deliveries.

    `decision`: what lets them go out, where it is made just now; it is recorded before.
    """
    draft = require_open_draft(incident)
    started = BroadcastStarted(
        update=incident.broadcasts + 1,
        draft=draft.number,
        revision=draft.current.number,
        digest=draft.current.digest,
        bypass_reason=bypass_reason,
    )
    data: list[AnyData] = [decision, started] if decision else [started]
    # The page is no outside effect that could be paused: it is this very transaction.
    on_page = next((words for words in draft.current.words if words.outlet == PAGE), None)
    if on_page:
        url = desk.page_url(incident.number)
        data.append(DeliverySent(update=started.update, outlet=PAGE, url=url, action=on_page.action))
    incident = record(tx, desk, incident.number, incident, actor, data)
    return publish_if_due(tx, desk, incident, started.update)


def publish_if_due(tx: Transaction, desk: Desk, incident: Incident, number: int) -> Incident:
    """Once it counts as published: the clock starts anew, and a last word resolves the incident."""
    update = incident.get_update(number)
    is_out = rules.counts_as_published(update) or rules.is_carried(incident.updates, update)
    if update.published_at or not is_out:
        return incident
    if not update.is_news or any(each.number > number and each.is_news for each in incident.published):
        # A correction or a straggler changes nothing: neither clock nor resolution are its own.
        late = UpdatePublished(update=number, due_at=incident.due_at, promised=incident.is_promised)
        return record(tx, desk, incident.number, incident, CHATOPS, [late])
    now = desk.clock.now()
    promise = update.revision.promise_minutes
    due_at = due_after_publication(
        desk.policy, incident, status=update.revision.status, promise_minutes=promise, published_at=now
    )
    data: list[AnyData] = []
    if incident.is_resolved and due_at is not None:
        data.append(IncidentReopened(due_at=due_at))
    data.append(UpdatePublished(update=number, due_at=due_at, promised=promise is not None and due_at is not None))
    if update.revision.status is Status.RESOLVED and not incident.is_resolved:
        data.append(IncidentResolved())
    return record(tx, desk, incident.number, incident, CHATOPS, data)


async def requeue(
    desk: Desk, command: Command, number: IncidentNumber, *, update: int, outlet: str, part: int, again: bool
) -> Answer:
    """`Retry` a refused delivery, or `Send again` an uncertain one (`again`), which may double it knowingly."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        data = rules.requeue(incident.get_update(update), outlet, part, again=again)
        record(tx, desk, number, incident, actor.id, [data])
        return {"requeued": True}

    return await perform(desk, command, decide)


async def confirm(
    desk: Desk, command: Command, number: IncidentNumber, *, update: int, outlet: str, part: int
) -> Answer:
    """`It arrived`: a person has looked."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        data = rules.confirm(incident.get_update(update), outlet, part)
        incident = record(tx, desk, number, incident, actor.id, [data])
        publish_if_due(tx, desk, incident, update)
        return {"confirmed": True}

    return await perform(desk, command, decide)
