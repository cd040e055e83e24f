"""The two ways in: signed HTTP and Socket Mode. Follow-ups start only after the acknowledgement was written."""

import logging
from time import time
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack.followups import AFTER, FollowUps

logger = logging.getLogger(__name__)


def build_endpoint(app: AsyncApp, follow_ups: FollowUps) -> Any:
    """The handler of `POST /slack/events`: commands, interactivity, events."""

    async def receive(request: web.Request) -> web.StreamResponse:
        bolt_request = await to_bolt_request(request)
        bolt_request.context[AFTER] = []
        response = await to_aiohttp_response(await app.async_dispatch(bolt_request))
        await response.prepare(request)
        await response.write_eof()
        follow_ups.start(bolt_request.context[AFTER])
        return response

    return receive


class SocketMode(AsyncSocketModeHandler):
    """Bolt's Socket Mode, with our follow-ups after each acknowledgement."""

    def __init__(self, app: AsyncApp, app_token: str, client: AsyncWebClient, follow_ups: FollowUps) -> None:
        super().__init__(app, app_token, web_client=client)
        self._follow_ups = follow_ups

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        start = time()
        bolt_request = AsyncBoltRequest(mode="socket_mode", body=req.payload, headers=build_headers(req))
        bolt_request.context[AFTER] = []
        response = await self.app.async_dispatch(bolt_request)
        try:
            await send_async_response(client, req, response, start)
        except aiohttp.ClientConnectionError:
            # What was asked for is done; Slack repeats it on the next socket, and a repeat gets the same answer.
            logger.warning("The socket closed before %s was acknowledged", req.type)
            return
        self._follow_ups.start(bolt_request.context[AFTER])
