"""Every kind of block, element and input that the page draws, in one message, one modal and one Home."""

from typing import Any

from tests.sandbox_page.sample_app import button, field_block, mrkdwn, option, plain

Json = dict[str, Any]

OPTIONS = [option("Minor", "minor"), option("Major", "major")]
CHOICE: Json = {"options": OPTIONS}
ASK: Json = {"title": plain("Sure?"), "text": mrkdwn("It is *final*."), "confirm": plain("Yes"), "deny": plain("No")}

RICH: Json = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [
            {"type": "text", "text": "Words, "},
            {"type": "text", "text": "bold", "style": {"bold": True}},
            {"type": "link", "url": "https://acme.example", "text": "a link"},
            {"type": "user", "user_id": "U01JOEL"},
            {"type": "channel", "channel_id": "C01GENERAL"},
            {"type": "emoji", "name": "tada"},
        ]},
        {"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
        ]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a quote"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]},
    ],
}  # fmt: skip

MENUS: list[Json] = [
    {"type": "static_select", "action_id": "a", "placeholder": plain("Impact"), **CHOICE},
    {"type": "users_select", "action_id": "b", "placeholder": plain("Who")},
    {"type": "datepicker", "action_id": "c"},
    {"type": "timepicker", "action_id": "d"},
    {"type": "checkboxes", "action_id": "e", **CHOICE},
    {"type": "radio_buttons", "action_id": "f", **CHOICE},
    {"type": "overflow", "action_id": "g", **CHOICE},
]

BLOCKS: list[Json] = [
    {"type": "header", "text": plain("Everything at once")},
    {"type": "section", "text": mrkdwn("*Bold*, _italic_, ~gone~, `code`, <https://acme.example|link>, <@U01BELLE>")},
    {"type": "section", "text": mrkdwn("> quote\n```code```"), "fields": [mrkdwn("*One*\n1"), mrkdwn("*Two*\n2")]},
    {"type": "section", "text": mrkdwn("With a menu"), "accessory": {"type": "overflow", "action_id": "o", **CHOICE}},
    {"type": "context", "elements": [mrkdwn("Small words <!date^1790000000^{date_short} {time}|then>")]},
    {"type": "divider"},
    {"type": "actions", "elements": [
        button("Publish", "primary", style="primary"),
        button("Withdraw", "danger", style="danger", confirm=ASK),
        button("Plain", "plain"),
        button("Page", "page", url="https://acme.example"),
    ]},
    {"type": "actions", "elements": MENUS},
    {"type": "image", "image_url": "https://acme.example/graph.png", "alt_text": "A graph", "title": plain("Graph")},
    {"type": "markdown", "text": "# Title\n**bold** and [link](https://acme.example)"},
    RICH,
    {"type": "table", "rows": [
        [{"type": "raw_text", "text": "Outlet"}, {"type": "raw_text", "text": "Sent"}],
        [{"type": "raw_text", "text": "Mail"}, {"type": "raw_text", "text": "14:02"}],
    ]},
]  # fmt: skip

INPUTS: list[Json] = [
    {"type": "plain_text_input", "max_length": 20, "initial_value": "far more words than may stand", "multiline": True},
    {"type": "plain_text_input", "placeholder": plain("A line")},
    {"type": "email_text_input"},
    {"type": "url_text_input"},
    {"type": "number_input", "is_decimal_allowed": False},
    {"type": "rich_text_input"},
    {"type": "static_select", **CHOICE},
    {"type": "multi_static_select", "initial_options": OPTIONS[:1], **CHOICE},
    {"type": "users_select", "initial_user": "U01JOEL"},
    {"type": "multi_users_select", "initial_users": ["U01JOEL", "U01ANDY"]},
    {"type": "conversations_select"},
    {"type": "multi_conversations_select"},
    {"type": "channels_select"},
    {"type": "multi_channels_select"},
    {"type": "datepicker", "initial_date": "2026-11-23"},
    {"type": "timepicker", "initial_time": "14:00"},
    {"type": "datetimepicker"},
    {"type": "checkboxes", "initial_options": OPTIONS[:1], **CHOICE},
    {"type": "radio_buttons", **CHOICE},
    {"type": "file_input"},
]

MODAL: Json = {
    "type": "modal",
    "callback_id": "all",
    "title": plain("All kinds of inputs"),
    "submit": plain("Save"),
    "blocks": [
        {"type": "section", "text": mrkdwn("*Words* above")},
        {"type": "section", "text": mrkdwn("Kind"), "accessory": {"type": "static_select", "action_id": "k", **CHOICE}},
        {"type": "actions", "elements": [button("Add a line", "add")]},
        *(
            field_block(f"b{at}", f"Field {at} with {kind['type']}", kind, optional=bool(at % 2), hint=plain("A hint"))
            for at, kind in enumerate(INPUTS)
        ),
    ],
}

ONLY_IN_MESSAGES = ("markdown", "table")
HOME: Json = {"type": "home", "blocks": [block for block in BLOCKS if block["type"] not in ONLY_IN_MESSAGES]}
