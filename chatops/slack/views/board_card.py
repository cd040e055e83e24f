"""The board: how answering goes, who waits longest, what many ask. And the tally, the same numbers in one message."""

import re
from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.team_answer import TeamAnswer
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import cut, escaped_name, slack_date
from chatops.slack.views.building import TEXT_CHARS, Message, button, context, header, section
from chatops.slack.views.customer_words import (
    escaped_line,
    word_outlet,
    word_text,
    word_times,
    word_until,
    word_waiting,
)
from chatops.slack.views.incident_card import word_duration
from chatops.slack.views.mention_card import FOLLOW_UP_DONE, REPLY
from chatops.slack.views.target import STALE
from chatops.usecases.customer_snapshots import BoardSnapshot
from chatops.usecases.mention_ports import ConversationRow, Group, Listening, Tally

NEXT_ONE = "mention_next"
BRIEF = "mention_brief"
TEAM_ANSWER = "team_answer"
APPROVE_ANSWER = "team_answer_approve"

FEW = 3
"""So many answers have no median worth telling."""
ANSWER_CHARS = 2100
"""A team's answer is shown whole on its board: it is what somebody approves."""
BRIEFLY_CHARS = 200
SAMPLE_CHARS = 160
TROUBLE_CHARS = 300
TITLE_CHARS = 100
LISTENINGS = 12
MINE = 10
FOLLOW_UPS = 10
_GROUP = re.compile(r"([0-9]{1,9}):([0-9]{1,15})(?::([0-9a-f]{64}))?")


