"""What the use cases need from the world, as Protocols; `bootstrap` hands them the real things."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from chatops.domain.ids import IncidentNumber, MemberId, OutletKey, Stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import AnyData, Impact, Record, Status
from chatops.domain.wording import OutletSpec
from chatops.usecases.mention_ports import MentionReads, MentionWrites

T = TypeVar("T")
Answer = dict[str, str | int | bool | None]
"""What a command answered, as JSON, so that its repeat gets the same."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Incident time, aware UTC; runs faster than real time in a replay."""

    def real_now(self) -> datetime:
        """Wall-clock time, aware UTC: signatures, leases, time-outs."""

    def real_seconds(self, seconds: float) -> float:
        """How many real seconds a stretch of incident time lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of durable work. `key` is deterministic: a waiting job with the same key is replaced."""

    kind: str
    key: str
    data: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A job has finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A job wants to run once more, at `at` in incident time."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPost:
    """A ledger entry: one message of ours in Slack. `ts` None: sending, or perhaps sent."""

    key: str
    incident: IncidentNumber
    kind: str
    channel: str
    ts: str | None
    thread_ts: str | None
    first_seq: int
    last_seq: int
    rendering: str = ""
    """Digest of what it shows now, so that a card is only refreshed when it differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where an incident lives in Slack and up to which record its audit thread tells."""

    incident: IncidentNumber
    channel: str
    ts: str | None
    posted_seq: int
    is_own: bool = False
    """True: the Slack channel is this incident's own (private, or dedicated by the settings)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A ledger entry: one try to deliver. `finished_at` None: under way, or cut off by a crash."""

    id: int
    incident: IncidentNumber
    update: int
    outlet: OutletKey
    part: int
    requeued: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    note: str | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the bot is in one workspace, as `auth.test` said at start or installation."""

    workspace: str
    bot_id: str
    bot_slack_id: str
    team_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """The read table's line for one incident: enough for lists and the choice of a default."""

    number: IncidentNumber
    workspace: str
    title: str
    impact: Impact
    status: Status
    private: bool
    slack_channel: str | None
    opened_at: datetime
    resolved_at: datetime | None
    due_at: datetime | None
    comms_lead: MemberId
    commander: MemberId
    head_seq: int
    has_open_draft: bool = False
    people: frozenset[MemberId] = frozenset()
    """Everybody who was ever named (`Incident.people`): they see a private incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePost:
    """The read table's line for one update that stands on the public page."""

    incident: IncidentNumber
    title: str
    update: int
    at: datetime
    status: Status
    impact: Impact
    components: tuple[str, ...]
    text: str
    next_due_at: datetime | None = None
    edited_at: datetime | None = None
    """When it was corrected or retracted in place."""
    is_retracted: bool = False


class Reads(MentionReads, Protocol):
    """What both a transaction and a plain read can look up."""

    def load(self, stream: Stream) -> list[Record]: ...
    def load_incident(self, number: IncidentNumber) -> Incident: ...
    def list_streams(self) -> list[Stream]: ...
    def find_incident_row(self, number: IncidentNumber) -> IncidentRow | None: ...
    def list_open_incidents(self, workspace: str) -> list[IncidentRow]: ...
    def list_incidents(self, *, limit: int = 50) -> list[IncidentRow]: ...
    def list_page_posts(self, incident: IncidentNumber) -> list[PagePost]:
        """Oldest first; empty where the public knows nothing of the incident."""

    def list_unresolved_on_page(self) -> list[IncidentNumber]: ...
    def list_recent_on_page(self, *, since: datetime, limit: int) -> list[IncidentNumber]: ...
    def list_months_on_page(self) -> list[tuple[int, int]]:
        """(year, month) with published incidents, newest first."""

    def list_month_on_page(self, year: int, month: int) -> list[IncidentNumber]: ...
    def find_member(self, workspace: str, slack_id: str) -> Member | None: ...
    def get_member_by_id(self, member: MemberId) -> Member: ...
    def list_members(self, workspace: str) -> list[Member]: ...
    def list_people(self, workspace: str, ids: Collection[MemberId], names: Collection[str] = ()) -> list[Member]:
        """Those with these ids, and those whom `names` means by Slack id, e-mail or user group."""

    def find_identity(self, workspace: str) -> Identity | None: ...
    def list_identities(self) -> list[Identity]: ...
    def find_slack_channel(self, workspace: str, name: str) -> str | None:
        """The cached id of a Slack channel by its name."""

    def find_thread(self, incident: IncidentNumber) -> Thread | None: ...
    def find_incident_by_thread(self, channel: str, ts: str) -> IncidentNumber | None: ...
    def find_incident_by_channel(self, channel: str) -> IncidentNumber | None:
        """The one open incident that lives in its own Slack channel (private or dedicated)."""

    def find_post(self, key: str) -> SlackPost | None: ...
    def find_post_by_ts(self, channel: str, ts: str) -> SlackPost | None: ...
    def list_posts(self, incident: IncidentNumber) -> list[SlackPost]: ...
    def has_post_in_flight(self, channel: str) -> bool:
        """True while a message of ours may stand in this Slack channel whose ts is not saved yet."""

    def list_attempts(self, incident: IncidentNumber, update: int) -> list[Attempt]: ...
    def find_answer(self, workspace: str, key: str) -> Answer | None: ...


