"""What answering customers needs from the world: outlets that listen, and the ledgers of what they heard."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chatops.domain.conversation import Conversation
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, OutletKey
from chatops.domain.mention import Author, KeptMention, Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one look at a network brought. `cursor` is handed back at the next look.

    `gone` are remote ids that the network says were deleted. `paid_reads`: how many posts the network charged for.
    `is_more`: there is more to read at once.
    """

    mentions: tuple[Mention, ...] = ()
    gone: tuple[str, ...] = ()
    cursor: str | None = None
    is_more: bool = False
    paid_reads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadNow:
    """One conversation as it stands on the network now. `mention` None: the author has deleted it.

    `ours` are our own account's posts that answer it, oldest first; None where the network cannot be asked.
    """

    mention: Mention | None
    ours: tuple[Mention, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPosting:
    """One frozen reply on its way: the same on every try."""

    key: str
    """`mention:17/1`: the reply's identity, for networks that honour ours."""
    words: str
    """With whatever names the author where the network wants that."""
    answers: str
    """The remote id of the customer's post."""
    author: Author
    subject: str | None
    thread: str | None
    first_tried_at: datetime
    written_at: datetime
    own: tuple[str, ...] = ()
    """Remote ids of our earlier replies in this conversation: a look-up must not take one of them for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    url: str | None = None
    remote_id: str | None = None
    note: str | None = None


class Listener(Protocol):
    """The side of an outlet that hears customers and answers them; there where its abilities say `mentions`."""

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        """What was written to us since the cursor; without one, since that moment. Repeats are harmless.

        Raises only NotSent and Refused: reading leaves nothing in doubt.
        """

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        """The post and our answers to it as they stand now. Raises only NotSent and Refused."""

    async def reply(self, posting: ReplyPosting) -> Replied:
        """Answer that post. Raises only NotSent, Refused (also where it is gone: never a post alone), Uncertain."""

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        """Whether it stands there; raises Uncertain where that cannot be known, NotSent where nobody answers."""


HOOK_BYTES = 1024 * 1024
MAIL_BYTES = 10 * 1024 * 1024
Check = Callable[[Mapping[str, str], bytes], bool]
Parse = Callable[[bytes, str], Heard]
Greet = Callable[[Mapping[str, str]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One outlet's door. `parse` gets body and Content-Type, and raises ValueError for what cannot be read.

    `check` finds headers in any spelling of capitals. `is_signed`: it needs the body; else it is asked before anything
    is read. `greet` answers the GET by which a network makes sure that the address is ours: the text to return, None
    where the question is not theirs.
    """

    outlet: OutletKey
    path: str
    check: Check
    parse: Parse
    is_signed: bool = True
    max_bytes: int = HOOK_BYTES
    greet: Greet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A line of the ledger of conversations: who and where, and how it stands by its log and its mentions.

    `waiting_since` is when the oldest unanswered mention was posted; None: nobody waits. `mentions` and `echoes` count.
    """

    id: ConversationId
    incident: IncidentNumber
    outlet: OutletKey
    thread: str
    author: Author
    opened_at: datetime
    last_text: str = ""
    last_url: str | None = None
    last_seq: int = 0
    last_at: datetime
    mentions: int = 0
    echoes: int = 0
    group: int | None = None
    waiting_since: datetime | None = None
    claimed_by: MemberId | None = None
    claimed_until: datetime | None = None
    reply_state: str | None = None
    """Of the reply that is under way, or of the last one."""
    first_answered_at: datetime | None = None
    answered_by: MemberId | None = None
    is_closed: bool = False
    """The last mention needed no reply."""
    is_escalated: bool = False
    follow_up: bool = False
    version: int = 0
    """Grows with every change."""

    def find_holder(self, now: datetime) -> MemberId | None:
        return self.claimed_by if self.claimed_until and now < self.claimed_until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Near-identical questions of one incident. `gist` is what they share, `sample` how one customer put it."""

    id: int
    incident: IncidentNumber
    gist: frozenset[str]
    sample: str
    conversations: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the answering of one incident's customers goes. Conversations, not posts, are counted as waiting."""

    received: int = 0
    """Mentions, without those that only spread others' words."""
    conversations: int = 0
    answered: int = 0
    closed: int = 0
    waiting: int = 0
    unclaimed: int = 0
    people: int = 0
    """How many members have answered."""
    median: timedelta | None = None
    """From a customer's first post to our first answer."""
    p90: timedelta | None = None
    oldest_since: datetime | None = None
    follow_ups: int = 0
    answered_lately: int = 0
    """Within the last quarter of an hour: the pace that the forecast goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """How far one outlet was heard, and what that has cost today."""

    outlet: OutletKey
    cursor: str | None = None
    heard_at: datetime | None = None
    day: str = ""
    paid_reads: int = 0
    trouble: str | None = None
    """Why it cannot be heard at the moment, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAttempt:
    """A ledger entry: one try to send a reply. `finished_at` None: under way, or cut off by a crash."""

    id: int
    conversation: ConversationId
    reply: int
    requeued: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    note: str | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionPost:
    """A ledger entry: one message of ours about customers in Slack. `ts` None: sending, or perhaps sent."""

    key: str
    incident: IncidentNumber
    conversation: ConversationId | None
    channel: str
    ts: str | None
    rendering: str = ""


class MentionReads(Protocol):
    def find_mention(self, outlet: OutletKey, remote_id: str) -> KeptMention | None: ...
    def list_mentions(self, conversation: ConversationId) -> list[KeptMention]:
        """Oldest first, deleted ones too."""

    def find_conversation_row(self, conversation: ConversationId) -> ConversationRow | None: ...
    def find_conversation(self, outlet: OutletKey, author: str, thread: str) -> ConversationRow | None:
        """The latest: a thread may have had another one in an earlier incident."""

    def find_replied_conversation(self, outlet: OutletKey, remote_id: str) -> ConversationId | None:
        """The conversation in which a reply of ours has that remote id."""

    def list_waiting(
        self, incident: IncidentNumber, *, limit: int, free_at: datetime | None = None
    ) -> list[ConversationRow]:
        """Those in which a customer waits, the longest first; `free_at`: only those nobody is at in that moment."""

    def list_conversation_rows(self, incident: IncidentNumber, *, limit: int = 10_000) -> list[ConversationRow]: ...
    def list_claimed_by(self, member: MemberId, *, now: datetime) -> list[ConversationRow]: ...
    def list_with_queued_reply(self, incident: IncidentNumber) -> list[ConversationRow]: ...
    def list_follow_ups(self, incident: IncidentNumber) -> list[ConversationRow]: ...
    def list_earlier(self, outlet: OutletKey, author: str, *, before: ConversationId) -> list[ConversationRow]:
        """Earlier contact with this person, newest first."""

    def list_heard_outlets(self) -> list[OutletKey]:
        """Every outlet on which a customer has written, also those no longer configured."""

    def list_of_author(self, outlet: OutletKey, handle: str) -> list[ConversationRow]: ...
    def list_groups(self, incident: IncidentNumber, *, least: int = 2) -> list[Group]: ...
    def list_groups_sharing(self, incident: IncidentNumber, words: Collection[str]) -> list[Group]: ...
    def find_group(self, group: int) -> Group | None: ...
    def read_tally(self, incident: IncidentNumber, *, now: datetime) -> Tally: ...
    def find_listening(self, outlet: OutletKey) -> Listening | None: ...
    def list_listenings(self) -> list[Listening]: ...
    def list_reply_attempts(self, conversation: ConversationId) -> list[ReplyAttempt]: ...
    def find_incident_by_post(self, outlet: OutletKey, remote_id: str) -> IncidentNumber | None:
        """The incident one of whose updates stands there under that id."""

    def find_mention_post(self, key: str) -> MentionPost | None: ...
    def list_doubtful_posts(self, incident: IncidentNumber) -> list[MentionPost]: ...
    def list_stale_cards(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Those whose card in Slack no longer shows how they stand."""

    def list_without_card(self, incident: IncidentNumber, *, limit: int) -> list[ConversationRow]:
        """Those that have none though somebody waits or has to decide; the longest waiting first."""

    def list_erasable(self, *, resolved_before: datetime, limit: int) -> list[ConversationId]: ...


class MentionWrites(Protocol):
    def take_conversation_id(self) -> ConversationId: ...
    def take_group_id(self) -> int: ...
    def add_mention(
        self, outlet: OutletKey, mention: Mention, *, row: ConversationRow, seen_at: datetime, is_echo: bool
    ) -> KeptMention:
        """A new line of the ledger; the row says to which conversation it belongs."""

    def add_gone(self, outlet: OutletKey, remote_id: str, at: datetime) -> None:
        """A post that was deleted before we heard of it; it belongs to no conversation."""

    def change_mention(self, mention: KeptMention) -> None: ...
    def save_conversation(self, row: ConversationRow) -> None:
        """Insert, or change who wrote; how it stands is brought up by `settle_conversation`."""

    def settle_conversation(self, conversation: Conversation) -> None:
        """Bring the row up to the fold of its log and to its mentions: counts, who waits since when, the claim."""

    def save_group(self, group: Group) -> None: ...
    def save_listening(self, listening: Listening) -> None: ...
    def start_reply_attempt(
        self, *, conversation: ConversationId, reply: int, requeued: int, at: datetime
    ) -> ReplyAttempt: ...
    def finish_reply_attempt(
        self, attempt: int, *, at: datetime, outcome: str, note: str | None, next_at: datetime | None
    ) -> None: ...
    def save_mention_post(self, post: MentionPost) -> None: ...
    def delete_mention_post(self, key: str) -> None: ...
    def mark_shown(self, conversation: ConversationId, version: int) -> None:
        """Its card shows the row as it was in that version."""

    def erase_conversations(self, ids: Collection[ConversationId]) -> int:
        """Text and author of the mentions, and data and salt of the records that repeat words; returns how many."""
