"""Opening an incident: by command, shortcut and App Home, in public and in private."""

from chatops.domain.records import Impact, IncidentOpened, RevisionProposed
from tests.slack.house import House, eventually


async def test_the_command_opens_the_form_with_the_title_and_sensible_defaults(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident open Checkout is down")
    view = await belle.wait_for_view("Open an incident")
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"] == [
        "Title", "Impact", "Components", "What do we know?", "Commander", "Comms lead", "Private",
    ]  # fmt: skip
    assert held["title"]["initial_value"] == "Checkout is down"
    assert [option["text"]["text"] for option in held["impact"]["options"]] == ["None", "Minor", "Major", "Critical"]
    assert [option["text"]["text"] for option in held["components"]["options"]] == ["API", "Web app", "Mobile"]
    assert held["commander"]["initial_user"] == held["comms_lead"]["initial_user"] == await belle.id()
    assert view["submit"]["text"] == "Open"

    await house.fill_and_submit(
        belle, {"Impact": "Critical", "Components": ["API", "Mobile"], "Comms lead": "Andy", "What do we know?": "Oh."}
    )
    case = await house.case(1)
    card = house.message(case.channel, case.ts)
    assert card is not None
    text = await house.shows(card, "INC-1 · Checkout is down", "Critical", "API, Mobile", "Belle", "Andy", "revision 1")
    assert "Public page" not in text
    labels = [element["text"]["text"] for element in card["blocks"][-1]["elements"]]
    assert labels == ["Draft update", "Change impact", "Assign", "Resolve"]
    await house.shows(await house.card(case), "Revision 1", "Oh.")
    assert (await house.kinds(1))[:2] == ["incident_opened", "revision_proposed"]


async def test_a_title_that_is_too_long_is_cut_and_nothing_typed_is_lost(house: House) -> None:
    typed = " ".join(f"word{number}" for number in range(1500))[:10_000]
    await house.belle.command("incidents", f"/incident open {typed}")
    view = await house.belle.wait_for_view("Open an incident")
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert typed.startswith(held["title"]["initial_value"].rstrip("…"))
    assert held["first_words"]["initial_value"] == typed[:3000]
    shown = await house.told(house.belle, "You typed more than the form can take")
    assert "".join(typed.split()) in "".join(shown.split())
    await house.fill_and_submit(house.belle, {})
    await house.case(1)


async def test_a_form_is_refused_under_the_field_that_is_wrong_and_keeps_the_rest(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident open")
    await belle.wait_for_view("Open an incident")
    await belle.fill({"Title": "   ", "What do we know?": "Words that must stay."})
    assert list(await belle.submit()) == ["Title"]
    await belle.fill({"Title": "It is down", "Commander": "Gus"})
    assert "guests" in (await belle.submit())["Commander"]
    await belle.fill({"Commander": "Belle"})
    assert await belle.submit() == {}
    await house.shows(await house.card(await house.case(1)), "Words that must stay.")


async def test_shortcuts_and_the_app_home_open_the_same_form(house: House) -> None:
    belle, andy = house.belle, house.andy
    await belle.shortcut("Open an incident")
    await belle.wait_for_view("Open an incident")
    await house.fill_and_submit(belle, {"Title": "From anywhere"})
    case = await house.case(1)
    assert case.channel == await belle.channel_id("incidents")

    await andy.post("support", "Three customers cannot log in & wait")
    message = await belle.wait_for_message("support", containing="cannot log in")
    await belle.shortcut("Open incident from text", message)
    await belle.wait_for_view("Open an incident")
    await house.fill_and_submit(belle, {"Title": "Nobody can log in"})
    await house.card(await house.case(2))
    proposed = (await house.records(2))[1].data
    assert isinstance(proposed, RevisionProposed)
    assert proposed.sections.what_happened == "Three customers cannot log in & wait"

    home = await belle.wait_for_home("Nobody can log in")
    assert "Drafts waiting for you" not in belle.text_of(home)
    assert "Drafts waiting for you" in andy.text_of(await andy.wait_for_home("Nobody can log in"))
    await belle.click("Open an incident", on_home=True)
    await belle.wait_for_view("Open an incident")
    await belle.close()


async def test_a_draft_starts_from_somebodys_message(house: House) -> None:
    case = await house.open(house.belle)
    await house.andy.post("support", "Payments fail since noon")
    message = await house.belle.wait_for_message("support", containing="Payments fail")
    await house.belle.shortcut("Draft update from text", message)
    await house.belle.wait_for_view("Draft an update")
    assert await house.belle.submit() == {}
    await house.shows(await house.card(case), "Payments fail since noon")


async def test_a_private_incident_is_seen_by_the_people_named_only(house: House) -> None:
    belle, andy, sunil = house.belle, house.andy, house.sunil
    case = await house.open(
        belle, "A laptop was stolen", Private=True, Comms_lead="Andy", What_do_we_know="Secret words."
    )
    opened = (await house.records(case.number))[0].data
    assert isinstance(opened, IncidentOpened)
    assert (opened.private, opened.impact) == (True, Impact.MINOR)
    channel = house.sandbox.workspace.channels[case.channel]
    assert channel.kind == "private"
    bot = house.sandbox.workspace.bot.id
    assert set(channel.member_ids) == {bot, await belle.id(), await andy.id()}
    await house.card(case)
    for public in house.sandbox.workspace.channels.values():
        if public.kind == "public":
            assert [each for each in public.messages.values() if "stolen" in each.text or "Secret" in each.text] == []

    await sunil.command("incidents", "/incident list")
    await house.told(sunil, "No incident is open")
    await sunil.command("incidents", "/incident status INC-1")
    await house.told(sunil, "There is no such incident")
    assert "stolen" not in sunil.text_of(await sunil.wait_for_home("All is quiet"))
    await andy.command("incidents", "/incident list")
    await house.told(andy, "A laptop was stolen")
    assert "stolen" not in await house.page("/")

    await belle.command(case.channel, "/incident assign commander @sunil")

    async def is_invited() -> bool | None:
        return True if await sunil.id() in channel.member_ids else None

    await eventually(is_invited, "Sunil was not invited")
    await sunil.wait_for_message(case.channel, containing="made Sunil Rao commander")
    await sunil.command("incidents", "/incident list")
    await house.told(sunil, "A laptop was stolen")
