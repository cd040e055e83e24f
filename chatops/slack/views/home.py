"""The App Home: how to start, the open incidents with their clocks, the drafts that wait for this person."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, DividerBlock
from slack_sdk.models.views import View

from chatops.domain.ids import format_incident
from chatops.domain.wording import OutletSpec
from chatops.slack.mrkdwn import cut, escape, link
from chatops.slack.views import board_card
from chatops.slack.views.building import button, context, header, section
from chatops.slack.views.incident_card import DRAFT_UPDATE
from chatops.slack.views.incident_list import TITLE_CHARS, build_row
from chatops.usecases.customer_snapshots import BoardSnapshot
from chatops.usecases.ports import IncidentRow
from chatops.usecases.reading import HomeSnapshot

OPEN_INCIDENT = "open_incident"
MOST = 20
"""Of each list: with the rest it stays below Slack's 100 blocks."""
BOARDS_BLOCKS = 45
"""For customers: what does not fit stands on the boards."""

HOW = (
    "When something is wrong, open an incident. Then draft an update together; a colleague approves the exact words, "
    "and they go out everywhere at once. `/incident help` lists all commands."
)
WHERE = "Read and approve it in the incident thread."


def build(
    snapshot: HomeSnapshot,
    now: datetime,
    boards: Sequence[BoardSnapshot] = (),
    specs: Sequence[OutletSpec] = (),
) -> View:
    start = button("Open an incident", OPEN_INCIDENT, "home", style="primary")
    blocks: list[Block] = [section(HOW), ActionsBlock(elements=[start])]
    if snapshot.page_url:
        blocks.append(context(link(snapshot.page_url, "Public page")))
    blocks += [DividerBlock(), *_drafts(snapshot.drafts), *_customers(boards, specs)]
    return View(type="home", blocks=[*blocks, *_incidents(snapshot.incidents, now)])


def _customers(boards: Sequence[BoardSnapshot], specs: Sequence[OutletSpec]) -> list[Block]:
    if not boards:
        return []
    blocks: list[Block] = [header("Customers waiting")]
    for board in boards:
        built = board_card.build_home(board, specs)
        if len(blocks) + len(built) > BOARDS_BLOCKS:
            blocks.append(context("… and more: `/incident mentions`"))
            break
        blocks += built
    return [*blocks, DividerBlock()]


def _incidents(rows: Sequence[IncidentRow], now: datetime) -> list[Block]:
    blocks: list[Block] = [header("Open incidents")]
    if not rows:
        return [*blocks, section("None. All is quiet.")]
    for row in rows[:MOST]:
        draft = button("Draft update", DRAFT_UPDATE, str(row.number))
        blocks.append(section(build_row(row, now), accessory=draft))
    return [*blocks, *_more(rows)]


def _drafts(rows: Sequence[IncidentRow]) -> list[Block]:
    if not rows:
        return []
    blocks: list[Block] = [header("Drafts waiting for you")]
    blocks += [
        section(f"✍️ *{format_incident(row.number)}* {cut(escape(row.title), TITLE_CHARS)}\n{WHERE}")
        for row in rows[:MOST]
    ]
    return [*blocks, *_more(rows), DividerBlock()]


def _more(rows: Sequence[IncidentRow]) -> list[Block]:
    return [context(f"… and {len(rows) - MOST} more: `/incident list`")] if len(rows) > MOST else []
