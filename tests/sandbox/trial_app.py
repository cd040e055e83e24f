"""A small real Bolt app: a command opens a modal, its submission posts a card, the card's button approves."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, MODAL

CHANNEL = "C01INCIDENTS"


def build_app(client: AsyncWebClient, heard: list[Json]) -> AsyncApp:
    app = AsyncApp(client=client, signing_secret="sandbox-signing-secret", process_before_response=True)

    @app.command("/incident")
    async def open_modal(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    @app.view("open")
    async def submit(ack: AsyncAck, view: Json, client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        title = values["title"]["value"]["value"]
        if title == "forbidden":
            await ack(response_action="errors", errors={"title": "Another title, please"})
            return
        await client.conversations_join(channel=CHANNEL)
        await client.chat_postMessage(channel=CHANNEL, text=title, blocks=BUTTONS, metadata=_metadata(title))
        heard.append(values)
        await ack()

    @app.action("approve")
    async def approve(ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await client.chat_update(channel=CHANNEL, ts=body["message"]["ts"], text="Approved", blocks=[])
        await respond(text="Thank you", response_type="ephemeral", replace_original=False)
        await ack()

    @app.event("app_mention")
    async def mention(event: Json) -> None:
        heard.append(event)

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "No open incidents"}}
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section]})

    @app.event(re.compile("message|member_joined_channel"))
    async def anything_else() -> None:
        return

    return app


def _metadata(title: str) -> Json:
    return {"event_type": "incident", "event_payload": {"title": title}}


def running_app(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, heard: list[Json], *, socket: bool
) -> AbstractAsyncContextManager[None]:
    client = AsyncWebClient(token="xoxb-sandbox-bot", base_url=sandbox.api_url, session=session)
    app = build_app(client, heard)
    return _on_socket(app, sandbox, session) if socket else _on_http(app, sandbox)


@asynccontextmanager
async def _on_http(app: AsyncApp, sandbox: RunningSandbox) -> AsyncIterator[None]:
    runner = web.AppRunner(app.server(0, "/slack/events").web_app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.set_request_url(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    assert await sandbox.verify_request_url()
    yield
    sandbox.set_request_url(None)
    await runner.cleanup()


@asynccontextmanager
async def _on_socket(app: AsyncApp, sandbox: RunningSandbox, session: aiohttp.ClientSession) -> AsyncIterator[None]:
    client = AsyncWebClient(token="xapp-sandbox-app", base_url=sandbox.api_url, session=session)
    handler = AsyncSocketModeHandler(app, "xapp-sandbox-app", web_client=client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield
    await handler.close_async()  # type: ignore[no-untyped-call]
