"""A process of its own: bare Bolt apps behind aiohttp that only acknowledge, as yardsticks for this machine."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bench.client import SECRET, SLACK_PATH


def build_site(*, process_before_response: bool) -> web.Application:
    app = AsyncApp(
        signing_secret=SECRET, authorize=_authorize, process_before_response=process_before_response, logger=_quiet()
    )

    @app.command("/incident")
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    site = web.Application()
    site.router.add_post(SLACK_PATH, _receive_for(app))
    return site


def _receive_for(app: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return receive


async def _authorize(team_id: str, enterprise_id: str | None) -> AuthorizeResult:
    """Bolt's own calls auth.test, which is no part of the yardstick."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-bench")  # noqa: S106


def _quiet() -> logging.Logger:
    logger = logging.getLogger("bench.yardstick")
    logger.setLevel(logging.ERROR)
    return logger


async def serve() -> None:
    ports: dict[str, int] = {}
    for name, before in (("default", False), ("before_response", True)):
        runner = web.AppRunner(build_site(process_before_response=before), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports[name] = runner.addresses[0][1]
    print(json.dumps(ports), flush=True)  # noqa: T201 - the parent reads it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
