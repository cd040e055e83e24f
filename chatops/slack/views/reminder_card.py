"""Reminders: an update is due, or a draft waits for approval. The one place that really mentions people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from slack_sdk.models.blocks import ActionsBlock, Block

from chatops.domain.approval import approvals_missing
from chatops.domain.cadence import find_waiting_draft
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import DraftChased, Record, Step, UpdateReminded
from chatops.domain.update import Draft
from chatops.slack.mrkdwn import NOBODY, cut, escape, mention, slack_date
from chatops.slack.views.approval_lines import list_approvers, word_who_may
from chatops.slack.views.building import TEXT_CHARS, Message, button, section
from chatops.slack.views.incident_card import DRAFT_UPDATE, word_duration
from chatops.slack.views.lines import build_audit

SNOOZE = "snooze"

TITLE_CHARS = 150
MENTIONS = 5


def build(incident: Incident, record: Record, members: Mapping[MemberId, Member], policy: Policy) -> Message:
    """`record` is the reminder: what it says is as of its moment."""
    data = record.data
    if isinstance(data, DraftChased):
        words = _chase(incident, data, members, policy)
    elif isinstance(data, UpdateReminded):
        words = _remind(incident, data, record.at, members)
    else:
        words = f"An update of {_name(incident)} may be due."
    value = str(incident.number)
    buttons = [button("Draft update", DRAFT_UPDATE, value, style="primary"), button("Snooze 15 min", SNOOZE, value)]
    blocks: list[Block] = [section(words), ActionsBlock(elements=buttons), build_audit(record, members)]
    return cut(words, TEXT_CHARS), blocks


def _remind(incident: Incident, data: UpdateReminded, at: datetime, members: Mapping[MemberId, Member]) -> str:
    comms_lead, commander = _mention(incident.comms_lead, members), _mention(incident.commander, members)
    due, name = slack_date(data.due_at), _name(incident)
    match data.step:
        case Step.BEFORE:
            left = word_duration(data.due_at - at)
            words = f"{comms_lead}, the next update of {name} is due {due}, in about {left}."
        case Step.DUE:
            words = f"{comms_lead}, the next update of {name} is due now ({due})."
        case Step.COMMANDER:
            both = comms_lead if comms_lead == commander else f"{commander} and {comms_lead}"
            words = f"⏰ {both}, the update of {name} that was due {due} is not out yet."
        case Step.CHANNEL:
            people = f"Commander is {commander}, comms lead is {comms_lead}."
            words = f"⏰ To everybody here: the update of {name} that was due {due} is not out yet. {people}"
        case _:
            assert_never(data.step)
    return "\n".join([words, *_silence(incident, data, at), *_draft(incident)])


def _silence(incident: Incident, data: UpdateReminded, at: datetime) -> list[str]:
    """How long the public has heard nothing; nothing to say where an update came out meanwhile."""
    if data.step is Step.BEFORE or at <= incident.clock_from:
        return []
    promised = " We promised the public that time." if incident.is_promised else ""
    heard = "No update for" if incident.published else "The public has heard nothing for"
    return [f"{heard} {word_duration(at - incident.clock_from)}.{promised}"]


def _draft(incident: Incident) -> list[str]:
    draft = find_waiting_draft(incident)
    if draft is None:
        return []
    return [f"Draft {draft.number}, revision {draft.current.number}, waits for approval in this thread."]


def _chase(incident: Incident, data: DraftChased, members: Mapping[MemberId, Member], policy: Policy) -> str:
    """Round 1 goes to the comms lead and the named approvers; round 2 to the commander too."""
    draft = find_waiting_draft(incident)
    what = f"revision {data.revision} of draft {data.draft} of {_name(incident)}"
    if draft is None or (draft.number, draft.current.number) != (data.draft, data.revision):
        return f"The {what} waited for approval; that is settled."
    missing = approvals_missing(policy, draft)
    roles = [incident.comms_lead, incident.commander] if data.round >= 2 else [incident.comms_lead]
    people = ", ".join(dict.fromkeys(_mention(member, members) for member in roles))
    if not missing:
        return f"⏳ {people}: {what} is approved and waits for somebody to press `Publish` on its card."
    count = "1 more approval" if missing == 1 else f"{missing} more approvals"
    return f"⏳ {people}: {what} waits for {count}.\n{_ask(draft, members, policy)}"


def _ask(draft: Draft, members: Mapping[MemberId, Member], policy: Policy) -> str:
    able: Sequence[Member] = list_approvers(draft, members, policy)[:MENTIONS]
    if not able:
        return word_who_may(draft, members, policy)
    return f"{', '.join(map(mention, able))}: please read it above, then approve it or request changes."


def _mention(member: MemberId, members: Mapping[MemberId, Member]) -> str:
    found = members.get(member)
    return mention(found) if found else NOBODY


def _name(incident: Incident) -> str:
    return f"*{incident.name}* {cut(escape(incident.title), TITLE_CHARS)}"
