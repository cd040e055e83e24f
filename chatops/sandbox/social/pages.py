"""The addresses below /social: the page, what it reads, what customers do there, and the networks themselves."""

import asyncio
import json
from pathlib import Path

from aiohttp import web

from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.world import Social
from chatops.sandbox.wire import Json, Refused

PAGE = Path(__file__).parent.parent / "page" / "social" / "index.html"
WAITING_MOST = 1000
"""A page that reads nothing for so long is dropped; it reconnects and reads everything anew."""
SAFETY = {
    # Some browsers do not count a WebSocket of the same origin as 'self'.
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class SocialPages:
    def __init__(self, social: Social) -> None:
        self._social = social
        self._queues: set[asyncio.Queue[str]] = set()
        for name, network in social.networks.items():
            network.feed.listen(lambda post, name=name: self._push(name, post))  # type: ignore[misc]

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/social", self.page)
        router.add_get("/social/", self.page)
        router.add_get("/social/state", self.state)
        router.add_get("/social/live", self.live)
        router.add_get("/social/{network}/posts", self.posts)
        router.add_post("/social/{network}/customer", self.customer)
        router.add_get("/social/{network}/{handle:i/web|[^/]+}/status/{id}", self.permalink)
        router.add_route("*", "/social/{network}/{path:.*}", self.wire)

    async def page(self, request: web.Request) -> web.StreamResponse:
        del request
        if not PAGE.is_file():
            return web.Response(text="The networks run; their page is not installed.")
        return web.FileResponse(PAGE, headers=SAFETY)

    async def state(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._social.wire())

    async def posts(self, request: web.Request) -> web.Response:
        """Oldest first, deleted ones too."""
        network = self._social.networks.get(request.match_info["network"])
        if network is None:
            return _refuse("There is no such network.", status=404)
        posts = [self._social.wire_post(network, post) for post in network.feed.list_all()]
        return web.json_response({"network": network.describe(), "posts": posts})

    async def customer(self, request: web.Request) -> web.Response:
        # Only JSON is taken, so that no form on another site can act here.
        if request.content_type != "application/json":
            return _refuse("Send JSON.", status=415)
        try:
            wish = await request.json()
        except json.JSONDecodeError:
            return _refuse("That is not JSON.", status=400)
        if not isinstance(wish, dict):
            return _refuse("Send a JSON object.", status=400)
        name = request.match_info["network"]
        try:
            post = self._social.customers.act(name, wish)
        except Refused as refusal:
            return _refuse(str(refusal), status=400)
        return web.json_response({"ok": True, "post": self._social.wire_post(self._social.networks[name], post)})

    async def permalink(self, request: web.Request) -> web.Response:
        """Where X's links to a post point: here all posts of a network stand on one page."""
        raise web.HTTPFound(f"/social#{request.match_info['network']}")

    async def wire(self, request: web.Request) -> web.StreamResponse:
        """The network itself, in its own protocol."""
        network = self._social.networks.get(request.match_info["network"])
        if network is None:
            return _refuse("There is no such network.", status=404)
        return await network.handle(request, "/" + request.match_info["path"])

    async def live(self, request: web.Request) -> web.StreamResponse:
        """A line for each change; the page reads the rest."""
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue(WAITING_MOST)
        self._queues.add(queue)
        writer = asyncio.create_task(_write(socket, queue))
        try:
            async for _ in socket:
                continue
        finally:
            self._queues.discard(queue)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def _push(self, network: str, post: Post) -> None:
        news: Json = {"network": network, "id": post.id, "is_ours": post.account.is_ours}
        for queue in list(self._queues):
            if queue.full():
                self._queues.discard(queue)
                continue
            queue.put_nowait(json.dumps(news))


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_str(await queue.get())


def _refuse(text: str, *, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": text}, status=status)
