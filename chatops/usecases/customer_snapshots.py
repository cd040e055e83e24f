"""What Slack shows of customers: one conversation, the board of an incident, and what a reply needs beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chatops.domain.conversation import Conversation
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.mention import KeptMention
from chatops.domain.policy import Member
from chatops.domain.team_answer import TeamAnswer
from chatops.usecases.mention_ports import ConversationRow, Group, Listening, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSnapshot:
    """One conversation: the card, and the reply modal. `now` is the moment at which claims are judged."""

    incident: Incident
    row: ConversationRow
    conversation: Conversation
    mentions: tuple[KeptMention, ...]
    """Oldest first, without those that only spread others' words."""
    earlier: tuple[ConversationRow, ...]
    """Earlier contact with this person, newest first."""
    group: Group | None
    answer: TeamAnswer | None
    """The approved one for the group."""
    members: Mapping[MemberId, Member]
    now: datetime
    paused: str | None = None
    """Why all replying is paused."""
    outlet_paused: str | None = None
    """Why this outlet is paused: an answer to it waits."""
    trouble: str | None = None
    """How the last try to send the answer that is on its way ended."""

    @property
    def last(self) -> KeptMention | None:
        """The newest post that still stands."""
        return next((each for each in reversed(self.mentions) if each.is_live), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSnapshot:
    """The one message that says how answering goes: the tally, who waits longest, what many ask."""

    incident: Incident
    tally: Tally
    waiting: tuple[ConversationRow, ...]
    """Those that wait longest and that nobody is at."""
    groups: tuple[Group, ...]
    """Questions that several ask, the most frequent first."""
    listenings: tuple[Listening, ...]
    follow_ups: tuple[ConversationRow, ...]
    members: Mapping[MemberId, Member]
    now: datetime
    paused: str | None = None
    mine: tuple[ConversationRow, ...] = ()
    """What the one who asks has claimed."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Outlet key → how people call it."""


CustomerSnapshot = ConversationSnapshot | BoardSnapshot
