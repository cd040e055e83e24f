"""The page /social in a browser, and the networks as part of a whole sandbox."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright, expect

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from tests.sandbox.conftest import Start
from tests.sandbox_page.chromium import WAIT_MS, find_chromium

needs_browser = pytest.mark.skipif(find_chromium() is None, reason="no Chromium found")


@pytest.fixture
async def whole(start: Start) -> RunningSandbox:
    return await start(smtp_port=None)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=find_chromium())
        context = await browser.new_context()
        expect.set_options(timeout=WAIT_MS)
        opened = await context.new_page()
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        yield opened
        await browser.close()
        assert problems == []


async def test_faults_through_the_page_of_the_workspace(whole: RunningSandbox, session: aiohttp.ClientSession) -> None:
    belle = Person(whole.base_url, "Belle", session)
    await belle.act("fault", network="mastodon", name="500", count=1)
    assert (await belle.state())["social_faults"]["mastodon"]["500"] == {
        "on": True,
        "description": "the network answers with an internal error, and nothing happens",
        "method": "*",
        "remaining": 1,
        "retry_after": 1,
    }
    base_url = whole.social.list_base_urls()["mastodon"]
    headers = {"Authorization": f"Bearer {whole.settings.social.mastodon_token}"}
    statuses = []
    for _ in range(2):
        async with session.get(f"{base_url}/api/v1/notifications", headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [500, 200]
    await belle.act("fault", network="mastodon", name="down", on=False)
    async with session.get(f"{whole.base_url}/social/state") as response:
        networks = (await response.json())["networks"]
    assert [network["name"] for network in networks] == list(whole.social.networks)


async def test_the_page_runs_nothing_foreign(whole: RunningSandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{whole.base_url}/social") as response:
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@needs_browser
async def test_posting_as_a_customer(whole: RunningSandbox, page: Page) -> None:
    ours = whole.social.x.feed.add(whole.social.x.feed.ours, "We are looking into it.")
    await page.goto(f"{whole.base_url}/social#x")
    thread = page.locator(".thread-card").first
    await expect(thread).to_contain_text("We are looking into it.")
    await thread.get_by_role("button", name="Reply").click()
    await page.get_by_label("What they write").fill("<img src=x onerror=alert(1)> still?")
    await page.keyboard.press("Control+Enter")
    reply = page.locator(".post.is-reply")
    await expect(reply).to_contain_text("@acme <img src=x onerror=alert(1)> still?")
    await expect(page.locator("img")).to_have_count(0)
    await expect(reply).to_contain_text("TO US")
    await reply.get_by_role("button", name="Edit").click()
    await page.get_by_label("What they write").fill("@acme thanks")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(reply).to_contain_text("Edited")
    whole.social.x.feed.delete(ours)
    await expect(page.locator(".post.is-deleted")).to_contain_text("Deleted")
    whole.social.customers.post("bluesky", "hello", name="Cy")
    tab = page.get_by_role("tab", name="Bluesky")
    await expect(tab).to_contain_text("1")
    await tab.click()
    await expect(page.locator(".post").filter(has_text="hello")).to_be_visible()
    await expect(page.locator(".post")).to_have_count(1)
    await page.get_by_text("Faults of this network").click()
    await page.get_by_role("button", name="revoked").click()
    await expect(page.get_by_role("button", name="revoked")).to_have_attribute("aria-pressed", "true")
    assert whole.social.bluesky.switches.wire()["revoked"]["on"]
    await _look_from_the_workspace(whole, page)


async def _look_from_the_workspace(whole: RunningSandbox, page: Page) -> None:
    """The same page as a tab of the side view, by keyboard."""
    await page.goto(f"{whole.base_url}/#side=social")
    frame = page.frame_locator("iframe[title=Social]")
    await expect(frame.locator(".post").last).to_contain_text("@acme thanks")
    await frame.get_by_role("tab", name="X", exact=True).focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(frame.get_by_role("tab", name="Facebook")).to_have_attribute("aria-selected", "true")
