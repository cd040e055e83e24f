"""The answer to `/incident timeline`: the end of the log, to read."""

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import Block

from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.domain.report import format_minute
from chatops.slack.mrkdwn import cut
from chatops.slack.views import lines
from chatops.slack.views.building import TEXT_CHARS, Message, context
from chatops.slack.views.incident_card import summarise

LIMIT = 40


def build(
    incident: Incident, records: Sequence[Record], members: Mapping[MemberId, Member], limit: int = LIMIT
) -> Message:
    """The last `limit` records in their order; what is left out is said, and where to find it."""
    shown = records[-max(1, limit) :]
    text, blocks = lines.build(shown, members)
    left_out = len(records) - len(shown)
    since = format_minute(shown[0].at) if shown else format_minute(incident.opened_at)
    note = f"From {since} on; times are UTC."
    if left_out:
        whole = f"All of them: `/incident export {incident.name}`."
        note = f"The last {len(shown)} of {len(records)} records. {note} {whole}"
    what = cut(summarise(incident), 500)
    title: Block = context(f"{what}\n{note}")
    return cut(f"{what}\n{text}", TEXT_CHARS), [title, *blocks]
