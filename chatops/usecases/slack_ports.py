"""What the use cases need from Slack: a message before it is Block Kit, and who posts and refreshes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.usecases.customer_snapshots import CustomerSnapshot
from chatops.usecases.ports import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message of ours about an incident, before it is Block Kit: the card, a group of lines, a card in the thread.

    `records` is what it tells of; the key is the same on every try, so that a doubtful post can be looked for.
    """

    key: str
    kind: Literal["incident", "lines", "draft", "delivery", "reminder", "conversation", "board", "tally"]
    channel: str
    thread_ts: str | None
    ts: str | None = None
    incident: Incident
    records: tuple[Record, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    members: Mapping[MemberId, Member] = field(default_factory=dict)
    is_repeat: bool = False
    """True: an earlier try may stand already, and Slack could not be asked."""
    about: CustomerSnapshot | None = None
    """What a card of a conversation, the board or the tally shows."""


class IncidentThread(Protocol):
    """Slack, as far as an incident's card and audit thread need it. Raises NotSent, Refused, Uncertain."""

    async def find_home(self, incident: Incident, members: Mapping[MemberId, Member]) -> str:
        """The id of the Slack channel this incident lives in: joined, or created where it is private."""

    def find_pause(self) -> timedelta | None:
        """How long what is shown of customers has to wait; None: Slack takes a call now."""

    async def find_mentions_channel(self, name: str) -> str | None:
        """The id of the Slack channel for customers, joined; None where there is none of that name."""

    async def digest(self, message: ThreadMessage) -> str:
        """Of what the message would show now."""

    async def post(self, message: ThreadMessage) -> str:
        """Returns the ts."""

    async def find(self, message: ThreadMessage) -> str | None:
        """The ts of an earlier try, if Slack has it; raises Uncertain where Slack cannot say."""

    async def refresh(self, message: ThreadMessage) -> None:
        """Make the message at `ts` show the truth."""
