"""What the public sees: the words on the page and in the mailbox, for the story and the replay to check."""

import asyncio
import time
from html.parser import HTMLParser

import aiohttp

from chatops.sandbox.wire import Json

WAIT_SECONDS = 15.0
LOOK_EVERY_SECONDS = 0.05


class Unseen(Exception):
    """What should be public is not."""


class _Text(HTMLParser):
    """The text of a page, scripts and styles left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag in ("br", "p", "div", "li"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def squeeze(text: str) -> str:
    """Words only: how a page breaks its lines does not matter."""
    return " ".join(text.split())


async def read_page(session: aiohttp.ClientSession, url: str) -> str:
    """The words of a public page, squeezed; empty where it does not exist."""
    async with session.get(url) as response:
        if response.status != 200:
            return ""
        parser = _Text()
        parser.feed(await response.text())
        return squeeze("".join(parser.parts))


async def wait_for_page(session: aiohttp.ClientSession, url: str, words: list[str]) -> str:
    end = time.monotonic() + WAIT_SECONDS
    while True:
        shown = await read_page(session, url)
        missing = [each for each in words if squeeze(each) not in shown]
        if not missing:
            return shown
        if time.monotonic() > end:
            raise Unseen(f"{url} does not show: {missing[0]}")
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def read_posts(session: aiohttp.ClientSession, sandbox_url: str, network: str) -> list[Json]:
    """Of a stand-in for a social network, oldest first, deleted ones too."""
    async with session.get(f"{sandbox_url}/social/{network}/posts") as response:
        found: list[Json] = (await response.json())["posts"]
        return found


async def read_mails(session: aiohttp.ClientSession, sandbox_url: str) -> list[Json]:
    """Newest first."""
    async with session.get(f"{sandbox_url}/mailbox/messages") as response:
        found: list[Json] = (await response.json())["messages"]
        return found


async def wait_for_mail(session: aiohttp.ClientSession, sandbox_url: str, *, containing: str) -> Json:
    end = time.monotonic() + WAIT_SECONDS
    while True:
        for mail in await read_mails(session, sandbox_url):
            if squeeze(containing) in squeeze(mail["text"]):
                return mail
        if time.monotonic() > end:
            raise Unseen(f"no mail says: {containing}")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
