"""Slack says a thing twice, late, or in another order: one effect, the same answer, nothing lost."""

import asyncio
import copy
from pathlib import Path

import pytest

from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.person import CannotDo, Person
from tests.e2e.laws import require_laws, settle
from tests.e2e.steps import count_records, open_incident, propose, publish, recorded
from tests.e2e.town import CHANNEL, Json, Plan, Town, run_town


async def test_everything_twice_has_one_effect(tmp_path: Path) -> None:
    """Every command, click, submission and event of a whole incident, at the same moment."""
    async with run_town(tmp_path) as town:
        town.fault("twice")
        await open_incident(town, words="Nobody can pay.")
        card = await town.andy.wait_for_message(CHANNEL, containing="Revision 1")
        await town.andy.reply(CHANNEL, card["thread_ts"], "Say who is affected.")
        await recorded(town, "comment_added")
        await town.andy.click("Approve", message=card)
        await propose(town, "It is fixed.", Status="Resolved")
        resolved = await town.joel.wait_for_message(CHANNEL, containing="It is fixed.")
        await town.joel.react(resolved, "white_check_mark")
        await recorded(town, "incident_resolved")
        log = await settle(town)
        kinds = [record["kind"] for record in log.records]
        once = ("incident_opened", "comment_added", "incident_resolved")
        assert [kinds.count(kind) for kind in once] == [1, 1, 1]
        assert [kinds.count(kind) for kind in ("revision_proposed", "revision_approved")] == [2, 2]
        assert len(town.letters()) == 2
        assert "did not open" not in await _read_private(town.belle)
        await require_laws(town, log)


async def _read_private(person: Person) -> str:
    return "\n".join(person.text_of(each) for each in await person.messages(CHANNEL) if each.get("ephemeral"))


async def test_the_same_request_an_hour_later_gets_the_same_answer(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        await open_incident(town)
        delivery = town.command(await town.belle.id(), "remind 20m INC-1")
        first = await town.deliver(delivery)
        await town.kill()
        await town.start()
        assert [(await town.deliver(delivery)).text for _ in range(3)] == [first.text] * 3
        assert count_records(town, "reminder_moved") == 1


async def test_a_form_sent_again_after_its_acknowledgement_was_lost_is_applied_to_what_it_made(tmp_path: Path) -> None:
    """Belle sees “We had some trouble”, changes the title, and presses `Open` again: one incident, the new title."""
    async with run_town(tmp_path) as town:
        belle = town.belle
        await belle.command(CHANNEL, "/incident open Checkout is donw")
        await belle.wait_for_view("Open an incident")
        await belle.fill({"Impact": "Minor", "What do we know?": "Nobody can pay."})
        await _lose(town, belle)
        await belle.fill({"Title": "Checkout is down", "Impact": "Critical"})
        await _lose(town, belle)
        assert await belle.submit() == {}
        log = await settle(town)
        assert (log.document["title"], log.document["impact"]) == ("Checkout is down", "critical")
        assert town.peek("SELECT count(DISTINCT stream) FROM records") == 1
        await require_laws(town, log)


async def test_who_lost_an_acknowledgement_and_then_a_race_can_still_save(tmp_path: Path) -> None:
    """Belle's revision 2 was saved unheard; Andy saves revision 3; Belle sees his words and saves revision 4."""
    async with run_town(tmp_path) as town:
        belle, andy = town.belle, town.andy
        await open_incident(town)
        card = await propose(town, "One.")
        await belle.click("Edit", message=card)
        await belle.wait_for_view("Edit the draft")
        await belle.fill({"What happened": "Two, by Belle."})
        await _lose(town, belle)
        await andy.click("Edit", in_channel=CHANNEL, containing="Two, by Belle.")
        await andy.wait_for_view("Edit the draft")
        await andy.fill({"What happened": "Three, by Andy."})
        assert await andy.submit() == {}
        await belle.fill({"What happened": "Four, by Belle."})
        await belle.submit()
        shown = belle.text_of(await belle.wait_for_view("Edit the draft"))
        assert "Three, by Andy." in shown
        await belle.submit()
        assert await belle.view() is None, belle.text_of(await belle.view() or {})
        log = await settle(town)
        words = [each["data"]["sections"]["what_happened"] for each in log.of_kind("revision_proposed")]
        assert words == ["One.", "Two, by Belle.", "Three, by Andy.", "Four, by Belle."]


async def _lose(town: Town, person: Person) -> None:
    """The bot does what the form says, and Slack never hears so."""
    link = town.sandbox.parts.link
    deliver = link.deliver

    async def deliver_deafly(delivery: Delivery) -> Acknowledgement:
        await deliver(delivery)
        return Acknowledgement(outcome="connection_failed")

    link.deliver = deliver_deafly  # type: ignore[method-assign]
    try:
        with pytest.raises(CannotDo, match="trouble"):
            await person.submit()
    finally:
        link.deliver = deliver  # type: ignore[method-assign]


async def test_a_tick_taken_away_does_not_count_even_if_we_hear_of_it_first(tmp_path: Path) -> None:
    async with run_town(tmp_path, Plan(policy="[policy.approvals]\nmajor = 1\n")) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        events = await _hold_back_events(town, card)
        for event in reversed(events):
            answer = await town.deliver(Delivery(kind="events_api", payload=event))
            assert answer.status == 200
        await asyncio.sleep(0.5)
        assert count_records(town, "broadcast_started") == 0
        await town.andy.react(card, "white_check_mark")
        await recorded(town, "broadcast_started")
        await require_laws(town, await settle(town))


async def _hold_back_events(town: Town, card: Json) -> list[Json]:
    """Andy ticks and unticks; Slack keeps both events to itself for now."""
    link, kept = town.sandbox.parts.link, []
    deliver = link.deliver

    async def keep(delivery: Delivery) -> Acknowledgement:
        if "reaction" not in delivery.name:
            return await deliver(delivery)
        kept.append(copy.deepcopy(delivery.payload))
        return Acknowledgement(outcome="ok", status=200)

    link.deliver = keep  # type: ignore[method-assign]
    await town.andy.react(card, "white_check_mark")
    await town.andy.unreact(card, "white_check_mark")
    await asyncio.sleep(0.1)
    link.deliver = deliver  # type: ignore[method-assign]
    assert [each["event"]["type"] for each in kept] == ["reaction_added", "reaction_removed"]
    return kept


async def test_a_late_click_on_an_old_card_gets_a_clear_answer(tmp_path: Path) -> None:
    async with run_town(tmp_path, Plan(transport="socket")) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        old = copy.deepcopy(card)
        await _approve(town, card)
        channel = town.sandbox.workspace.channels[old["channel"]]
        message = channel.find(old["ts"])
        assert message is not None
        message.blocks[:] = old["blocks"]  # as a client shows it that has not heard of the newer one
        await town.joel.click("Approve", message=old)
        told = await town.joel.wait_for_message(CHANNEL, containing="already published")
        assert told.get("ephemeral") or told.get("is_ephemeral")
        await publish(town, "Now it works.", Status="Resolved")
        assert len((await settle(town)).updates) == 2


async def _approve(town: Town, card: Json) -> None:
    await town.andy.click("Approve", message=card)
    await recorded(town, "update_published")
