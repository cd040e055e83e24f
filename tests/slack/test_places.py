"""Slack channels the bot is not in: a public one is joined, a private one must invite it, and nothing is lost."""

import pytest

from tests.slack.house import CHANNEL, House, Plan, Transport


@pytest.fixture
def plan(transport: Transport) -> Plan:
    return Plan(transport=transport, incidents_channel=None)


async def test_the_bot_joins_a_public_slack_channel_where_it_is_called(house: House) -> None:
    await house.belle.act("create_channel", name="payments")
    case = await house.open(house.belle, channel="payments")
    assert case.channel == await house.belle.channel_id("payments")
    assert house.sandbox.workspace.bot.id in house.sandbox.workspace.channels[case.channel].member_ids
    assert "Checkout" not in " ".join(map(house.belle.text_of, await house.belle.messages(CHANNEL)))


async def test_a_private_slack_channel_is_asked_to_invite_and_then_the_card_appears(house: House) -> None:
    belle = house.belle
    await belle.act("create_channel", name="war-room", is_private=True)
    number = await house.submit_open(belle, channel="war-room", What_do_we_know="Words that wait.")
    told = await belle.wait_for_message("chatops", containing="/invite @chatops")
    assert "INC-1 is open" in belle.text_of(told)
    channel = await belle.channel_id("war-room")
    await belle.act("invite", channel=channel, members=[house.sandbox.workspace.bot.id])
    case = await house.case(number)
    assert case.channel == channel
    await house.shows(await house.card(case), "Words that wait.")
    direct = await belle.messages("chatops")
    assert len([message for message in direct if "/invite" in belle.text_of(message)]) == 1


async def test_from_the_app_home_it_goes_to_the_slack_channel_called_incidents(house: House) -> None:
    await house.belle.shortcut("Open an incident")
    await house.belle.wait_for_view("Open an incident")
    await house.fill_and_submit(house.belle, {"Title": "From nowhere"})
    assert (await house.case(1)).channel == await house.belle.channel_id(CHANNEL)
