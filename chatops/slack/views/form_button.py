"""A button that opens a form, for when Slack did not open it in time or could not."""

from slack_sdk.models.blocks import ActionsBlock, Block

from chatops.slack.mrkdwn import cut, escape
from chatops.slack.views.building import TEXT_CHARS, Message, button, preformatted, rich_text, section

REOPEN = "reopen_form"
"""The action of a button whose value is what stood after `/incident`."""
VALUE_CHARS = 2000
TYPED_CHARS = 8000
LABEL = "Open the form"
LATE = "Slack did not open the form in time. Nothing is lost: press the button to open it."
HERE = "Press the button to open the form."


def build(*, action_id: str, value: str, typed: str = "", late: bool = True, label: str = LABEL) -> Message:
    """`typed` is shown as it was typed, so that it can be copied whatever happens. `late`: Slack was too slow."""
    says = LATE if late else HERE
    blocks: list[Block] = [section(says)]
    if typed.strip():
        blocks.append(section("What you typed:"))
        blocks.append(rich_text(preformatted(typed[:TYPED_CHARS])))
    # A value cut in the middle would mean something else; without one the form opens empty, its words stand above.
    carried = value if 0 < len(value) <= VALUE_CHARS else None
    blocks.append(ActionsBlock(elements=[button(label, action_id, carried, style="primary")]))
    text = f"{says}\n{escape(typed)}" if typed.strip() else says
    return cut(text, TEXT_CHARS), blocks