class Transaction(Reads, MentionWrites, Protocol):
    """One write transaction: all of it or nothing. Read tables and jobs are written once, at the end of the body."""

    def save_answer(self, workspace: str, key: str, answer: Answer) -> None: ...
    def take_incident_number(self) -> IncidentNumber: ...
    def append(self, stream: Stream, at: datetime, actor: MemberId, data: Sequence[AnyData]) -> list[Record]:
        """Link and store; returns the new records."""

    def save_incident(self, incident: Incident, before: Incident | None = None) -> None:
        """Bring its row and its deliveries up to its fold; `before` is what they show already, None: not known."""

    def save_page_post(self, post: PagePost) -> None: ...
    def save_member(self, workspace: str, member: Member) -> Member:
        """Insert or change by Slack id; an unknown member gets a new internal id (pass id ""), a known one keeps it."""

    def save_identity(self, identity: Identity) -> None: ...
    def save_slack_channel(self, workspace: str, name: str, channel: str) -> None: ...
    def save_thread(self, thread: Thread) -> None: ...
    def save_post(self, post: SlackPost) -> None: ...
    def delete_post(self, key: str) -> None: ...
    def start_attempt(
        self, *, incident: IncidentNumber, update: int, outlet: OutletKey, part: int, requeued: int, at: datetime
    ) -> Attempt: ...
    def finish_attempt(
        self, attempt: int, *, at: datetime, outcome: str, note: str | None, next_at: datetime | None
    ) -> None: ...
    def put(self, job: Job, *, due_at: datetime | None = None) -> None:
        """Ask for durable work, now or at an incident time; committed with the rest."""

    def cancel(self, key: str) -> None:
        """Forget a waiting job."""

    def forget_answers(self, *, before: datetime) -> int: ...
    def clear_read_tables(self) -> None: ...


class Store(Protocol):
    async def write(self, body: Callable[[Transaction], T], *, is_urgent: bool = False) -> T:
        """Run `body` in one transaction; committed when this returns. Urgent: somebody waits, so it goes first.

        `body` changes nothing but the transaction: it may be undone, and run again.
        """

    async def read(self, body: Callable[[Reads], T]) -> T:
        """Run `body` on a consistent snapshot, beside writers."""

    async def scrub(self) -> None:
        """After erasing: nothing of it is left in the journal beside the database either."""

    async def close(self) -> None: ...
    def version(self) -> int:
        """Changes with every commit, also of other processes: whoever renders from the store compares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingJob:
    """A job as the runner takes it up; `generation` grows whenever the job is put again."""

    job: Job
    generation: int
    attempts: int
    """How often it was run before without being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJobs:
    """One look at the jobs: those that are due, and when the next of the others will be."""

    due: tuple[WaitingJob, ...]
    next_due_at: datetime | None


class JobStore(Protocol):
    """What the embedded runner needs from the store."""

    @property
    def runner_lock_path(self) -> Path:
        """The file that the one runner of this database locks."""

    async def look_up_jobs(self, *, now: datetime, limit: int, without_kinds: Collection[str] = ()) -> DueJobs: ...
    async def finish_job(self, waiting: WaitingJob) -> None:
        """Done: delete it, unless it was put again while it ran."""

    async def postpone_job(self, waiting: WaitingJob, *, due_at: datetime) -> None:
        """Not done: due once more at an incident time, unless it was put again while it ran."""

    async def count_jobs(self) -> int: ...
    def on_commit(self, callback: Callable[[], None], *, only_jobs: bool = False) -> Callable[[], None]:
        """Call `callback`, in the event loop, after each commit (that put jobs); returns what ends the calls."""

    def version(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What an outlet says of a post that stands there."""

    url: str | None = None
    remote_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One frozen value for one send: the same on every retry."""

    key: str
    """`INC-12/3/email/0`: the delivery's identity, for networks that honour ours."""
    words: str
    subject: str | None
    status: Status
    digest: str
    first_tried_at: datetime
    """When the first attempt began: a look-up need not go further back."""
    earlier: tuple[str, ...] = ()
    """Remote ids of what stands on this outlet for the same incident, oldest first: what a thread continues."""
    target: str | None = None
    """The remote id of what is edited or retracted."""
    fallback: str | None = None
    """The approved words where the network refuses to continue our thread."""
    impact: Impact | None = None
    components: tuple[str, ...] = ()
    is_retraction: bool = False
    page_url: str | None = None
    started_at: datetime | None = None
    """When the broadcast began: the same also where a person asked for another try."""


class EditingOutlet(Protocol):
    """An outlet whose abilities say `edit`."""

    async def edit(self, posting: Posting) -> Sent:
        """Make the post `posting.target` say `posting.words`; repeating it is harmless."""


class RetractingOutlet(Protocol):
    """An outlet whose abilities say `retract`."""

    async def retract(self, posting: Posting) -> Sent:
        """Take the post `posting.target` away; that it is gone already is success."""


class Outlet(Protocol):
    """A configured outlet. Raises only NotSent, Refused, Uncertain."""

    @property
    def spec(self) -> OutletSpec: ...
    async def send(self, posting: Posting) -> Sent: ...
    async def find(self, posting: Posting) -> Sent | None:
        """Ask the network whether it stands there; None: it does not. Raises Uncertain where it cannot be known."""

    async def check(self) -> str:
        """Prove the credentials without posting; returns a line for `chatops check`, raises Refused or NotSent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every use case works with."""

    store: Store
    clock: Clock
    policy: Policy
    specs: tuple[OutletSpec, ...]
    team: str
    public_url: str | None
    components: tuple[str, ...] = ()
    incidents_channel: str | None = None
    mentions_channel: str | None = None
    """None: cards of conversations stand where the incident's card stands."""
    dedicated_channel: bool = False

    def in_real(self, pause: timedelta) -> datetime:
        """The incident time at which so much real time will have passed: Slack does not run faster in a replay."""
        return self.clock.now() + pause / self.clock.real_seconds(1)

    def page_url(self, incident: int) -> str | None:
        return f"{self.public_url.rstrip('/')}/incidents/INC-{incident}" if self.public_url else None
