"""The card of one conversation: who wrote what where, who is on it, where our reply stands, and what to do now."""

from collections.abc import Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject

from chatops.domain.conversation import Reply, ReplyState
from chatops.domain.ids import MemberId, format_incident
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import cut, escaped_name, slack_date
from chatops.slack.views.building import TEXT_CHARS, Message, button, context, plain, section
from chatops.slack.views.customer_words import (
    DELETED,
    escaped_line,
    find_link,
    format_reply,
    quote_posts,
    quote_words,
    word_author,
    word_followers,
    word_name,
    word_outlet,
    word_text,
    word_times,
    word_until,
)
from chatops.usecases.customer_snapshots import ConversationSnapshot
from chatops.usecases.mention_ports import ConversationRow

CLAIM = "mention_claim"
REPLY = "mention_reply"
NO_REPLY = "mention_no_reply"
ESCALATE = "mention_escalate"
HAND_OVER = "mention_hand_over"
RELEASE = "mention_release"
APPROVE = "reply_approve"
SEND_ANYWAY = "reply_send_anyway"
DROP = "reply_drop"
RETRY = "reply_retry"
ARRIVED = "reply_arrived"
SEND_AGAIN = "reply_send_again"
FOLLOW_UP_DONE = "follow_up_done"

MEMBER_CHARS = 60
REASON_CHARS = 320
SHORT_CHARS = 140
LOOK_THERE = "Please look there: press `It arrived` if you see it, else `Send again`."
EARLIER = 2
MANY_ASK = 3
"""From so many on a question is one that many ask."""


