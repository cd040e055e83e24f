"""`/incident …` and `@chatops …`: each word answers at once, readably, to the person who asked."""

import pytest

from tests.slack.house import House, eventually


async def test_help_is_whole_and_an_unknown_word_names_the_nearest(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident")
    text = await house.told(belle, "Incident communications")
    for word in ("open", "update", "resolve", "status", "list", "assign", "remind", "timeline", "export"):
        assert f"/incident {word}" in text
    await belle.command("incidents", "/incident updaet INC-7")
    assert "/incident update INC-7" in await house.told(belle, "Did you mean")
    await belle.command("incidents", "/incident xyzzy <b>")
    assert "xyzzy" in await house.told(belle, "I do not know")
    await belle.command("incidents", "/incident status")
    await house.told(belle, "No incident is open. Start one with `/incident open`.")


async def test_status_list_and_timeline_are_told_only_to_the_one_who_asks(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, Components=["API"])
    await andy.command("support", "/incident status")
    status = await house.told(andy, "INC-1 · Checkout is down", "support")
    assert "Next update" in status
    await andy.command("support", "/incident list")
    assert "next update due" in await house.told(andy, "1 incident is open", "support")
    await andy.command("support", "/incident timeline")
    timeline = await house.told(andy, "times are UTC", "support")
    assert "opened the incident: “Checkout is down”, impact minor, touching API" in timeline
    assert [m for m in await belle.messages("support") if "Checkout" in belle.text_of(m)] == []

    for word in ("INC-1", "inc-1", "inc1", "INC1"):
        await belle.command("general", f"/incident status {word}")
        assert len([m for m in await belle.messages("general") if "Checkout is down" in belle.text_of(m)]) > 0
    await belle.command("general", "/incident status INC-99")
    await house.told(belle, "There is no such incident. `/incident list` shows the open ones.", "general")
    await house.check_thread(case)


async def test_people_are_assigned_by_command_and_by_form(house: House) -> None:
    belle = house.belle
    case = await house.open(belle)
    card = house.message(case.channel, case.ts)
    assert card is not None
    await belle.command("incidents", "/incident assign commander @sunil")
    await house.told(belle, "Sunil Rao is now commander of INC-1.")
    await belle.command("incidents", "/incident assign comms lead @andy INC-1")
    await house.told(belle, "Andy Reyes is now comms lead of INC-1.")
    await belle.command("incidents", "/incident assign comms lead @andy")
    await house.told(belle, "Andy Reyes is already comms lead")
    await house.shows(card, "Sunil Rao", "Andy Reyes")
    for words, answer in (
        ("commander", "Name the person with @"),
        ("@sunil", "Say which role"),
        ("king @sunil", "Say which role"),
        ("commander @gus", "guests and apps cannot act"),
    ):
        await belle.command("incidents", f"/incident assign {words}")
        await house.told(belle, answer)

    await belle.click("Assign", message=card)
    await belle.wait_for_view("Assign")
    await house.fill_and_submit(belle, {"Commander": "Carolyn", "Comms lead": "Belle"})
    await house.shows(card, "Carolyn Mills", without=["Sunil"])
    await belle.click("Change impact", message=card)
    await belle.wait_for_view("Change impact")
    await house.fill_and_submit(belle, {"Impact": "Critical"})
    await house.shows(card, "Critical")
    assert (await house.kinds(1)).count("role_assigned") == 4


async def test_reminders_are_moved_and_turned_off_with_a_reason(house: House) -> None:
    belle = house.belle
    case = await house.open(belle)
    for duration, minutes in (("20m", 20), ("1h30m", 90), ("2h", 120), ("45 m", None)):
        await belle.command("incidents", f"/incident remind {duration}")
        if minutes is None:
            await house.told(belle, "Write a duration like `20m` or `1h30m`")
            continue
        await house.told(belle, "The next update of INC-1 is due")
        moved = (await house.recorded(case, "reminder_moved"))[-1]
        assert moved.data is not None
        assert round((moved.data.due_at - moved.at).total_seconds() / 60) == minutes  # type: ignore[union-attr, operator]
    for wrong in ("", "soon", "0m", "169h", "99h99m99s", "-5m"):
        await belle.command("incidents", f"/incident remind {wrong}")
    assert len(await house.recorded(case, "reminder_moved")) == 3
    await house.told(belle, "Between one minute and seven days")
    await belle.command("incidents", "/incident remind off")
    await house.told(belle, "Say why")
    await belle.command("incidents", "/incident remind off we wait for the supplier INC-1")
    await house.told(belle, "Reminders of INC-1 are off")
    await belle.wait_for_message("incidents", containing="turned reminders off: we wait for the supplier")
    card = house.message(case.channel, case.ts)
    assert card is not None
    await house.shows(card, "reminders are off until the next published update")
    await belle.command("incidents", "/incident remind off from <@U01ANDY|andy>, INC-1 is quiet")
    await belle.wait_for_message("incidents", containing="is quiet")


async def test_the_export_arrives_in_the_thread_as_a_file(house: House) -> None:
    case = await house.open(house.belle, "Checkout | is *down*", What_do_we_know="Nobody can pay.")
    await house.belle.command("incidents", "/incident export")
    await house.told(house.belle, "comes into its thread in a moment")
    message = await house.belle.wait_for_message("incidents", containing="The log of INC-1", thread_ts=case.ts)
    [file] = message["files"]
    assert file["name"] == "INC-1.md"
    headers = {"Authorization": f"Bearer {house.sandbox.settings.bot_token}"}
    async with house.session.get(file["url_private"], headers=headers) as response:
        text = await response.text()
    for record in await house.records(1):
        assert record.anchor in text
    assert r"Checkout \| is \*down\*" in text


async def test_with_several_incidents_a_picker_asks_and_keeps_the_words(house: House) -> None:
    belle = house.belle
    first = await house.open(belle, "First <one>")
    await house.open(belle, "Second one")
    await belle.command("incidents", "/incident update We are looking into it, & hurry")
    await house.told(belle, "Which incident?")
    await belle.click("INC-1 First <one>", in_channel="incidents", containing="Which incident?")
    view = await belle.wait_for_view("Draft an update")
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert held["what_happened"]["initial_value"] == "We are looking into it, & hurry"
    assert await belle.submit() == {}
    await house.card(first)
    await belle.command("incidents", "/incident remind 20m INC-2")
    await house.told(belle, "The next update of INC-2 is due")
    words = "all the words " * 200
    await belle.command("incidents", f"/incident update {words}")
    assert "".join(words.split()) in "".join((await house.told(belle, "You typed more")).split())


async def test_in_a_thread_a_mention_does_what_the_command_does(house: House) -> None:
    belle, andy = house.belle, house.andy
    first = await house.open(belle, "First one")
    second = await house.open(belle, "Second one")
    await belle.reply("incidents", first.ts, "@chatops status")
    message = await belle.wait_for_message("incidents", containing="INC-1 · First one", thread_ts=first.ts)
    message = await belle.wait_for_message(
        "incidents", containing="Commander", thread_ts=first.ts, after_ts=message["ts"]
    )
    assert message.get("ephemeral"), message
    await belle.reply("incidents", second.ts, "@chatops update Second words")
    button = await belle.wait_for_message("incidents", containing="Press the button", thread_ts=second.ts)
    await belle.click("Open the form", message=button)
    view = await belle.wait_for_view("Draft an update")
    assert "INC-2" in belle.text_of(view)
    assert await belle.submit() == {}
    await house.shows(await house.card(second), "Second words")
    await andy.reply("incidents", second.ts, "@chatops nonsense")
    await house.told(andy, "I do not know `nonsense`")
    assert "comment_added" not in await house.kinds(2)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
async def test_a_guest_may_not_act(house: House) -> None:
    gus = house.gus
    case = await house.open(house.belle, channel="support", What_do_we_know="Words.")
    card = await house.card(case)
    for words in ("open Something", "status", "list", "update", "remind 20m", "timeline", "export"):
        await gus.command("support", f"/incident {words}")
        assert await gus.view() is None
    assert "guest" in await house.told(gus, "Only full members of this workspace", "support")
    before = await house.kinds(case.number)
    house.sandbox.workspace.add_to_channel(house.sandbox.workspace.channels[case.channel], await gus.id())
    await gus.click("Approve", message=card)
    await gus.react(card, "white_check_mark")
    await gus.reply("incidents", case.ts, "approve")
    await gus.reply("incidents", case.ts, "I have an opinion")
    await house.told(gus, "Only full members of this workspace")

    async def is_heard() -> bool | None:
        return True if len(house.sandbox.events.delivered) >= 4 else None

    await eventually(is_heard, "the events were not delivered")
    assert await house.kinds(case.number) == before
