"""`/incident timeline [INC-n]`: the log to read, only to you."""

from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.views import timeline
from chatops.usecases.reading import read_incident

NAME = "timeline"
USAGE = "timeline [INC-n]"
HELP = "what happened when, from the log"
ORDER = 80


async def run(call: Call, words: str) -> Answer:
    number, _ = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    snapshot = await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))
    text, blocks = timeline.build(snapshot.incident, snapshot.records, snapshot.members)
    return Say(text=text, blocks=tuple(blocks))
