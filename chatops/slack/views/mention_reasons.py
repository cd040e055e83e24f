"""The two modals that ask for a reason about a customer: “No reply needed” and “Call the commander”."""

from collections.abc import Sequence

from slack_sdk.models.views import View

from chatops.domain.conversation import REASON_CHARS
from chatops.domain.errors import BadInput
from chatops.domain.ids import ConversationId
from chatops.domain.wording import OutletSpec
from chatops.slack.views.building import section
from chatops.slack.views.customer_words import parse_conversation, quote_posts, word_author, word_outlet
from chatops.slack.views.inputs import ViewPayload, read_metadata, read_text, text_input, write_metadata
from chatops.usecases.customer_snapshots import ConversationSnapshot

CALLBACK_NO_REPLY = "mention_no_reply"
CALLBACK_ESCALATE = "mention_escalate"
REASON = "reason"
ERROR_BLOCKS = {REASON: REASON}


def build_no_reply(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> View:
    hint = "Like: praise, a joke, not about us, spam. Your colleagues read it on the card, and the log keeps it."
    return _build(snapshot, specs, callback=CALLBACK_NO_REPLY, title="No reply needed", submit="Close it", hint=hint)


def build_escalate(snapshot: ConversationSnapshot, specs: Sequence[OutletSpec]) -> View:
    hint = "Like: press, legal, security, a threat, money back. The commander is called in the incident thread."
    return _build(snapshot, specs, callback=CALLBACK_ESCALATE, title="Call the commander", submit="Escalate", hint=hint)


def _build(
    snapshot: ConversationSnapshot, specs: Sequence[OutletSpec], *, callback: str, title: str, submit: str, hint: str
) -> View:
    row = snapshot.row
    return View(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Cancel",
        private_metadata=write_metadata(conversation=row.id, covers=row.last_seq),
        blocks=[
            section(f"{word_author(row.author)} · {word_outlet(specs, row.outlet)}"),
            *quote_posts(snapshot.mentions, covers=snapshot.conversation.covers),
            text_input(REASON, "Reason", max_chars=REASON_CHARS, multiline=True, hint=hint),
        ],
    )


def parse(view: ViewPayload) -> tuple[ConversationId, int, str]:
    """The conversation, the last mention that the form showed, and the reason."""
    about = read_metadata(view)
    covers = about.get("covers")
    if not isinstance(covers, int):
        raise BadInput("This form cannot be read any more. Please open it again.", field=REASON)
    return parse_conversation(about.get("conversation")), covers, read_text(view, REASON)
