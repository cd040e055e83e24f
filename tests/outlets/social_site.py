"""The sandbox's networks on a port of their own, a network of bad luck, and many updates sent through it."""

import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from aiohttp import web

from chatops.domain.ids import PAGE
from chatops.sandbox.social.network import Network
from chatops.sandbox.social.pages import SocialPages
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.switches import Switch, Switches
from chatops.sandbox.social.world import Social
from chatops.usecases.ports import Outlet
from tests.builders import MASTODON, build_form
from tests.usecases.fakes import FakeOutlet
from tests.usecases.scene import Scene

LONG_AGO = timedelta(days=2)


@asynccontextmanager
async def serve_social(**settings: Any) -> AsyncIterator[Social]:
    social = Social(SocialSettings(**settings), time.time)
    app = web.Application()
    SocialPages(social).add_routes(app.router)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        social.set_site_url(f"http://127.0.0.1:{runner.addresses[0][1]}")
        yield social
    finally:
        await social.stop()
        await runner.cleanup()


class BadLuck(Switches):
    """Each fault strikes by chance, with the same luck in every run."""

    def __init__(self, chances: Mapping[str, float], seed: int = 1) -> None:
        super().__init__()
        self._chances = chances
        self._random = random.Random(seed)
        self.struck: list[str] = []

    def take(self, name: str, call: str, *, has_effect: bool) -> Switch | None:
        if name in ("drop", "late") and not has_effect:
            return None
        if self._random.random() >= self._chances.get(name, 0):
            return None
        self.struck.append(name)
        return Switch()


def list_texts(network: Network) -> list[str]:
    return [post.text for post in network.feed.list_ours()]


async def publish_many(scene: Scene, outlet: Outlet, words: list[str]) -> list[str]:
    """One update after the other, each until its delivery is settled; returns the state of each."""
    scene.mastodon = cast(FakeOutlet, outlet)  # it is a port like any other; the scene only calls it so
    scene.clock.at = datetime.now(UTC)
    await scene.open()
    states = []
    for number, each in enumerate(words, start=1):
        made = await scene.propose(build_form(each, outlets=(PAGE, MASTODON)))
        await scene.approve(draft=int(made["draft"] or 0))
        while (state := await scene.state(MASTODON, update=number)) == "queued":
            await scene.work(only="deliver")
            scene.clock.move(seconds=61)
        states.append(state)
    return states
