"""A conversation: one customer, one thread, our claims and replies; the fold of its log, and its moves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chatops.domain.errors import NotFound
from chatops.domain.evolving import evolve
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, OutletKey, conversation_of
from chatops.domain.mention_records import (
    ClaimReleased,
    ConversationClaimed,
    ConversationEscalated,
    ConversationHandedOver,
    ConversationOpened,
    FollowUpDone,
    NoReplyNeeded,
    ReplyApproved,
    ReplyDropped,
    ReplyHeld,
    ReplyRefused,
    ReplyReleased,
    ReplyRequeued,
    ReplySent,
    ReplyUncertain,
    ReplyWritten,
)
from chatops.domain.records import Record

CLAIM_LASTS = timedelta(minutes=5)
REASON_CHARS = 300


class ReplyState(StrEnum):
    UNAPPROVED = "unapproved"
    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    DROPPED = "dropped"


PENDING = (ReplyState.UNAPPROVED, ReplyState.QUEUED, ReplyState.HELD, ReplyState.UNCERTAIN)
"""Somebody or something is still at it: no second reply is begun beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of ours, from its words to what stands on the network."""

    number: int
    words: str
    sign_as: str
    answers: str
    answers_digest: str
    covers: int
    facts_update: int
    digest: str
    by: MemberId
    written_at: datetime
    follow_up: bool = False
    approved_by: MemberId | None = None
    state: ReplyState = ReplyState.QUEUED
    is_released: bool = False
    """A person has seen why it was held and wants it sent all the same."""
    url: str | None = None
    remote_id: str | None = None
    reason: str | None = None
    requeued: int = 0
    settled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The fold of one conversation's log. Whether somebody waits stands in the ledger of mentions (`covers`)."""

    id: ConversationId
    incident: IncidentNumber
    outlet: OutletKey
    opened_at: datetime
    claimed_by: MemberId | None = None
    claimed_until: datetime | None = None
    replies: tuple[Reply, ...] = ()
    replies_begun: int = 0
    """How many there ever were: the next number, also where words were erased."""
    covers: int = 0
    """The last mention (its `seq`) that was answered or needs no reply."""
    closed_reason: str | None = None
    """Why the last mention needed no reply."""
    escalated_reason: str | None = None
    follow_up: bool = False
    """We promised to come back to this customer."""
    head_seq: int
    head_hash: str

    @property
    def current(self) -> Reply | None:
        """The reply that is still on its way, if any."""
        return next((each for each in reversed(self.replies) if each.state in PENDING), None)

    @property
    def last_sent(self) -> Reply | None:
        return next((each for each in reversed(self.replies) if each.state is ReplyState.SENT), None)

    def find_holder(self, now: datetime) -> MemberId | None:
        """Whose claim stands at this moment."""
        return self.claimed_by if self.claimed_until and now < self.claimed_until else None

    def get_reply(self, number: int) -> Reply:
        for reply in self.replies:
            if reply.number == number:
                return reply
        raise NotFound("There is no such reply.")


# The fold


def fold_conversation(records: Iterable[Record]) -> Conversation:
    """All records of one stream; raises NotFound for an empty one. Of an erased record only its kind is known."""
    conversation: Conversation | None = None
    for record in records:
        conversation = apply_record(conversation, record)
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


def apply_record(conversation: Conversation | None, record: Record) -> Conversation:
    if conversation is None:
        return _opened(record)
    change = _CHANGES.get(type(record.data))
    changed = change(conversation, record, record.data) if change else conversation
    if record.data is None and record.kind == "reply_written":
        changed = evolve(changed, replies_begun=changed.replies_begun + 1)
    return evolve(changed, head_seq=record.seq, head_hash=record.hash)


def _opened(record: Record) -> Conversation:
    data = record.data
    if not isinstance(data, ConversationOpened):
        raise NotFound(f"{record.stream} does not begin with an opening record.")
    return Conversation(
        id=conversation_of(record.stream),
        incident=IncidentNumber(data.incident),
        outlet=data.outlet,
        opened_at=record.at,
        head_seq=record.seq,
        head_hash=record.hash,
    )


def _claimed(conversation: Conversation, record: Record, data: ConversationClaimed) -> Conversation:
    return evolve(conversation, claimed_by=record.actor, claimed_until=data.until)


