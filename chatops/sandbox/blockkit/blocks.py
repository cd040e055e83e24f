"""Blocks: every type an app may send, with the limits of its fields."""

from collections.abc import Mapping

from chatops.sandbox.blockkit.checks import (
    Check,
    Findings,
    Shape,
    anything,
    boolean,
    choice,
    integer,
    listing,
    mapping,
    string,
    typed,
)
from chatops.sandbox.blockkit.elements import ELEMENTS, IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION
from chatops.sandbox.blockkit.objects import SLACK_FILE, any_text, plain_text

BLOCK_ID = string(255)


def _block(kind: str, fields: Mapping[str, Check], *required: str, one_of: tuple[str, ...] = ()) -> tuple[str, Shape]:
    return kind, Shape({"type": choice(kind), "block_id": BLOCK_ID, **fields}, required, one_of)


IMAGE_FIELDS: dict[str, Check] = {"image_url": string(3000), "alt_text": string(2000), "slack_file": SLACK_FILE}
IMAGE_IN_CARD = Shape({"type": choice("image"), **IMAGE_FIELDS}, ("alt_text",), one_of=("image_url", "slack_file"))
URL_SOURCE = typed(ELEMENTS, "url")

# https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
RICH_TEXT_PARTS: dict[str, Check] = {
    kind: Shape(
        {
            "type": choice(kind),
            "elements": listing(mapping, 1000, least=0),
            "border": integer(0, 1),
            **(
                {"style": choice("bullet", "ordered"), "indent": integer(0, 8), "offset": integer()}
                if kind == "rich_text_list"
                else {}
            ),
            **({"language": string(50)} if kind == "rich_text_preformatted" else {}),
        },
        ("elements",),
    )
    for kind in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
}

# https://docs.slack.dev/reference/block-kit/blocks/card-block
CARD_FIELDS: dict[str, Check] = {
    "hero_image": IMAGE_IN_CARD,
    "icon": IMAGE_IN_CARD,
    "title": any_text(150),
    "subtitle": any_text(150),
    "body": any_text(200),
    "actions": listing(typed(ELEMENTS, "button"), 5),
}
CARD = _block("card", CARD_FIELDS, one_of=("hero_image", "title", "actions", "body"))[1]

# https://docs.slack.dev/reference/block-kit/blocks/task-card-block
TASK_CARD = _block(
    "task_card",
    {
        "task_id": string(255),
        "title": string(300),
        "status": choice("pending", "in_progress", "complete", "error"),
        "details": mapping,
        "output": mapping,
        "sources": listing(URL_SOURCE, 100),
    },
    "task_id",
    "title",
)[1]

# https://docs.slack.dev/reference/block-kit/blocks and the page of each block under it
PLAIN_BLOCKS: dict[str, Check] = dict(
    [
        _block(
            "section",
            {
                "text": any_text(3000),
                "fields": listing(any_text(2000), 10),
                "accessory": typed(ELEMENTS, *IN_SECTION),
                "expand": boolean,
            },
            one_of=("text", "fields"),
        ),
        _block("header", {"text": plain_text(150), "level": integer(1, 4)}, "text"),
        _block("divider", {}),
        _block(
            "context",
            {
                "elements": listing(
                    typed({"image": ELEMENTS["image"], "mrkdwn": any_text(3000), "plain_text": any_text(3000)}), 10
                )
            },
            "elements",
        ),
        _block("actions", {"elements": listing(typed(ELEMENTS, *IN_ACTIONS), 25)}, "elements"),
        _block("context_actions", {"elements": listing(typed(ELEMENTS, *IN_CONTEXT_ACTIONS), 5)}, "elements"),
        _block(
            "input",
            {
                "label": plain_text(2000),
                "element": typed(ELEMENTS, *IN_INPUT),
                "hint": plain_text(2000),
                "optional": boolean,
                "dispatch_action": boolean,
            },
            "label",
            "element",
        ),
        _block("image", {**IMAGE_FIELDS, "title": plain_text(2000)}, "alt_text", one_of=("image_url", "slack_file")),
        _block("markdown", {"text": string(12_000)}, "text"),
        _block("rich_text", {"elements": listing(typed(RICH_TEXT_PARTS), 1000, least=0)}, "elements"),
        _block(
            "table",
            {"rows": listing(listing(mapping, 20), 100), "column_settings": listing(anything, 20)},
            "rows",
        ),
        _block(
            "alert",
            {"text": any_text(200), "level": choice("default", "info", "warning", "error", "success")},
            "text",
        ),
        _block(
            "video",
            {
                "alt_text": string(2000),
                "video_url": string(3000),
                "thumbnail_url": string(3000),
                "title": plain_text(199),
                "title_url": string(3000),
                "author_name": string(49),
                "description": plain_text(199),
                "provider_name": string(49),
                "provider_icon_url": string(3000),
            },
            "alt_text",
            "video_url",
            "thumbnail_url",
            "title",
        ),
        ("card", CARD),
        _block("carousel", {"elements": listing(typed({"card": CARD}), 10)}, "elements"),
        ("task_card", TASK_CARD),
        _block("plan", {"title": string(300), "tasks": listing(typed({"task_card": TASK_CARD}), 50)}, "title"),
        _block(
            "data_table",
            {
                "caption": string(300),
                "rows": listing(listing(mapping, 20), 101),
                "page_size": integer(1, 100),
                "row_header_column_index": integer(0, 19),
            },
            "caption",
            "rows",
        ),
        _block("data_visualization", {"title": string(50), "chart": mapping}, "title", "chart"),
    ]
)

# https://docs.slack.dev/reference/block-kit/blocks/container-block
CONTAINER = _block(
    "container",
    {
        "title": plain_text(150),
        "rich_text_title": mapping,
        "subtitle": any_text(150),
        "icon": IMAGE_IN_CARD,
        "child_blocks": listing(typed(PLAIN_BLOCKS), 10),
        "default_collapsed": boolean,
        "is_collapsible": boolean,
        "has_header_divider": boolean,
        "width": choice("narrow", "standard", "wide", "full"),
    },
    "child_blocks",
    one_of=("title", "rich_text_title"),
)[1]

BLOCKS: dict[str, Check] = PLAIN_BLOCKS | {"container": CONTAINER}

KNOWN_BLOCK = typed(BLOCKS)


def check_block(block: object, pointer: str, findings: Findings) -> None:
    KNOWN_BLOCK(block, pointer, findings)
