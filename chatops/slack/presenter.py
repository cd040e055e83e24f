"""From a message about an incident to Block Kit: chooses the view and gives it what it shows. Pure."""

from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from chatops.domain.advising import advise
from chatops.domain.broadcast import Update
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.mention_records import FloodForeseen, MentionEscalated
from chatops.domain.policy import Policy
from chatops.domain.records import BroadcastStarted, RevisionProposed
from chatops.domain.update import Draft, DraftState, Revision, revision_from
from chatops.domain.wording import OutletSpec
from chatops.slack.views import (
    board_card,
    customer_reminder,
    delivery_card,
    draft_card,
    incident_card,
    lines,
    mention_card,
    reminder_card,
)
from chatops.usecases.customer_snapshots import BoardSnapshot, ConversationSnapshot
from chatops.usecases.ports import Desk
from chatops.usecases.slack_ports import ThreadMessage

Built = tuple[str, list[Block]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presenter:
    desk: Desk

    @property
    def policy(self) -> Policy:
        return self.desk.policy

    @property
    def specs(self) -> tuple[OutletSpec, ...]:
        return self.desk.specs

    def build(self, message: ThreadMessage) -> Built:
        match message.kind:
            case "incident":
                return self.build_incident(message)
            case "draft":
                return self._build_draft(message)
            case "delivery":
                return self._build_delivery(message)
            case "reminder":
                return self._build_reminder(message)
            case "conversation" | "board" | "tally":
                return self._build_customers(message)
            case "lines":
                return lines.build(message.records, message.members, is_repeat=message.is_repeat)

    def _build_reminder(self, message: ThreadMessage) -> Built:
        incident, record, members = message.incident, message.records[0], message.members
        match record.data:
            case FloodForeseen() as flood:
                return customer_reminder.build_flood(incident, record, flood, members)
            case MentionEscalated() as called:
                return customer_reminder.build_escalation(incident, record, called, members, self.specs)
            case _:
                return reminder_card.build(incident, record, members, self.policy)

    def _build_customers(self, message: ThreadMessage) -> Built:
        match message.about:
            case ConversationSnapshot() as conversation:
                return mention_card.build(conversation, self.specs)
            case BoardSnapshot() as board if message.kind == "tally":
                return board_card.build_tally(board)
            case BoardSnapshot() as board:
                return board_card.build(board, self.specs)
            case _:
                raise TypeError(f"The message {message.key} says nothing of customers.")

    def build_incident(self, message: ThreadMessage) -> Built:
        incident = message.incident
        on_page = any(update.is_on_page for update in incident.updates)
        page_url = self.desk.page_url(incident.number) if on_page else None
        return incident_card.build(incident, message.members, page_url)

    def _build_draft(self, message: ThreadMessage) -> Built:
        record = message.records[0]
        data = record.data
        if not isinstance(data, RevisionProposed):
            return lines.build(message.records, message.members, is_repeat=message.is_repeat)
        incident = message.incident
        revision = revision_from(record.seq, record.actor, record.at, data)
        return draft_card.build(
            incident,
            _draft_as_it_was(incident, data.draft, revision),
            revision,
            message.members,
            self.specs,
            self.policy,
            record,
            advise(incident, revision),
            bypassed_by=_find_bypasser(incident, revision),
        )

    def _build_delivery(self, message: ThreadMessage) -> Built:
        record = message.records[0]
        data = record.data
        if not isinstance(data, BroadcastStarted):
            return lines.build(message.records, message.members, is_repeat=message.is_repeat)
        update = message.incident.get_update(data.update)
        attempts = [each for each in message.attempts if each.update == data.update]
        return delivery_card.build(message.incident, update, attempts, message.members, self.specs, record)


def _find_bypasser(incident: Incident, revision: Revision) -> MemberId | None:
    found = (each.started_by for each in incident.updates if each.revision.seq == revision.seq and each.bypass_reason)
    return next(found, None)


def _draft_as_it_was(incident: Incident, number: int, revision: Revision) -> Draft:
    """The draft this revision belongs to: the last one, or one that is closed since and kept by its update."""
    draft = incident.draft
    if draft is not None and draft.number == number:
        return draft
    update: Update | None = next((each for each in incident.updates if each.draft == number), None)
    if update is None:
        state = DraftState.WITHDRAWN
        return Draft(number=number, revisions=(revision,), highest_impact=revision.impact, state=state)
    return Draft(
        number=number,
        revisions=tuple({revision.number: revision, update.revision.number: update.revision}.values()),
        approvals=update.approvals,
        highest_impact=revision.impact,
        state=DraftState.BROADCAST,
    )
