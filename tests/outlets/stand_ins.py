"""The sandbox's networks on a socket, with a clock that can be turned and faults drawn by lot."""

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web

from chatops.domain.errors import NotSent, Uncertain
from chatops.sandbox.social.network import Network
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.world import Social
from chatops.usecases.ports import Outlet, Posting, Sent


@dataclass
class StandIn:
    """`calls` are the requests that came, as "METHOD path"; `faults` the share of requests that fail by lot."""

    network: Network
    base_url: str
    lots: random.Random = field(default_factory=lambda: random.Random(7))
    faults: dict[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    offset_seconds: float = 0.0

    def seconds(self) -> float:
        return self.clock() + self.offset_seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def wait(self, pause: timedelta) -> None:
        self.offset_seconds += pause.total_seconds()

    @property
    def posts(self) -> list[Post]:
        return self.network.feed.list_ours()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.match_info['path']}")
        for name, share in self.faults.items():
            if self.lots.random() < share:
                self.network.switches.switch_on(name, times=1)
        return await self.network.handle(request, request.match_info["path"])


@asynccontextmanager
async def run_stand_in(name: str, social_settings: SocialSettings | None = None) -> AsyncIterator[StandIn]:
    clock: list[Callable[[], float]] = []
    social = Social(social_settings or SocialSettings(allowance_factor=1000), lambda: clock[0]() if clock else 0.0)
    stand_in = StandIn(social.get_network(name), "")
    clock.append(stand_in.seconds)
    app = web.Application()
    app.router.add_route("*", f"/social/{name}{{path:/.*}}", stand_in.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    social.set_site_url(f"http://{host}:{port}")
    stand_in.base_url = social.list_base_urls()[name]
    try:
        yield stand_in
    finally:
        await runner.cleanup()


async def deliver(outlet: Outlet, posting: Posting, stand_in: StandIn, pauses: tuple[timedelta, ...]) -> Sent:
    """As `usecases.deliveries` does with an own key: the same posting, again and again."""
    for _ in range(200):
        try:
            return await outlet.send(posting)
        except (NotSent, Uncertain):
            stand_in.wait(stand_in.lots.choice(pauses))
    raise AssertionError("it never went through")
