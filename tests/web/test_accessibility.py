"""The public page without a violation of axe-core's rules: light and dark, on a phone and on a desk."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from chatops.domain.records import Impact, Status
from chatops.web.server import build_web
from tests.axe import Look, find_all_violations
from tests.sandbox_page.conftest import browser
from tests.web.conftest import HEALTH
from tests.web.fakes import NOW, FakeStore, make_desk, make_post

__all__ = ["browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS: tuple[Look, ...] = (("light", 375), ("dark", 375))
ON_A_DESK: tuple[Look, ...] = (("dark", 1280), ("light", 1280))
WORDS = "We are looking into it.\n\nSee https://status.acme.example for more."


def fill(store: FakeStore) -> None:
    """An open incident of each impact, a resolved one, and one of a former month."""
    for number, impact in enumerate(Impact, start=1):
        status = list(Status)[(number - 1) % 3]
        store.put(make_post(number, 1, WORDS, impact=impact, at=NOW - timedelta(hours=2)))
        store.put(make_post(number, 2, WORDS, impact=impact, status=status, next_due_at=NOW + timedelta(minutes=30)))
    store.put(make_post(8, 1, WORDS), make_post(8, 2, "It works again.", status=Status.RESOLVED))
    store.put(make_post(9, 1, WORDS, at=NOW - timedelta(days=40), status=Status.RESOLVED))


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    # The page's own policy lets no other script in, axe-core's neither.
    context = await browser.new_context(bypass_csp=True)
    yield await context.new_page()
    await context.close()


async def report() -> dict[str, bool | str]:
    return HEALTH


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[tuple[TestServer, FakeStore]]:
    store = FakeStore()
    async with TestServer(build_web(store, make_desk(store), health=report)) as server:  # type: ignore[arg-type]
        yield server, store


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        ("/", True),
        ("/", False),
        ("/incidents/INC-1", True),
        ("/incidents/INC-8", True),
        ("/incidents/INC-1#update-2", True),
        ("/history", True),
        ("/history?month=2026-10", True),
        ("/nothing-here", False),
    ],
    ids=["now", "all-well", "incident", "resolved", "update", "history", "month", "404"],
)
async def test_axe_finds_nothing(page: Page, site: tuple[TestServer, FakeStore], path: str, filled: bool) -> None:
    server, store = site
    if filled:
        fill(store)
    answer = await page.goto(str(server.make_url("/")).rstrip("/") + path)
    assert answer
    assert answer.status == (404 if path == "/nothing-here" else 200)
    found = await find_all_violations(page, LOOKS + (ON_A_DESK if path == "/" else ()))
    assert found == [], "\n\n".join(found)
