"""axe-core in a page that a test has opened: what breaks WCAG's rules or its good practices, in readable lines."""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

# The package's own `run` sends all that passed as well, and the script each time.
RUN = "axe.run({resultTypes: ['violations']}).then((results) => results.violations)"
Look = tuple[Literal["light", "dark"], int]
"""Colours and width."""

EVERY_LOOK: tuple[Look, ...] = (("light", 900), ("light", 1440), ("dark", 1440), ("dark", 900))
EACH_ONCE: tuple[Look, ...] = (("light", 900), ("dark", 1440))
"""Where the minutes matter: a colour does not depend on the width, nor an order of elements on the colours."""
# Colours that are on their way from one to the other have whatever contrast they have just now.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


async def find_violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    violations: list[dict[str, Any]] = await page.evaluate(RUN)
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}\n{node['html'][:300]}"
        for violation in violations
        for node in violation["nodes"]
    ]


async def find_all_violations(page: Page, looks: tuple[Look, ...] = EVERY_LOOK) -> list[str]:
    await page.add_style_tag(content=STILL)
    found = []
    for scheme, width in looks:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 800})
        found += [f"{scheme}, {width} px: {line}" for line in await find_violations(page)]
    return found
