"""Which incident is meant: the one named, the obvious one, or a picker."""

from chatops.domain.ids import IncidentNumber, find_incident_word, parse_incident
from chatops.slack.answers import Say
from chatops.slack.call import Call
from chatops.slack.keeping import build_typed
from chatops.slack.mrkdwn import read_typed
from chatops.slack.views import picker
from chatops.usecases.reading import choose_incident

CARRIED_CHARS = picker.VALUE_CHARS // 2
"""A button certainly carries so much; of longer words it may carry only the beginning."""


async def choose(call: Call, words: str, *, subcommand: str) -> tuple[IncidentNumber | Say, str]:
    """The incident (or the picker to answer with), and the words without its name."""
    word = find_incident_word(words.split())
    rest = " ".join(each for each in words.split(" ") if each != word).strip() if word else words.strip()
    if word:
        # Whether it exists for this person, the use case that follows says.
        return parse_incident(word), rest
    choice = await call.desk.store.read(lambda reads: choose_incident(reads, call.command))
    if choice.number is not None:
        return choice.number, rest
    text, blocks = picker.build(choice.rows, subcommand, rest)
    if len(rest) > CARRIED_CHARS:
        blocks += build_typed(read_typed(rest))
    return Say(text=text, blocks=tuple(blocks)), rest
