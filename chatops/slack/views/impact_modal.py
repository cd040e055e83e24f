"""The modal “Change impact”."""

from slack_sdk.models.views import View

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.records import Impact
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape
from chatops.slack.views.building import context
from chatops.slack.views.inputs import ViewPayload, choice_input, find_choice, read_metadata, write_metadata
from chatops.slack.views.target import parse_number

CALLBACK = "change_impact"
IMPACT = "impact"
ERROR_BLOCKS = {IMPACT: IMPACT}


def field_block_id(field: str | None) -> str:
    return IMPACT


def build(incident: Incident) -> View:
    impacts = [(impact.value, icons.word_impact(impact)) for impact in Impact]
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Change impact",
        submit="Save",
        close="Cancel",
        private_metadata=write_metadata(incident=incident.number),
        blocks=[
            context(f"{incident.name} · {cut(escape(incident.title), 1000)}"),
            choice_input(IMPACT, "Impact", impacts, initial=incident.impact.value),
        ],
    )


def parse(view: ViewPayload) -> tuple[IncidentNumber, Impact]:
    incident = parse_number(read_metadata(view).get("incident"))
    try:
        return incident, Impact(find_choice(view, IMPACT) or "")
    except ValueError:
        raise BadInput("Choose an impact: None, Minor, Major or Critical.", field=IMPACT) from None
