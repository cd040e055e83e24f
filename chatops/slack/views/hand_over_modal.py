"""The modal “Hand over”: which colleague goes on with this customer."""

from collections.abc import Sequence

from slack_sdk.models.views import View

from chatops.domain.ids import ConversationId
from chatops.domain.wording import OutletSpec
from chatops.slack.views.building import context, section
from chatops.slack.views.customer_words import parse_conversation, quote_posts, word_author, word_outlet
from chatops.slack.views.inputs import ViewPayload, find_person, person_input, read_metadata, write_metadata
from chatops.usecases.customer_snapshots import ConversationSnapshot

CALLBACK = "mention_hand_over"
PERSON = "person"
ERROR_BLOCKS = {PERSON: PERSON}
TELL = "They have five minutes from now. Tell them: the card shows their name, but does not call them."


def build(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> View:
    row = snapshot.row
    return View(
        type="modal",
        callback_id=CALLBACK,
        title="Hand over",
        submit="Hand over",
        close="Cancel",
        private_metadata=write_metadata(conversation=row.id),
        blocks=[
            section(f"{word_author(row.author)} · {word_outlet(specs, row.outlet)}"),
            *quote_posts(snapshot.mentions, covers=snapshot.conversation.covers),
            person_input(PERSON, "Colleague", initial=None),
            context(TELL),
        ],
    )


def parse(view: ViewPayload) -> tuple[ConversationId, str]:
    """The conversation and the colleague's Slack id, empty where nobody was chosen."""
    return parse_conversation(read_metadata(view).get("conversation")), find_person(view, PERSON) or ""
