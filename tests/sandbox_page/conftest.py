"""One browser for all tests of the page; a fresh sandbox, app and window for each."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from tests.sandbox_page.chromium import ARGUMENTS, WAIT_MS, find_chromium
from tests.sandbox_page.sample_app import MANIFEST, SampleApp, start_sample_app

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("No Chromium found: set CHATOPS_CHROMIUM or install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    """One for all tests, on one port, so that the page's files come from its cache."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context
    await context.close()


@pytest.fixture(scope="session")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(port: int) -> AsyncIterator[RunningSandbox]:
    running = await start_sandbox(SandboxSettings(manifest=MANIFEST, port=port, ack_seconds=1.0))
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def sample(sandbox: RunningSandbox) -> AsyncIterator[SampleApp]:
    app = await start_sample_app(sandbox)
    yield app
    await app.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(window: BrowserContext, sandbox: RunningSandbox) -> AsyncIterator[OpenPage]:
    """Opens the page as a member; what breaks in the page's own code fails the test."""
    broken: list[str] = []

    async def open_as(member_id: str, place: str = "C01GENERAL") -> Page:
        page = await window.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{sandbox.base_url}/#as={member_id}&at={place}")
        await page.locator(".channel .composer").wait_for()
        return page

    yield open_as
    for page in window.pages:
        await page.close()
    assert broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def belle(open_page: OpenPage, sample: SampleApp) -> Page:
    return await open_page("U01BELLE")
