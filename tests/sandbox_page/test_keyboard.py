"""An incident from its opening to its first published words, by the keyboard alone, with the focus always in sight."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.e2e.town import eventually, run_town

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "Payments fail for some customers."
STOPS_MOST = 90
IS_FOCUSED = "node => node === document.activeElement"
# What is focused, or a frame right around it, must carry an outline or a ring.
IS_SEEN = """() => {
  const marked = (node) => {
    const style = getComputedStyle(node);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  const node = document.activeElement;
  return node === document.body || [node, node.parentElement, node.parentElement?.parentElement].some(marked);
}"""


async def go(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press the key until the target has the focus; each stop on the way must be seen."""
    passed: list[str] = []
    for _ in range(STOPS_MOST):
        if await target.count() and await target.first.evaluate(IS_FOCUSED):
            return
        await page.keyboard.press(key)
        assert await page.evaluate(IS_SEEN), await page.evaluate("document.activeElement.outerHTML")
        passed.append(await page.evaluate("document.activeElement.outerHTML.slice(0, 90)"))
    raise AssertionError(f"{key} never reaches {target}, only:\n" + "\n".join(dict.fromkeys(passed)))


async def enter(page: Page, messages: str) -> None:
    """Tab to whatever comes first in a list of messages; from there the arrows go from one to the next."""
    await go(page, page.locator(f"{messages}:focus, {messages} :focus"))


async def become(page: Page, name: str) -> None:
    await go(page, page.locator('.person-button[tabindex="0"]'))
    await go(page, page.get_by_role("button", name=f"Be {name}"), "ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.locator(".person")).to_contain_text(name)


async def open_thread(page: Page) -> None:
    """From the newest message up to the one with replies, and in."""
    await enter(page, ".channel .message")
    await go(page, page.locator(".channel .message").filter(has=page.locator(".replies")).last, "ArrowUp")
    await go(page, page.locator(".channel .replies").last)
    await page.keyboard.press("Enter")
    await expect(page.locator(".pane.thread")).to_be_visible()


async def fill_and_open(page: Page) -> None:
    modal = page.get_by_role("dialog", name="Open an incident")
    await expect(modal).to_be_visible()
    await go(page, modal.get_by_role("combobox", name="Impact"))
    await page.keyboard.type("Major")
    await page.keyboard.press("Enter")
    await go(page, modal.get_by_label("What do we know"))
    await page.keyboard.type(WORDS)
    await go(page, modal.get_by_role("button", name="Open"))
    await page.keyboard.press("Enter")
    await expect(modal).to_be_hidden()


async def test_from_opening_to_published_words(window: BrowserContext, tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        page = await window.new_page()
        await page.goto(f"{town.sandbox.base_url}/#as=U01JOEL&at=C01GENERAL")
        await page.locator(".channel .composer").wait_for()
        await become(page, "Belle")
        await go(page, page.locator('.place[tabindex="0"]'))
        await go(page, page.locator("[data-place=C01INCIDENTS]"), "ArrowDown")
        await page.keyboard.press("Enter")
        await go(page, page.get_by_label("Message #incidents"))
        await page.keyboard.type("/incident open Checkout is down")
        await page.keyboard.press("Enter")
        await fill_and_open(page)
        await page.locator(".channel .replies").first.wait_for()
        await open_thread(page)
        await become(page, "Andy")
        if not await page.locator(".pane.thread").is_visible():
            await open_thread(page)
        approve = page.locator(".thread").get_by_role("button", name="Approve")
        await approve.wait_for()
        await enter(page, ".thread .message")
        await go(
            page, page.locator(".thread .message").filter(has=page.get_by_role("button", name="Approve")), "ArrowDown"
        )
        await go(page, approve)
        await page.keyboard.press("Enter")
        await eventually(published(town.page_bodies), town.tail)
        await page.close()


def published(page_bodies: Callable[[str], Awaitable[list[str]]]) -> Callable[[], Awaitable[bool | None]]:
    async def look() -> bool | None:
        return any(WORDS in body for body in await page_bodies("INC-1")) or None

    return look


async def test_the_first_stop_skips_to_the_messages(belle: Page) -> None:
    await belle.reload()
    await belle.locator(".channel .composer").wait_for()
    await belle.keyboard.press("Tab")
    await expect(belle.get_by_role("link", name="Skip to the messages")).to_be_in_viewport()
    await belle.keyboard.press("Enter")
    assert await belle.evaluate("!!document.activeElement.closest('.channel')")
    assert "as=U01BELLE" in belle.url
