"""Nothing goes out without enough approvals of those very words, by people who may give them."""

import asyncio

import pytest

from tests.slack.house import Case, House, Plan, Transport

NAMES_BYPASS = '[policy.roles]\npublish_without_approval = ["carolyn@acme.example"]\n'


@pytest.fixture
def plan(transport: Transport) -> Plan:
    return Plan(transport=transport, policy=NAMES_BYPASS)


async def draft(house: House, words: str = "Payments fail.", impact: str = "Minor") -> tuple[Case, dict[str, object]]:
    case = await house.open(house.belle, Impact=impact, What_do_we_know=words)
    return case, await house.card(case)


@pytest.mark.parametrize("way", ["button", "reaction", "reply"])
async def test_the_author_cannot_approve_and_a_colleague_can(house: House, way: str) -> None:
    case, card = await draft(house)
    for person in (house.belle, house.andy):
        if way == "button":
            await person.click("Approve", message=card)
        elif way == "reaction":
            await person.react(card, "white_check_mark")
        else:
            await person.reply("incidents", case.ts, "  Approve! ")
        if person is house.belle:
            await house.told(person, "You wrote this revision, so somebody else has to approve it.")
            assert "revision_approved" not in await house.kinds(case.number)
    [approved] = await house.recorded(case, "revision_approved")
    await house.mail("Payments fail.")
    await house.shows(card, "Published as update 1, approved by Andy Reyes")
    await house.belle.wait_for_message("incidents", containing="approved revision 1 (digest")
    assert "comment_added" not in await house.kinds(case.number)
    assert approved.data is not None


async def test_only_the_words_just_approve_are_an_approval(house: House) -> None:
    case, card = await draft(house)
    await house.andy.reply("incidents", case.ts, "I cannot approve this")
    await house.andy.reply("incidents", case.ts, "approved?")
    await house.recorded(case, "comment_added", 2)
    await house.andy.react(card, "eyes")
    await house.andy.react(house.thread(case)[0], "white_check_mark")
    assert "revision_approved" not in await house.kinds(case.number)


async def test_critical_needs_two_and_taking_the_tick_away_takes_the_approval_back(house: House) -> None:
    case, card = await draft(house, impact="Critical")
    await house.shows(card, "Needs 2 approvals")
    await house.andy.react(card, "white_check_mark")
    await house.shows(card, "Andy Reyes ✅, 1 more")
    await house.andy.unreact(card, "white_check_mark")
    await house.shows(card, "none yet", without=["Andy Reyes ✅"])
    await house.recorded(case, "approval_withdrawn")
    await house.andy.react(card, "white_check_mark")
    await house.shows(card, "Andy Reyes ✅, 1 more")
    await house.andy.click("Approve", message=card)
    await house.told(house.andy, "You have approved this revision already. Still missing: 1")
    assert house.mails() == []
    await house.sunil.reply("incidents", case.ts, "approve")
    await house.mail("Payments fail.")
    await house.shows(card, "approved by Andy Reyes and Sunil Rao")
    await house.andy.unreact(card, "white_check_mark")
    await asyncio.sleep(0.1)
    assert (await house.kinds(case.number)).count("approval_withdrawn") == 1


async def test_lowering_the_impact_does_not_lower_the_bar(house: House) -> None:
    case, _ = await draft(house, impact="Critical")
    incident_card = house.message(case.channel, case.ts)
    assert incident_card is not None
    await house.belle.click("Change impact", message=incident_card)
    await house.belle.wait_for_view("Change impact")
    await house.fill_and_submit(house.belle, {"Impact": "Minor"})
    second = await house.propose(house.belle, case)
    await house.shows(second, "Needs 2 approvals", "It counts as critical")
    await house.andy.click("Approve", message=second)
    await house.shows(second, "1 more")
    assert house.mails() == []


async def test_a_reply_written_before_the_card_stood_does_not_count(house: House) -> None:
    case, first = await draft(house)
    house.fault("500", "chat.postMessage")
    await house.belle.click("Edit", message=first)
    await house.belle.wait_for_view("Edit the draft")
    await house.fill_and_submit(house.belle, {"What happened": "Words nobody has seen."})
    await house.andy.reply("incidents", case.ts, "approve")
    await asyncio.sleep(0.3)
    house.sandbox.faults.clear()
    await house.card(case, 2)
    await asyncio.sleep(0.5)
    assert "revision_approved" not in await house.kinds(case.number)
    await house.andy.reply("incidents", case.ts, "approve")
    await house.mail("Words nobody has seen.")


async def test_publishing_without_approval_needs_the_role_and_a_reason_and_is_marked(house: House) -> None:
    belle, carolyn = house.belle, house.carolyn
    case, card = await draft(house)
    await belle.click("Publish without approval", message=card)
    await house.told(belle, "You may not publish without approval; only the people named in the policy may.")
    assert await belle.view() is None
    await carolyn.click("Publish without approval", message=card)
    view = await carolyn.wait_for_view("Publish without approval")
    assert "Payments fail." in carolyn.text_of(view)
    await carolyn.fill({"Reason": "   "})
    assert list(await carolyn.submit()) == ["Reason"]
    await house.fill_and_submit(carolyn, {"Reason": "Nobody else is awake."})
    await house.mail("Payments fail.")
    await house.shows(card, "PUBLISHED WITHOUT APPROVAL", "Nobody else is awake.")
    await house.shows(await house.published(case), "PUBLISHED WITHOUT APPROVAL* by Carolyn Mills")
    await belle.wait_for_message("incidents", containing="decided to PUBLISH WITHOUT APPROVAL revision 1")
    kinds = await house.kinds(case.number)
    assert kinds.index("approval_bypassed") < kinds.index("broadcast_started")


class TestManualPublishing:
    @pytest.fixture
    def plan(self, transport: Transport) -> Plan:
        return Plan(transport=transport, policy='[policy]\npublish = "manual"\n')

    async def test_publish_is_a_button_that_comes_with_the_approvals(self, house: House) -> None:
        case, card = await draft(house)
        assert "Publish" not in [each["text"]["text"] for each in _buttons(card)]
        await house.andy.click("Approve", message=card)
        await house.shows(card, "Approved: Andy Reyes ✅", "Press `Publish`")
        assert house.mails() == []
        assert await house.page_bodies(case.name) == []
        await house.sunil.click("Publish", message=card)
        await house.mail("Payments fail.")
        await house.shows(card, "Published as update 1")
        assert (await house.kinds(case.number)).count("broadcast_started") == 1


def _buttons(card: dict[str, object]) -> list[dict[str, dict[str, str]]]:
    blocks: list[dict[str, object]] = card["blocks"]  # type: ignore[assignment]
    actions = [block for block in blocks if block["type"] == "actions"]
    return [each for block in actions for each in block["elements"] if each["type"] == "button"]  # type: ignore[attr-defined, misc]
