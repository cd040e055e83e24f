"""What people type is shown and published to the letter: it pings nobody, formats nothing and runs nowhere."""

import json

from tests.slack.house import House, texts_of, words_of

TITLE = "<!channel> *bold* <script>alert(1)</script> @here & שלום 🔥 :fire: `x`"
WORDS = "\n".join(
    [
        "<!channel> and <@U01ANDY> and <https://evil.example|click>",
        "*not bold* _not italic_ ~no~ `code` > quote :tada:",
        "<script>alert('x')</script> &amp; &lt;b&gt; \"quotes\"",
        "שלום עולם — مرحبا — 你好 — 🔥👩‍👩‍👧",
        "  indented, and a trailing backslash \\",
    ]
)


async def test_hostile_words_stay_words_everywhere(house: House) -> None:
    belle, andy = house.belle, house.andy
    await belle.command("incidents", "/incident open")
    await belle.wait_for_view("Open an incident")
    await house.fill_and_submit(belle, {"Title": TITLE, "Components": ["API"]})
    case = await house.case(1)
    card = house.message(case.channel, case.ts)
    assert card is not None
    await house.shows(card, TITLE)
    draft = await house.propose(
        belle, case, **{"What happened": WORDS, "Sign as": "<b>B</b>", "Next update in": "1 hour"}
    )
    assert WORDS in texts_of(draft["blocks"])
    await andy.reply("incidents", case.ts, "<!everyone> comment *with* `tick")
    await house.recorded(case, "comment_added")
    await andy.click("Request changes", message=draft)
    await andy.wait_for_view("Request changes")
    await house.fill_and_submit(andy, {"Reason": "<!channel> *no*"})
    await house.shows(draft, "<!channel> *no*")
    await andy.click("Preview", message=draft)
    assert WORDS in "\n".join(texts_of((await andy.wait_for_view("Preview"))["blocks"]))
    await andy.close()
    await andy.click("Approve", message=draft)
    await house.published(case)

    letter = await house.mail("not bold")
    assert f"Identified: {TITLE}" in words_of(letter) or f"Investigating: {TITLE}" in words_of(letter)
    assert WORDS in words_of(letter)
    assert without_spaces(letter.subject) == without_spaces(f"[Acme] {TITLE}")
    assert letter.html is not None
    assert "<script>" not in letter.html
    [body] = await house.page_bodies(case.name)
    assert body.startswith(WORDS)
    async with house.session.get(f"{house.bot_url}/incidents/{case.name}") as response:
        page = await response.text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert " ".join(WORDS.split()) in await house.page(f"/incidents/{case.name}")

    await belle.command("incidents", "/incident list")
    await belle.command("incidents", "/incident timeline")
    await house.told(belle, "times are UTC")
    for message in [*house.posts_of_bot(case), *await belle.messages("incidents")]:
        if message.get("bot_id"):
            assert_pings_nobody(message)


def without_spaces(text: str) -> str:
    """Python's own folding of a long header drops or moves a space between two encoded words."""
    return "".join(text.split())


def assert_pings_nobody(message: dict[str, object]) -> None:
    sent = json.dumps({"text": message.get("text"), "blocks": without_rich_text(message)})
    for ping in ("<!channel", "<!here", "<!everyone", "<@U01ANDY", "<https://evil"):
        assert ping not in sent, f"{ping} in {sent}"


def without_rich_text(message: dict[str, object]) -> list[dict[str, object]]:
    """Rich text and plain text interpret nothing: what looks like a ping there is letters."""
    blocks: list[dict[str, object]] = message.get("blocks") or []  # type: ignore[assignment]
    return [block for block in blocks if block["type"] not in ("rich_text", "header")]


async def test_line_breaks_in_a_title_become_spaces_and_windows_ones_in_words_stay_breaks(house: House) -> None:
    belle = house.belle
    await belle.command("incidents", "/incident open")
    view = await belle.wait_for_view("Open an incident")
    await house.fill_and_submit(belle, {"Title": "One\r\nBcc: x@evil.example", "What do we know?": "One\r\ntwo\rthree"})
    case = await house.case(1)
    assert view is not None
    await house.andy.click("Approve", message=await house.card(case))
    letter = await house.mail("One\r\ntwo")
    assert letter.subject == "[Acme] One Bcc: x@evil.example"
    assert letter.recipients == ["customers@list.acme.example"]
    assert (await house.page_bodies(case.name))[0].startswith("One\ntwo\nthree")


async def test_what_slack_makes_of_a_command_is_read_back_as_it_was_typed(house: House) -> None:
    belle = house.belle
    typed = "R&D <b> for @andy in #support & more"
    await belle.command("incidents", f"/incident open {typed}")
    view = await belle.wait_for_view("Open an incident")
    assert view["blocks"][0]["element"]["initial_value"] == typed
    await house.fill_and_submit(belle, {})
    await belle.command("incidents", "/incident remind off R&D says <never>")
    case = await house.case(1)
    [moved] = await house.recorded(case, "reminder_moved")
    assert moved.data.reason == "R&D says <never>"  # type: ignore[union-attr]
