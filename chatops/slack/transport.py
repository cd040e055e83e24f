"""The two ways in: signed HTTP and Socket Mode. Follow-ups start only after the acknowledgement was written."""

import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import time
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from yarl import query_to_pairs

from chatops.slack.followups import AFTER, FollowUps

logger = logging.getLogger(__name__)
Answering = Callable[[], AbstractContextManager[None]]
"""Around the answer to one request, so that whoever works in the background knows of it."""
UNSIGNED = "A request was refused: Slack did not sign it just now. If this is about every request, is the secret right?"
"""Nothing of the request itself: whoever sends such things would be writing our log."""
PING_SECONDS = 3.0
"""The SDK notices a connection that was cut without a word at its next ping; its own ten seconds lose clicks."""


def build_endpoint(
    app: AsyncApp, follow_ups: FollowUps, signing_secret: str, answering: Answering = nullcontext
) -> Any:
    """The handler of `POST /slack/events`: commands, interactivity, events."""
    verifier = SignatureVerifier(signing_secret)

    async def receive(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not _is_signed(verifier, request, raw):
            logger.info(UNSIGNED)
            return web.Response(status=401)
        try:
            body = _parse(raw)
        except ValueError:
            return web.Response(status=400)  # Nothing that Slack sends: no form, no JSON, no UTF-8.
        # As over a socket: Bolt would parse before it looks at the signature, and takes ten times as long to.
        bolt_request = AsyncBoltRequest(mode="socket_mode", body=body, headers=request.headers)  # type: ignore[arg-type]
        bolt_request.context[AFTER] = []
        with answering():
            answer = await app.async_dispatch(bolt_request)
            # The headers of Bolt have a list for each name, and there is one value in each.
            response = web.Response(status=answer.status, body=answer.body.encode(), headers=answer.first_headers())
            try:
                await response.prepare(request)
                await response.write_eof()
            except ConnectionResetError:
                # What was asked for is done; Slack asks again, or the person does, and a repeat has the same answer.
                logger.warning("Slack did not wait for the answer to a request.")
                return response
        follow_ups.start(bolt_request.context[AFTER])
        return response

    return receive


def _is_signed(verifier: SignatureVerifier, request: web.Request, raw: bytes) -> bool:
    """By Slack, within the last five minutes. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not (timestamp.isdecimal() and signature.isascii()):
        return False  # The verifier fails on either with an error of its own.
    try:
        return verifier.is_valid(raw, timestamp, signature)
    except UnicodeDecodeError:
        return False


def _parse(raw: bytes) -> dict[str, Any]:
    """An event is JSON; a command is a form; what people press is a form with JSON in it. Raises ValueError."""
    text = raw.decode()
    if text.startswith("{"):
        return _parse_object(text)
    fields = dict(query_to_pairs(text))
    return _parse_object(fields["payload"]) if "payload" in fields else fields


def _parse_object(text: str) -> dict[str, Any]:
    match json.loads(text):
        case dict(found):
            return found
        case _:
            raise ValueError("Not an object.")


class SocketMode(AsyncSocketModeHandler):
    """Bolt's Socket Mode, with our follow-ups after each acknowledgement."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        client: AsyncWebClient,
        follow_ups: FollowUps,
        answering: Answering = nullcontext,
    ) -> None:
        super().__init__(app, app_token, web_client=client, ping_interval=PING_SECONDS)
        self._follow_ups = follow_ups
        self._answering = answering

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        start = time()
        bolt_request = AsyncBoltRequest(mode="socket_mode", body=req.payload, headers=build_headers(req))
        bolt_request.context[AFTER] = []
        try:
            with self._answering():
                response = await self.app.async_dispatch(bolt_request)
                await send_async_response(client, req, response, start)
        except aiohttp.ClientConnectionError:
            # What was asked for is done; Slack repeats it on the next socket, and a repeat gets the same answer.
            logger.warning("The socket closed before %s was acknowledged", req.type)
            return
        self._follow_ups.start(bolt_request.context[AFTER])
