"""Slack says things twice, answers get lost, triggers expire: one effect, and nothing typed is lost."""

import asyncio

import pytest

from chatops.sandbox.person import CannotDo
from tests.slack.house import House, Plan, Transport, eventually


async def test_everything_that_comes_twice_has_one_effect(house: House) -> None:
    house.fault("twice")
    belle, andy = house.belle, house.andy
    case = await house.open(belle, Impact="Critical", What_do_we_know="Payments fail.")
    assert await house.numbers() == [1]
    await belle.command("incidents", "/incident remind 20m")
    await belle.command("incidents", "/incident assign commander @sunil")
    card = await house.card(case)
    await andy.reply("incidents", case.ts, "A comment")
    await house.recorded(case, "comment_added")
    await belle.click("Edit", message=card)
    await belle.wait_for_view("Edit the draft")
    await house.fill_and_submit(belle, {"What happened": "Other words."})
    assert await belle.view() is None
    second = await house.card(case, 2)
    await andy.click("Approve", message=second)
    await house.sunil.react(second, "white_check_mark")
    await house.recorded(case, "update_published")
    kinds = await house.kinds(case.number)
    counted = {kind: kinds.count(kind) for kind in kinds}
    assert counted == {
        "incident_opened": 1,
        "revision_proposed": 2,
        "reminder_moved": 1,
        "role_assigned": 1,
        "comment_added": 1,
        "revision_approved": 2,
        "broadcast_started": 1,
        "delivery_sent": 2,
        "update_published": 1,
    }
    assert len(house.mails()) == 1


async def test_a_lost_answer_and_the_same_form_again_with_other_words_amends(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident open Chekout is down")
    await belle.wait_for_view("Open an incident")
    await belle.fill({"What do we know?": "Payments fail."})
    with house.losing_answers(), pytest.raises(CannotDo, match="trouble connecting"):
        await belle.submit()
    await belle.fill({"Title": "Checkout is down", "Impact": "Major", "Comms lead": "Andy"})
    assert await belle.submit() == {}
    assert await house.numbers() == [1]
    case = await house.case(1)
    card = house.message(case.channel, case.ts)
    assert card is not None
    await house.shows(card, "INC-1 · Checkout is down", "Major", "Andy Reyes", without=["Chekout"])

    await belle.command("incidents", "/incident resolve")
    await belle.wait_for_view("Edit the draft")
    await belle.close()
    draft = await house.card(case)
    await house.andy.click("Edit", message=draft)
    await house.andy.wait_for_view("Edit the draft")
    await house.andy.fill({"What happened": "Payments fale."})
    with house.losing_answers(), pytest.raises(CannotDo, match="trouble connecting"):
        await house.andy.submit()
    await house.andy.fill({"What happened": "Payments fail since noon."})
    assert await house.andy.submit() == {}
    await house.shows(await house.card(case), "Payments fail since noon.")


async def test_the_very_same_form_again_changes_nothing(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident open Checkout is down")
    await belle.wait_for_view("Open an incident")
    with house.losing_answers(), pytest.raises(CannotDo, match="trouble connecting"):
        await belle.submit()
    assert await belle.submit() == {}
    assert await house.kinds(1) == ["incident_opened"]


class TestExpiredTriggers:
    @pytest.fixture
    def plan(self, transport: Transport) -> Plan:
        return Plan(transport=transport, trigger_seconds=0.0)

    async def test_a_button_opens_the_form_and_nothing_typed_is_lost(self, house: House) -> None:
        belle = house.belle
        typed = "Checkout & <payments> are *down*, since 5 > 3"
        await belle.command("incidents", f"/incident open {typed}")
        text = await house.told(belle, "Slack did not open the form in time")
        assert typed in text
        self.heal(house)
        await belle.click("Open the form", in_channel="incidents")
        view = await belle.wait_for_view("Open an incident")
        assert view["blocks"][0]["element"]["initial_value"] == typed
        await house.fill_and_submit(belle, {})
        case = await house.case(1)

        self.wound(house)
        await belle.command("incidents", f"/incident update {typed}")
        message = await belle.wait_for_message("incidents", containing="did not open the form", after_ts=case.ts)
        assert typed in belle.text_of(message)
        self.heal(house)
        await belle.click("Open the form", message=message)
        view = await belle.wait_for_view("Draft an update")
        held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        assert held["what_happened"]["initial_value"] == typed
        assert await belle.submit() == {}

        card = await house.card(case)
        self.wound(house)
        await belle.click("Edit", message=card)
        again = await belle.wait_for_message("incidents", containing="did not open", after_ts=message["ts"])
        self.heal(house)
        await belle.click("Open the form", message=again)
        await belle.wait_for_view("Edit the draft")

    def wound(self, house: House) -> None:
        house.sandbox.parts.triggers._lifetime_seconds = 0.0

    def heal(self, house: House) -> None:
        house.sandbox.parts.triggers._lifetime_seconds = 3.0


@pytest.mark.parametrize("transport", ["socket"], indirect=True)
async def test_the_socket_comes_back_after_slack_closed_it(house: House) -> None:
    house.sandbox.parts.socket_mode.drop_all()
    await asyncio.sleep(0.1)

    async def is_back() -> bool | None:
        return True if house.sandbox.parts.link.is_connected else None

    await eventually(is_back, "no socket")
    assert (await house.belle.command("incidents", "/incident list"))["app"] == "ok"
    await house.told(house.belle, "No incident is open")
