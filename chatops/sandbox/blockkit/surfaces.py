"""Surfaces: what a message, a modal and an App Home may hold as a whole."""

import json
from collections import Counter

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from chatops.sandbox.blockkit.blocks import check_block
from chatops.sandbox.blockkit.checks import Check, Findings, Shape, anything, boolean, choice, listing, string
from chatops.sandbox.blockkit.objects import plain_text
from chatops.sandbox.forms import walk
from chatops.sandbox.wire import Json

# https://docs.slack.dev/reference/block-kit/blocks
MESSAGE_BLOCKS_MOST = 50
VIEW_BLOCKS_MOST = 100
# https://docs.slack.dev/reference/block-kit/blocks/markdown-block: cumulative over one message
MARKDOWN_MOST = 12_000
# Undocumented; reported at https://github.com/slackapi/bolt-js/issues/2509 as about 13.2k over all blocks
MESSAGE_TEXT_MOST = 13_200
# https://docs.slack.dev/reference/methods/views.open: view_too_large
VIEW_BYTES_MOST = 250_000

NOT_IN_MESSAGES = ("input", "alert")
ONLY_IN_MESSAGES = (
    "markdown",
    "table",
    "file",
    "task_card",
    "plan",
    "context_actions",
    "carousel",
    "card",
    "data_table",
    "data_visualization",
)
NEWER_THAN_SDK = ("data_table", "data_visualization")
"""Types that slack_sdk 3.47 has no model for."""

# https://docs.slack.dev/reference/views
VIEW_FIELDS: dict[str, Check] = {
    "type": choice("modal", "home"),
    "blocks": listing(anything, VIEW_BLOCKS_MOST, least=0),
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
MODAL = Shape(
    VIEW_FIELDS
    | {
        "title": plain_text(24),
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    ("title", "blocks"),
)
HOME = Shape(VIEW_FIELDS, ("blocks",))


def check_message_blocks(blocks: list[Json], pointer: str = "/blocks") -> list[str]:
    """Slack's objections to a message's blocks; none when it would take them."""
    findings = Findings()
    listing(check_block, MESSAGE_BLOCKS_MOST, least=0)(blocks, pointer, findings)
    if not findings.messages:
        _check_types(blocks, NOT_IN_MESSAGES, "messages", pointer, findings)
        _check_together(blocks, pointer, findings)
        _check_message_totals(blocks, pointer, findings)
    return findings.messages


def blocks_text_chars(blocks: list[Json]) -> int:
    """All text a person would read in the blocks."""
    return sum(len(text) for text in _texts(blocks))


def check_view(view: Json, pointer: str = "/view") -> list[str]:
    """Slack's objections to a view; none when it would take it."""
    findings = Findings()
    kind = view.get("type")
    if kind not in ("modal", "home"):
        findings.add("missing required field: type" if kind is None else f"unsupported type: {kind}", pointer)
        return findings.messages
    (MODAL if kind == "modal" else HOME)(view, pointer, findings)
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        return findings.messages
    for index, block in enumerate(blocks):
        check_block(block, f"{pointer}/blocks/{index}", findings)
    if not findings.messages:
        excluded = ONLY_IN_MESSAGES if kind == "modal" else (*ONLY_IN_MESSAGES, "alert")
        _check_types(blocks, excluded, kind, f"{pointer}/blocks", findings)
        _check_together(blocks, f"{pointer}/blocks", findings)
        if kind == "modal" and "submit" not in view and any(block["type"] == "input" for block in blocks):
            findings.add("missing required field: submit, which a view with inputs needs", pointer)
    return findings.messages


def is_too_large(view: Json) -> bool:
    return len(json.dumps(view).encode()) > VIEW_BYTES_MOST


def _check_types(blocks: list[Json], excluded: tuple[str, ...], surface: str, pointer: str, findings: Findings) -> None:
    for index, block in enumerate(blocks):
        if block["type"] in excluded:
            findings.add(f"unsupported type: {block['type']} (not in {surface})", f"{pointer}/{index}/type")


def _check_together(blocks: list[Json], pointer: str, findings: Findings) -> None:
    """Rules across blocks: ids are unique, one focus, and slack_sdk's models keep every key."""
    for block_id, count in Counter(block["block_id"] for block in blocks if block.get("block_id")).items():
        if count > 1:
            findings.add(f"`block_id` {block_id} already exists", pointer)
    for index, block in enumerate(blocks):
        ids = Counter(element["action_id"] for _, element in walk([block]) if element.get("action_id"))
        for action_id, count in ids.items():
            if count > 1:
                findings.add(f"`action_id` {action_id} already exists in this block", f"{pointer}/{index}")
        _check_with_sdk(block, f"{pointer}/{index}", findings)
    if sum(1 for _, element in walk(blocks) if element.get("focus_on_load")) > 1:
        findings.add("only one element may have `focus_on_load`", pointer)


def _check_with_sdk(block: Json, pointer: str, findings: Findings) -> None:
    """slack_sdk drops what it does not know without a word, so what comes back must equal what went in."""
    if block["type"] in NEWER_THAN_SDK:
        return
    try:
        kept = [parsed.to_dict() for parsed in Block.parse_all([block])]
    except SlackObjectFormationError as error:
        findings.add(str(error), pointer)
        return
    if kept != [block]:
        findings.add(f"slack_sdk's models read this block otherwise: {json.dumps(kept)[:200]}", pointer)


def _check_message_totals(blocks: list[Json], pointer: str, findings: Findings) -> None:
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_MOST:
        findings.add(f"markdown blocks hold more than {MARKDOWN_MOST} characters together", pointer)
    if sum(1 for block in blocks if block["type"] == "table") > 1:
        findings.add("only one table allowed", pointer)


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for item in value.values() if isinstance(item, dict | list) for text in _texts(item)]
    return []
