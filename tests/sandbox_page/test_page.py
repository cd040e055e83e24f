"""The page around the messages: who one is, the keyboard, the Home, the side view and the faults."""

from email.message import EmailMessage

import aiosmtplib
import pytest
from playwright.async_api import Page, expect

from chatops.sandbox.page_api import PAGE_FOLDER
from chatops.sandbox.server import RunningSandbox
from tests.sandbox_page.conftest import OpenPage
from tests.sandbox_page.sample_app import SampleApp

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_module_is_fetched_at_once() -> None:
    index = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    modules = [path.name for path in PAGE_FOLDER.glob("*.js") if path.name != "app.js"]
    assert [name for name in modules if f'rel="modulepreload" href="/static/{name}"' not in index] == []


async def test_one_click_makes_another_person(belle: Page) -> None:
    await belle.get_by_role("button", name="Be Andy Reyes, Support").click()
    await expect(belle.locator(".person")).to_contain_text("Andy Reyes")
    assert "as=U01ANDY" in belle.url


async def test_the_person_may_stand_in_the_query(
    open_page: OpenPage, sandbox: RunningSandbox, sample: SampleApp
) -> None:
    page = await open_page("U01BELLE")
    await page.goto(f"{sandbox.base_url}/?as=U01SUNIL")
    await expect(page.locator(".person")).to_contain_text("Sunil Rao")


async def test_a_whole_pass_with_the_keyboard_only(belle: Page, sample: SampleApp) -> None:
    press = belle.keyboard.press
    await belle.locator("[data-place=C01GENERAL]").focus()
    await press("ArrowDown")
    await press("Enter")
    await expect(belle.get_by_label("Message #incidents")).to_be_visible()
    await press("ArrowUp")
    await press("Enter")
    box = belle.get_by_label("Message #general")
    await box.focus()
    await belle.keyboard.type("/no")
    await expect(belle.get_by_role("option", name="/note")).to_be_visible()
    await press("Tab")
    await expect(box).to_have_value("/note ")
    await belle.keyboard.type("By keyboard")
    await press("Enter")
    modal = belle.get_by_role("dialog", name="Write a note")
    await expect(modal.get_by_label("Words")).to_be_focused()
    await press("Tab")
    await press("ArrowDown")
    await press("ArrowDown")
    await press("Enter")
    await expect(modal.get_by_role("combobox", name="Kind")).to_have_value("Idea")
    await press("Control+Enter")
    await expect(modal).to_be_hidden()
    await expect(belle.get_by_role("heading", name="Note: open")).to_be_visible()
    await belle.locator('.channel .message[tabindex="0"]').focus()
    await press("Tab")
    await expect(belle.get_by_role("button", name="Agree")).to_be_focused()
    await press("Enter")
    await expect(belle.get_by_role("button", name="1 reply")).to_be_visible()


async def test_a_thread_without_replies_has_a_stop_for_tab(belle: Page, sample: SampleApp) -> None:
    ts = await sample.say("Nobody answered")
    await belle.evaluate(f"location.hash = '#as=U01BELLE&at=C01GENERAL&thread={ts}'")
    await expect(belle.locator('.thread .message[tabindex="0"]')).to_have_count(1)


async def test_shift_enter_makes_a_line_and_enter_sends(belle: Page) -> None:
    box = belle.get_by_label("Message #general")
    await box.focus()
    await belle.keyboard.type("one")
    await belle.keyboard.press("Shift+Enter")
    await belle.keyboard.type("two")
    await expect(box).to_have_value("one\ntwo")
    await belle.keyboard.press("Enter")
    await expect(belle.locator(".message-body").last).to_have_text("one\ntwo", use_inner_text=True)


async def test_a_draft_waits_for_its_person_and_place(belle: Page) -> None:
    await belle.get_by_label("Message #general").fill("Half a thought")
    await belle.locator("[data-place=C01INCIDENTS]").click()
    await expect(belle.get_by_label("Message #incidents")).to_have_value("")
    await belle.locator("[data-place=C01GENERAL]").click()
    await expect(belle.get_by_label("Message #general")).to_have_value("Half a thought")


async def test_an_unknown_command_is_explained_and_stays(belle: Page) -> None:
    box = belle.get_by_label("Message #general")
    await box.fill("/nothing here")
    await box.press("Enter")
    await expect(belle.get_by_role("alert").filter(has_text="not a valid command")).to_be_visible()
    await expect(box).to_have_value("/nothing here")


