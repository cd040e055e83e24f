"""The incident as a person thinks of it, and the moves that change it: open, assign, change impact, resolve, reopen."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatops.domain.broadcast import Update
from chatops.domain.errors import BadInput, IllegalMove, NotFound
from chatops.domain.ids import IncidentNumber, MemberId, OutletKey, format_incident
from chatops.domain.policy import Policy
from chatops.domain.records import (
    Impact,
    ImpactChanged,
    IncidentAmended,
    IncidentOpened,
    ReminderSnoozed,
    Role,
    RoleAssigned,
    Status,
    Step,
)
from chatops.domain.team_answer import TeamAnswer
from chatops.domain.update import Draft

TITLE_CHARS = 120
SNOOZE = timedelta(minutes=15)

COMPONENT_STATES = {
    Impact.NONE: "operational",
    Impact.MINOR: "degraded_performance",
    Impact.MAJOR: "partial_outage",
    Impact.CRITICAL: "major_outage",
}
"""What an impact means for the components it touches, in Statuspage's words."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The state of one incident: the fold of its log. `due_at` None: no update is due."""

    number: IncidentNumber
    workspace: str
    title: str
    impact: Impact
    status: Status = Status.INVESTIGATING
    components: tuple[str, ...] = ()
    commander: MemberId
    comms_lead: MemberId
    people: frozenset[MemberId] = field(default_factory=frozenset)
    """Everybody who was ever named: they see a private incident."""
    private: bool = False
    slack_channel: str | None = None
    opened_by: MemberId
    opened_at: datetime
    resolved_at: datetime | None = None
    due_at: datetime | None
    is_promised: bool = False
    clock_from: datetime
    """The last published update, else the opening: where the silence began."""
    remind_at: datetime | None
    """What the reminder ladder hangs on: `due_at`, unless snoozed."""
    reminded: frozenset[Step] = field(default_factory=frozenset)
    drafts: int = 0
    broadcasts: int = 0
    """How many of each there ever were: the next number, also where the words were erased."""
    draft: Draft | None = None
    """The last draft, open or not."""
    updates: tuple[Update, ...] = ()
    answers: tuple[TeamAnswer, ...] = ()
    """The team's answers to what many customers ask."""
    foreseen: int = 0
    """How many customers waited when the comms lead was last told that they wait too long."""
    stalled: frozenset[OutletKey] = field(default_factory=frozenset)
    """Outlets where nothing gets through until a person mends something, and the thread was told so."""
    head_seq: int
    head_hash: str

    @property
    def name(self) -> str:
        return format_incident(self.number)

    @property
    def is_resolved(self) -> bool:
        return self.resolved_at is not None

    @property
    def component_state(self) -> str:
        return COMPONENT_STATES[Impact.NONE if self.is_resolved else self.impact]

    @property
    def published(self) -> tuple[Update, ...]:
        return tuple(update for update in self.updates if update.published_at)

    def find_answer(self, group: int | None) -> TeamAnswer | None:
        """The approved one."""
        return next((each for each in self.answers if each.group == group and each.approved_by), None)

    @property
    def last_published(self) -> int:
        """The number of the last update that the public has; 0: none yet."""
        return max((update.number for update in self.published), default=0)

    def get_update(self, number: int) -> Update:
        for update in self.updates:
            if update.number == number:
                return update
        raise NotFound(f"{self.name} has no update {number}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenForm:
    """What a person filled in to open an incident."""

    title: str
    impact: Impact
    components: tuple[str, ...]
    commander: MemberId
    comms_lead: MemberId
    private: bool
    slack_channel: str | None


def open_incident(form: OpenForm, *, workspace: str, now: datetime, policy: Policy) -> IncidentOpened:
    """The first record; the first reminder hangs on the cadence of the impact."""
    return IncidentOpened(
        workspace=workspace,
        title=check_title(form.title),
        impact=form.impact,
        components=form.components,
        commander=form.commander,
        comms_lead=form.comms_lead,
        private=form.private,
        slack_channel=form.slack_channel,
        due_at=now + policy.interval(form.impact),
    )


def check_title(title: str) -> str:
    if not title:
        raise BadInput("Give the incident a title: a few words your customers would use.", field="title")
    if len(title) > TITLE_CHARS:
        raise BadInput(f"At most {TITLE_CHARS} characters, this has {len(title)}.", field="title")
    return title


def amend(incident: Incident, form: OpenForm, *, policy: Policy) -> IncidentAmended | None:
    """The same form sent again with other words; None where nothing differs."""
    require_open(incident)
    same = (incident.title, incident.impact, incident.components) == (form.title, form.impact, form.components)
    if same:
        return None
    return IncidentAmended(
        title=check_title(form.title),
        impact=form.impact,
        components=form.components,
        due_at=incident.opened_at + policy.interval(form.impact),
    )


def assign(incident: Incident, role: Role, member: MemberId) -> RoleAssigned | None:
    require_open(incident)
    now_held_by = incident.commander if role is Role.COMMANDER else incident.comms_lead
    return None if now_held_by == member else RoleAssigned(role=role, member=member)


def change_impact(incident: Incident, impact: Impact, *, policy: Policy) -> ImpactChanged | None:
    """A promise made to the public stays; without one the clock follows the new impact."""
    require_open(incident)
    if incident.impact is impact:
        return None
    stays = incident.is_promised or incident.due_at is None
    due_at = incident.due_at if stays else incident.clock_from + policy.interval(impact)
    return ImpactChanged(impact=impact, due_at=due_at)


def snooze(incident: Incident, now: datetime) -> ReminderSnoozed:
    """Put off the reminder that was just given; a late click on an old one must not bring the next one nearer."""
    require_open(incident)
    if not incident.reminded or incident.remind_at is None:
        raise IllegalMove("No reminder is waiting, so nothing was changed. `/incident remind 20m` moves the next one.")
    return ReminderSnoozed(until=max(now + SNOOZE, incident.remind_at))


def require_open(incident: Incident) -> None:
    if incident.is_resolved:
        raise IllegalMove(f"{incident.name} is already resolved. To tell the public more, use `/incident update`.")
