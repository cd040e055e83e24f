"""Facebook's `feed` webhook: tells an app, signed, of what people write on the Page.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started and
https://developers.facebook.com/docs/graph-api/webhooks/reference/page
"""

import asyncio
import hashlib
import hmac
import json

import aiohttp

from chatops.sandbox.social.facebook_wire import Wire, time_text
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

TRIES, PAUSE_SECONDS, ANSWER_SECONDS = 4, 0.5, 5
"""The real one tries on for 36 hours."""


def sign(body: bytes, app_secret: str) -> str:
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


class FacebookHook:
    """`url` None: nobody is told. While `is_holding`, news waits for `release`, in whatever order."""

    def __init__(self, settings: SocialSettings, feed: Feed, wire: Wire) -> None:
        self.url = settings.facebook_webhook_url or None
        self.is_holding = False
        self.delivered: list[Json] = []
        self._settings = settings
        self._feed = feed
        self._wire = wire
        self._held: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()
        feed.listen(self._hear)

    def _hear(self, post: Post) -> None:
        """What tags the page elsewhere, or shares it, is no news of its feed."""
        is_elsewhere = self._wire.tags_us(post.root)
        if self.url is None or is_elsewhere or post.reposted or post.quoted:
            return
        body = encode(self.build(post))
        if self.is_holding:
            self._held.append(body)
            return
        task = asyncio.get_running_loop().create_task(self._deliver(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def build(self, post: Post) -> Json:
        """The whole payload: one entry, one change."""
        page, now = self._settings.facebook_page_id, int(self._feed.clock())
        verb = "add" if post.is_live and post.edited_at is None else "edited" if post.is_live else "remove"
        root = post.root.id
        value: Json = {"verb": verb, "post_id": root, "created_time": int(post.created_at)}
        value |= {"from": self._wire.author(post)} if self._wire.author(post) else {}
        if post.parent is None:
            value |= {"item": "status" if post.account.is_ours else "post"}
        else:
            parent = root if post.parent.parent is None else post.parent.id
            value |= {"item": "comment", "comment_id": post.id, "parent_id": parent}
            value |= {"post": {"id": root, "updated_time": time_text(post.created_at)}}
        value |= {"message": post.text} if post.is_live else {}
        return {
            "object": "page",
            "entry": [{"id": page, "time": now, "changes": [{"field": "feed", "value": value}]}],
        }

    async def release(self, *, reverse: bool = False) -> None:
        """Deliver what was held, in turn, and hold no longer."""
        held, self._held, self.is_holding = self._held, [], False
        for body in reversed(held) if reverse else held:
            await self._deliver(body)

    async def settle(self) -> None:
        """Until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, body: bytes) -> None:
        for number in range(TRIES):
            await asyncio.sleep(number * PAUSE_SECONDS)
            if await self._post(body):
                self.delivered.append(json.loads(body))
                return

    async def _post(self, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(body, self._settings.facebook_app_secret),
        }
        try:
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(str(self.url), data=body, headers=headers) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


def encode(payload: Json) -> bytes:
    """As Facebook does, letters beyond ASCII and slashes escaped: what is signed is what is sent."""
    return json.dumps(payload).replace("/", "\\/").encode()
