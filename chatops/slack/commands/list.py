"""`/incident list`: the open incidents and when their next updates are due."""

from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.views import incident_list
from chatops.usecases.reading import list_visible

NAME = "list"
USAGE = "list"
HELP = "open incidents and when their updates are due"
ORDER = 50


async def run(call: Call, words: str) -> Answer:
    rows = await call.desk.store.read(lambda reads: list_visible(reads, call.command))
    text, blocks = incident_list.build(rows, call.desk.clock.now())
    return Say(text=text, blocks=tuple(blocks))
