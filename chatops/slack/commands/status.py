"""`/incident status [INC-n]`: the incident card, only to you."""

from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.views import incident_card
from chatops.usecases.reading import read_incident

NAME = "status"
USAGE = "status [INC-n]"
HELP = "where an incident stands, only to you"
ORDER = 40


async def run(call: Call, words: str) -> Answer:
    number, _ = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    snapshot = await call.desk.store.read(lambda reads: read_incident(reads, number, call.command))
    on_page = any(update.is_on_page for update in snapshot.incident.updates)
    page_url = call.desk.page_url(number) if on_page else None
    text, blocks = incident_card.build(snapshot.incident, snapshot.members, page_url)
    return Say(text=text, blocks=tuple(blocks))
