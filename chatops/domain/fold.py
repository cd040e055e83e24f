"""The fold: an incident is what its records make of it, one after the other."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from chatops.domain.broadcast import Delivery, DeliveryState, Update, plan_deliveries
from chatops.domain.errors import NotFound
from chatops.domain.evolving import evolve
from chatops.domain.ids import incident_of
from chatops.domain.incident import Incident
from chatops.domain.mention_records import AnswerApproved, AnswerProposed, FloodForeseen
from chatops.domain.records import (
    ApprovalWithdrawn,
    BroadcastStarted,
    ChangesRequested,
    DeliveryRefused,
    DeliveryRequeued,
    DeliverySent,
    DeliverySkipped,
    DeliveryStalled,
    DeliveryUncertain,
    DraftChased,
    DraftWithdrawn,
    ImpactChanged,
    IncidentAmended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    Record,
    ReminderMoved,
    ReminderSnoozed,
    RevisionApproved,
    RevisionProposed,
    Role,
    RoleAssigned,
    Step,
    UpdatePublished,
    UpdateReminded,
)
from chatops.domain.team_answer import with_approved, with_proposed
from chatops.domain.update import Approval, ChangeRequest, Draft, DraftState, revision_from

Change = Callable[[Incident, Record, Any], Incident]


def fold(records: Iterable[Record], before: Incident | None = None) -> Incident:
    """The incident that `records` make of `before`; raises NotFound where there is nothing at all."""
    incident, head = before, None
    for head in records:
        incident = _apply(incident, head)
    if incident is None:
        raise NotFound("There is no such incident. `/incident list` shows the open ones.")
    if head is None or incident.head_hash == head.hash:
        return incident
    return evolve(incident, head_seq=head.seq, head_hash=head.hash)


def _apply(incident: Incident | None, record: Record) -> Incident:
    """One record later. Of an erased record only its kind is known: numbers stay taken, nothing else is guessed."""
    if incident is None:
        return _opened(record)
    if record.data is None:
        return _erased(incident, record)
    change = _CHANGES.get(type(record.data))
    return change(incident, record, record.data) if change else incident


def _opened(record: Record) -> Incident:
    data = record.data
    if not isinstance(data, IncidentOpened):
        raise NotFound(f"{record.stream} does not begin with an opening record.")
    return Incident(
        number=incident_of(record.stream),
        workspace=data.workspace,
        title=data.title,
        impact=data.impact,
        components=data.components,
        commander=data.commander,
        comms_lead=data.comms_lead,
        people=frozenset({record.actor, data.commander, data.comms_lead}),
        private=data.private,
        slack_channel=data.slack_channel,
        opened_by=record.actor,
        opened_at=record.at,
        due_at=data.due_at,
        clock_from=record.at,
        remind_at=data.due_at,
        head_seq=record.seq,
        head_hash=record.hash,
    )


def _erased(incident: Incident, record: Record) -> Incident:
    """Words that are gone cannot be approved any more; a number that was given is never given again."""
    if record.kind == "broadcast_started":
        return evolve(incident, broadcasts=incident.broadcasts + 1)
    if record.kind != "revision_proposed":
        return incident
    draft = incident.draft
    if draft is None or draft.state is not DraftState.OPEN:
        return evolve(incident, drafts=incident.drafts + 1)
    return evolve(incident, draft=evolve(draft, state=DraftState.WITHDRAWN, approvals=()))


def _amended(incident: Incident, record: Record, data: IncidentAmended) -> Incident:
    changed = evolve(incident, title=data.title, impact=data.impact, components=data.components)
    if incident.published or incident.is_promised:
        return _raise_bar(changed)
    return _raise_bar(evolve(changed, due_at=data.due_at, remind_at=data.due_at, reminded=frozenset()))


def _assigned(incident: Incident, record: Record, data: RoleAssigned) -> Incident:
    people = incident.people | {data.member}
    if data.role is Role.COMMANDER:
        return evolve(incident, commander=data.member, people=people)
    return evolve(incident, comms_lead=data.member, people=people)


def _impact_changed(incident: Incident, record: Record, data: ImpactChanged) -> Incident:
    changed = _raise_bar(evolve(incident, impact=data.impact))
    if data.due_at == incident.due_at:
        return changed
    return evolve(changed, due_at=data.due_at, remind_at=data.due_at, reminded=frozenset())


def _raise_bar(incident: Incident) -> Incident:
    """An open draft needs the approvals of the highest impact since it began."""
    draft = incident.draft
    if draft is None or incident.impact.rank <= draft.highest_impact.rank:
        return incident
    return evolve(incident, draft=evolve(draft, highest_impact=incident.impact))


def _proposed(incident: Incident, record: Record, data: RevisionProposed) -> Incident:
    revision = revision_from(record.seq, record.actor, record.at, data)
    old = incident.draft
    if old is None or old.number != data.draft:
        draft = Draft(number=data.draft, revisions=(revision,), highest_impact=data.impact)
        return evolve(incident, draft=draft, drafts=max(incident.drafts, data.draft))
    draft = evolve(old, revisions=(*old.revisions, revision), approvals=(), chases=0, state=DraftState.OPEN)
    draft = evolve(draft, highest_impact=max(old.highest_impact, data.impact, key=lambda impact: impact.rank))
    return evolve(incident, draft=draft)


def _with_draft(incident: Incident, number: int, **changes: Any) -> Incident:
    if incident.draft is None or incident.draft.number != number:
        return incident
    return evolve(incident, draft=evolve(incident.draft, **changes))


def _changes_requested(incident: Incident, record: Record, data: ChangesRequested) -> Incident:
    before = incident.draft.change_requests if incident.draft else ()
    request = ChangeRequest(member=record.actor, revision=data.revision, reason=data.reason)
    return _with_draft(incident, data.draft, change_requests=(*before, request))


def _approved(incident: Incident, record: Record, data: RevisionApproved) -> Incident:
    if incident.draft is None or incident.draft.current.digest != data.digest:
        return incident
    before = incident.draft.approvals
    return _with_draft(incident, data.draft, approvals=(*before, Approval(member=record.actor, at=record.at)))


def _approval_withdrawn(incident: Incident, record: Record, data: ApprovalWithdrawn) -> Incident:
    before = incident.draft.approvals if incident.draft else ()
    return _with_draft(incident, data.draft, approvals=tuple(each for each in before if each.member != record.actor))


def _withdrawn(incident: Incident, record: Record, data: DraftWithdrawn) -> Incident:
    return _with_draft(incident, data.draft, state=DraftState.WITHDRAWN)


def _chased(incident: Incident, record: Record, data: DraftChased) -> Incident:
    return _with_draft(incident, data.draft, chases=data.round)


def _broadcast(incident: Incident, record: Record, data: BroadcastStarted) -> Incident:
    broadcasts = max(incident.broadcasts, data.update)
    draft = incident.draft
    revision = draft.find_revision(data.revision) if draft and draft.number == data.draft else None
    if draft is None or revision is None:
        # Its words were erased: what went out cannot be told any more.
        return evolve(incident, broadcasts=broadcasts)
    update = Update(
        number=data.update,
        draft=data.draft,
        revision=revision,
        approvals=draft.approvals,
        bypass_reason=data.bypass_reason,
        started_at=record.at,
        started_by=record.actor,
        deliveries=plan_deliveries(revision),
    )
    return evolve(
        incident,
        broadcasts=broadcasts,
        status=revision.status if update.is_news else incident.status,
        draft=evolve(draft, state=DraftState.BROADCAST),
        updates=(*incident.updates, update),
    )


def _with_delivery(incident: Incident, number: int, outlet: str, part: int, **changes: Any) -> Incident:
    def changed(delivery: Delivery) -> Delivery:
        return replace(delivery, **changes) if (delivery.outlet, delivery.part) == (outlet, part) else delivery

    updates = tuple(
        evolve(update, deliveries=tuple(map(changed, update.deliveries))) if update.number == number else update
        for update in incident.updates
    )
    return evolve(incident, updates=updates)


def _sent(incident: Incident, record: Record, data: DeliverySent) -> Incident:
    changes = {"state": DeliveryState.SENT, "url": data.url, "remote_id": data.remote_id, "reason": data.note}
    changed = _with_delivery(incident, data.update, data.outlet, data.part, **changes)
    return evolve(changed, stalled=incident.stalled - {data.outlet}) if incident.stalled else changed


def _stalled(incident: Incident, record: Record, data: DeliveryStalled) -> Incident:
    return evolve(incident, stalled=incident.stalled | {data.outlet})


def _refused(incident: Incident, record: Record, data: DeliveryRefused) -> Incident:
    changes = {"state": DeliveryState.REFUSED, "reason": data.reason}
    return _with_delivery(incident, data.update, data.outlet, data.part, **changes)


def _uncertain(incident: Incident, record: Record, data: DeliveryUncertain) -> Incident:
    changes = {"state": DeliveryState.UNCERTAIN, "reason": data.reason}
    return _with_delivery(incident, data.update, data.outlet, data.part, **changes)


def _skipped(incident: Incident, record: Record, data: DeliverySkipped) -> Incident:
    changes = {"state": DeliveryState.SKIPPED, "reason": data.reason}
    return _with_delivery(incident, data.update, data.outlet, data.part, **changes)


def _requeued(incident: Incident, record: Record, data: DeliveryRequeued) -> Incident:
    found = (each for update in incident.updates if update.number == data.update for each in update.deliveries)
    before = next((each for each in found if (each.outlet, each.part) == (data.outlet, data.part)), None)
    if before is None:
        return incident
    changes = {"state": DeliveryState.QUEUED, "reason": None, "requeued": before.requeued + 1}
    return _with_delivery(incident, data.update, data.outlet, data.part, **changes)


def _published(incident: Incident, record: Record, data: UpdatePublished) -> Incident:
    updates = tuple(
        evolve(update, published_at=record.at) if update.number == data.update else update
        for update in incident.updates
    )
    is_straggler = any(update.number > data.update and update.is_news for update in incident.published)
    if is_straggler or not _is_news(incident, data.update):
        # A straggler, or a word about an earlier update: newer words stand already, and the clock is theirs.
        return evolve(incident, updates=updates)
    return evolve(
        incident,
        updates=updates,
        due_at=data.due_at,
        is_promised=data.promised,
        clock_from=record.at,
        remind_at=data.due_at,
        reminded=frozenset(),
    )


def _is_news(incident: Incident, number: int) -> bool:
    return all(update.is_news for update in incident.updates if update.number == number)


def _resolved(incident: Incident, record: Record, data: IncidentResolved) -> Incident:
    return evolve(incident, resolved_at=record.at, due_at=None, remind_at=None)


def _reopened(incident: Incident, record: Record, data: IncidentReopened) -> Incident:
    return evolve(incident, resolved_at=None, due_at=data.due_at, remind_at=data.due_at, reminded=frozenset())


def _moved(incident: Incident, record: Record, data: ReminderMoved) -> Incident:
    # Who asks for a reminder in three minutes wants it then, not at once: there is no rung before the moment.
    given = frozenset({Step.BEFORE})
    return evolve(incident, due_at=data.due_at, remind_at=data.due_at, reminded=given, is_promised=False)


def _snoozed(incident: Incident, record: Record, data: ReminderSnoozed) -> Incident:
    return evolve(incident, remind_at=data.until, reminded=frozenset({Step.BEFORE}))


def _reminded(incident: Incident, record: Record, data: UpdateReminded) -> Incident:
    return evolve(incident, reminded=incident.reminded | {data.step})


def _answer_proposed(incident: Incident, record: Record, data: AnswerProposed) -> Incident:
    return evolve(incident, answers=with_proposed(incident.answers, data, record.actor))


def _answer_approved(incident: Incident, record: Record, data: AnswerApproved) -> Incident:
    return evolve(incident, answers=with_approved(incident.answers, data, record.actor))


def _foreseen(incident: Incident, record: Record, data: FloodForeseen) -> Incident:
    return evolve(incident, foreseen=data.backlog)


_CHANGES: dict[type, Change] = {
    AnswerProposed: _answer_proposed,
    AnswerApproved: _answer_approved,
    FloodForeseen: _foreseen,
    IncidentAmended: _amended,
    RoleAssigned: _assigned,
    ImpactChanged: _impact_changed,
    RevisionProposed: _proposed,
    ChangesRequested: _changes_requested,
    RevisionApproved: _approved,
    ApprovalWithdrawn: _approval_withdrawn,
    DraftWithdrawn: _withdrawn,
    DraftChased: _chased,
    BroadcastStarted: _broadcast,
    DeliverySent: _sent,
    DeliveryRefused: _refused,
    DeliveryUncertain: _uncertain,
    DeliverySkipped: _skipped,
    DeliveryStalled: _stalled,
    DeliveryRequeued: _requeued,
    UpdatePublished: _published,
    IncidentResolved: _resolved,
    IncidentReopened: _reopened,
    ReminderMoved: _moved,
    ReminderSnoozed: _snoozed,
    UpdateReminded: _reminded,
}
