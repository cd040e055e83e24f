"""`/incident open [title]`: the modal *Open an incident*, prefilled."""

from contextlib import suppress

from chatops.domain.errors import UnknownMember
from chatops.slack.answers import Answer, OpenModal, Reopen
from chatops.slack.call import Call
from chatops.slack.mrkdwn import escape, read_typed
from chatops.slack.views import form_button, open_modal
from chatops.slack.views.open_modal import OpenPrefill
from chatops.usecases.recording import require_actor

NAME = "open"
USAGE = "open [title]"
HELP = "open an incident"
ORDER = 10
REOPEN_CHARS = 1900


async def run(call: Call, words: str) -> Answer:
    return await open_form(call, title=read_typed(words), first_words="")


async def open_form(call: Call, *, title: str, first_words: str) -> OpenModal:
    """The form for this person and this Slack channel; who may not act is told so before typing."""
    with suppress(UnknownMember):  # The worker asks Slack who it is while they type.
        await call.desk.store.read(lambda reads: require_actor(reads, call.command))
    prefill = OpenPrefill(
        title=title,
        first_words=first_words,
        slack_channel=call.channel,
        person_slack_id=call.command.slack_user,
    )
    typed = "\n".join(text for text in (title, first_words) if text)
    return OpenModal(
        view=open_modal.build(prefill, call.desk.components),
        reopen=Reopen(action_id=form_button.REOPEN, value=f"open {escape(title)}"[:REOPEN_CHARS], typed=typed),
    )
