"""The page of the social networks: whoever writes there as a customer sees whether it reaches us."""

import pytest
from playwright.async_api import BrowserContext, expect

from chatops.sandbox.server import RunningSandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("network", "words", "is_told"),
    [("x", "@acme are you down?", True), ("x", "Is it only me?", False), ("facebook", "Is it only me?", True)],
)
async def test_a_post_that_does_not_reach_us_says_so(
    window: BrowserContext, sandbox: RunningSandbox, network: str, words: str, is_told: bool
) -> None:
    page = await window.new_page()
    await page.goto(f"{sandbox.base_url}/social#{network}")
    await page.get_by_label("What they write").fill(words)
    await page.get_by_role("button", name="Post", exact=True).click()
    await expect(page.get_by_role("article", name=f"Ann Lee: {words}")).to_be_visible()
    hint = page.get_by_text("we are not told of it")
    await (expect(hint).to_be_hidden() if is_told else expect(hint).to_be_visible())
    await page.close()
