"""The chapter “Customers” of an export: the tally, and each conversation with our replies and by whom they are."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatops.domain.chain import format_at
from chatops.domain.conversation import Conversation, Reply
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.mention import KeptMention
from chatops.domain.report import format_minute
from chatops.usecases.filing import load_conversation
from chatops.usecases.mention_ports import ConversationRow, Tally
from chatops.usecases.ports import Reads

Escape = Callable[[str], str]
GONE = "(not kept any more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedConversation:
    """What the customer wrote, as far as it is still kept, and what we answered."""

    row: ConversationRow
    conversation: Conversation
    mentions: tuple[KeptMention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersExport:
    """All customers of one incident. `names`: of every member who wrote or approved a reply."""

    tally: Tally
    conversations: tuple[ExportedConversation, ...]
    names: dict[MemberId, str]

    def name(self, member: MemberId | None) -> str:
        return self.names.get(member, str(member)) if member else "nobody"


def read_customers(reads: Reads, number: IncidentNumber, workspace: str, now: datetime) -> CustomersExport:
    found = tuple(
        ExportedConversation(
            row=row,
            conversation=load_conversation(reads, row.id),
            mentions=tuple(each for each in reads.list_mentions(row.id) if not each.is_echo),
        )
        for row in reads.list_conversation_rows(number)
    )
    replies = [reply for each in found for reply in each.conversation.replies]
    ids = {member for reply in replies for member in (reply.by, reply.approved_by) if member}
    names = {member.id: member.name for member in reads.list_people(workspace, ids)}
    return CustomersExport(tally=reads.read_tally(number, now=now), conversations=found, names=names)


def word_tally(tally: Tally) -> str:
    """One sentence with every number."""
    pace = ""
    if tally.median is not None and tally.p90 is not None:
        pace = f" Half were answered within {_minutes(tally.median)} min, nine of ten within {_minutes(tally.p90)} min."
    return (
        f"Posts: {tally.received}, in conversations: {tally.conversations}. Answered: {tally.answered}, by members: "
        f"{tally.people}. No reply needed: {tally.closed}. Waiting: {tally.waiting}.{pace}"
    )


def _minutes(span: timedelta) -> int:
    return max(1, round(span.total_seconds() / 60))


def customers_as_json(customers: CustomersExport) -> dict[str, object]:
    tally = customers.tally
    return {
        "tally": {
            "posts": tally.received,
            "conversations": tally.conversations,
            "answered": tally.answered,
            "answered_by": tally.people,
            "no_reply_needed": tally.closed,
            "waiting": tally.waiting,
            "follow_ups": tally.follow_ups,
            "median_seconds": tally.median.total_seconds() if tally.median is not None else None,
            "p90_seconds": tally.p90.total_seconds() if tally.p90 is not None else None,
        },
        "conversations": [_conversation_as_json(each, customers) for each in customers.conversations],
    }


def _conversation_as_json(each: ExportedConversation, customers: CustomersExport) -> dict[str, object]:
    row = each.row
    return {
        "id": row.id,
        "outlet": row.outlet,
        "author": {"handle": row.author.handle, "name": row.author.name},
        "posts": [
            {"posted_at": format_at(post.posted_at), "text": post.text, "url": post.url, "is_deleted": not post.is_live}
            for post in each.mentions
        ],
        "replies": [
            {
                "number": reply.number,
                "by": reply.by,
                "name": customers.name(reply.by),
                "approved_by": reply.approved_by,
                "words": reply.words,
                "state": reply.state,
                "written_at": format_at(reply.written_at),
                "settled_at": format_at(reply.settled_at) if reply.settled_at else None,
                "url": reply.url,
                "reason": reply.reason,
            }
            for reply in each.conversation.replies
        ],
        "no_reply_needed": each.conversation.closed_reason,
        "escalated": each.conversation.escalated_reason,
        "follow_up": each.conversation.follow_up,
    }


def customers_as_markdown(customers: CustomersExport, escape: Escape) -> list[str]:
    if not customers.conversations:
        return []
    lines = ["## Customers", "", word_tally(customers.tally), ""]
    for each in customers.conversations:
        lines += [f"### {escape(_word_title(each))}", ""]
        lines += [line for post in each.mentions for line in _fence(post.text or GONE)]
        for reply in each.conversation.replies:
            lines += [escape(_word_reply(reply, customers)), "", *_fence(reply.words)]
        lines += [line for note in _list_notes(each) for line in (escape(note), "")]
    return lines


def _fence(text: str) -> list[str]:
    fence = "`" * (3 + text.count("```"))
    return [fence, text, fence, ""]


def customers_as_html(customers: CustomersExport) -> str:
    """Every word escaped."""
    if not customers.conversations:
        return ""
    parts = [f"<h2>Customers</h2>\n<p>{html.escape(word_tally(customers.tally))}</p>"]
    for each in customers.conversations:
        parts.append(f"<h3>{html.escape(_word_title(each))}</h3>")
        parts += [f"<blockquote dir=auto>{html.escape(post.text or GONE)}</blockquote>" for post in each.mentions]
        for reply in each.conversation.replies:
            parts.append(f"<p>{html.escape(_word_reply(reply, customers))}</p>")
            parts.append(f"<pre dir=auto>{html.escape(reply.words)}</pre>")
        parts += [f"<p>{html.escape(note)}</p>" for note in _list_notes(each)]
    return "\n".join(parts)


def _word_title(each: ExportedConversation) -> str:
    author = each.row.author
    who = " ".join(text for text in (author.name, f"({author.handle})" if author.handle else "") if text)
    return f"Conversation {each.row.id}: {who or 'somebody'} on {each.row.outlet}, {format_minute(each.row.opened_at)}"


def _word_reply(reply: Reply, customers: CustomersExport) -> str:
    approved = f", approved by {customers.name(reply.approved_by)}" if reply.approved_by else ""
    at = f" {format_minute(reply.settled_at)}" if reply.settled_at else ""
    detail = " ".join(text for text in (reply.url, reply.reason) if text)
    state = f"{reply.state}{at} {detail}".strip()
    return f"Reply {reply.number} by {customers.name(reply.by)}{approved}, {state}:"


def _list_notes(each: ExportedConversation) -> list[str]:
    conversation = each.conversation
    notes = []
    if conversation.closed_reason is not None:
        notes.append(f"No reply needed: {conversation.closed_reason}")
    if conversation.escalated_reason is not None:
        notes.append(f"The commander was called: {conversation.escalated_reason}")
    if conversation.follow_up:
        notes.append("We promised to come back to this person.")
    return notes
