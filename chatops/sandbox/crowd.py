"""Customers of the story player: they write on the stand-ins and by mail, and see what answer came."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp

from chatops.sandbox.person import CannotDo
from chatops.sandbox.public import LOOK_EVERY_SECONDS, WAIT_SECONDS, Unseen, read_mails, read_posts, squeeze
from chatops.sandbox.wire import Json

MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer as its customer sees it; `after_seconds` real ones."""

    id: str
    text: str
    url: str
    after_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a customer wrote, where: a network's name or MAIL."""

    place: str
    id: str
    """Of the post, or the Message-ID."""
    at: float


class Crowd:
    """Everybody who is not us, over the sandbox's own addresses."""

    def __init__(self, sandbox_url: str, session: aiohttp.ClientSession) -> None:
        self._url = sandbox_url
        self._session = session

    async def _send(self, path: str, wish: Json) -> Json:
        async with self._session.post(f"{self._url}{path}", json=wish) as response:
            answer: Json = await response.json()
        if not answer.get("ok"):
            raise CannotDo(f"A customer cannot write: {answer.get('error', answer)}")
        return answer

    async def post(
        self, network: str, *, name: str, handle: str, text: str, followers: int = 0, reply_to: str | None = None
    ) -> Written:
        wish = {"name": name, "handle": handle, "followers": followers, "text": text, "reply_to": reply_to}
        post = (await self._send(f"/social/{network}/customer", wish))["post"]
        return Written(place=network, id=post["id"], at=post["created_at"])

    async def repost(self, written: Written, *, name: str, handle: str, followers: int) -> None:
        wish = {"do": "repost", "id": written.id, "name": name, "handle": handle, "followers": followers}
        await self._send(f"/social/{written.place}/customer", wish)

    async def delete(self, written: Written) -> None:
        await self._send(f"/social/{written.place}/customer", {"do": "delete", "id": written.id})

    async def answer_letter(self, letter: Json, *, name: str, address: str, text: str) -> Written:
        wish = {"from": f"{name} <{address}>", "text": text}
        answer = await self._send(f"/mailbox/messages/{letter['id']}/reply", wish)
        return Written(place=MAIL, id=answer["message_id"], at=time.time())

    async def find_our_post(self, network: str, containing: str) -> Json:
        """Waits for it."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            for post in await read_posts(self._session, self._url, network):
                if post["account"]["is_ours"] and squeeze(containing) in squeeze(post["text"]):
                    return post
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise Unseen(f"nothing of ours on {network} says: {containing}")

    async def list_answers(self, written: list[Written]) -> dict[Written, list[Seen]]:
        """By what it answers. A mail that came twice under one Message-ID is one."""
        found: dict[Written, list[Seen]] = {each: [] for each in written}
        known = {each.id: each for each in written}
        for network in sorted({each.place for each in written} - {MAIL}):
            for post in await read_posts(self._session, self._url, network):
                if post["account"]["is_ours"] and not post["deleted_at"] and post["parent_id"] in known:
                    asked = known[post["parent_id"]]
                    found[asked].append(_see(asked, post["id"], post["text"], post["url"], post["created_at"]))
        for mail in reversed(await read_mails(self._session, self._url)):
            asked_by = known.get(mail["in_reply_to"])
            if asked_by is not None and mail["message_id"] not in {each.id for each in found[asked_by]}:
                url = f"{self._url}/mailbox/messages/{mail['id']}"
                found[asked_by].append(_see(asked_by, mail["message_id"], mail["text"], url, mail["received_at"]))
        return found

    async def wait_for_answers(self, written: list[Written]) -> dict[Written, list[Seen]]:
        """Until everybody has at least one; raises Unseen."""
        end = time.monotonic() + 2 * WAIT_SECONDS
        while True:
            found = await self.list_answers(written)
            missing = [each for each, answers in found.items() if not answers]
            if not missing:
                return found
            if time.monotonic() > end:
                raise Unseen(f"{len(missing)} customers have no answer, the first on {missing[0].place}")
            await asyncio.sleep(4 * LOOK_EVERY_SECONDS)


def _see(asked: Written, id_: str, text: str, url: str, at: float) -> Seen:
    return Seen(id=id_, text=squeeze(text), url=url, after_seconds=at - asked.at)
