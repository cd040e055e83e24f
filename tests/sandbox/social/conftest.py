"""The networks alone on a port, with a clock to move; calls to them as their clients make them."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from chatops.sandbox.social.oauth1 import Keys, encode, sign
from chatops.sandbox.social.pages import SocialPages
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.world import Social
from chatops.sandbox.wire import Json


class MovableClock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(slots=True)
class Got:
    status: int
    body: Any
    headers: dict[str, str]


class Town:
    """All networks, a session, and short ways to call."""

    def __init__(self, social: Social, session: aiohttp.ClientSession, clock: MovableClock) -> None:
        self.social = social
        self.session = session
        self.clock = clock
        self.site_url = ""

    async def call(self, method: str, url: str, **options: Any) -> Got:
        async with self.session.request(method, url, **options) as response:
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else await response.text()
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Got(response.status, body, headers)

    def at(self, network: str, path: str) -> str:
        return self.social.list_base_urls()[network] + path

    async def be_customer(self, network: str, **wish: Any) -> Json:
        got = await self.call("POST", f"{self.site_url}/social/{network}/customer", json=wish)
        assert got.status == 200, got.body
        post: Json = got.body["post"]
        return post

    # One way in for each network, with the right token unless told otherwise.

    async def x(self, method: str, path: str, json: Json | None = None, **query: object) -> Got:
        url = self.at("x", path) + (f"?{urlencode(query)}" if query else "")
        header = self.sign_x(method, url)
        return await self.call(method, aiohttp.client.URL(url, encoded=True), json=json, headers=header)  # type: ignore[arg-type]

    def sign_x(self, method: str, url: str, **changes: str) -> dict[str, str]:
        settings = self.social.settings
        keys = Keys(
            consumer_key=settings.x_consumer_key,
            consumer_secret=settings.x_consumer_secret,
            access_token=settings.x_access_token,
            access_secret=settings.x_access_secret,
        )
        parameters = {
            "oauth_consumer_key": keys.consumer_key,
            "oauth_nonce": secrets.token_hex(8),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self.clock())),
            "oauth_token": keys.access_token,
            "oauth_version": "1.0",
        } | {f"oauth_{name}": value for name, value in changes.items()}
        parameters["oauth_signature"] = sign(keys, method, url, parameters, {})
        pairs = ", ".join(f'{name}="{encode(value)}"' for name, value in parameters.items())
        return {"Authorization": f"OAuth {pairs}"}

    async def bearer(self, network: str, method: str, path: str, token: str, **options: Any) -> Got:
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        return await self.call(method, self.at(network, path), headers=headers, **options)

    async def facebook(self, method: str, path: str, **options: Any) -> Got:
        token = options.pop("token", self.social.settings.facebook_page_token)
        return await self.bearer("facebook", method, path, token, **options)

    async def mastodon(self, method: str, path: str, **options: Any) -> Got:
        token = options.pop("token", self.social.settings.mastodon_token)
        return await self.bearer("mastodon", method, path, token, **options)

    async def telegram(self, name: str, **arguments: Any) -> Got:
        token = arguments.pop("token", self.social.settings.telegram_bot_token)
        return await self.call("POST", self.at("telegram", f"/bot{token}/{name}"), json=arguments)

    async def discord(self, method: str, path: str, **options: Any) -> Got:
        headers = {"Authorization": options.pop("auth", f"Bot {self.social.settings.discord_bot_token}")}
        return await self.call(method, self.at("discord", path), headers=headers, **options)

    async def statuspage(self, method: str, path: str, **options: Any) -> Got:
        headers = {"Authorization": options.pop("auth", f"OAuth {self.social.settings.statuspage_api_key}")}
        page = f"/pages/{self.social.settings.statuspage_page_id}"
        return await self.call(method, self.at("statuspage", page + path), headers=headers, **options)


Found = Callable[..., Awaitable[Town]]


@pytest.fixture
async def found() -> AsyncIterator[Found]:
    """Found towns with settings of one's own; all are taken down afterwards."""
    ends: list[Callable[[], Awaitable[object]]] = []

    async def found_one(**settings: Any) -> Town:
        clock = MovableClock()
        town = Town(Social(SocialSettings(**settings), clock), aiohttp.ClientSession(), clock)
        app = web.Application()
        SocialPages(town.social).add_routes(app.router)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        ends.extend([town.session.close, runner.cleanup])
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        town.site_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        town.social.set_site_url(town.site_url)
        return town

    yield found_one
    for end in ends:
        await end()


@pytest.fixture
async def town(found: Found) -> Town:
    return await found()
