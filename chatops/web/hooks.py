"""The doors by which networks and mail providers bring what customers wrote: `POST /hooks/…`.

What a hook understands is handed in, for this side knows no network: whether it is really theirs, and what it says.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from chatops.domain.errors import StorageFull
from chatops.domain.ids import OutletKey
from chatops.usecases.mention_ports import Heard, Hook

READ_SECONDS = 30
AT_ONCE = 8
"""Long bodies in memory at a time, of those who showed the secret; the others wait."""
RETRY_SECONDS = 60
QUERY_CHARS = 1000

Hear = Callable[[OutletKey, Heard], Awaitable[None]]


def build_hooks(hear: Hear, hooks: Sequence[Hook]) -> list[web.RouteDef]:
    """The routes; two outlets of a kind share a path, and each request belongs to the one whose check it passes."""
    by_path: dict[str, list[Hook]] = {}
    for hook in hooks:
        by_path.setdefault(hook.path, []).append(hook)
    doors = {path: _Door(hear, each) for path, each in by_path.items()}
    posts = [web.post(path, door.take) for path, door in doors.items()]
    gets = [web.get(path, door.greet, allow_head=False) for path, door in doors.items() if door.greets]
    return [*posts, *gets]


class _Door:
    """All hooks of one path."""

    def __init__(self, hear: Hear, hooks: Sequence[Hook]) -> None:
        self._hear = hear
        self._hooks = tuple(hooks)
        self._max_bytes = max(hook.max_bytes for hook in hooks)
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def greets(self) -> bool:
        return any(hook.greet for hook in self._hooks)

    async def greet(self, request: web.Request) -> web.Response:
        """https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests"""
        query = {name: value for name, value in request.query.items() if len(value) <= QUERY_CHARS}
        said = [hook.greet(query) for hook in self._hooks if hook.greet]
        challenge = next((each for each in said if each is not None), None)
        if challenge is None or not re.fullmatch(r"[\w.:=+/-]{1,500}", challenge, flags=re.ASCII):
            return _say(403, "This is not the token that we know.")
        return _say(200, challenge)

    async def take(self, request: web.Request) -> web.Response:
        """Refused requests leave no trace: anybody can send them, as many as they like."""
        headers = request.headers
        candidates = [hook for hook in self._hooks if hook.is_signed or hook.check(headers, b"")]
        if not candidates:
            return _refuse_stranger()
        if (request.content_length or 0) > self._max_bytes:
            return _refuse_size()
        if any(hook.is_signed for hook in candidates):
            # Short ones of whomever: a stranger who sends slowly must not keep others waiting.
            return await self._take_body(request, headers, candidates)
        async with self._room:
            return await self._take_body(request, headers, candidates)

    async def _take_body(
        self, request: web.Request, headers: Mapping[str, str], candidates: Sequence[Hook]
    ) -> web.Response:
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await _read_body(request, self._max_bytes)
        except TimeoutError:
            return _say(408, "The request did not come to its end in time.")
        if body is None:
            return _refuse_size()
        hook = next((each for each in candidates if not each.is_signed or each.check(headers, body)), None)
        if hook is None:
            return _refuse_stranger()
        if len(body) > hook.max_bytes:
            return _refuse_size()
        return await self._take_known(hook, body, request.headers.get("Content-Type", ""))

    async def _take_known(self, hook: Hook, body: bytes, content_type: str) -> web.Response:
        try:
            # In a thread: a long mail must not hold up the answers to Slack.
            heard = await asyncio.to_thread(hook.parse, body, content_type)
        except ValueError:
            return _say(400, "That cannot be read. The outlet's page in the documentation says what is taken here.")
        try:
            await self._hear(hook.outlet, heard)
        except StorageFull:
            response = _say(503, "Nothing was saved, since the disk is full. Please bring it again later.")
            response.headers["Retry-After"] = str(RETRY_SECONDS)
            return response
        return _say(200, "Taken.")


async def _read_body(request: web.Request, max_bytes: int) -> bytes | None:
    """None: it is too long, whatever its length says."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _refuse_stranger() -> web.Response:
    return _say(401, "We do not know who brings this. Check the secret.")


def _refuse_size() -> web.Response:
    response = _say(413, "That is more than we take at once.")
    response.force_close()  # the rest of it is not read
    return response


def _say(status: int, text: str) -> web.Response:
    return web.Response(
        status=status, text=f"{text}\n" if status != 200 else text, headers={"Cache-Control": "no-store"}
    )
