"""“Which incident?”: a button for each open one, for a command that named none."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber, format_incident
from chatops.slack import icons
from chatops.slack.views.building import Message, button, context, section
from chatops.slack.views.target import STALE, parse_number
from chatops.usecases.ports import IncidentRow

PREFIX = "pick"
"""Of the action ids: `pick:update:12`."""
MOST = 20
VALUE_CHARS = 2000
"""Slack's limit for the value of a button."""
SUBCOMMAND_CHARS = 60
WHICH = "Which incident?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A subcommand with its incident: `rest` is what else was typed."""

    subcommand: str
    rest: str
    incident: IncidentNumber


def build(rows: Sequence[IncidentRow], subcommand: str, text: str) -> Message:
    """`text` is what was typed after the subcommand; each button carries it on."""
    buttons = [_button(row, subcommand[:SUBCOMMAND_CHARS], text) for row in rows[:MOST]]
    blocks: list[Block] = [section(f"*{WHICH}*"), ActionsBlock(elements=buttons)]
    if len(rows) > MOST:
        hint = f"{len(rows) - MOST} more are open. Name one of them, like `/incident {subcommand} INC-12`."
        blocks.append(context(hint))
    return WHICH, blocks


def _button(row: IncidentRow, subcommand: str, text: str) -> ButtonElement:
    lock = f"{icons.PRIVATE} " if row.private else ""
    label = f"{icons.IMPACTS[row.impact]} {format_incident(row.number)} {lock}{row.title}"
    pick = Pick(subcommand=subcommand, rest=text, incident=row.number)
    return button(label, f"{PREFIX}:{subcommand}:{row.number}", format_pick(pick))


def format_pick(pick: Pick) -> str:
    """JSON within a button's limit; a longer `rest` is cut, for a button cannot carry more."""
    value = _dump(pick)
    while len(value) > VALUE_CHARS and pick.rest:
        # One character takes at most six in JSON, so a sixth of the excess never cuts too much.
        excess = len(value) - VALUE_CHARS
        pick = replace(pick, rest=pick.rest[: -max(1, excess // 6)])
        value = _dump(pick)
    return value


def _dump(pick: Pick) -> str:
    data = {"subcommand": pick.subcommand, "rest": pick.rest, "incident": pick.incident}
    return json.dumps(data, ensure_ascii=False)


def parse(value: str) -> Pick:
    """The value of the button that was pressed; raises BadInput on nonsense."""
    try:
        data = json.loads(value)
        return Pick(subcommand=str(data["subcommand"]), rest=str(data["rest"]), incident=parse_number(data["incident"]))
    except (ValueError, KeyError, TypeError):
        raise BadInput(STALE) from None
