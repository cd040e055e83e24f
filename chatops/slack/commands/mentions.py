"""`/incident mentions [INC-n]`: how answering customers goes, only to you; the brief, follow-ups, pause and resume."""

from chatops.domain.errors import NotFound
from chatops.domain.ids import IncidentNumber, find_incident_word
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.mention_buttons import open_brief
from chatops.slack.mrkdwn import read_typed
from chatops.slack.views import board_card
from chatops.slack.views.building import Message
from chatops.usecases.reading_customers import list_boards, read_board
from chatops.usecases.team_answers import pause_replying, resume_replying

NAME = "mentions"
USAGE = "mentions [brief|follow-ups|pause REASON|resume] [INC-n]"
HELP = "customers who write: who waits, what is yours; pause all replying"
ORDER = 95
VERBS = ("brief", "follow-ups", "pause", "resume")


async def run(call: Call, words: str) -> Answer:
    first, _, rest = words.partition(" ")
    verb = first.lower() if first.lower() in VERBS else ""
    if verb == "pause":
        await pause_replying(call.desk, call.command, read_typed(_without_incident(call, rest)))
        undo = "`/incident mentions resume` ends it."
        return Say(text=f"⏸️ All replying to customers is paused: what is on its way waits, visibly. {undo}")
    if verb == "resume":
        await resume_replying(call.desk, call.command)
        return Say(text="🟢 Replying to customers goes on. What waited is sent now.")
    asked = rest if verb else words
    number = await _choose(call, asked, subcommand=f"{NAME} {verb}".strip())
    if isinstance(number, Say):
        return number
    if verb == "brief":
        return await open_brief(call, number)
    snapshot = await call.desk.store.read(lambda reads: read_board(reads, call.desk, number, call.command))
    build = board_card.build_follow_ups if verb else board_card.build_for_one
    return _say(build(snapshot, call.desk.specs))


async def _choose(call: Call, words: str, *, subcommand: str) -> IncidentNumber | Say:
    """Customers still write when all is well again: where no incident is open, the last one they wrote about."""
    try:
        return (await choose(call, words, subcommand=subcommand))[0]
    except NotFound:
        boards = await call.desk.store.read(lambda reads: list_boards(reads, call.desk, call.command))
        if not boards or find_incident_word(words.split()):
            raise
        return boards[0].incident.number


def _say(message: Message) -> Say:
    text, blocks = message
    return Say(text=text, blocks=tuple(blocks))


def _without_incident(call: Call, reason: str) -> str:
    """In an incident's thread its name is put after what was typed; to pause concerns all incidents."""
    words = reason.split()
    is_named = call.thread_ts is not None and bool(words) and find_incident_word(words[-1:]) is not None
    return " ".join(words[:-1]) if is_named else reason
