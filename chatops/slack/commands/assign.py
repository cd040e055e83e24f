"""`/incident assign ROLE @person [INC-n]`: name the commander or the comms lead."""

import re

from chatops.domain.errors import BadInput
from chatops.domain.ids import format_incident
from chatops.domain.records import Role
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.mrkdwn import escape
from chatops.usecases.incidents import assign

NAME = "assign"
USAGE = "assign commander|comms lead @person [INC-n]"
HELP = "name the commander or the comms lead"
ORDER = 60
PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
ROLES = {"commander": Role.COMMANDER, "comms lead": Role.COMMS_LEAD, "comms": Role.COMMS_LEAD}


async def run(call: Call, words: str) -> Answer:
    role, slack_id = parse(words)
    number, _ = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    answer = await assign(call.desk, call.command, number, role, slack_id)
    name, what = escape(str(answer["name"])), role.value.replace("_", " ")
    verb = "is now" if answer["changed"] else "is already"
    return Say(text=f"{name} {verb} {what} of {format_incident(number)}.")


def parse(words: str) -> tuple[Role, str]:
    person = PERSON.search(words)
    if person is None:
        raise BadInput("Name the person with @: `/incident assign commander @somebody`.")
    said = re.sub(r"[\s_-]+", " ", words[: person.start()].lower()).strip()
    role = ROLES.get(re.sub(r"\binc \d+\b", "", said).strip())
    if role is None:
        raise BadInput("Say which role: `/incident assign commander @somebody` or `… assign comms lead @somebody`.")
    return role, person[1]
