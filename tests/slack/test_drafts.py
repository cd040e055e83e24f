"""Drafting together in the thread: each revision has its own card, nobody's words are lost."""

from chatops.domain.records import RevisionProposed
from tests.slack.house import Case, House, eventually, words_of

WORDS = {
    "Status": "Identified",
    "What happened": "Payments fail.",
    "Who is affected": "Everybody who pays.",
    "What we are doing": "Rolling back.",
    "What you should do": "Please wait.",
    "Next update in": "30 minutes",
}


async def revision(house: House, case: Case) -> RevisionProposed:
    """The newest one, as recorded."""
    data = (await house.recorded(case, "revision_proposed"))[-1].data
    assert isinstance(data, RevisionProposed)
    return data


async def test_an_edit_makes_a_new_card_and_voids_approvals(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, Impact="Critical")
    first = await house.propose(belle, case, **WORDS)
    text = await house.shows(first, "Draft 1 · Revision 1", "Identified", "Payments fail.", "Everybody who pays.")
    for part in ("Public page", "E-mail", "within 30 minutes of this post", "Belle", "Needs 2 approvals"):
        assert part in text, part
    await andy.click("Approve", message=first)
    await house.shows(first, "Andy Reyes ✅, 1 more")

    await belle.click("Edit", message=first)
    view = await belle.wait_for_view("Edit the draft")
    assert view["submit"]["text"] == "Save"
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert held["what_we_are_doing"]["initial_value"] == "Rolling back."
    await house.fill_and_submit(belle, {"What we are doing": "Rolling back the release."})
    second = await house.card(case, 2)
    assert second["ts"] != first["ts"]
    text = await house.shows(second, "Revision 2", "the release.", "Approvals of earlier revisions do not count")
    assert "none yet" in text
    assert "Changed since the revision before" in text
    await house.shows(first, "Superseded by revision 2", without=["Rolling back"])
    await andy.wait_for_message("incidents", containing="earlier approvals are void")
    superseded = house.message(case.channel, first["ts"])
    assert superseded is not None
    assert "actions" not in [block["type"] for block in superseded["blocks"]], "an old card has no buttons"


async def test_a_late_click_on_a_superseded_card_approves_nothing_and_says_so(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, What_do_we_know="Words.")
    first = await house.card(case)
    house.fault("500", "chat.update")
    await belle.click("Edit", message=first)
    await belle.wait_for_view("Edit the draft")
    await house.fill_and_submit(belle, {"What happened": "Other words."})
    await house.card(case, 2)
    await andy.click("Approve", message=first)
    await house.told(andy, "Revision 1 was superseded by revision 2, so nothing was changed")
    await andy.react(first, "white_check_mark")
    await andy.wait_for_message("incidents", containing="superseded by revision 2")
    assert "revision_approved" not in await house.kinds(case.number)
    house.sandbox.faults.clear()
    await house.shows(first, "Superseded by revision 2")


