"""Messages: markup that cannot become code, reactions, threads, buttons, and what others see live."""

import pytest
from playwright.async_api import Page, expect

from chatops.sandbox.server import RunningSandbox
from tests.sandbox_page.conftest import OpenPage
from tests.sandbox_page.sample_app import SampleApp, note_card

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTACKS = [
    "<script>window.hacked = true</script>",
    "<img src=x onerror='window.hacked = true'>",
    "<svg/onload=window.hacked=true>",
    "javascript:window.hacked=true",
    "*<b onclick=alert(1)>bold</b>*",
]


async def write(page: Page, text: str) -> None:
    box = page.get_by_label("Message #general")
    await box.fill(text)
    await box.press("Enter")
    await expect(box).to_have_value("")


async def test_what_people_type_is_shown_and_never_run(belle: Page) -> None:
    for attack in ATTACKS:
        await write(belle, attack)
        await expect(belle.locator(".message-body").last).to_have_text(attack.strip("*"))
    messages = belle.locator(".message-body")
    assert await messages.locator("script, img, svg, [onclick]").count() == 0
    assert await belle.evaluate("window.hacked") is None


async def test_what_apps_send_is_never_run_either(belle: Page, sample: SampleApp) -> None:
    attack = "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"{attack} <javascript:alert(1)|click me>"}}
    header = {"type": "header", "text": {"type": "plain_text", "text": "<img src=x onerror=alert(1)>"}}
    await sample.say(attack, blocks=[header, section])
    message = belle.locator(".message-body").last
    await expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    assert await message.locator("script, img, a").count() == 0
    assert await belle.evaluate("window.hacked") is None


async def test_mrkdwn_becomes_formatting(belle: Page, sample: SampleApp) -> None:
    await sample.say(
        "*bold* _slanted_ ~gone~ `x = *1*` :tada: a_b_c &lt;ok&gt; <@U01JOEL> <https://acme.example/a_b_c|our page>\n"
        "> quoted\n• one\n• two\n```\nkept  *as is*\n```\n<!date^1750000000^{date_num}|once>"
    )
    body = belle.locator(".message-body").last
    await expect(body.locator("b")).to_have_text("bold")
    await expect(body.locator("i")).to_have_text("slanted")
    await expect(body.locator("s")).to_have_text("gone")
    await expect(body.locator("p > code")).to_have_text("x = *1*")
    await expect(body.locator("pre")).to_have_text("kept  *as is*")
    await expect(body.locator("blockquote")).to_have_text("quoted")
    await expect(body.locator("li")).to_have_text(["one", "two"])
    await expect(body.locator("time")).to_have_text("2025-06-15")
    await expect(body.get_by_role("link", name="our page")).to_have_attribute("href", "https://acme.example/a_b_c")
    await expect(body.get_by_role("link", name="our page")).to_have_attribute("rel", "noopener noreferrer")
    await expect(body).to_contain_text("🎉 a_b_c <ok> @Joel Park")


async def test_a_second_person_sees_everything_live(belle: Page, open_page: OpenPage) -> None:
    joel = await open_page("U01JOEL")
    await expect(joel.get_by_role("button", name="Be Joel Park")).to_have_attribute("aria-pressed", "true")
    await write(belle, "Is it only me, @joel?")
    message = joel.locator(".message").filter(has_text="Is it only me, @Joel Park?")
    await expect(message).to_contain_text("Belle Cooper")
    await expect(joel.locator("#announcer")).to_contain_text("Belle Cooper")
    await message.hover()
    await message.get_by_role("button", name="React with white check mark").click()
    reaction = belle.get_by_role("button", name="white check mark: Joel Park")
    await expect(reaction).to_have_text("✅1")
    await reaction.click()
    await expect(joel.get_by_role("button", name="white check mark: you, Belle Cooper")).to_have_text("✅2")


async def test_a_message_elsewhere_leaves_an_unread_mark(belle: Page, open_page: OpenPage, sample: SampleApp) -> None:
    joel = await open_page("U01JOEL", "C01SUPPORT")
    await sample.say("Hello everybody")
    general = joel.locator("[data-place=C01GENERAL]")
    await expect(general).to_contain_text("unread: 1")
    await general.click()
    await expect(general).not_to_contain_text("unread")
    await expect(joel.locator(".message").last).to_contain_text("Hello everybody")


async def test_a_thread_is_answered_beside_the_channel(belle: Page, open_page: OpenPage, sample: SampleApp) -> None:
    await sample.say("A start")
    joel = await open_page("U01JOEL")
    start = joel.locator(".channel .message").filter(has_text="A start")
    await start.hover()
    await start.get_by_role("button", name="Reply in thread").click()
    reply = joel.get_by_label("Reply …")
    await expect(reply).to_be_focused()
    await reply.fill("An answer")
    await reply.press("Enter")
    await expect(joel.locator(".thread .message").last).to_contain_text("An answer")
    await belle.get_by_role("button", name="1 reply").click()
    await expect(belle.locator(".thread .message").last).to_contain_text("An answer")


async def test_buttons_reach_the_app_and_dangerous_ones_ask_first(belle: Page, sample: SampleApp) -> None:
    await sample.say("note", blocks=note_card("Words", "open"))
    await belle.get_by_role("button", name="Agree").click()
    await belle.get_by_role("button", name="1 reply").click()
    await expect(belle.locator(".thread .message").last).to_contain_text("@Belle Cooper agreed")
    await belle.get_by_role("button", name="Close the thread").click()
    close = belle.locator(".channel").get_by_role("button", name="Close", exact=True)
    await close.click()
    await belle.get_by_role("dialog", name="Really?").get_by_role("button", name="No").click()
    await expect(close).to_be_focused()
    await close.click()
    await belle.get_by_role("dialog", name="Really?").get_by_role("button", name="Close it").click()
    await expect(belle.get_by_role("heading", name="Note: closed")).to_be_visible()


async def test_a_whisper_is_seen_by_one_person_until_dismissed(belle: Page, open_page: OpenPage) -> None:
    joel = await open_page("U01JOEL")
    await write(belle, "/note whisper")
    whisper = belle.locator(".message").filter(has_text="Only visible to you")
    await expect(whisper).to_contain_text("Only for you.")
    assert await joel.locator(".message").filter(has_text="Only for you.").count() == 0
    await whisper.get_by_role("button", name="Dismiss").click()
    await expect(whisper).to_have_count(0)


async def test_a_reader_further_up_is_not_pulled_down(belle: Page, sample: SampleApp) -> None:
    for number in range(30):
        await sample.say(f"Line {number}\n\n\nmore")
    newest = belle.locator(".message-body").filter(has_text="Line 29")
    await expect(newest).to_be_in_viewport()
    await belle.locator(".channel .scroller:not(.home)").evaluate("node => { node.scrollTop = 0; }")
    await sample.say("The newest")
    jump = belle.get_by_role("button", name="New messages")
    await expect(jump).to_be_visible()
    await expect(belle.locator(".message-body").filter(has_text="The newest")).not_to_be_in_viewport()
    await jump.click()
    await expect(belle.locator(".message-body").filter(has_text="The newest")).to_be_in_viewport()


async def test_after_a_break_the_page_reads_what_it_missed(
    belle: Page, sandbox: RunningSandbox, sample: SampleApp
) -> None:
    await belle.context.set_offline(True)
    await belle.evaluate("document.title")
    await sample.say("Said meanwhile")
    await belle.context.set_offline(False)
    await expect(belle.locator(".message-body").filter(has_text="Said meanwhile")).to_be_visible()
