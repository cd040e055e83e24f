"""Open an incident, name people, change its impact, move its reminders."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chatops.domain import incident as rules
from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import BadInput, Conflict
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident, OpenForm
from chatops.domain.policy import Member
from chatops.domain.records import AnyData, Impact, ReminderMoved, Role, Sections, Status
from chatops.domain.update import DraftForm, clean_line, clean_text
from chatops.usecases.hearing_customers import begin_listening
from chatops.usecases.ports import Answer, Desk, Job, Transaction
from chatops.usecases.recording import Command, get_incident, perform, record
from chatops.usecases.updates import prepare_revision, propose, propose_in

LONGEST_REMINDER = timedelta(days=7)
REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The opening form as typed; people by their Slack ids."""

    title: str
    impact: Impact
    components: tuple[str, ...]
    first_words: str
    commander: str | None
    comms_lead: str | None
    private: bool
    slack_channel: str | None
    view_id: str


async def open_incident(desk: Desk, command: Command, opening: Opening) -> Answer:
    """Answer: `{"incident": n, "new": …}`. The same form sent again with other words amends what it opened."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        form = _parse_opening(tx, command, actor, opening)
        earlier = tx.find_answer(command.workspace, f"opened:{opening.view_id}")
        if earlier is not None:
            return _amend(tx, desk, command, actor, IncidentNumber(int(earlier["incident"] or 0)), form, opening)
        opened = rules.open_incident(form, workspace=command.workspace, now=desk.clock.now(), policy=desk.policy)
        number = tx.take_incident_number()
        begin_listening(tx, desk)
        words = clean_text(opening.first_words)

        def draft(made: Incident) -> list[AnyData]:
            return [propose(desk, made, _first_draft(desk, actor, opening, words))]

        record(tx, desk, number, None, actor.id, [opened], then=draft if words else None)
        answer: Answer = {"incident": number, "new": True}
        tx.save_answer(command.workspace, f"opened:{opening.view_id}", answer)
        return answer

    return await perform(desk, command, decide)


def _parse_opening(tx: Transaction, command: Command, actor: Member, opening: Opening) -> OpenForm:
    unknown = [name for name in opening.components if not clean_line(name)]
    if unknown:
        raise BadInput("A component needs a name.", field="components")
    return OpenForm(
        title=rules.check_title(clean_line(opening.title)),
        impact=opening.impact,
        components=tuple(dict.fromkeys(map(clean_line, opening.components))),
        commander=_find_person(tx, command, opening.commander, actor, field="commander"),
        comms_lead=_find_person(tx, command, opening.comms_lead, actor, field="comms_lead"),
        private=opening.private,
        slack_channel=opening.slack_channel,
    )


def _find_person(tx: Transaction, command: Command, slack_id: str | None, actor: Member, *, field: str) -> MemberId:
    if slack_id is None or slack_id == actor.slack_id:
        return actor.id
    return get_person(tx, command.workspace, slack_id, field=field).id


def get_person(tx: Transaction, workspace: str, slack_id: str, *, field: str) -> Member:
    """A colleague by Slack id; one we have not heard of is noted, and Slack is asked who it is."""
    member = tx.find_member(workspace, slack_id)
    if member is None:
        member = tx.save_member(workspace, Member(id=MemberId(""), slack_id=slack_id, name=slack_id, is_known=False))
        tx.put(member_job(workspace, slack_id))
    if member.is_guest or member.is_bot:
        raise BadInput("Choose a full member of the workspace; guests and apps cannot act here.", field=field)
    return member


def member_job(workspace: str, slack_id: str) -> Job:
    data = {"workspace": workspace, "slack_id": slack_id}
    return Job(kind="member", key=f"member:{workspace}/{slack_id}", data=data)


def _first_draft(desk: Desk, actor: Member, opening: Opening, words: str) -> DraftForm:
    return DraftForm(
        sections=Sections(what_happened=words),
        status=Status.INVESTIGATING,
        promise_minutes=None,
        outlets=tuple(spec.key for spec in desk.specs if opening.impact in spec.impacts),
        sign_as=actor.first_name,
    )


def _amend(
    tx: Transaction,
    desk: Desk,
    command: Command,
    actor: Member,
    number: IncidentNumber,
    form: OpenForm,
    opening: Opening,
) -> Answer:
    incident = get_incident(tx, number, command, actor)
    change = rules.amend(incident, form, policy=desk.policy)
    data = [
        each
        for each in (
            change,
            rules.assign(incident, Role.COMMANDER, form.commander),
            rules.assign(incident, Role.COMMS_LEAD, form.comms_lead),
        )
        if each is not None
    ]
    if data:
        incident = record(tx, desk, number, incident, actor.id, data)
    if clean_text(opening.first_words):
        _amend_draft(tx, desk, incident, actor, opening)
    return {"incident": number, "new": False}


def _amend_draft(tx: Transaction, desk: Desk, incident: Incident, actor: Member, opening: Opening) -> None:
    """New words become a revision, and so does a new title (it is in the subject); a colleague's edit stays."""
    words = clean_text(opening.first_words)
    drafted = incident.draft.revisions if incident.draft else ()
    told = {each.sections.what_happened for each in (*drafted, *(update.revision for update in incident.updates))}
    waiting = find_waiting_draft(incident)
    is_own = waiting is not None and waiting.current.author == actor.id
    if waiting and not is_own and words not in told:
        raise Conflict("A colleague has gone on with the draft meanwhile. Nothing was changed: please edit theirs.")
    form = _first_draft(desk, actor, opening, words)
    is_first = is_own and len(drafted) == 1
    differs = is_first and prepare_revision(desk, incident, waiting, form).digest != drafted[0].digest
    if differs or words not in told:
        propose_in(tx, desk, incident, actor, form, base_revision=waiting.current.number if waiting else None)