def build(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> Message:
    """For everybody, in the Slack channel for customers."""
    title = f"👥 Customers · {snapshot.incident.name} · {snapshot.incident.title}"
    blocks: list[Block] = [header(title), *_standing(snapshot, specs), *_waiting(snapshot, specs), *_groups(snapshot)]
    if snapshot.follow_ups:
        count = word_times(len(snapshot.follow_ups), "customer waits", "customers wait")
        blocks.append(context(f"📌 {count} for us to come back, as promised: `/incident mentions follow-ups`"))
    return _summarise(snapshot), blocks


def build_for_one(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> Message:
    """The answer to `/incident mentions`: what is theirs first."""
    blocks: list[Block] = [section(f"👥 *Customers · {_name(snapshot.incident)}*"), *_standing(snapshot, specs)]
    if snapshot.mine:
        blocks.append(section("*You have claimed*"))
        blocks += [_row(row, specs, until=True) for row in snapshot.mine[:MINE]]
    blocks += _waiting(snapshot, specs)
    if snapshot.follow_ups:
        blocks += build_follow_ups(snapshot, specs)[1]
    return _summarise(snapshot), blocks


def build_follow_ups(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> Message:
    """Whom we promised to come back to."""
    rows = snapshot.follow_ups
    if not rows:
        text = f"Nobody waits for us to come back in {snapshot.incident.name}."
        return text, [section(text)]
    count = word_times(len(rows), "customer", "customers")
    title = f"📌 *We promised to come back to {count}*"
    blocks: list[Block] = [section(title)]
    for row in rows[:FOLLOW_UPS]:
        buttons = [button("Reply", REPLY, str(row.id)), button("Done", FOLLOW_UP_DONE, str(row.id))]
        blocks += [section(word_waiting(row, specs)), ActionsBlock(elements=buttons)]
    if len(rows) > FOLLOW_UPS:
        blocks.append(context(f"… and {len(rows) - FOLLOW_UPS} more: these come first, press `Done` on each."))
    return f"{title.replace('*', '')} in {snapshot.incident.name}", blocks


def build_tally(snapshot: BoardSnapshot) -> Message:
    """One message in the incident thread, with the same numbers as the board."""
    lines = [f"👥 *Customers* {word_tally(snapshot.tally)}", *_pace(snapshot.tally), *_paused(snapshot)]
    return _summarise(snapshot), [section("\n".join(lines)), context("To answer them: `/incident mentions`")]


def build_home(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    """The section of one incident on somebody's App Home."""
    blocks: list[Block] = [section(f"*{_name(snapshot.incident)}*\n{word_tally(snapshot.tally)}")]
    blocks += [section(line) for line in _paused(snapshot)]
    blocks += [_row(row, specs, until=True) for row in snapshot.mine[:MINE]]
    return [*blocks, *[_row(row, specs) for row in snapshot.waiting], ActionsBlock(elements=_list_buttons(snapshot))]


def _summarise(snapshot: BoardSnapshot) -> str:
    return cut(f"Customers, {snapshot.incident.name}: {word_tally(snapshot.tally).replace('*', '')}", TEXT_CHARS)


def _name(incident: Incident) -> str:
    return f"{incident.name} {escaped_line(incident.title, TITLE_CHARS)}"


# How it stands


def _standing(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    tally = snapshot.tally
    lines = [word_tally(tally), *_pace(tally), *_paused(snapshot)]
    trouble = [line for each in snapshot.listenings[:LISTENINGS] for line in _listen(each, specs)]
    blocks: list[Block] = [section("\n".join(lines))]
    if trouble:
        blocks.append(context("\n".join(trouble)))
    return [*blocks, ActionsBlock(elements=_list_buttons(snapshot))]


def word_tally(tally: Tally) -> str:
    """`*12 customers wait* (3 of them in hand) · 40 posts in 31 conversations · 17 answered by 4 members`."""
    if not tally.conversations:
        return "Nobody has written yet."
    waits = word_times(tally.waiting, "customer waits", "customers wait") if tally.waiting else "Nobody waits"
    taken = tally.waiting - tally.unclaimed
    claimed = f" ({taken} of them in hand)" if taken > 0 else ""
    posts = word_times(tally.received, "post", "posts")
    told = [f"*{waits}*{claimed}", f"{posts} in {word_times(tally.conversations, 'conversation', 'conversations')}"]
    if tally.answered:
        people = word_times(tally.people, "member", "members")
        told.append(f"{tally.answered:,} answered by {people}")
    if tally.closed:
        told.append(f"{tally.closed:,} needed no reply")
    return " · ".join(told)


def _pace(tally: Tally) -> list[str]:
    lines = []
    if tally.oldest_since is not None:
        lines.append(f"⏳ The longest wait began {slack_date(tally.oldest_since)}")
    if tally.median is not None and tally.p90 is not None:
        median, p90 = word_duration(tally.median), word_duration(tally.p90)
        if tally.answered < FEW:
            return [*lines, f"The answers took up to {p90}"]
        lines.append(f"Half were answered within {median}, nine of ten within {p90}")
    return lines


def _paused(snapshot: BoardSnapshot) -> list[str]:
    if snapshot.paused is None:
        return []
    reason = escaped_line(snapshot.paused, TROUBLE_CHARS)
    return [f"⏸️ *All replying is paused:* {reason} · `/incident mentions resume` ends it"]


def _listen(listening: Listening, specs: Sequence[OutletSpec]) -> list[str]:
    label = word_outlet(specs, listening.outlet)
    spec = next((each for each in specs if each.key == listening.outlet), None)
    lines = []
    if listening.trouble:
        why = escaped_line(listening.trouble, TROUBLE_CHARS)
        lines.append(f"⚠️ *{label} cannot be heard at the moment:* {why}")
    if spec is not None and spec.daily_reads is not None:
        lines.append(f"{label}: {listening.paid_reads:,} of {spec.daily_reads:,} reads used today")
    return lines


def _list_buttons(snapshot: BoardSnapshot) -> list[ButtonElement]:
    value = str(snapshot.incident.number)
    brief = button("Brief", BRIEF, value)
    if not snapshot.tally.unclaimed:
        return [brief]
    return [button("Next one", NEXT_ONE, value, style="primary"), brief]


# Who waits


def _waiting(snapshot: BoardSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    if not snapshot.waiting:
        return []
    rows = [_row(row, specs) for row in snapshot.waiting]
    more = snapshot.tally.unclaimed - len(snapshot.waiting)
    left: list[Block] = [context(f"… and {more:,} more. `Next one` takes the longest waiting.")] if more > 0 else []
    return [section("*Waiting longest*"), *rows, *left]


def _row(row: ConversationRow, specs: Sequence[OutletSpec], *, until: bool = False) -> Block:
    yours = f"\n✋ Yours {word_until(row.claimed_until)}" if until and row.claimed_until else ""
    return section(f"{word_waiting(row, specs)}{yours}", accessory=button("Reply", REPLY, str(row.id)))


# What many ask


def _groups(snapshot: BoardSnapshot) -> list[Block]:
    if not snapshot.groups:
        return []
    blocks: list[Block] = [DividerBlock(), section("*What many ask*")]
    for group in snapshot.groups:
        answer = next((each for each in snapshot.incident.answers if each.group == group.id), None)
        blocks += _group(snapshot.incident.number, group, answer, snapshot.members)
    return blocks


def _group(
    incident: IncidentNumber, group: Group, answer: TeamAnswer | None, members: Mapping[MemberId, Member]
) -> list[Block]:
    head = f"*{group.conversations:,} ask:* {word_text(group.sample, SAMPLE_CHARS)}"
    value = format_group(incident, group.id)
    if answer is None:
        return [section(head, accessory=button("Team answer", TEAM_ANSWER, value))]
    by = cut(escaped_name(answer.by, members), 60)
    change = button("Team answer", TEAM_ANSWER, value)
    if answer.approved_by is not None:
        approver = cut(escaped_name(answer.approved_by, members), 60)
        words = word_text(answer.words, BRIEFLY_CHARS)
        return [section(f"{head}\n✅ Answer by {by}, approved by {approver}: {words}", accessory=change)]
    approve = button("Approve answer", APPROVE_ANSWER, format_group(incident, group.id, answer.digest), style="primary")
    told = f"{head}\n👀 Answer by {by}, somebody else has to approve it: {word_text(answer.words, ANSWER_CHARS)}"
    return [section(told), ActionsBlock(elements=[approve, change])]


def format_group(incident: int, group: int, digest: str | None = None) -> str:
    return f"{incident}:{group}:{digest}" if digest else f"{incident}:{group}"


def parse_group(value: str) -> tuple[IncidentNumber, int, str]:
    """Incident, group, and the digest of the answer where the button is about one."""
    match = _GROUP.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return IncidentNumber(int(match[1])), int(match[2]), match[3] or ""
