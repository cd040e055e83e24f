"""`/incident export [INC-n]`: the whole incident as a file, uploaded to its thread."""

from chatops.domain.ids import format_incident
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.usecases.exports import ask_for_upload

NAME = "export"
USAGE = "export [INC-n]"
HELP = "the whole incident as a file, into its thread"
ORDER = 90


async def run(call: Call, words: str) -> Answer:
    number, _ = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    await ask_for_upload(call.desk, call.command, number)
    return Say(text=f"The export of {format_incident(number)} comes into its thread in a moment.")