async def assign(desk: Desk, command: Command, number: IncidentNumber, role: Role, slack_id: str) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        person = get_person(tx, command.workspace, slack_id, field="person")
        change = rules.assign(incident, role, person.id)
        if change:
            record(tx, desk, number, incident, actor.id, [change])
        return {"name": person.name, "changed": change is not None}

    return await perform(desk, command, decide)


async def change_impact(desk: Desk, command: Command, number: IncidentNumber, impact: Impact) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        change = rules.change_impact(incident, impact, policy=desk.policy)
        if change:
            record(tx, desk, number, incident, actor.id, [change])
        return {"changed": change is not None}

    return await perform(desk, command, decide)


async def move_reminder(
    desk: Desk, command: Command, number: IncidentNumber, *, after: timedelta | None, reason: str
) -> Answer:
    """`after` None turns reminders off until the next published update, which needs a reason."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        rules.require_open(incident)
        due_at = _check_reminder(desk.clock.now(), after, reason)
        moved = ReminderMoved(due_at=due_at, reason=clean_line(reason)[:REASON_CHARS])
        record(tx, desk, number, incident, actor.id, [moved])
        return {"due_at": due_at.isoformat() if due_at else None}

    return await perform(desk, command, decide)


def _check_reminder(now: datetime, after: timedelta | None, reason: str) -> datetime | None:
    if after is None:
        if not clean_line(reason):
            raise BadInput("Say why: `/incident remind off we are waiting for the supplier`.")
        return None
    if not timedelta(minutes=1) <= after <= LONGEST_REMINDER:
        raise BadInput("Between one minute and seven days, like `20m` or `1h30m`.")
    return now + after


async def snooze(desk: Desk, command: Command, number: IncidentNumber) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        snoozed = rules.snooze(incident, desk.clock.now())
        record(tx, desk, number, incident, actor.id, [snoozed])
        return {"until": snoozed.until.isoformat()}

    return await perform(desk, command, decide)
