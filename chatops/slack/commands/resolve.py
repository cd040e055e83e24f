"""`/incident resolve [INC-n]`: the draft modal with the status Resolved."""

from chatops.domain.incident import require_open
from chatops.domain.records import Status
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.drafting import draft_form
from chatops.slack.mrkdwn import read_typed
from chatops.usecases.reading import read_incident

NAME = "resolve"
USAGE = "resolve [INC-n]"
HELP = "draft the last update; published, it resolves the incident"
ORDER = 30


async def run(call: Call, words: str) -> Answer:
    number, rest = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    snapshot = await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))
    require_open(snapshot.incident)
    return await draft_form(call, number, first_words=read_typed(rest), status=Status.RESOLVED)
