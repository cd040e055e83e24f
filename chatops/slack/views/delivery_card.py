"""The delivery card: where one update stands at each outlet, live, and what a person can do about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from slack_sdk.models.blocks import ActionsBlock, Block, ConfirmObject

from chatops.domain.broadcast import Delivery, DeliveryState, Update, find_ahead, find_targets
from chatops.domain.errors import BadInput
from chatops.domain.ids import PAGE, IncidentNumber, MemberId, OutletKey
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Action, Record
from chatops.domain.wording import OutletSpec
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape, escaped_name, link, slack_date
from chatops.slack.views.building import TEXT_CHARS, Message, button, header, plain, section
from chatops.slack.views.lines import build_audit
from chatops.slack.views.outlet_lines import label_of, word_purpose
from chatops.slack.views.target import STALE
from chatops.usecases.ports import Attempt

RETRY = "retry"
ARRIVED = "it_arrived"
SEND_AGAIN = "send_again"
CORRECT = "correct"
RETRACT = "retract"

DOING: dict[Action, str] = {"post": "sending", "edit": "editing", "retract": "taking away"}
DONE: dict[Action, str] = {"post": "sent", "edit": "edited", "retract": "taken away"}
STUCK = (DeliveryState.REFUSED, DeliveryState.UNCERTAIN, DeliveryState.SKIPPED)
TROUBLED = 12
"""So many deliveries get buttons; the text of all fits Slack's limits with them."""
LABEL_CHARS = 60
REASON_CHARS = 220
QUIET_CHARS = 2900
_UPDATE = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_DELIVERY = re.compile(r"([0-9]{1,9}):([0-9]{1,9}):(.{1,1500}):([0-9]{1,4})", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """One part of one update at one outlet."""

    incident: IncidentNumber
    update: int
    outlet: OutletKey
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    incident: Incident
    update: Update
    attempts: Sequence[Attempt]
    specs: Sequence[OutletSpec]


def build(
    incident: Incident,
    update: Update,
    attempts: Sequence[Attempt],
    members: Mapping[MemberId, Member],
    specs: Sequence[OutletSpec],
    record: Record,
) -> Message:
    """`record` is the one that started the broadcast: its actor published it."""
    card = _Card(incident=incident, update=update, attempts=attempts, specs=specs)
    title = f"Update {update.number} — {word_purpose(update.revision)}"
    stuck = [each for each in update.deliveries if each.state in STUCK]
    with_buttons = stuck[:TROUBLED]
    others = [each for each in update.deliveries if each not in with_buttons]
    blocks: list[Block] = [header(title), *_mark(update, members, record)]
    for delivery in with_buttons:
        blocks += _troubled(card, delivery)
    if others:
        blocks.append(section("\n".join(_line(card, each) for each in others), max_chars=QUIET_CHARS))
    blocks += _second_thoughts(card)
    blocks.append(build_audit(record, members))
    return cut(f"{incident.name} · {title}: {_sum_up(update)}", TEXT_CHARS), blocks


def _sum_up(update: Update) -> str:
    counts = [(state, sum(each.state is state for each in update.deliveries)) for state in DeliveryState]
    words = {DeliveryState.QUEUED: "sending"}
    return ", ".join(f"{icons.DELIVERIES[state]} {n} {words.get(state, state.value)}" for state, n in counts if n)


def _mark(update: Update, members: Mapping[MemberId, Member], record: Record) -> list[Block]:
    if update.bypass_reason is None:
        return []
    who, reason = escaped_name(record.actor, members), cut(escape(update.bypass_reason), 600)
    return [section(f"⚠️ *PUBLISHED WITHOUT APPROVAL* by {cut(who, 60)}. Reason: {reason}")]


def _second_thoughts(card: _Card) -> list[Block]:
    """What went out can be corrected and retracted, through approval too; what was retracted is gone."""
    update = card.update
    outlets = dict.fromkeys(each.outlet for each in update.deliveries)
    stands = any(find_targets(card.incident.updates, update.number, outlet) for outlet in outlets)
    if not update.is_news or not stands:
        return []
    value = f"{card.incident.number}:{update.number}"
    return [ActionsBlock(elements=[button("Correct", CORRECT, value), button("Retract", RETRACT, value)])]


def parse_update(value: str) -> tuple[IncidentNumber, int]:
    """The value of `Correct` and `Retract`: incident and update. Raises BadInput on nonsense."""
    match = _UPDATE.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return IncidentNumber(int(match[1])), int(match[2])


def _troubled(card: _Card, delivery: Delivery) -> list[Block]:
    target = DeliveryTarget(
        incident=card.incident.number, update=card.update.number, outlet=delivery.outlet, part=delivery.part
    )
    value = format_delivery(target)
    line = _line(card, delivery)
    if delivery.state in (DeliveryState.REFUSED, DeliveryState.SKIPPED):
        return [section(line, accessory=button("Retry", RETRY, value))]
    confirm = ConfirmObject(
        title=plain("Send again?", 100),
        text=plain("If it did arrive the first time, it will stand there twice.", 300),
        confirm=plain("Send again", 30),
        deny=plain("Cancel", 30),
    )
    buttons = [button("It arrived", ARRIVED, value), button("Send again", SEND_AGAIN, value, confirm=confirm)]
    return [section(line), ActionsBlock(elements=buttons)]


def _line(card: _Card, delivery: Delivery) -> str:
    name = f"{icons.DELIVERIES[delivery.state]} *{_place(card, delivery)}*"
    reason = cut(escape(" ".join((delivery.reason or "").split())), REASON_CHARS)
    match delivery.state:
        case DeliveryState.QUEUED:
            return f"{name} {_word_queued(card, delivery)}"
        case DeliveryState.SENT:
            done = DONE[_action_of(card, delivery)]
            return f"{name} {done}{_word_sent(card, delivery)}{f' ({reason})' if reason else ''}"
        case DeliveryState.REFUSED:
            return f"{name} refused: {reason or 'no reason given'}"
        case DeliveryState.UNCERTAIN:
            ask = f"Please look there: press `It arrived` if {_word_sight(card, delivery)}, else `Send again`."
            return f"{name} {_word_uncertain(card, delivery)}: {reason or 'no answer came'}\n{ask}"
        case DeliveryState.SKIPPED:
            return f"{name} skipped: {reason or 'paused'}"
        case _:
            assert_never(delivery.state)


def _action_of(card: _Card, delivery: Delivery) -> Action:
    return next((words.action for words in card.update.revision.words if words.outlet == delivery.outlet), "post")


def _word_uncertain(card: _Card, delivery: Delivery) -> str:
    doubts: dict[Action, str] = {"post": "stand there", "edit": "be edited", "retract": "be gone"}
    return f"uncertain, it may {doubts[_action_of(card, delivery)]}"


def _word_sight(card: _Card, delivery: Delivery) -> str:
    sights: dict[Action, str] = {"post": "you see it", "edit": "you see the new words", "retract": "it is gone"}
    return sights[_action_of(card, delivery)]


def _place(card: _Card, delivery: Delivery) -> str:
    label = cut(escape(label_of(card.specs, delivery.outlet)), LABEL_CHARS)
    parts = sum(each.outlet == delivery.outlet for each in card.update.deliveries)
    return f"{label}, part {delivery.part + 1} of {parts}" if parts > 1 else label


def _word_sent(card: _Card, delivery: Delivery) -> str:
    at = _sent_at(card, delivery)
    when = f" {slack_date(at)}" if at else ""
    if delivery.outlet != PAGE and _action_of(card, delivery) == "retract":
        return when
    # An address too long to link is left out: the export has it.
    return f"{when} · {link(delivery.url, 'open')}" if delivery.url and len(delivery.url) <= REASON_CHARS else when


def _sent_at(card: _Card, delivery: Delivery) -> datetime | None:
    """The page has it from the moment of the approval; the others from their last attempt."""
    if delivery.outlet == PAGE:
        return card.update.started_at
    attempts = _attempts_of(card, delivery)
    return attempts[-1].finished_at if attempts else None


def _word_queued(card: _Card, delivery: Delivery) -> str:
    doing = DOING[_action_of(card, delivery)]
    attempts = [each for each in _attempts_of(card, delivery) if each.requeued == delivery.requeued]
    if not attempts:
        ahead = find_ahead(card.incident.updates, card.update.number, delivery.outlet)
        if ahead is not None:
            return f"waits for update {ahead}"
        return f"waits for part {delivery.part}" if delivery.part else doing
    last = attempts[-1]
    if last.finished_at is None:
        return doing if len(attempts) == 1 else f"{doing}, {ordinal(len(attempts))} attempt"
    if last.next_at is None:
        return doing
    note = f" ({cut(escape(' '.join(last.note.split())), REASON_CHARS)})" if last.note else ""
    return f"{ordinal(len(attempts) + 1)} attempt at {slack_date(last.next_at, 'time')}{note}"


def _attempts_of(card: _Card, delivery: Delivery) -> list[Attempt]:
    mine = (card.update.number, delivery.outlet, delivery.part)
    found = [each for each in card.attempts if (each.update, each.outlet, each.part) == mine]
    return sorted(found, key=lambda each: each.id)


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    is_teen = 10 <= number % 100 <= 20
    return f"{number}{'th' if is_teen else endings.get(number % 10, 'th')}"


def format_delivery(target: DeliveryTarget) -> str:
    return f"{target.incident}:{target.update}:{target.outlet}:{target.part}"


def parse_delivery(value: str) -> DeliveryTarget:
    """A button's value; an outlet's key may hold dots and colons. Raises BadInput on nonsense."""
    match = _DELIVERY.fullmatch(value)
    if match is None:
        raise BadInput(STALE)
    return DeliveryTarget(
        incident=IncidentNumber(int(match[1])),
        update=int(match[2]),
        outlet=OutletKey(match[3]),
        part=int(match[4]),
    )
