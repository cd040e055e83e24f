"""Composition objects: text, options, confirmation dialogs."""

from chatops.sandbox.blockkit.checks import Check, Shape, boolean, choice, listing, mapping, string, typed

# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
TEXT_MOST = 3000


def plain_text(most: int) -> Check:
    shape = Shape({"type": choice("plain_text"), "text": string(most), "emoji": boolean}, ("type", "text"))
    return typed({"plain_text": shape})


def any_text(most: int = TEXT_MOST) -> Check:
    mrkdwn = Shape({"type": choice("mrkdwn"), "text": string(most), "verbatim": boolean}, ("type", "text"))
    return typed({"plain_text": plain_text(most), "mrkdwn": mrkdwn})


# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
# The value's limit is 75 in @slack/types and 150 in slack_sdk; the stricter one keeps an app safe with both.
OPTION_TEXT_MOST = 75
OPTION_VALUE_MOST = 75
OPTIONS_MOST = 100


def _option(text: Check, *, with_url: bool = False) -> Shape:
    fields: dict[str, Check] = {
        "text": text,
        "value": string(OPTION_VALUE_MOST),
        "description": text,
    }
    if with_url:
        fields["url"] = string(3000)
    return Shape(fields, ("text", "value"))


PLAIN_OPTION = _option(plain_text(OPTION_TEXT_MOST))
RICH_OPTION = _option(any_text(OPTION_TEXT_MOST))
OVERFLOW_OPTION = _option(plain_text(OPTION_TEXT_MOST), with_url=True)

# https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object
OPTION_GROUP = Shape({"label": plain_text(75), "options": listing(PLAIN_OPTION, OPTIONS_MOST)}, ("label", "options"))

# https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
CONFIRM = Shape(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": choice("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)

# https://docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object
DISPATCH_ACTION_CONFIG = Shape({"trigger_actions_on": listing(choice("on_enter_pressed", "on_character_entered"), 2)})

# https://docs.slack.dev/reference/block-kit/composition-objects/conversation-filter-object
CONVERSATION_FILTER = Shape(
    {
        "include": listing(choice("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)

# https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
SLACK_FILE = Shape({"id": string(255), "url": string(3000)}, one_of=("id", "url"))

WORKFLOW = mapping
