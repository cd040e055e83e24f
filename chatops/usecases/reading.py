"""Read only: what lists, cards, pickers and exports show to a person."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import NotFound
from chatops.domain.fold import fold
from chatops.domain.ids import IncidentNumber, MemberId, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.usecases.ports import IncidentRow, Reads
from chatops.usecases.recording import Command, require_actor, require_visible


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSnapshot:
    """One incident with its log and the people in it."""

    incident: Incident
    records: tuple[Record, ...]
    members: Mapping[MemberId, Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSnapshot:
    """What the App Home shows to one person."""

    incidents: tuple[IncidentRow, ...]
    drafts: tuple[IncidentRow, ...]
    page_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The incident meant, or the ones to choose from."""

    number: IncidentNumber | None
    rows: tuple[IncidentRow, ...] = ()


def read_incident(reads: Reads, number: IncidentNumber, command: Command) -> IncidentSnapshot:
    """For a person; raises NotFound also where it is private and not theirs."""
    actor = require_actor(reads, command)
    snapshot = read_any_incident(reads, number)
    require_visible(reads, snapshot.incident, command, actor)
    return snapshot


def read_any_incident(reads: Reads, number: IncidentNumber) -> IncidentSnapshot:
    """For an operator at the command line, who can read the database anyway."""
    records = tuple(reads.load(incident_stream(number)))
    incident = fold(records)
    return IncidentSnapshot(incident=incident, records=records, members=map_people(reads, incident, records))


def map_people(
    reads: Reads, incident: Incident, records: Iterable[Record], names: Collection[str] = ()
) -> Mapping[MemberId, Member]:
    """Everybody this log speaks of, and whom `names` means: a workspace has many more members than that."""
    ids = incident.people | {record.actor for record in records}
    return {member.id: member for member in reads.list_people(incident.workspace, ids, names)}


def list_visible(reads: Reads, command: Command) -> tuple[IncidentRow, ...]:
    """Open incidents this person may see, newest first."""
    actor = require_actor(reads, command)
    here = _find_here(reads, command)
    return tuple(
        row
        for row in reads.list_open_incidents(command.workspace)
        if not row.private or actor.id in row.people or row.number == here
    )


def choose_incident(reads: Reads, command: Command) -> Choice:
    """Where none is named: that of this private or dedicated Slack channel, else the only open one, else a choice."""
    rows = list_visible(reads, command)
    here = _find_here(reads, command)
    if here is not None and any(row.number == here for row in rows):
        return Choice(number=here)
    if not rows:
        raise NotFound("No incident is open. Start one with `/incident open`.")
    return Choice(number=rows[0].number if len(rows) == 1 else None, rows=rows)


def _find_here(reads: Reads, command: Command) -> IncidentNumber | None:
    return reads.find_incident_by_channel(command.slack_channel) if command.slack_channel else None


def read_home(reads: Reads, command: Command, page_url: str | None) -> HomeSnapshot:
    actor = require_actor(reads, command)
    rows = list_visible(reads, command)
    drafts = tuple(row for row in rows if row.has_open_draft and _waits_for(reads, row, actor))
    return HomeSnapshot(incidents=rows, drafts=drafts, page_url=page_url)


def _waits_for(reads: Reads, row: IncidentRow, actor: Member) -> bool:
    """A draft waits for everybody who neither wrote it nor approved it yet."""
    draft = find_waiting_draft(reads.load_incident(row.number))
    return draft is not None and draft.current.author != actor.id and all(a.member != actor.id for a in draft.approvals)