async def test_comments_are_recorded_while_a_draft_is_open(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    await andy.reply("incidents", case.ts, "Just talk before there is a draft")
    await house.heard("Just talk before there is a draft")
    await house.propose(belle, case)
    await andy.reply("incidents", case.ts, "Is it <all> & everybody?")
    await house.recorded(case, "comment_added")
    await belle.reply("incidents", case.ts, "@andy yes, see https://acme.example/a?b=1&c=2")
    comments = [each.data.text for each in await house.recorded(case, "comment_added", 2)]  # type: ignore[union-attr]
    assert comments == ["Is it <all> & everybody?", "@Andy Reyes yes, see https://acme.example/a?b=1&c=2"]
    await belle.wait_for_message("incidents", containing="commented on revision 1: “Is it <all> & everybody?”")
    assert "talk" not in str([each.data for each in await house.records(case.number)])


async def test_changes_are_requested_with_a_reason(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, Impact="Critical")
    card = await house.propose(belle, case)
    await andy.click("Approve", message=card)
    await house.shows(card, "Andy Reyes ✅")
    await andy.click("Request changes", message=card)
    await andy.wait_for_view("Request changes")
    await andy.fill({"Reason": "  "})
    assert list(await andy.submit()) == ["Reason"]
    await house.fill_and_submit(andy, {"Reason": "Say *when* it began."})
    await house.shows(card, "Andy Reyes requests changes: Say *when* it began.", without=["✅, 1 more"])
    await belle.wait_for_message("incidents", containing="requested changes to revision 1")


async def test_the_preview_is_the_exact_text_that_each_outlet_gets(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    card = await house.propose(belle, case, **WORDS)
    await andy.click("Preview", message=card)
    view = await andy.wait_for_view("Preview")
    shown = [
        "".join(part["text"] for part in element["elements"])
        for block in view["blocks"]
        if block["type"] == "rich_text"
        for element in block["elements"]
        if element["type"] == "rich_text_preformatted"
    ]
    for words in (await revision(house, case)).words:
        assert set(words.parts) <= set(shown)
        assert words.subject in (None, *shown)
    await andy.close()
    await andy.click("Approve", message=card)
    body = (await revision(house, case)).words[0].parts[0]
    letter = await house.mail("Payments fail.")
    assert words_of(letter) in shown
    assert letter.subject in shown
    assert await house.page_bodies(case.name) == [body]


async def test_a_long_draft_must_be_previewed_before_approving(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    long = {"What happened": "a " * 1490 + "end1", "Who is affected": "b " * 1490 + "end2", "What we are doing": "c."}
    card = await house.propose(belle, case, **long, **{"What you should do": "d " * 1000 + "THE END"})
    await house.shows(card, "which must be opened before approving", without=["THE END"])
    await andy.click("Approve", message=card)
    await house.told(andy, "Please open `Preview` and read all of it first")
    await andy.react(card, "white_check_mark")
    await andy.reply("incidents", case.ts, "approve")
    await house.told_times(andy, "Please open `Preview` and read all of it first", 3)
    await andy.click("Preview", message=card)
    assert "THE END" in andy.text_of(await andy.wait_for_view("Preview"))
    await andy.close()
    assert "revision_approved" not in await house.kinds(case.number)
    await andy.click("Approve", message=card)
    await house.mail("THE END")


async def test_a_withdrawn_draft_is_closed_and_the_next_one_is_new(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, What_do_we_know="Words.")
    card = await house.card(case)
    await belle.click("Withdraw", message=card)
    await house.shows(card, "Withdrawn. Nothing of it was published.")
    await andy.react(card, "white_check_mark")
    await andy.wait_for_message("incidents", containing="This draft was withdrawn")
    second = await house.propose(belle, case)
    await house.shows(second, "Draft 2 · Revision 1")
    assert house.mails() == []


async def test_two_people_editing_at_once_lose_nothing(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, What_do_we_know="First words.")
    card = await house.card(case)
    for person in (belle, andy):
        await person.click("Edit", message=card)
        await person.wait_for_view("Edit the draft")
    await belle.fill({"What happened": "Belle's words."})
    await andy.fill({"What happened": "Andy's words.", "Short version": "Andy's short."})
    assert await belle.submit() == {}
    assert await andy.submit() == {}
    view = await andy.wait_for_view("Edit the draft")
    text = andy.text_of(view)
    assert "Revision 2 was saved while you were editing." in text
    assert "Belle's words." in text
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert held["what_happened"]["initial_value"] == "Andy's words."
    assert held["short_version"]["initial_value"] == "Andy's short."
    assert await andy.submit() == {}
    assert await andy.view() is None
    data = await revision(house, case)
    assert (data.revision, data.sections.what_happened) == (3, "Andy's words.")


async def test_two_people_proposing_at_once_lose_nothing(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    for person in (belle, andy):
        await person.command("incidents", "/incident update")
        await person.wait_for_view("Draft an update")
        await person.fill({"What happened": f"{person.name}'s words."})
    assert await belle.submit() == {}
    assert await andy.submit() == {}
    text = andy.text_of(await andy.wait_for_view("Edit the draft"))
    assert "Belle's words." in text
    assert await andy.submit() == {}
    data = await revision(house, case)
    assert (data.draft, data.revision, data.sections.what_happened) == (1, 2, "Andy's words.")


async def test_with_an_open_draft_every_way_to_draft_edits_it(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, What_do_we_know="First words.")
    await house.card(case)
    await andy.command("incidents", "/incident update More words.")
    view = await andy.wait_for_view("Edit the draft")
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert held["what_happened"]["initial_value"] == "First words.\n\nMore words."
    await andy.close()
    card = house.message(case.channel, case.ts)
    assert card is not None
    await andy.click("Draft update", message=card)
    await andy.wait_for_view("Edit the draft")
    await andy.close()
    await andy.click("Resolve", message=card)
    view = await andy.wait_for_view("Edit the draft")
    held = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert held["status"]["initial_option"]["text"]["text"] == "Resolved"
    assert await andy.submit() == {}
    await house.shows(await house.card(case, 2), "Draft 1 · Revision 2", "Publishing this resolves the incident.")


async def test_a_draft_needs_words_and_an_outlet(house: House) -> None:
    belle = house.belle
    case = await house.open(belle)
    await belle.command("incidents", "/incident update")
    await belle.wait_for_view("Draft an update")
    await belle.fill({"What happened": " ", "Outlets": []})
    assert set(await belle.submit()) <= {"What happened", "Outlets"}
    await belle.fill({"What happened": "Words.", "Outlets": ["E-mail"], "Next update in": "No promise"})
    assert await belle.submit() == {}
    await house.shows(await house.card(case), "Promise", "none", "E-mail", without=["Public page"])

    async def is_closed() -> bool | None:
        return True if await belle.view() is None else None

    await eventually(is_closed, "the form is still open")
