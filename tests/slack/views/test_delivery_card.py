"""The delivery card: each outlet's line and the buttons for what went wrong."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.broadcast import Update
from chatops.domain.errors import BadInput
from chatops.domain.ids import CHATOPS, IncidentNumber, MemberId, OutletKey
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import BroadcastStarted, DeliveryRefused, DeliveryUncertain, Record
from chatops.slack.views import delivery_card
from chatops.slack.views.delivery_card import DeliveryTarget
from chatops.usecases.ports import Attempt
from tests.builders import (
    BEN,
    EMAIL,
    PAGE_SPEC,
    PEOPLE,
    Journal,
    approve,
    broadcast,
    build_revision,
    build_spec,
    minute,
    open_journal,
    propose,
    send,
)
from tests.slack.views.checking import NEVER, Json, check_message, find_all, labels, press, read
from tests.slack.views.texts import LAW, incidents, members, records, updates

MEMBERS = {member.id: member for member in PEOPLE}
SPECS = (PAGE_SPEC, build_spec("email"))


def start(parts: int = 1) -> Journal:
    return broadcast(approve(propose(open_journal(), build_revision(parts=parts))), at=4)


def try_(number: int, **changes: object) -> Attempt:
    attempt = Attempt(
        id=number,
        incident=IncidentNumber(1),
        update=1,
        outlet=EMAIL,
        part=0,
        requeued=0,
        started_at=minute(number),
        finished_at=minute(number),
    )
    return replace(attempt, **changes)  # type: ignore[arg-type]


def build(journal: Journal, attempts: Sequence[Attempt] = ()) -> list[Json]:
    record = next(each for each in journal.records if isinstance(each.data, BroadcastStarted))
    return check_message(delivery_card.build(journal.incident, journal.update, attempts, MEMBERS, SPECS, record))


def test_what_is_on_its_way_and_what_stands_there() -> None:
    shown = read(build(start()))
    assert "Update 1 — Investigating" in shown
    assert "✅ *Page* sent <!date^" in shown
    assert "⏳ *Email* sending" in shown
    assert "Ben Example" in shown
    assert not NEVER.search(shown)


def test_a_sent_delivery_links_its_post() -> None:
    shown = read(build(send(start()), [try_(5, outcome="sent")]))
    assert "✅ *Email* sent <!date^" in shown
    assert "<https://acme.example/1|open>" in shown


def test_a_retry_says_when_and_why() -> None:
    attempts = [try_(1), try_(2, next_at=minute(9), note="the mail server\n<deferred>")]
    shown = read(build(start(), attempts))
    assert "⏳ *Email* 3rd attempt at <!date^" in shown
    assert "(the mail server &lt;deferred&gt;)" in shown


def test_attempts_under_way() -> None:
    assert "*Email* sending\n" in read(build(start(), [try_(1, finished_at=None)]))
    assert "*Email* sending, 2nd attempt" in read(build(start(), [try_(1), try_(2, finished_at=None)]))
    assert "*Email* sending\n" in read(build(start(), [try_(1, next_at=None)]))


def test_a_later_part_waits_for_the_one_before() -> None:
    shown = read(build(start(parts=2)))
    assert "⏳ *Email, part 1 of 2* sending" in shown
    assert "⏳ *Email, part 2 of 2* waits for part 1" in shown


def test_a_later_update_waits_for_the_one_before() -> None:
    journal = broadcast(approve(propose(start(), build_revision(draft=2))))
    assert "⏳ *Email* waits for update 1" in read(build(journal))


def test_a_refused_delivery_can_be_retried() -> None:
    refused = DeliveryRefused(update=1, outlet=EMAIL, reason="No <such> list.")
    blocks = build(start().write(refused, by=CHATOPS))
    assert "❌ *Email* refused: No &lt;such&gt; list." in read(blocks)
    assert labels(blocks) == ["Retry", "Correct", "Retract"]
    assert press(blocks, "Retry")["action_id"] == delivery_card.RETRY
    assert press(blocks, "Retry")["value"] == "1:1:email:0"


def test_an_uncertain_delivery_asks_a_person_to_look() -> None:
    uncertain = DeliveryUncertain(update=1, outlet=EMAIL, reason="The answer was lost.")
    blocks = build(start().write(uncertain, by=CHATOPS))
    assert "❓ *Email* uncertain" in read(blocks)
    assert labels(blocks) == ["It arrived", "Send again", "Correct", "Retract"]
    assert "stand there twice" in press(blocks, "Send again")["confirm"]["text"]["text"]
    target = delivery_card.parse_delivery(press(blocks, "It arrived")["value"])
    assert target == DeliveryTarget(incident=IncidentNumber(1), update=1, outlet=EMAIL, part=0)


def test_publishing_without_approval_is_marked_with_who_and_why() -> None:
    journal = propose(open_journal())
    digest = build_revision().digest
    started = BroadcastStarted(update=1, draft=1, revision=1, digest=digest, bypass_reason="All asleep.")
    shown = read(build(journal.write(started, by=BEN.id)))
    assert "*PUBLISHED WITHOUT APPROVAL* by Ben Example. Reason: All asleep." in shown


def test_its_text_sums_up() -> None:
    journal = start()
    record = journal.records[-2]
    text, _ = delivery_card.build(journal.incident, journal.update, (), MEMBERS, SPECS, record)
    assert text == "INC-1 · Update 1 — Investigating: ⏳ 1 sending, ✅ 1 sent"


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (22, "22nd")]
)
def test_ordinals(number: int, word: str) -> None:
    assert delivery_card.ordinal(number) == word


@pytest.mark.parametrize("outlet", ["email", "slack_channel.partners", "odd:key:0"])
def test_a_target_survives_its_button(outlet: str) -> None:
    target = DeliveryTarget(incident=IncidentNumber(12), update=3, outlet=OutletKey(outlet), part=2)
    assert delivery_card.parse_delivery(delivery_card.format_delivery(target)) == target


@pytest.mark.parametrize("value", ["", "1:2:3", "a:1:email:0", "1:1::0", "1:1:email:x", "1:1:email:0:", "²:1:email:0"])
def test_nonsense_in_a_button_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="points nowhere"):
        delivery_card.parse_delivery(value)


@LAW
@given(incident=incidents(), update=updates(), people=members(), record=records())
def test_the_card_holds_any_words_and_any_number_of_outlets(
    incident: Incident, update: Update, people: dict[MemberId, Member], record: Record
) -> None:
    blocks = check_message(delivery_card.build(incident, update, (), people, SPECS, record))
    for button in find_all(blocks, "button"):
        is_about_update = button["action_id"] in (delivery_card.CORRECT, delivery_card.RETRACT)
        (delivery_card.parse_update if is_about_update else delivery_card.parse_delivery)(button["value"])