def _released(conversation: Conversation, record: Record, data: ClaimReleased) -> Conversation:
    return evolve(conversation, claimed_by=None, claimed_until=None)


def _handed_over(conversation: Conversation, record: Record, data: ConversationHandedOver) -> Conversation:
    return evolve(conversation, claimed_by=data.to, claimed_until=data.until)


def _written(conversation: Conversation, record: Record, data: ReplyWritten) -> Conversation:
    reply = Reply(
        number=data.reply,
        words=data.words,
        sign_as=data.sign_as,
        answers=data.answers,
        answers_digest=data.answers_digest,
        covers=data.covers,
        facts_update=data.facts_update,
        digest=data.digest,
        by=record.actor,
        written_at=record.at,
        follow_up=data.follow_up,
        state=ReplyState.UNAPPROVED if data.needs_approval else ReplyState.QUEUED,
    )
    begun = max(conversation.replies_begun, data.reply)
    return evolve(conversation, replies=(*conversation.replies, reply), replies_begun=begun)


def _with_reply(conversation: Conversation, number: int, **changes: Any) -> Conversation:
    replies = tuple(
        replace(each, **changes) if each.number == number else each  # what was erased stays away
        for each in conversation.replies
    )
    return evolve(conversation, replies=replies)


def _approved(conversation: Conversation, record: Record, data: ReplyApproved) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.QUEUED, approved_by=record.actor)


def _held(conversation: Conversation, record: Record, data: ReplyHeld) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.HELD, reason=data.reason)


def _let_go(conversation: Conversation, record: Record, data: ReplyReleased) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.QUEUED, reason=None, is_released=True)


def _dropped(conversation: Conversation, record: Record, data: ReplyDropped) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.DROPPED, settled_at=record.at)


def _sent(conversation: Conversation, record: Record, data: ReplySent) -> Conversation:
    found = next((each for each in conversation.replies if each.number == data.reply), None)
    changed = _with_reply(
        conversation,
        data.reply,
        state=ReplyState.SENT,
        url=data.url,
        remote_id=data.remote_id,
        reason=data.note,
        settled_at=record.at,
    )
    if found is None:
        return changed
    return evolve(
        changed,
        covers=max(changed.covers, found.covers),
        follow_up=changed.follow_up or found.follow_up,
        closed_reason=None,
        claimed_by=None,
        claimed_until=None,
    )


def _refused(conversation: Conversation, record: Record, data: ReplyRefused) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.REFUSED, reason=data.reason, settled_at=record.at)


def _uncertain(conversation: Conversation, record: Record, data: ReplyUncertain) -> Conversation:
    return _with_reply(conversation, data.reply, state=ReplyState.UNCERTAIN, reason=data.reason)


def _requeued(conversation: Conversation, record: Record, data: ReplyRequeued) -> Conversation:
    before = next((each for each in conversation.replies if each.number == data.reply), None)
    requeued = before.requeued + 1 if before else 0
    return _with_reply(conversation, data.reply, state=ReplyState.QUEUED, reason=None, requeued=requeued)


def _no_reply(conversation: Conversation, record: Record, data: NoReplyNeeded) -> Conversation:
    covers = max(conversation.covers, data.covers)
    return evolve(conversation, covers=covers, closed_reason=data.reason, claimed_by=None, claimed_until=None)


def _escalated(conversation: Conversation, record: Record, data: ConversationEscalated) -> Conversation:
    return evolve(conversation, escalated_reason=data.reason)


def _followed_up(conversation: Conversation, record: Record, data: FollowUpDone) -> Conversation:
    return evolve(conversation, follow_up=False)


_CHANGES: dict[type, Callable[[Conversation, Record, Any], Conversation]] = {
    ConversationClaimed: _claimed,
    ClaimReleased: _released,
    ConversationHandedOver: _handed_over,
    ReplyWritten: _written,
    ReplyApproved: _approved,
    ReplyHeld: _held,
    ReplyReleased: _let_go,
    ReplyDropped: _dropped,
    ReplySent: _sent,
    ReplyRefused: _refused,
    ReplyUncertain: _uncertain,
    ReplyRequeued: _requeued,
    NoReplyNeeded: _no_reply,
    ConversationEscalated: _escalated,
    FollowUpDone: _followed_up,
}
