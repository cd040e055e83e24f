"""A sandbox per test, calls to its API, and people at its page."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.sandbox.wire import Json

ALL_SCOPES = [
    "app_mentions:read", "bookmarks:write", "channels:history", "channels:join", "channels:manage", "channels:read",
    "chat:write", "commands", "files:read", "files:write", "groups:history", "groups:read", "groups:write",
    "im:history", "im:read", "im:write", "mpim:history", "mpim:read", "mpim:write", "pins:write", "reactions:read",
    "reactions:write", "team:read", "usergroups:read", "users.profile:read", "users:read", "users:read.email",
]  # fmt: skip
ALL_EVENTS = [
    "app_home_opened", "app_mention", "member_joined_channel", "message.channels", "message.groups", "message.im",
    "reaction_added", "reaction_removed", "team_join", "user_change",
]  # fmt: skip


def trial_manifest(
    scopes: list[str] | None = None, events: list[str] | None = None, *, should_escape: bool = True
) -> Json:
    """An app that may do everything, unless told otherwise."""
    return {
        "display_information": {"name": "chatops"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "chatops"},
            "slash_commands": [{"command": "/incident", "description": "Run it", "should_escape": should_escape}],
            "shortcuts": [
                {"name": "Open an incident", "type": "global", "callback_id": "open_incident"},
                {"name": "Open incident from message", "type": "message", "callback_id": "from_message"},
            ],
        },
        "oauth_config": {"scopes": {"bot": ALL_SCOPES if scopes is None else scopes}},
        "settings": {
            "event_subscriptions": {"bot_events": ALL_EVENTS if events is None else events},
            "interactivity": {"is_enabled": True},
        },
    }


Start = Callable[..., Awaitable[RunningSandbox]]
Api = Callable[..., Awaitable[Json]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start sandboxes with settings of one's own; all are stopped afterwards."""
    running: list[RunningSandbox] = []

    async def start_one(**settings: Any) -> RunningSandbox:
        settings.setdefault("manifest", trial_manifest())
        running.append(await start_sandbox(SandboxSettings(**settings)))
        return running[-1]

    yield start_one
    for sandbox in running:
        await sandbox.stop()


@pytest.fixture
async def sandbox(start: Start) -> RunningSandbox:
    return await start()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def api_of(sandbox: RunningSandbox, session: aiohttp.ClientSession, token: str = "xoxb-sandbox-bot") -> Api:
    async def call(method: str, **arguments: object) -> Json:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        async with session.post(sandbox.api_url + method, json=arguments, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    return call


@pytest.fixture
def api(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Api:
    return api_of(sandbox, session)


@pytest.fixture
def belle(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Person:
    return Person(sandbox.base_url, "Belle", session)


@pytest.fixture
def joel(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Person:
    return Person(sandbox.base_url, "Joel", session)


class Recorder:
    """An app that only writes down what Slack tells it, and answers as it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[Json, dict[str, str]]] = []
        self.answers: list[tuple[int, object]] = []
        self.delay_seconds = 0.0
        self.no_retry = False
        self.url = ""

    def payloads(self, kind: str) -> list[Json]:
        return [payload for payload, _ in self.received if payload.get("type") == kind]

    def events(self, kind: str) -> list[Json]:
        return [payload["event"] for payload in self.payloads("event_callback") if payload["event"]["type"] == kind]


async def _answer(recorder: Recorder, request: web.Request) -> web.Response:
    body = await request.text()
    if request.content_type == "application/json":
        payload = json.loads(body)
    else:
        form = dict(parse_qsl(body, keep_blank_values=True))
        payload = json.loads(form["payload"]) if "payload" in form else form | {"type": "command"}
    recorder.received.append((payload, dict(request.headers)))
    await asyncio.sleep(recorder.delay_seconds)
    status, answer = recorder.answers.pop(0) if recorder.answers else (200, None)
    if payload.get("type") == "url_verification":
        return web.json_response({"challenge": payload["challenge"]})
    headers = {"X-Slack-No-Retry": "1"} if recorder.no_retry else {}
    if answer is None or isinstance(answer, str):
        return web.Response(status=status, text=answer or "", headers=headers)
    return web.json_response(answer, status=status, headers=headers)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    app = web.Application()

    async def handle(request: web.Request) -> web.Response:
        return await _answer(recorder, request)

    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield recorder
    await runner.cleanup()


async def eventually(check: Callable[[], object], timeout_seconds: float = 3.0) -> None:
    """Wait until a check holds."""
    end = time.monotonic() + timeout_seconds
    while not check():
        assert time.monotonic() < end, "it did not come to be in time"
        await asyncio.sleep(0.01)


BUTTONS: list[Json] = [
    {"type": "section", "block_id": "words", "text": {"type": "mrkdwn", "text": "Revision 1"}},
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "7"},
            {
                "type": "overflow",
                "action_id": "more",
                "options": [{"text": {"type": "plain_text", "text": "Withdraw"}, "value": "withdraw"}],
            },
            {
                "type": "static_select",
                "action_id": "impact",
                "options": [
                    {"text": {"type": "plain_text", "text": "Minor"}, "value": "minor"},
                    {"text": {"type": "plain_text", "text": "Major"}, "value": "major"},
                ],
            },
        ],
    },
]

MODAL: Json = {
    "type": "modal",
    "callback_id": "open",
    "title": {"type": "plain_text", "text": "Open an incident"},
    "submit": {"type": "plain_text", "text": "Open"},
    "notify_on_close": True,
    "private_metadata": "kept",
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "value", "min_length": 3, "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "impact",
            "label": {"type": "plain_text", "text": "Impact"},
            "element": {
                "type": "static_select",
                "action_id": "value",
                "initial_option": {"text": {"type": "plain_text", "text": "Minor"}, "value": "minor"},
                "options": [
                    {"text": {"type": "plain_text", "text": "Minor"}, "value": "minor"},
                    {"text": {"type": "plain_text", "text": "Critical"}, "value": "critical"},
                ],
            },
        },
        {
            "type": "input",
            "block_id": "components",
            "optional": True,
            "label": {"type": "plain_text", "text": "Components"},
            "element": {
                "type": "multi_static_select",
                "action_id": "value",
                "options": [
                    {"text": {"type": "plain_text", "text": "API"}, "value": "api"},
                    {"text": {"type": "plain_text", "text": "Web app"}, "value": "web"},
                ],
            },
        },
        {
            "type": "input",
            "block_id": "commander",
            "label": {"type": "plain_text", "text": "Commander"},
            "element": {"type": "users_select", "action_id": "value", "initial_user": "U01BELLE"},
        },
        {
            "type": "input",
            "block_id": "private",
            "optional": True,
            "label": {"type": "plain_text", "text": "Private"},
            "element": {
                "type": "checkboxes",
                "action_id": "value",
                "options": [{"text": {"type": "plain_text", "text": "Only the people named"}, "value": "yes"}],
            },
        },
        {
            "type": "section",
            "block_id": "row",
            "text": {"type": "mrkdwn", "text": "Status"},
            "accessory": {
                "type": "static_select",
                "action_id": "status",
                "options": [{"text": {"type": "plain_text", "text": "Identified"}, "value": "identified"}],
            },
        },
    ],
}
