"""Every kind of record that an incident's log can hold, a frozen model each, and the envelope around it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from chatops.domain.ids import MemberId, OutletKey, Stream
from chatops.domain.mention_records import MentionData
from chatops.domain.record_data import Data


class Impact(StrEnum):
    """How bad it is for customers, in the words of a Statuspage."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {impact: rank for rank, impact in enumerate(Impact)}


class Status(StrEnum):
    """What we tell the public about where we stand."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Role(StrEnum):
    COMMANDER = "commander"
    COMMS_LEAD = "comms_lead"


class Step(StrEnum):
    """The rungs of the reminder ladder, in order."""

    BEFORE = "before"
    DUE = "due"
    COMMANDER = "commander"
    CHANNEL = "channel"


Action = Literal["post", "edit", "retract"]


class Purpose(StrEnum):
    """What an update is for: news, or a word about an earlier update (`of_update`)."""

    UPDATE = "update"
    CORRECTION = "correction"
    RETRACTION = "retraction"


class Sections(Data):
    """The words of a draft as typed, a field each."""

    what_happened: str = ""
    who_is_affected: str = ""
    what_we_are_doing: str = ""
    what_you_should_do: str = ""
    short_version: str = ""

    @property
    def by_name(self) -> dict[str, str]:
        """In the order of the form."""
        return {name: getattr(self, name) for name in SECTION_NAMES}


SECTION_NAMES = tuple(Sections.model_fields)


class OutletWords(Data):
    """The exact words for one outlet: `account` is where they will stand, `parts` are posts of their own, in order.

    `action` is what happens there: a post of its own, an edit of what a correction corrects, or a removal.
    `fallback` stands in for `parts` where the network refuses to continue the thread.
    """

    outlet: OutletKey
    account: str = ""
    subject: str | None = None
    action: Action = "post"
    parts: tuple[str, ...]
    fallback: tuple[str, ...] = ()


class IncidentOpened(Data):
    kind: Literal["incident_opened"] = "incident_opened"
    workspace: str
    title: str
    impact: Impact
    components: tuple[str, ...] = ()
    commander: MemberId
    comms_lead: MemberId
    private: bool = False
    slack_channel: str | None = None
    due_at: AwareDatetime


class IncidentAmended(Data):
    """The opening form sent again with other words, after its answer was lost."""

    kind: Literal["incident_amended"] = "incident_amended"
    title: str
    impact: Impact
    components: tuple[str, ...]
    due_at: AwareDatetime


class RoleAssigned(Data):
    kind: Literal["role_assigned"] = "role_assigned"
    role: Role
    member: MemberId


class ImpactChanged(Data):
    kind: Literal["impact_changed"] = "impact_changed"
    impact: Impact
    due_at: AwareDatetime | None


class RevisionProposed(Data):
    """A revision with the rendered words for each outlet; `digest` covers all that an approval means."""

    kind: Literal["revision_proposed"] = "revision_proposed"
    draft: int
    revision: int
    sections: Sections
    status: Status
    impact: Impact
    components: tuple[str, ...]
    promise_minutes: int | None
    sign_as: str
    words: tuple[OutletWords, ...]
    digest: str
    purpose: Purpose = Purpose.UPDATE
    of_update: int | None = None


class CommentAdded(Data):
    kind: Literal["comment_added"] = "comment_added"
    draft: int
    revision: int
    text: str


class ChangesRequested(Data):
    kind: Literal["changes_requested"] = "changes_requested"
    draft: int
    revision: int
    reason: str


class RevisionApproved(Data):
    kind: Literal["revision_approved"] = "revision_approved"
    draft: int
    revision: int
    digest: str


class ApprovalWithdrawn(Data):
    kind: Literal["approval_withdrawn"] = "approval_withdrawn"
    draft: int
    revision: int


class ApprovalBypassed(Data):
    kind: Literal["approval_bypassed"] = "approval_bypassed"
    draft: int
    revision: int
    digest: str
    reason: str


class DraftWithdrawn(Data):
    kind: Literal["draft_withdrawn"] = "draft_withdrawn"
    draft: int


class DraftChased(Data):
    kind: Literal["draft_chased"] = "draft_chased"
    draft: int
    revision: int
    round: int


class BroadcastStarted(Data):
    """From here the words of that revision go out, to each outlet that the revision names.

    `bypass_reason` is there where it happened without enough approvals.
    """

    kind: Literal["broadcast_started"] = "broadcast_started"
    update: int
    draft: int
    revision: int
    digest: str
    bypass_reason: str | None = None


class DeliverySent(Data):
    kind: Literal["delivery_sent"] = "delivery_sent"
    update: int
    outlet: OutletKey
    part: int = 0
    url: str | None = None
    remote_id: str | None = None
    action: Action = "post"
    how: Literal["sent", "looked_up", "confirmed"] = "sent"
    note: str | None = None


class DeliveryRefused(Data):
    kind: Literal["delivery_refused"] = "delivery_refused"
    update: int
    outlet: OutletKey
    part: int = 0
    reason: str


class DeliveryUncertain(Data):
    kind: Literal["delivery_uncertain"] = "delivery_uncertain"
    update: int
    outlet: OutletKey
    part: int = 0
    reason: str


class DeliveryStalled(Data):
    """It keeps its place and is tried again, but will not get through until a person mends what `reason` names.

    Told once for an outlet, until something gets through there again.
    """

    kind: Literal["delivery_stalled"] = "delivery_stalled"
    update: int
    outlet: OutletKey
    part: int = 0
    reason: str


class DeliverySkipped(Data):
    """The outlet is paused."""

    kind: Literal["delivery_skipped"] = "delivery_skipped"
    update: int
    outlet: OutletKey
    part: int = 0
    reason: str


class OutletPaused(Data):
    """In the stream of outlets, not of an incident: until it is resumed, deliveries to it are skipped."""

    kind: Literal["outlet_paused"] = "outlet_paused"
    outlet: OutletKey
    reason: str


class OutletResumed(Data):
    kind: Literal["outlet_resumed"] = "outlet_resumed"
    outlet: OutletKey


class DeliveryRequeued(Data):
    """A person asked for another attempt."""

    kind: Literal["delivery_requeued"] = "delivery_requeued"
    update: int
    outlet: OutletKey
    part: int = 0
    again: bool = False
    """True: it may already stand there, and the person decided to send it again all the same."""


class UpdatePublished(Data):
    kind: Literal["update_published"] = "update_published"
    update: int
    due_at: AwareDatetime | None
    promised: bool


class IncidentResolved(Data):
    kind: Literal["incident_resolved"] = "incident_resolved"


class IncidentReopened(Data):
    kind: Literal["incident_reopened"] = "incident_reopened"
    due_at: AwareDatetime


class ReminderMoved(Data):
    """`due_at` None: no reminders until the next published update, for `reason`."""

    kind: Literal["reminder_moved"] = "reminder_moved"
    due_at: AwareDatetime | None
    reason: str = ""


class ReminderSnoozed(Data):
    kind: Literal["reminder_snoozed"] = "reminder_snoozed"
    until: AwareDatetime


class UpdateReminded(Data):
    kind: Literal["update_reminded"] = "update_reminded"
    step: Step
    due_at: AwareDatetime


AnyData = Annotated[
    IncidentOpened
    | IncidentAmended
    | RoleAssigned
    | ImpactChanged
    | RevisionProposed
    | CommentAdded
    | ChangesRequested
    | RevisionApproved
    | ApprovalWithdrawn
    | ApprovalBypassed
    | DraftWithdrawn
    | DraftChased
    | BroadcastStarted
    | DeliverySent
    | DeliveryRefused
    | DeliveryUncertain
    | DeliverySkipped
    | DeliveryStalled
    | DeliveryRequeued
    | UpdatePublished
    | IncidentResolved
    | IncidentReopened
    | ReminderMoved
    | ReminderSnoozed
    | UpdateReminded
    | OutletPaused
    | OutletResumed
    | MentionData,
    Field(discriminator="kind"),
]

PARSED_KEPT = 1024
_ADAPTER: TypeAdapter[AnyData] = TypeAdapter(AnyData)


@lru_cache(PARSED_KEPT)
def parse_data(text: str) -> AnyData:
    """Canonical JSON as stored → the record's data; raises pydantic.ValidationError.

    The same text is the same data: an incident's log is read again for each of its moves, and the data is frozen.
    """
    return _ADAPTER.validate_json(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of a log: who, when, what.

    `text` is the canonical JSON as it was written (what the digest covers), `data` its parsed form;
    text, data and salt are None where they were erased: the hash still holds.
    """

    stream: Stream
    seq: int
    at: datetime
    actor: MemberId
    kind: str
    text: str | None
    data: AnyData | None
    salt: bytes | None
    data_digest: str
    prev: str
    hash: str

    @property
    def anchor(self) -> str:
        """The 16 hex digits that stand in the audit thread."""
        return self.hash[:16]
