"""`/incident update [INC-n]`: the modal *Draft an update*, or the open draft to edit."""

from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.drafting import draft_form
from chatops.slack.mrkdwn import read_typed

NAME = "update"
USAGE = "update [INC-n]"
HELP = "draft an update, or edit the open draft"
ORDER = 20


async def run(call: Call, words: str) -> Answer:
    number, rest = await choose(call, words, subcommand=NAME)
    return number if isinstance(number, Say) else await draft_form(call, number, first_words=read_typed(rest))
