"""Words typed after a command that no form or button can carry: shown back, so that nothing typed is lost."""

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from chatops.slack.answers import OpenModal, Say
from chatops.slack.views.building import preformatted, rich_text, section

KEPT_CHARS = 12_000
"""More than this is refused in one message; Slack's own box for typing takes less."""
LONGER = "You typed more than the form can take. All of it stands here, to copy from:"


def keep_typed(answer: OpenModal) -> Say | None:
    """What was typed, where the form that opens does not hold all of it."""
    typed = answer.reopen.typed
    if not typed.strip() or _holds(answer.view, typed):
        return None
    return Say(text=LONGER, blocks=tuple(build_typed(typed)))


def build_typed(typed: str) -> list[Block]:
    return [section(LONGER), rich_text(preformatted(typed[:KEPT_CHARS]))]


def _holds(view: View, typed: str) -> bool:
    """White space aside: a title is one line."""
    inputs = [block.to_dict().get("element", {}) for block in view.blocks or ()]
    return any(_squeeze(typed) in _squeeze(str(each.get("initial_value", ""))) for each in inputs)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
