"""Published: the delivery card is live, page and mail carry the exact words, the last update resolves."""

from tests.slack.house import Case, House, words_of


async def publish(house: House, case: Case, **fields: object) -> None:
    """Belle proposes, Andy approves with the button."""
    card = await house.propose(house.belle, case, **fields)
    await house.andy.click("Approve", message=card)


async def test_page_and_mail_carry_the_exact_words_in_one_thread_and_the_last_one_resolves(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle, Components=["API"])
    incident_card = house.message(case.channel, case.ts)
    assert incident_card is not None
    first = {"What happened": "Payments fail.\n\n  • cards\n  • wallets", "Next update in": "30 minutes"}
    await publish(house, case, **first)
    card = await house.published(case)
    await house.shows(card, "✅ *Public page* sent", f"{case.name}|open", "✅ *E-mail* sent")
    body = "Payments fail.\n\n  • cards\n  • wallets\n\nWe will post the next update within 30 minutes of this post."
    assert [text.removesuffix("\n\n— Belle") for text in await house.page_bodies(case.name)] == [body]
    letter = await house.mail("cards")
    assert body in words_of(letter)
    assert letter.subject == "[Acme] Checkout is down"
    assert letter.recipients == ["customers@list.acme.example"]
    await house.shows(incident_card, "Public page", "as promised to the public")
    assert "Payments fail." in await house.page(f"/incidents/{case.name}")

    await andy.command("incidents", "/incident resolve")
    view = await andy.wait_for_view("Draft an update")
    assert "Resolved" in andy.text_of(view)
    await house.fill_and_submit(andy, {"What happened": "All works again."})
    last = await house.card(case)
    await belle.react(last, "white_check_mark")
    await house.recorded(case, "incident_resolved")
    await house.shows(incident_card, "Resolved", without=["Next update"])
    assert [each["text"]["text"] for each in _actions(house.message(case.channel, case.ts))] == ["Draft update"]
    second = await house.mail("All works again.")
    assert second.in_reply_to == letter.message_id
    assert letter.message_id in second.references
    assert len(house.mails()) == 2
    assert len(await house.page_bodies(case.name)) == 2

    await belle.command("incidents", "/incident resolve INC-1")
    await house.told(belle, "INC-1 is already resolved")
    assert await belle.view() is None
    await belle.command("incidents", "/incident remind 20m INC-1")
    await belle.command("incidents", "/incident list")
    await house.told(belle, "No incident is open")
    jobs = await house.bot.store.look_up_jobs(now=house.bot.desk.clock.now(), limit=10, without_kinds=[])
    assert [each for each in jobs.due if each.job.kind == "remind"] == []
    assert (await house.kinds(case.number)).count("incident_resolved") == 1


async def test_a_refused_mail_is_shown_with_its_reason_and_can_be_retried(house: House) -> None:
    case = await house.open(house.belle)
    house.post_office.refusal = "550 5.7.1 we do not like you <!channel>"
    await publish(house, case)
    card = await house.published(case)
    await house.shows(card, "❌ *E-mail* refused", "550 5.7.1", "✅ *Public page*", without=["do not like"])
    assert "update_published" not in await house.kinds(case.number)
    await house.andy.click("Retry", message=card)
    await house.recorded(case, "delivery_refused", 2)
    house.post_office.refusal = None
    await house.andy.click("Retry", message=card)
    await house.shows(card, "✅ *E-mail* sent", without=["❌"])
    assert len(house.mails()) == 1
    assert (await house.kinds(case.number)).count("update_published") == 1


async def test_a_mail_put_off_is_tried_again_by_itself(house: House) -> None:
    case = await house.open(house.belle)
    house.post_office.refusal = "451 4.7.1 later please"
    await publish(house, case)
    card = await house.published(case)
    await house.shows(card, "⏳ *E-mail*", "2nd attempt")


async def test_only_the_chosen_outlets_get_it(house: House) -> None:
    case = await house.open(house.belle)
    await publish(house, case, Outlets=["E-mail"], Sign_as="The Acme team")
    letter = await house.mail("The Acme team")
    assert "/incidents/" not in letter.text
    assert await house.page_bodies(case.name) == []
    assert await house.page(f"/incidents/{case.name}") == ""


def _actions(message: dict[str, object] | None) -> list[dict[str, dict[str, str]]]:
    assert message is not None
    blocks: list[dict[str, object]] = message["blocks"]  # type: ignore[assignment]
    return [each for block in blocks if block["type"] == "actions" for each in block["elements"]]  # type: ignore[attr-defined, misc]
