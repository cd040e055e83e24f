"""`/incident open [title]`: the modal *Open an incident*, prefilled."""

from chatops.slack.answers import Answer, OpenModal, Reopen
from chatops.slack.call import Call
from chatops.slack.views import form_button, open_modal
from chatops.slack.views.open_modal import OpenPrefill

NAME = "open"
USAGE = "open [title]"
HELP = "open an incident"
ORDER = 10
REOPEN_CHARS = 1900


async def run(call: Call, words: str) -> Answer:
    return open_form(call, title=words, first_words="")


def open_form(call: Call, *, title: str, first_words: str) -> OpenModal:
    """The form for this person and this Slack channel."""
    prefill = OpenPrefill(
        title=title,
        first_words=first_words,
        slack_channel=call.channel,
        person_slack_id=call.command.slack_user,
    )
    typed = "\n".join(text for text in (title, first_words) if text)
    return OpenModal(
        view=open_modal.build(prefill, call.desk.components),
        reopen=Reopen(action_id=form_button.REOPEN, value=f"open {title}"[:REOPEN_CHARS], typed=typed),
    )
