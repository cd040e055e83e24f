"""Correct and Retract, end to end: through approval, in place on the page, by another mail to subscribers."""

from tests.slack.house import Case, House, eventually, texts_of, words_of
from tests.slack.test_delivery import publish


async def publish_first(house: House) -> tuple[Case, dict[str, object]]:
    case = await house.open(house.belle)
    await publish(house, case, **{"What happened": "All payments fail.", "Next update in": "30 minutes"})
    await house.recorded(case, "update_published")
    return case, await house.published(case)


async def test_correct_edits_the_page_and_mails_what_it_replaces(house: House) -> None:
    belle, andy = house.belle, house.andy
    case, card = await publish_first(house)
    due_at = (await house.bot.store.read(lambda reads: reads.find_incident_row(case.number))).due_at  # type: ignore[union-attr]
    await belle.click("Correct", message=card)
    view = await belle.wait_for_view("Correct an update")
    shown = belle.text_of(view)
    assert "Correction of update 1" in shown
    assert "Public page: edited in place" in shown
    assert "E-mail: a new post that says what it replaces" in shown
    assert "All payments fail." in str(view), "it begins with the words that stand"
    assert "Next update in" not in shown
    await house.fill_and_submit(belle, {"What happened": "Card payments fail."})
    draft = await house.card(case)
    await house.shows(draft, "Correction of update 1", "edited in place", "a new post that says what it replaces")
    await andy.click("Preview", message=draft)
    preview = texts_of((await andy.wait_for_view("Preview"))["blocks"])
    assert any("edited in place" in text for text in preview)
    assert any("Correction of our earlier update" in text for text in preview)
    await andy.close()
    await belle.click("Approve", message=draft)
    await house.told(belle, "You wrote this revision, so somebody else has to approve it.")
    assert "All payments fail." in (await house.page_bodies(case.name))[0]
    await andy.click("Approve", message=draft)
    letter = await house.mail("Card payments fail.")
    first = await house.mail("All payments fail.")
    assert "Correction of our earlier update (" in words_of(letter)
    assert letter.in_reply_to == first.message_id
    second = await house.published(case, 2)
    await house.shows(second, "Correction of update 1", "✅ *Public page* edited", "✅ *E-mail* sent")
    assert {"Correct", "Retract"}.isdisjoint(labels(house, second))
    [body] = await house.page_bodies(case.name)
    assert body.startswith("Card payments fail.")
    assert "Corrected " in body
    page = await house.page(f"/incidents/{case.name}")
    assert "Corrected" in page
    assert "All payments fail." not in page
    row = await house.bot.store.read(lambda reads: reads.find_incident_row(case.number))
    assert row is not None
    assert row.due_at == due_at, "the clock is that of the news"

    await belle.click("Correct", message=card)
    view = await belle.wait_for_view("Correct an update")
    assert "Card payments fail." in str(view), "the next one begins with the newest words"


async def test_retract_takes_back_by_choice_on_the_page_only(house: House) -> None:
    belle, andy = house.belle, house.andy
    case, card = await publish_first(house)
    await andy.click("Retract", message=card)
    view = await andy.wait_for_view("Retract an update")
    assert "We have taken back this update" in str(view)
    await house.fill_and_submit(andy, {"What happened": "This was about another team.", "Outlets": ["Public page"]})
    draft = await house.card(case)
    await house.shows(draft, "Retraction of update 1", "these words in its place, marked as retracted")
    await belle.click("Approve", message=draft)
    await house.shows(await house.published(case, 2), "✅ *Public page* taken away")
    [body] = await house.page_bodies(case.name)
    assert "This was about another team." in body
    assert "Retracted " in body
    assert "Retracted" in await house.page(f"/incidents/{case.name}")
    assert "Retracted" in await house.page("/updates.atom")
    assert len(house.mails()) == 1

    await belle.click("Retract", message=card)
    view = await belle.wait_for_view("Retract an update")
    assert "Public page" not in belle.text_of(view), "there it is gone"
    await house.fill_and_submit(belle, {"What happened": "Please forget our mail."})
    await andy.click("Approve", message=await house.card(case))
    letter = await house.mail("Please forget our mail.")
    assert "Retraction of our earlier update (" in words_of(letter)

    async def gone() -> bool | None:
        return True if {"Correct", "Retract"}.isdisjoint(labels(house, card)) else None

    await house.shows(await house.published(case, 3), "✅ *E-mail* sent")
    await eventually(gone, "nothing stands, and the card still offers to change it")


async def test_one_draft_at_a_time_and_its_purpose_stays(house: House) -> None:
    belle, andy = house.belle, house.andy
    case, card = await publish_first(house)
    await andy.command("incidents", "/incident update")
    await andy.wait_for_view("Draft an update")
    await belle.click("Correct", message=card)
    await belle.wait_for_view("Correct an update")
    await house.fill_and_submit(belle, {"What happened": "Card payments fail."})
    draft = await house.card(case)
    await andy.fill({"What happened": "News of mine."})
    assert await andy.submit() == {
        "What happened": "The open draft is a correction of update 1. "
        "Publish or withdraw that one first, then send this form again."
    }
    await andy.close()
    await andy.click("Correct", message=card)
    await house.told(andy, "Another draft is open.")
    await andy.command("incidents", "/incident resolve")
    await house.told(andy, "A correction of update 1 waits for approval. Publish or withdraw it first.")
    await andy.command("incidents", "/incident update and wallets")
    view = await andy.wait_for_view("Edit the draft")
    assert "Correction of update 1" in andy.text_of(view)
    await house.fill_and_submit(andy, {})
    second = await house.card(case, 2)
    await house.shows(second, "Correction of update 1", "and wallets")
    await house.shows(draft, "Superseded by revision 2")
    await belle.click("Edit", message=second)
    view = await belle.wait_for_view("Edit the draft")
    assert "Status" not in [block.get("label", {}).get("text") for block in view["blocks"]]


async def test_correcting_the_last_update_says_nothing_of_resolving(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    await publish(house, case, **{"What happened": "All is well.", "Status": "Resolved"})
    await house.recorded(case, "incident_resolved")
    await belle.click("Correct", message=await house.published(case))
    await belle.wait_for_view("Correct an update")
    await house.fill_and_submit(belle, {"What happened": "Nearly all is well."})
    draft = await house.card(case)
    text = await house.shows(draft, "Status and promise of the incident stay as they are.")
    assert "resolves the incident" not in text
    await andy.click("Approve", message=draft)
    await house.mail("Nearly all is well.")
    kinds = await house.kinds(case.number)
    assert kinds.count("incident_resolved") == 1
    assert "incident_reopened" not in kinds


def labels(house: House, card: dict[str, object]) -> set[str]:
    message = house.message(str(card["channel"]), str(card["ts"]))
    assert message is not None
    blocks: list[dict[str, object]] = message["blocks"]
    found = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]  # type: ignore[attr-defined]
    return {each["text"]["text"] for each in found if each["type"] == "button"}
