"""The sandbox's page without a violation of axe-core's rules, in whatever state it is."""

from email.message import EmailMessage

import aiosmtplib
import pytest
from playwright.async_api import Page, expect

from chatops.sandbox.server import RunningSandbox
from tests.axe import EACH_ONCE, EVERY_LOOK, Look, find_all_violations, find_violations
from tests.sandbox_page.all_kinds import BLOCKS, HOME, MODAL
from tests.sandbox_page.sample_app import SampleApp

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def require_none(page: Page, looks: tuple[Look, ...] = EACH_ONCE) -> None:
    found = await find_all_violations(page, looks)
    assert found == [], "\n\n".join(found)


async def fill_channel(sample: SampleApp, belle: Page) -> str:
    """Messages of all kinds; gives the one with a thread."""
    ts = await sample.say("Everything", blocks=BLOCKS)
    await sample.say("@channel with an attachment", attachments=[{"title": "Old", "text": "words", "color": "#b3212f"}])
    await sample.client.reactions_add(channel="C01GENERAL", timestamp=ts, name="tada")
    await sample.say("A *reply*", thread_ts=ts)
    await sample.client.chat_postEphemeral(channel="C01GENERAL", user="U01BELLE", text="Only you see this")
    box = belle.get_by_label("Message #general")
    await box.fill("Typed by hand: *bold* `code` <#C01INCIDENTS> @joel :tada:")
    await box.press("Enter")
    await expect(belle.get_by_text("Typed by hand")).to_be_visible()
    await expect(belle.get_by_role("button", name="1 reply")).to_be_visible()
    return ts


async def test_a_slack_channel_and_its_menus(belle: Page, sample: SampleApp) -> None:
    await fill_channel(sample, belle)
    await require_none(belle, EVERY_LOOK)
    await belle.locator("summary").click()
    message = belle.locator(".message").filter(has_text="Typed by hand")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await expect(belle.get_by_role("menu")).to_be_visible()
    await require_none(belle)
    await belle.keyboard.press("Escape")
    await belle.get_by_label("Message #general").fill("/no")
    await expect(belle.get_by_role("option", name="/note")).to_be_visible()
    await require_none(belle)


async def test_a_thread(belle: Page, sample: SampleApp) -> None:
    ts = await fill_channel(sample, belle)
    await belle.evaluate(f"location.hash = '#as=U01BELLE&at=C01GENERAL&thread={ts}'")
    await expect(belle.get_by_label("Reply")).to_be_visible()
    await require_none(belle, EVERY_LOOK)


async def test_a_modal_with_all_kinds_of_inputs(belle: Page, sample: SampleApp, sandbox: RunningSandbox) -> None:
    await sample.client.views_open(trigger_id=sandbox.parts.triggers.issue("U01BELLE"), view=MODAL)
    modal = belle.get_by_role("dialog", name="All kinds of inputs")
    await expect(modal).to_be_visible()
    await require_none(belle, EVERY_LOOK)
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.locator(".problem:not(:empty)").first).to_be_visible()
    await modal.get_by_role("combobox", name="Field 6").click()
    await expect(modal.get_by_role("option", name="Minor").first).to_be_visible()
    await require_none(belle)
    await belle.keyboard.press("Escape")
    await modal.get_by_label("Field 1 with").fill("touched")
    await belle.keyboard.press("Escape")
    await expect(belle.get_by_role("dialog", name="Leave without saving?")).to_be_visible()
    await require_none(belle)


async def test_the_home(belle: Page, sample: SampleApp) -> None:
    await belle.locator("[data-place=home]").click()
    await expect(belle.get_by_role("heading", name="Notes of yours")).to_be_visible()
    await sample.client.views_publish(user_id="U01BELLE", view=HOME)
    await expect(belle.get_by_role("heading", name="Everything at once")).to_be_visible()
    await require_none(belle)


async def test_the_mailbox_and_a_framed_page(belle: Page, sandbox: RunningSandbox) -> None:
    sandbox.settings.links.append({"label": "Webhooks", "url": f"{sandbox.base_url}/webhooks"})
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "hello@acme.example", "ann@example.org", "Posts are delayed"
    letter.set_content("We look into it.")
    letter.add_alternative("<html lang=en><title>x</title><p>We look into it.</p>", subtype="html")
    await aiosmtplib.send(letter, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)
    await belle.reload()
    await belle.get_by_role("button", name="Mailbox What subscribers").click()
    await belle.get_by_role("button", name="Posts are delayed").click()
    await require_none(belle)
    await belle.get_by_role("button", name="Reply").click()
    await belle.locator(".letter-reply").get_by_role("button", name="Send").click()
    await expect(belle.locator(".letter-problem")).to_have_text("Write something first.")
    await require_none(belle)
    await belle.get_by_role("button", name="HTML").click()
    await expect(belle.frame_locator(".letter-html").get_by_text("We look into it.")).to_be_visible()
    await require_none(belle)
    await belle.get_by_role("tab", name="Webhooks").click()
    await expect(belle.locator(".side-body iframe")).to_be_visible()
    await require_none(belle)


async def test_a_slack_channel_of_others_and_an_error(belle: Page, sample: SampleApp) -> None:
    await belle.locator("[data-place=C01INCIDENTS]").click()
    await expect(belle.get_by_label("Message #incidents")).to_be_visible()
    box = belle.get_by_label("Message #incidents")
    await box.fill("/nothing")
    await box.press("Enter")
    await expect(belle.get_by_role("alert").first).to_be_visible()
    await require_none(belle)


@pytest.mark.parametrize("path", ["/webhooks", "/mailbox"])
async def test_pages_of_their_own(belle: Page, sandbox: RunningSandbox, path: str) -> None:
    answer = await belle.goto(f"{sandbox.base_url}{path}")
    assert answer
    assert answer.ok
    found = await find_violations(belle)
    assert found == [], "\n\n".join(found)
