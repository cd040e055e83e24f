"""The answer to `/incident list`: open incidents and when the public hears next."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block

from chatops.domain.ids import format_incident
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape, slack_date
from chatops.slack.views.building import TEXT_CHARS, Message, context, section
from chatops.slack.views.incident_card import word_duration
from chatops.usecases.ports import IncidentRow

MOST = 25
TITLE_CHARS = 150
EMPTY = "No incident is open. To start one: `/incident open`."


def build(rows: Sequence[IncidentRow], now: datetime) -> Message:
    if not rows:
        return EMPTY, [section(EMPTY)]
    count = "1 incident is open" if len(rows) == 1 else f"{len(rows)} incidents are open"
    blocks: list[Block] = [section(f"*{count}*")]
    blocks += [section(build_row(row, now)) for row in rows[:MOST]]
    if len(rows) > MOST:
        blocks.append(context(f"… and {len(rows) - MOST} more. `/incident status INC-n` shows any of them."))
    names = ", ".join(f"{format_incident(row.number)} {cut(escape(row.title), TITLE_CHARS)}" for row in rows[:MOST])
    return cut(f"{count}: {names}", TEXT_CHARS), blocks


def build_row(row: IncidentRow, now: datetime) -> str:
    """Two escaped lines: what it is, and its clock."""
    lock = f"{icons.PRIVATE} " if row.private else ""
    title = cut(escape(row.title), TITLE_CHARS)
    standing = f"{icons.word_impact(row.impact)}, {row.status.value}"
    draft = " · a draft waits for approval" if row.has_open_draft else ""
    name = f"{icons.IMPACTS[row.impact]} *{format_incident(row.number)}* {lock}{title}"
    return f"{name}\n{standing} · {word_due(row.due_at, now)}{draft}"


def word_due(due_at: datetime | None, now: datetime) -> str:
    """`next update due today at 03:05, in 12 min`; overdue is said plainly."""
    if due_at is None:
        return "reminders are off"
    if due_at < now:
        return f"⏰ *update overdue for {word_duration(now - due_at)}*, was due {slack_date(due_at)}"
    return f"next update due {slack_date(due_at)}, in {word_duration(due_at - now)}"
