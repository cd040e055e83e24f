"""Cards in the incident thread about customers: a flood is foreseen, or the commander is called to one of them."""

import re
from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import ActionsBlock, Block

from chatops.domain.errors import BadInput
from chatops.domain.flood import word_flood, word_wait
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.mention_records import FloodForeseen, MentionEscalated
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import NOBODY, cut, escaped_name, mention
from chatops.slack.views.board_card import NEXT_ONE
from chatops.slack.views.building import TEXT_CHARS, Message, button, section
from chatops.slack.views.customer_words import escaped_line, word_outlet
from chatops.slack.views.lines import build_audit
from chatops.slack.views.mention_card import REPLY
from chatops.slack.views.target import STALE

DRAFT_FLOOD = "draft_flood_update"
REASON_CHARS = 320
_FLOOD = re.compile(r"([0-9]{1,9}):([0-9]{1,7})")


def build_flood(incident: Incident, record: Record, data: FloodForeseen, members: Mapping[MemberId, Member]) -> Message:
    """To the comms lead; the update that says so to everybody is one click away."""
    lead = _mention(incident.comms_lead, members)
    words = (
        f"🌊 {lead}, *{data.backlog:,} customers wait* for an answer, and more write than we answer. "
        f"At this pace the last of them may wait up to *{word_wait(data.minutes)}*.\n"
        "Tell everybody at once, and let more people in: `Brief` on the board takes a minute to read."
    )
    number = str(incident.number)
    buttons = [
        button("Draft update", DRAFT_FLOOD, f"{incident.number}:{data.minutes}", style="primary"),
        button("Next one", NEXT_ONE, number),
    ]
    offered = f"`Draft update` begins with: “{word_flood(data.minutes)}”"
    blocks: list[Block] = [section(f"{words}\n{offered}"), ActionsBlock(elements=buttons), build_audit(record, members)]
    return cut(words, TEXT_CHARS), blocks


def build_escalation(
    incident: Incident,
    record: Record,
    data: MentionEscalated,
    members: Mapping[MemberId, Member],
    specs: Sequence[OutletSpec],
) -> Message:
    """To the commander; the conversation itself stands on its card, and `Reply` shows it."""
    who = cut(escaped_name(record.actor, members), 60)
    reason = escaped_line(data.reason, REASON_CHARS)
    words = (
        f"🚨 {_mention(incident.commander, members)}, {who} calls you to a customer on "
        f"{word_outlet(specs, data.outlet)}: {reason}"
    )
    buttons = [button("Reply", REPLY, str(data.conversation), style="primary")]
    hint = "`Reply` shows what they wrote; nothing is sent before you press `Send` there."
    blocks: list[Block] = [section(f"{words}\n{hint}"), ActionsBlock(elements=buttons), build_audit(record, members)]
    return cut(words, TEXT_CHARS), blocks


def parse_flood(value: str) -> tuple[IncidentNumber, int]:
    """The incident, and how many minutes the last may wait."""
    match = _FLOOD.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return IncidentNumber(int(match[1])), int(match[2])


def _mention(member: MemberId, members: Mapping[MemberId, Member]) -> str:
    found = members.get(member)
    return mention(found) if found else NOBODY
