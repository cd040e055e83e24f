"""The audit thread is the log: whole, in order, once, whatever Slack's API does meanwhile."""

import pytest

from chatops.domain.errors import BrokenChain
from chatops.domain.ids import incident_stream
from chatops.threadcheck import verify_thread
from tests.slack.house import Case, House, eventually


async def live(house: House) -> Case:
    """A short life with records of many kinds."""
    number = await house.submit_open(house.belle, What_do_we_know="Payments fail.")
    await house.belle.command("incidents", "/incident assign commander @sunil INC-1")
    await house.belle.command("incidents", "/incident remind 20m INC-1")
    await house.belle.command("incidents", "/incident remind off because INC-1")
    case = await house.case(number)
    card = await house.card(case)
    await house.andy.reply("incidents", case.ts, "A comment")
    await house.recorded(case, "comment_added")
    await house.andy.click("Approve", message=card)
    await house.recorded(case, "update_published")
    return case


async def test_the_thread_verifies_and_a_strange_hash_is_found(house: House) -> None:
    case = await live(house)
    await house.check_thread(case)
    said: list[str] = []
    stream = incident_stream(case.number)
    await verify_thread(house.bot.settings, house.bot.desk, [stream], said.append)
    count = len(await house.records(case.number))
    assert said == [f"incident:1: {count} of {count} records stand in the thread."]
    await house.andy.reply("incidents", case.ts, "0123456789abcdef is only what somebody says")
    await verify_thread(house.bot.settings, house.bot.desk, [stream], said.append)
    channel = house.sandbox.workspace.channels[case.channel]
    post = channel.find(house.posts_of_bot(case)[0]["ts"])
    assert post is not None
    house.is_thread_checked = False  # it is spoilt on purpose
    post.blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "`00:00:00` *X* did it · `0123456789abcdef`"}}
    ]
    with pytest.raises(BrokenChain, match="0123456789abcdef"):
        await verify_thread(house.bot.settings, house.bot.desk, [stream], said.append)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
async def test_a_message_that_somebody_deletes_leaves_a_gap_that_is_found(house: House) -> None:
    case = await live(house)
    await house.check_thread(case)
    house.is_thread_checked = False  # it is spoilt on purpose
    records = await house.records(case.number)
    channel = house.sandbox.workspace.channels[case.channel]
    post = channel.find(house.posts_of_bot(case)[1]["ts"])
    assert post is not None
    house.sandbox.workspace.delete(channel, post)
    with pytest.raises(BrokenChain, match="stands there no more") as found:
        await verify_thread(house.bot.settings, house.bot.desk, [incident_stream(case.number)], lambda _: None)
    assert records[found.value.seq - 1].anchor in str(found.value)
    assert records[found.value.seq - 1].anchor in str(post.blocks)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
@pytest.mark.parametrize("fault", ["429", "500", "drop"])
async def test_the_thread_is_whole_in_order_and_without_repeats_whatever_slack_answers(
    house: House, fault: str, method: str
) -> None:
    house.fault(fault, method, times=2)
    case = await live(house)
    house.fault(fault, method, times=1)
    await house.belle.command("incidents", "/incident remind 30m INC-1")
    await house.check_thread(case)
    posts = [house.belle.text_of(each) for each in house.posts_of_bot(case)]
    assert len(posts) == len(set(posts)), "something was said twice"
    cards = [m for m in await house.belle.messages("incidents") if "INC-1 · Checkout" in house.belle.text_of(m)]
    assert len([each for each in cards if not each.get("ephemeral")]) == 1
    await house.shows(await house.card(case), "Published as update 1")
    await house.shows(await house.published(case), "✅ *E-mail* sent")


@pytest.mark.parametrize("transport", ["http"], indirect=True)
async def test_while_slacks_api_is_down_commands_are_answered_and_the_thread_catches_up(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, What_do_we_know="Payments fail.")
    card = await house.card(case)
    house.fault("down")
    for minutes in range(20, 40):
        assert (await belle.command("incidents", f"/incident remind {minutes}m"))["app"] == "ok"
    await belle.command("incidents", "/incident status")
    await house.told(belle, "INC-1 · Checkout is down")
    await andy.click("Approve", message=card)
    await house.mail("Payments fail.")
    assert len(await house.page_bodies(case.name)) == 1
    before = len(house.posts_of_bot(case))
    house.sandbox.faults.clear()
    await house.check_thread(case)
    assert len(house.posts_of_bot(case)) - before < 8, "behind, several lines share a message"
    await house.shows(await house.published(case), "✅ *E-mail* sent")


@pytest.mark.parametrize("transport", ["http"], indirect=True)
async def test_a_bot_that_starts_while_slack_is_down_answers_and_publishes(house: House) -> None:
    case = await house.open(house.belle, What_do_we_know="Payments fail.")
    card = await house.card(case)
    house.fault("down", "[ac-z]*")
    await house.restart()
    assert (await house.belle.command("incidents", "/incident list"))["app"] == "ok"
    await house.told(house.belle, "1 incident is open")
    await house.andy.click("Approve", message=card)
    await house.mail("Payments fail.")
    house.sandbox.faults.clear()
    await house.check_thread(case)

    async def is_up() -> bool | None:
        async with house.session.get(f"{house.bot_url}/readyz") as response:
            return True if response.status == 200 else None

    await eventually(is_up, "not ready")
