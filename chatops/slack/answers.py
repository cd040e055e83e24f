"""What a listener answers; `app` turns it into an acknowledgement and what follows it."""

from dataclasses import dataclass

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Words for the one who asked, visible only to them."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """The button that brings the form back when Slack did not open it; a click has a fresh trigger."""

    action_id: str
    value: str
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModal:
    """A modal to open right after the acknowledgement; `on_top` pushes it over the one that was clicked in."""

    view: View
    reopen: Reopen
    on_top: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """The submitted modal shows this instead of closing."""

    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAll:
    """The submitted modal closes, and with it those that it was opened from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldErrors:
    """The submitted modal stays open, with a text under each wrong field (block_id → text)."""

    errors: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHome:
    """The App Home of the person who opened it."""

    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nothing to say: what happened shows in the thread."""


Answer = Say | OpenModal | Replace | CloseAll | FieldErrors | PublishHome | Quiet
QUIET = Quiet()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A call to Slack to make once the acknowledgement stands."""

    answer: Say | OpenModal | PublishHome
    trigger_id: str | None
    response_url: str | None
    channel: str | None
    slack_user: str
    thread_ts: str | None = None
