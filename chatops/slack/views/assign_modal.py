"""The modal “Assign”: who is commander, who is comms lead."""

from collections.abc import Mapping
from typing import NamedTuple

from slack_sdk.models.views import View

from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.slack.mrkdwn import cut, escape
from chatops.slack.views.building import context
from chatops.slack.views.inputs import ViewPayload, find_person, person_input, read_metadata, write_metadata
from chatops.slack.views.target import parse_number

CALLBACK = "assign"
COMMANDER = "commander"
COMMS_LEAD = "comms_lead"
ERROR_BLOCKS = {COMMANDER: COMMANDER, COMMS_LEAD: COMMS_LEAD}


class Assignment(NamedTuple):
    """People by their Slack ids; None leaves the role as it is."""

    incident: IncidentNumber
    commander: str | None
    comms_lead: str | None


def field_block_id(field: str | None) -> str:
    return ERROR_BLOCKS.get(field or COMMANDER, COMMANDER)


def build(incident: Incident, members: Mapping[MemberId, Member]) -> View:
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Assign",
        submit="Save",
        close="Cancel",
        private_metadata=write_metadata(incident=incident.number),
        blocks=[
            context(f"{incident.name} · {cut(escape(incident.title), 1000)}"),
            person_input(COMMANDER, "Commander", initial=_slack_id(incident.commander, members)),
            person_input(COMMS_LEAD, "Comms lead", initial=_slack_id(incident.comms_lead, members)),
        ],
    )


def _slack_id(member: MemberId, members: Mapping[MemberId, Member]) -> str | None:
    found = members.get(member)
    return found.slack_id if found else None


def parse(view: ViewPayload) -> Assignment:
    return Assignment(
        incident=parse_number(read_metadata(view).get("incident")),
        commander=find_person(view, COMMANDER),
        comms_lead=find_person(view, COMMS_LEAD),
    )
