"""The records about customers who write: those of a conversation's own log, and the few in an incident's."""

from typing import Literal

from pydantic import AwareDatetime

from chatops.domain.ids import MemberId, OutletKey
from chatops.domain.record_data import Data

# In the stream of one conversation. What customers write stands in the ledger of mentions, not here.


class ConversationOpened(Data):
    """`incident`: the one that was open when this customer wrote first."""

    kind: Literal["conversation_opened"] = "conversation_opened"
    incident: int
    outlet: OutletKey


class ConversationClaimed(Data):
    """The actor answers this one; from `until` on anybody may claim it again."""

    kind: Literal["conversation_claimed"] = "conversation_claimed"
    until: AwareDatetime


class ClaimReleased(Data):
    kind: Literal["claim_released"] = "claim_released"


class ConversationHandedOver(Data):
    kind: Literal["conversation_handed_over"] = "conversation_handed_over"
    to: MemberId
    until: AwareDatetime


class ReplyWritten(Data):
    """The exact words of one reply.

    `answers` is the remote id of the post it answers, `answers_digest` of the words that post had when the writer read
    it; `covers` is the ledger's number of the last mention the writer saw. `facts_update` is the last update that was
    published then.
    """

    kind: Literal["reply_written"] = "reply_written"
    reply: int
    words: str
    sign_as: str
    answers: str
    answers_digest: str
    covers: int
    facts_update: int
    needs_approval: bool = False
    follow_up: bool = False
    digest: str


class ReplyApproved(Data):
    """A second pair of eyes."""

    kind: Literal["reply_approved"] = "reply_approved"
    reply: int
    digest: str


class ReplyHeld(Data):
    """Not sent yet: what the conversation or the incident became meanwhile is for the writer to decide on."""

    kind: Literal["reply_held"] = "reply_held"
    reply: int
    reason: str


class ReplyReleased(Data):
    """Send it all the same."""

    kind: Literal["reply_released"] = "reply_released"
    reply: int


class ReplyDropped(Data):
    kind: Literal["reply_dropped"] = "reply_dropped"
    reply: int


class ReplySent(Data):
    kind: Literal["reply_sent"] = "reply_sent"
    reply: int
    url: str | None = None
    remote_id: str | None = None
    how: Literal["sent", "looked_up", "confirmed"] = "sent"
    note: str | None = None


class ReplyRefused(Data):
    kind: Literal["reply_refused"] = "reply_refused"
    reply: int
    reason: str


class ReplyUncertain(Data):
    kind: Literal["reply_uncertain"] = "reply_uncertain"
    reply: int
    reason: str


class ReplyRequeued(Data):
    """`again`: it may stand there already, and a person decided to send it again all the same."""

    kind: Literal["reply_requeued"] = "reply_requeued"
    reply: int
    again: bool = False


class NoReplyNeeded(Data):
    kind: Literal["no_reply_needed"] = "no_reply_needed"
    reason: str
    covers: int


class ConversationEscalated(Data):
    kind: Literal["conversation_escalated"] = "conversation_escalated"
    reason: str


class FollowUpDone(Data):
    """What was promised to this customer is done."""

    kind: Literal["follow_up_done"] = "follow_up_done"


class ConversationErased(Data):
    """Words and names of this conversation were erased here: asked for, or because their time was over."""

    kind: Literal["conversation_erased"] = "conversation_erased"
    why: Literal["asked", "time"]


# In the stream of the incident.


class MentionEscalated(Data):
    """The commander is called to one conversation."""

    kind: Literal["mention_escalated"] = "mention_escalated"
    conversation: int
    outlet: OutletKey
    reason: str


class AnswerProposed(Data):
    """The team's answer for a group of near-identical questions; somebody else has to approve it."""

    kind: Literal["answer_proposed"] = "answer_proposed"
    group: int
    words: str
    digest: str


class AnswerApproved(Data):
    kind: Literal["answer_approved"] = "answer_approved"
    group: int
    digest: str


class FloodForeseen(Data):
    """At this rate the last of `backlog` customers is answered only after `minutes`, which is past the target."""

    kind: Literal["flood_foreseen"] = "flood_foreseen"
    backlog: int
    minutes: int


# In the stream of the outlets.


class ReplyingPaused(Data):
    kind: Literal["replying_paused"] = "replying_paused"
    reason: str


class ReplyingResumed(Data):
    kind: Literal["replying_resumed"] = "replying_resumed"


MentionData = (
    ConversationOpened
    | ConversationClaimed
    | ClaimReleased
    | ConversationHandedOver
    | ReplyWritten
    | ReplyApproved
    | ReplyHeld
    | ReplyReleased
    | ReplyDropped
    | ReplySent
    | ReplyRefused
    | ReplyUncertain
    | ReplyRequeued
    | NoReplyNeeded
    | ConversationEscalated
    | FollowUpDone
    | ConversationErased
    | MentionEscalated
    | AnswerProposed
    | AnswerApproved
    | FloodForeseen
    | ReplyingPaused
    | ReplyingResumed
)