def build(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> Message:
    """Everybody in the Slack channel sees the same card. What is over shrinks to two lines."""
    blocks = _over(snapshot, specs) if _is_over(snapshot) else _open(snapshot, specs)
    return cut(_summarise(snapshot, specs), TEXT_CHARS), blocks


def _summarise(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> str:
    row = snapshot.row
    said = snapshot.last.text if snapshot.last else ""
    return f"{word_name(row.author)} on {word_outlet(specs, row.outlet)}: {word_text(said, 300)}"


def _is_over(snapshot: ConversationSnapshot) -> bool:
    return snapshot.row.waiting_since is None and snapshot.conversation.current is None


# Over: answered, closed, or taken back by the customer


def _over(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    said = word_text(snapshot.last.text, SHORT_CHARS) if snapshot.last else DELETED
    where = word_outlet(specs, snapshot.row.outlet)
    head = f"{_find_sign(snapshot)} {word_author(snapshot.row.author)} · {where}: {said}"
    blocks: list[Block] = [section(f"{head}\n{_word_end(snapshot)}")]
    value = str(snapshot.row.id)
    if snapshot.conversation.follow_up:
        buttons = [button("Reply", REPLY, value), button("Done", FOLLOW_UP_DONE, value)]
        promised = "📌 We promised to come back to this person. Press `Done` once that has happened."
        blocks += [section(promised), ActionsBlock(elements=buttons)]
    return blocks


def _find_sign(snapshot: ConversationSnapshot) -> str:
    if snapshot.conversation.closed_reason is None and snapshot.conversation.last_sent:
        return "✅"
    return "▫️"


def _word_end(snapshot: ConversationSnapshot) -> str:
    conversation = snapshot.conversation
    sent = conversation.last_sent
    if conversation.closed_reason is not None:
        return f"No reply needed: {_reason(conversation.closed_reason)}"
    if sent is not None:
        return _word_sent(snapshot, sent, SHORT_CHARS)
    return "Nobody waits here any more."


def _word_sent(snapshot: ConversationSnapshot, reply: Reply, max_chars: int) -> str:
    at = f" {slack_date(reply.settled_at)}" if reply.settled_at else ""
    opened = find_link(reply.url, "open")
    note = f" ({_reason(reply.reason)})" if reply.reason else ""
    after = f" · {opened}" if opened else ""
    return f"{_name(snapshot, reply.by)} answered{at}: {word_text(reply.words, max_chars)}{note}{after}"


# Open: somebody waits, or an answer is under way


def _open(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> list[Block]:
    conversation = snapshot.conversation
    blocks: list[Block] = [
        section(_head(snapshot, specs)),
        *quote_posts(snapshot.mentions, covers=conversation.covers),
    ]
    about = _list_context(snapshot)
    if about:
        blocks.append(context("  ·  ".join(about)))
    reply = find_shown_reply(snapshot)
    if reply is not None:
        # To the letter and whole: this is what a second pair of eyes approves.
        blocks += [section(_word_reply(snapshot, reply, specs)), quote_words(reply.words)]
    standing = _list_standing(snapshot)
    if standing:
        blocks.append(section("\n".join(standing)))
    buttons = _list_buttons(snapshot)
    return [*blocks, ActionsBlock(elements=buttons)] if buttons else blocks


def _head(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> str:
    row = snapshot.row
    since = f"\n⏳ Waiting since {slack_date(row.waiting_since)}" if row.waiting_since else ""
    opened = find_link(row.last_url, "open")
    followers = word_followers(row.author)
    where = word_outlet(specs, row.outlet)
    return f"💬 {word_author(row.author)} · {where}{followers}{f' · {opened}' if opened else ''}{since}"


def _list_context(snapshot: ConversationSnapshot) -> list[str]:
    row, found = snapshot.row, []
    if row.echoes:
        found.append(f"🔁 {word_times(row.echoes, 'other has shared it', 'others have shared it')}")
    if snapshot.group is not None and snapshot.group.conversations >= MANY_ASK:
        answer = ", and the team has an answer" if snapshot.answer else ""
        found.append(f"👥 {snapshot.group.conversations:,} ask the same{answer}")
    found += [_word_earlier(snapshot, earlier) for earlier in snapshot.earlier[:EARLIER]]
    if len(snapshot.earlier) > EARLIER:
        found.append(f"and {word_times(len(snapshot.earlier) - EARLIER, 'time', 'times')} before")
    sent = snapshot.conversation.last_sent
    if sent is not None:
        found.append(f"💬 Earlier here: {_word_sent(snapshot, sent, SHORT_CHARS)}")
    return found


def _word_earlier(snapshot: ConversationSnapshot, row: ConversationRow) -> str:
    answered = f", answered by {_name(snapshot, row.answered_by)}" if row.answered_by else ", not answered"
    same = row.incident == snapshot.incident.number
    return f"↩️ Wrote {'earlier too' if same else f'in {format_incident(row.incident)}'}{answered}"


def _list_standing(snapshot: ConversationSnapshot) -> list[str]:
    """What is so at this moment: the claim, the call for the commander, the promise."""
    conversation, lines = snapshot.conversation, []
    holder = conversation.find_holder(snapshot.now)
    if holder is not None and conversation.claimed_until is not None:
        lines.append(f"✋ *{_name(snapshot, holder)}* is on it, {word_until(conversation.claimed_until)}")
    if conversation.escalated_reason is not None:
        lines.append(f"🚨 The commander was called: {_reason(conversation.escalated_reason)}")
    if conversation.follow_up:
        lines.append("📌 We promised to come back to this person")
    return lines


def find_shown_reply(snapshot: ConversationSnapshot) -> Reply | None:
    """The answer under way, or the last one where it was refused."""
    conversation = snapshot.conversation
    if conversation.current is not None:
        return conversation.current
    last = next(reversed(conversation.replies), None)
    return last if last is not None and last.state is ReplyState.REFUSED else None


def _word_reply(snapshot: ConversationSnapshot, reply: Reply, specs: Sequence[OutletSpec]) -> str:
    who = _name(snapshot, reply.by)
    reason = _reason(reply.reason or "")
    if reply.state is ReplyState.QUEUED and snapshot.paused is not None:
        return f"⏸️ *{who}'s answer waits, because all replying is paused:* {_reason(snapshot.paused)}"
    if reply.state is ReplyState.QUEUED and snapshot.outlet_paused is not None:
        where = word_outlet(specs, snapshot.row.outlet)
        return f"⏸️ *{who}'s answer waits, because {where} is paused:* {_reason(snapshot.outlet_paused)}"
    if reply.state is ReplyState.QUEUED and snapshot.trouble is not None:
        return f"⏳ *{who}'s answer is tried again.* The last try: {_reason(snapshot.trouble)}"
    told = {
        ReplyState.UNAPPROVED: f"👀 *{who} wrote this answer. Somebody else has to read it before it goes out:*",
        ReplyState.QUEUED: f"⏳ *{who}'s answer is on its way:*",
        ReplyState.HELD: f"⚠️ *{who}'s answer was not sent.* {reason}",
        ReplyState.UNCERTAIN: f"❓ *{who}'s answer may stand there.* {reason}\n{LOOK_THERE}",
        ReplyState.REFUSED: f"❌ *{who}'s answer was refused.* {reason}",
    }
    return told[reply.state]


# Buttons


def _list_buttons(snapshot: ConversationSnapshot) -> list[ButtonElement]:
    reply = find_shown_reply(snapshot)
    about_reply = _list_reply_buttons(snapshot.row.id, reply) if reply else []
    if snapshot.conversation.current is not None:
        return [*about_reply, *_escalate(snapshot), *_follow_up(snapshot)]
    return [*about_reply, *_list_open_buttons(snapshot, is_first=not about_reply), *_follow_up(snapshot)]


def _list_open_buttons(snapshot: ConversationSnapshot, *, is_first: bool) -> list[ButtonElement]:
    value = str(snapshot.row.id)
    reply = button("Reply", REPLY, value, style="primary" if is_first else None)
    close = button("No reply needed", NO_REPLY, value)
    if snapshot.conversation.find_holder(snapshot.now) is None:
        return [button("Claim", CLAIM, value), reply, close, *_escalate(snapshot)]
    others = [button("Hand over", HAND_OVER, value), button("Release", RELEASE, value)]
    return [reply, close, *_escalate(snapshot), *others]


def _escalate(snapshot: ConversationSnapshot) -> list[ButtonElement]:
    called = snapshot.conversation.escalated_reason is not None
    return [] if called else [button("Escalate", ESCALATE, str(snapshot.row.id))]


def _follow_up(snapshot: ConversationSnapshot) -> list[ButtonElement]:
    return [button("Done", FOLLOW_UP_DONE, str(snapshot.row.id))] if snapshot.conversation.follow_up else []


def _list_reply_buttons(conversation: int, reply: Reply) -> list[ButtonElement]:
    value = format_reply(conversation, reply.number)
    match reply.state:
        case ReplyState.UNAPPROVED:
            return [button("Approve", APPROVE, value, style="primary"), button("Drop", DROP, value)]
        case ReplyState.HELD:
            return [button("Send anyway", SEND_ANYWAY, value), button("Drop", DROP, value)]
        case ReplyState.UNCERTAIN:
            again = button("Send again", SEND_AGAIN, value, confirm=_confirm_again())
            return [button("It arrived", ARRIVED, value), again]
        case ReplyState.REFUSED:
            return [button("Retry", RETRY, value)]
        case _:
            return []


def _confirm_again() -> ConfirmObject:
    return ConfirmObject(
        title=plain("Send again?", 100),
        text=plain("If it did arrive the first time, the customer gets it twice.", 300),
        confirm=plain("Send again", 30),
        deny=plain("Cancel", 30),
    )


def _name(snapshot: ConversationSnapshot, member: MemberId) -> str:
    return cut(escaped_name(member, snapshot.members), MEMBER_CHARS)


def _reason(text: str) -> str:
    """Escaped."""
    return escaped_line(text, REASON_CHARS)
