"""The shortcuts: open an incident from anywhere, or start from somebody's message."""

from collections.abc import Awaitable, Callable
from typing import Any

from chatops.slack.answers import Answer, OpenModal, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.commands.open import open_form
from chatops.slack.drafting import draft_form
from chatops.slack.mrkdwn import read_typed

Start = Callable[[Call], Awaitable[Answer]]
WORDS_CHARS = 3000


async def start_open(call: Call) -> Answer:
    return await open_form(call, title="", first_words="")


async def start_open_from_message(call: Call) -> Answer:
    return await open_form(call, title="", first_words=_words(call.message))


async def start_draft_from_message(call: Call) -> Answer:
    words = _words(call.message)
    number, _ = await choose(call, "", subcommand="update")
    if isinstance(number, Say):
        return number
    modal: OpenModal = await draft_form(call, number, first_words=words)
    return modal


def _words(message: dict[str, Any]) -> str:
    return read_typed(str(message.get("text") or ""))[:WORDS_CHARS]


SHORTCUTS: dict[str, Start] = {
    "open_incident": start_open,
    "open_incident_from_message": start_open_from_message,
    "draft_update_from_message": start_draft_from_message,
}
