"""How a request over HTTP is answered when Slack does not wait for the answer."""

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack.followups import FollowUps
from chatops.slack.transport import build_endpoint
from chatops.web.problems import catch_problems
from tests.outlets.mail_servers import find_closed_port


class SlowApp:
    """Answers only once it may."""

    def __init__(self) -> None:
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def async_dispatch(self, request: object) -> BoltResponse:
        self.is_asked.set()
        await self.may_answer.wait()
        return BoltResponse(status=200, body="done")


async def test_slack_giving_up_is_a_warning_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    slow: Any = SlowApp()
    nobody: Any = None
    site = web.Application(middlewares=[catch_problems("Acme")])
    site.router.add_post("/slack/events", build_endpoint(slow, FollowUps(AsyncWebClient(), nobody)))
    runner, port = web.AppRunner(site), find_closed_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession() as session:
            headers = {"X-Slack-Request-Timestamp": "1"}
            asking = asyncio.create_task(
                session.post(f"http://127.0.0.1:{port}/slack/events", data={"command": "/incident"}, headers=headers)
            )
            await slow.is_asked.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(0.1)  # The server hears of the end of a connection by itself.
        with caplog.at_level(logging.WARNING):
            slow.may_answer.set()
            await asyncio.sleep(0.1)
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
            ("WARNING", "Slack did not wait for the answer to a request.")
        ]
    finally:
        await runner.cleanup()
