"""What people may do with a conversation: claim it, answer it, hand it over, close it; pure moves."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from chatops.domain.chain import canonical_json
from chatops.domain.conversation import REASON_CHARS, Conversation, Reply, ReplyState
from chatops.domain.errors import BadInput, Conflict, IllegalMove, NotAllowed
from chatops.domain.ids import MemberId
from chatops.domain.mention import KeptMention, digest_text
from chatops.domain.mention_records import (
    ClaimReleased,
    ConversationClaimed,
    ConversationEscalated,
    ConversationHandedOver,
    FollowUpDone,
    NoReplyNeeded,
    ReplyApproved,
    ReplyDropped,
    ReplyReleased,
    ReplyRequeued,
    ReplySent,
    ReplyWritten,
)

UNDER_WAY = {
    ReplyState.UNAPPROVED: "An answer waits for a second pair of eyes.",
    ReplyState.QUEUED: "An answer is on its way already.",
    ReplyState.HELD: "An answer was held back and waits for a decision on the card.",
    ReplyState.UNCERTAIN: "An answer may stand there already; say on the card whether it arrived.",
}


class Taken(Conflict):
    """Somebody else has claimed it."""

    def __init__(self, holder: MemberId, until: datetime) -> None:
        super().__init__("A colleague has claimed this one.")
        self.holder = holder
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReply:
    """What a person wrote, ready to be frozen: `words` as they will stand there."""

    words: str
    sign_as: str
    follow_up: bool
    needs_approval: bool
    facts_update: int
    read_digest: str
    """Of the post's words when the writer read it."""


def require_free(conversation: Conversation, actor: MemberId, now: datetime) -> None:
    """Claims are exclusive; one's own, or one that has run out, stands in nobody's way."""
    holder = conversation.find_holder(now)
    if holder is not None and holder != actor and conversation.claimed_until is not None:
        raise Taken(holder, conversation.claimed_until)


def claim(
    conversation: Conversation, actor: MemberId, *, now: datetime, until: datetime, is_waiting: bool
) -> ConversationClaimed:
    require_free(conversation, actor, now)
    _require_no_reply_under_way(conversation)
    if not is_waiting:
        raise IllegalMove("Nobody waits here any more: this one was answered or closed.")
    return ConversationClaimed(until=until)


def release(conversation: Conversation, actor: MemberId, *, now: datetime) -> ClaimReleased:
    if conversation.find_holder(now) != actor:
        raise IllegalMove("You have not claimed this one, or your claim has run out.")
    return ClaimReleased()


def hand_over(
    conversation: Conversation, actor: MemberId, to: MemberId, *, now: datetime, until: datetime
) -> ConversationHandedOver:
    require_free(conversation, actor, now)
    return ConversationHandedOver(to=to, until=until)


def write_reply(
    conversation: Conversation,
    actor: MemberId,
    reply: WrittenReply,
    mention: KeptMention,
    *,
    covers: int,
    now: datetime,
) -> ReplyWritten:
    """The exact words, bound to the post they answer as the writer saw it."""
    require_free(conversation, actor, now)
    _require_no_reply_under_way(conversation)
    return ReplyWritten(
        reply=conversation.replies_begun + 1,
        words=reply.words,
        sign_as=reply.sign_as,
        answers=mention.remote_id,
        answers_digest=reply.read_digest,
        covers=covers,
        facts_update=reply.facts_update,
        needs_approval=reply.needs_approval,
        follow_up=reply.follow_up,
        digest=digest_reply(conversation.outlet, mention.remote_id, reply.words),
    )


def digest_reply(outlet: str, answers: str, words: str) -> str:
    """What a second pair of eyes approves: these words, as the answer to that post, there."""
    return hashlib.sha256(canonical_json([outlet, answers, words]).encode()).hexdigest()


def approve_reply(conversation: Conversation, number: int, actor: MemberId) -> ReplyApproved:
    reply = conversation.get_reply(number)
    _require_state(reply, ReplyState.UNAPPROVED)
    if reply.by == actor:
        raise NotAllowed("You wrote this answer, so somebody else has to look at it.")
    return ReplyApproved(reply=number, digest=reply.digest)


def let_go(conversation: Conversation, number: int) -> ReplyReleased:
    """`Send anyway`: the reason why it was held was read."""
    _require_state(conversation.get_reply(number), ReplyState.HELD)
    return ReplyReleased(reply=number)


def drop(conversation: Conversation, number: int) -> ReplyDropped:
    """Not sent, and will not be."""
    _require_state(conversation.get_reply(number), ReplyState.HELD, ReplyState.UNAPPROVED)
    return ReplyDropped(reply=number)


def requeue(conversation: Conversation, number: int, *, again: bool) -> ReplyRequeued:
    """`Retry` of a refused one, `Send again` of an uncertain one."""
    reply = conversation.get_reply(number)
    _require_state(reply, ReplyState.UNCERTAIN if again else ReplyState.REFUSED)
    if not again:
        _require_no_reply_under_way(conversation)
    return ReplyRequeued(reply=number, again=again)


def confirm(conversation: Conversation, number: int) -> ReplySent:
    """`It arrived`: a person has looked."""
    _require_state(conversation.get_reply(number), ReplyState.UNCERTAIN)
    return ReplySent(reply=number, how="confirmed")


def close(conversation: Conversation, actor: MemberId, reason: str, *, covers: int, now: datetime) -> NoReplyNeeded:
    require_free(conversation, actor, now)
    _require_no_reply_under_way(conversation)
    return NoReplyNeeded(reason=check_reason(reason), covers=covers)


def escalate(conversation: Conversation, reason: str) -> ConversationEscalated:
    if conversation.escalated_reason is not None:
        raise IllegalMove(f"The commander was called already: {conversation.escalated_reason}")
    return ConversationEscalated(reason=check_reason(reason))


def finish_follow_up(conversation: Conversation) -> FollowUpDone:
    if not conversation.follow_up:
        raise IllegalMove("There is nothing to come back to here.")
    return FollowUpDone()


def check_reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise BadInput("Give a reason: it is kept in the log.", field="reason")
    if len(words) > REASON_CHARS:
        raise BadInput(f"At most {REASON_CHARS} characters, this has {len(words)}.", field="reason")
    return words


def find_hold(
    reply: Reply, mention: KeptMention | None, *, now_says: str | None, answered_by_hand: bool, last_update: int
) -> str | None:
    """Why it should not go out as it is; None: it may. `now_says` None: the author has deleted the post."""
    if reply.is_released:
        return None
    if now_says is None:
        return "The author has deleted the post."
    if answered_by_hand:
        return "Somebody has answered meanwhile in the network's own app."
    if mention is None or digest_text(now_says) != reply.answers_digest:
        return "The author has changed the post since you read it."
    if last_update > reply.facts_update:
        return f"Update {last_update} was published since you wrote this: are the facts still right?"
    return None


def _require_state(reply: Reply, *states: ReplyState) -> None:
    if reply.state not in states:
        raise IllegalMove(f"This answer is {reply.state.value} already; nothing was changed.")


def _require_no_reply_under_way(conversation: Conversation) -> None:
    current = conversation.current
    if current is not None:
        raise IllegalMove(UNDER_WAY[current.state])
