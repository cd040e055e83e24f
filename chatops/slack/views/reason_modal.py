"""The two modals that ask for a reason: “Request changes” and “Publish without approval”."""

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from chatops.domain.ids import format_incident
from chatops.domain.update import REASON_CHARS
from chatops.slack.views.building import cut_plain, labelled, section
from chatops.slack.views.inputs import ViewPayload, read_metadata, read_text, text_input, write_metadata
from chatops.slack.views.target import Target, format_target, parse_target

CALLBACK_REQUEST_CHANGES = "request_changes"
CALLBACK_BYPASS = "publish_without_approval"

REASON = "reason"
ERROR_BLOCKS = {REASON: REASON}
SUMMARY_CHARS = 2900


def field_block_id(field: str | None) -> str:
    return REASON


def build_request_changes(target: Target) -> View:
    hint = "What should be different? The author reads it in the incident thread."
    return _build(CALLBACK_REQUEST_CHANGES, "Request changes", "Send", target, [], hint)


def build_bypass(target: Target, words_summary: str) -> View:
    """`words_summary` is shown as it is: what is about to go out."""
    about: list[Block] = [
        section(
            f"This publishes revision {target.revision} of {format_incident(target.incident)} now, "
            "without anybody else having approved it. It stays marked as such, with your name and your reason."
        )
    ]
    if words_summary.strip():
        about.append(labelled("What goes out", cut_plain(words_summary, SUMMARY_CHARS)))
    hint = "Why can it not wait for an approval? This is kept in the log."
    return _build(CALLBACK_BYPASS, "Publish without approval", "Publish", target, about, hint)


def _build(callback: str, title: str, submit: str, target: Target, about: list[Block], hint: str) -> View:
    return View(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Cancel",
        private_metadata=write_metadata(target=format_target(target)),
        blocks=[*about, text_input(REASON, "Reason", max_chars=REASON_CHARS, multiline=True, hint=hint)],
    )


def parse(view: ViewPayload) -> tuple[Target, str]:
    return parse_target(str(read_metadata(view).get("target"))), read_text(view, REASON)
