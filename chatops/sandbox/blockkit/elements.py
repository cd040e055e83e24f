"""Block elements: every one an app may send, with the limits of its fields."""

from collections.abc import Mapping

from chatops.sandbox.blockkit.checks import Check, Shape, boolean, choice, integer, listing, mapping, string
from chatops.sandbox.blockkit.objects import (
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    OPTION_GROUP,
    OPTIONS_MOST,
    OVERFLOW_OPTION,
    PLAIN_OPTION,
    RICH_OPTION,
    SLACK_FILE,
    WORKFLOW,
    plain_text,
)

ACTION_ID = string(255)
PLACEHOLDER = plain_text(150)
INPUT_MOST = 3000

COMMON: dict[str, Check] = {"action_id": ACTION_ID}
FOCUS: dict[str, Check] = COMMON | {"focus_on_load": boolean}
ASKING: dict[str, Check] = FOCUS | {"confirm": CONFIRM}
SELECT: dict[str, Check] = ASKING | {"placeholder": PLACEHOLDER}
MULTI: dict[str, Check] = SELECT | {"max_selected_items": integer(1)}
TYPING: dict[str, Check] = FOCUS | {"placeholder": PLACEHOLDER, "dispatch_action_config": DISPATCH_ACTION_CONFIG}
OPTIONS: dict[str, Check] = {
    "options": listing(PLAIN_OPTION, OPTIONS_MOST),
    "option_groups": listing(OPTION_GROUP, 100),
}
CONVERSATIONS: dict[str, Check] = {"default_to_current_conversation": boolean, "filter": CONVERSATION_FILTER}
IDS = listing(string(255), 1000)
FEEDBACK_BUTTON = Shape(
    {"text": plain_text(75), "value": string(2000), "accessibility_label": string(75)}, ("text", "value")
)


def _element(kind: str, fields: Mapping[str, Check], *required: str, one_of: tuple[str, ...] = ()) -> tuple[str, Shape]:
    return kind, Shape({"type": choice(kind), **fields}, required, one_of)


# https://docs.slack.dev/reference/block-kit/block-elements and the page of each element under it
ELEMENTS: dict[str, Check] = dict(
    [
        _element(
            "button",
            COMMON
            | {
                "text": plain_text(75),
                "url": string(3000),
                "value": string(2000, least=0),
                "style": choice("primary", "danger"),
                "confirm": CONFIRM,
                "accessibility_label": string(75),
            },
            "text",
        ),
        _element(
            "workflow_button",
            COMMON
            | {
                "text": plain_text(75),
                "workflow": WORKFLOW,
                "style": choice("primary", "danger"),
                "accessibility_label": string(75),
            },
            "text",
            "workflow",
        ),
        _element(
            "icon_button",
            COMMON
            | {
                "icon": choice("trash"),
                "text": plain_text(75),
                "value": string(2000),
                "confirm": CONFIRM,
                "accessibility_label": string(75),
                "visible_to_user_ids": IDS,
            },
            "icon",
            "text",
        ),
        _element(
            "feedback_buttons",
            COMMON | {"positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
            "positive_button",
            "negative_button",
        ),
        _element("overflow", COMMON | {"options": listing(OVERFLOW_OPTION, 5), "confirm": CONFIRM}, "options"),
        _element(
            "checkboxes",
            ASKING | {"options": listing(RICH_OPTION, 10), "initial_options": listing(RICH_OPTION, 10)},
            "options",
        ),
        _element(
            "radio_buttons", ASKING | {"options": listing(RICH_OPTION, 10), "initial_option": RICH_OPTION}, "options"
        ),
        _element(
            "static_select", SELECT | OPTIONS | {"initial_option": PLAIN_OPTION}, one_of=("options", "option_groups")
        ),
        _element(
            "multi_static_select",
            MULTI | OPTIONS | {"initial_options": listing(PLAIN_OPTION, OPTIONS_MOST)},
            one_of=("options", "option_groups"),
        ),
        _element("external_select", SELECT | {"initial_option": PLAIN_OPTION, "min_query_length": integer()}),
        _element(
            "multi_external_select",
            MULTI | {"initial_options": listing(PLAIN_OPTION, OPTIONS_MOST), "min_query_length": integer()},
        ),
        _element("users_select", SELECT | {"initial_user": string(255)}),
        _element("multi_users_select", MULTI | {"initial_users": IDS}),
        _element(
            "conversations_select",
            SELECT | CONVERSATIONS | {"initial_conversation": string(255), "response_url_enabled": boolean},
        ),
        _element("multi_conversations_select", MULTI | CONVERSATIONS | {"initial_conversations": IDS}),
        _element("channels_select", SELECT | {"initial_channel": string(255), "response_url_enabled": boolean}),
        _element("multi_channels_select", MULTI | {"initial_channels": IDS}),
        _element("datepicker", SELECT | {"initial_date": string(10)}),
        _element("timepicker", SELECT | {"initial_time": string(5), "timezone": string(100)}),
        _element("datetimepicker", ASKING | {"initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
        _element(
            "plain_text_input",
            TYPING
            | {
                "initial_value": string(INPUT_MOST, least=0),
                "multiline": boolean,
                "min_length": integer(0, INPUT_MOST),
                "max_length": integer(1, INPUT_MOST),
            },
        ),
        _element("rich_text_input", TYPING | {"initial_value": mapping}),
        _element("email_text_input", TYPING | {"initial_value": string(INPUT_MOST, least=0)}),
        _element("url_text_input", TYPING | {"initial_value": string(INPUT_MOST, least=0)}),
        _element(
            "number_input",
            TYPING
            | {
                "is_decimal_allowed": boolean,
                "initial_value": string(64),
                "min_value": string(64),
                "max_value": string(64),
            },
            "is_decimal_allowed",
        ),
        _element("file_input", COMMON | {"filetypes": listing(string(32), 100), "max_files": integer(1, 10)}),
        _element(
            "image",
            {"image_url": string(3000), "alt_text": string(2000), "slack_file": SLACK_FILE},
            "alt_text",
            one_of=("image_url", "slack_file"),
        ),
        _element("url", {"url": string(3000), "text": string(3000)}, "url"),
    ]
)

SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
)
PICKERS = ("datepicker", "timepicker", "datetimepicker")
CHOICES = ("checkboxes", "radio_buttons")
TEXT_INPUTS = ("plain_text_input", "rich_text_input", "email_text_input", "url_text_input", "number_input")

# Which elements each block takes: the table at https://docs.slack.dev/reference/block-kit/block-elements
IN_SECTION = ("button", "workflow_button", "overflow", "image", *SELECTS, *PICKERS[:2], *CHOICES)
SINGLE_SELECTS = tuple(name for name in SELECTS if not name.startswith("multi_"))
IN_ACTIONS = ("button", "workflow_button", "overflow", "rich_text_input", *SELECTS, *PICKERS, *CHOICES)
IN_INPUT = (*SELECTS, *PICKERS, *CHOICES, *TEXT_INPUTS, "file_input")
IN_CONTEXT_ACTIONS = ("feedback_buttons", "icon_button")
