"""How a request over HTTP is answered when Slack does not wait for the answer."""

import asyncio
import logging
import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack.followups import FollowUps
from chatops.slack.transport import build_endpoint
from chatops.web.problems import catch_problems
from tests.outlets.mail_servers import find_closed_port

SECRET = "guarded"


def sign_now(body: str) -> dict[str, str]:
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=(now := str(int(time.time()))), body=body)
    return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": str(signature)}


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
    site.router.add_post("/slack/events", build_endpoint(slow, FollowUps(AsyncWebClient(), nobody), SECRET))
    runner, port = web.AppRunner(site), find_closed_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession() as session:
            url, body = f"http://127.0.0.1:{port}/slack/events", "command=%2Fincident"
            asking = asyncio.create_task(session.post(url, data=body, headers=sign_now(body)))
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