async def test_the_home_shows_what_the_app_published(belle: Page) -> None:
    await belle.locator("[data-place=home]").click()
    await expect(belle.get_by_role("heading", name="Notes of yours")).to_be_visible()


async def test_the_mailbox_stands_beside_the_conversation(belle: Page, sandbox: RunningSandbox) -> None:
    await belle.get_by_role("button", name="Mailbox What subscribers").click()
    await expect(belle.get_by_text("No mail yet")).to_be_visible()
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "hello@acme.example", "ann@example.org", "Posts are delayed"
    letter.set_content("We look into it.")
    letter.add_alternative("<script>parent.hacked = true</script><p>We look into it.</p>", subtype="html")
    await aiosmtplib.send(letter, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)
    head = belle.get_by_role("button", name="Posts are delayed")
    await head.click()
    await expect(belle.locator(".letter-text")).to_contain_text("We look into it.")
    await belle.get_by_role("button", name="HTML").click()
    await expect(belle.frame_locator(".letter-html").get_by_text("We look into it.")).to_be_visible()
    assert await belle.evaluate("window.hacked") is None
    await expect(belle.get_by_label("Message #general")).to_be_visible()


async def test_a_customer_answers_a_letter_and_loses_nothing_typed(belle: Page, sandbox: RunningSandbox) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = (
        "status@acme.example",
        "all@list.acme.example",
        "Posts are delayed",
    )
    letter["Message-ID"] = "<inc-1-u1.0123456789ab@acme.example>"
    letter.set_content("We look into it.")
    post = {"hostname": "127.0.0.1", "port": sandbox.smtp_port, "start_tls": False}
    await aiosmtplib.send(letter, **post)
    await belle.get_by_role("button", name="Mailbox What subscribers").click()
    await belle.get_by_role("button", name="Posts are delayed").click()
    await belle.get_by_role("button", name="Reply").click()
    words = belle.get_by_label("Answer")
    await expect(words).to_be_focused()
    await belle.get_by_role("button", name="Send", exact=True).last.click()
    await expect(belle.locator(".letter-problem")).to_have_text("Write something first.")
    await words.press_sequentially("Since wh")
    # A letter that arrives meanwhile draws the list anew.
    letter.replace_header("Subject", "Another")
    await aiosmtplib.send(letter, **post)
    await expect(belle.get_by_role("button", name="Another")).to_be_visible()
    await expect(words).to_be_focused()
    await words.press_sequentially("en?")
    await belle.get_by_label("From").fill("Joe <joe@customer.example>")
    await belle.get_by_role("button", name="Send", exact=True).last.click()
    await expect(belle.get_by_role("button", name="Re: Posts are delayed")).to_be_visible()
    await expect(words).to_have_count(0)
    answer = sandbox.letters.newest_first()[0]
    assert answer.text.startswith("Since when?")
    assert (answer.recipients, answer.in_reply_to) == (["status@acme.example"], letter["Message-ID"])
    assert answer.sender == "Joe <joe@customer.example>"
    await belle.get_by_role("button", name="Re: Posts are delayed").click()
    await expect(belle.get_by_role("button", name="Reply")).to_have_count(0)


async def test_faults_are_switched_by_a_click_and_cleared(belle: Page, sandbox: RunningSandbox) -> None:
    await belle.get_by_text("Faults").click()
    drop = belle.get_by_role("button", name="Drop the answer")
    await drop.click()
    await expect(drop).to_have_attribute("aria-pressed", "true")
    assert sandbox.faults.is_on("drop")
    await belle.get_by_role("button", name="Clear").click()
    await expect(drop).to_have_attribute("aria-pressed", "false")
    assert not sandbox.faults.is_on("drop")


async def test_no_width_makes_the_page_scroll_sideways(belle: Page, sample: SampleApp) -> None:
    ts = await sample.say("word " * 40 + "x" * 200)
    await belle.evaluate(f"location.hash = '#as=U01BELLE&at=C01GENERAL&thread={ts}&side=mailbox'")
    await expect(belle.get_by_role("tab", name="Mailbox")).to_be_visible()
    for width in (900, 1280, 1700):
        await belle.set_viewport_size({"width": width, "height": 700})
        assert await belle.evaluate("document.documentElement.scrollWidth <= innerWidth")
