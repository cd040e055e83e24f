"""Other people's Bolt apps run here unchanged: only the API's address and the tokens are the sandbox's."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.app import SlackAppDevelopmentServer
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox
from tests.sandbox import bolt_samples, bolt_samples_async
from tests.sandbox.conftest import Start

Run = Callable[..., AbstractAsyncContextManager[RunningSandbox]]
"""Starts a sandbox with a sample's manifest, and the sample against it."""

SUPPORT = "C01SUPPORT"
LONG_WORK_SECONDS = 0.5
"""Longer than the app has for its acknowledgement in the test of lazy listeners."""


def build_sync_app(sandbox: RunningSandbox, sample: str) -> App:
    """Like App(token=…): auth.test is called at once, and no authorize is given."""
    settings = sandbox.settings
    client = WebClient(token=settings.bot_token, base_url=sandbox.api_url)
    app = App(client=client, signing_secret=settings.signing_secret, process_before_response=sample == "lazy")
    if sample == "lazy":
        bolt_samples.add_lazy(app, lambda: time.sleep(LONG_WORK_SECONDS))
    else:
        getattr(bolt_samples, f"add_{sample}")(app)
    return app


def build_async_app(sandbox: RunningSandbox, sample: str) -> AsyncApp:
    settings = sandbox.settings
    client = AsyncWebClient(token=settings.bot_token, base_url=sandbox.api_url)
    app = AsyncApp(client=client, signing_secret=settings.signing_secret, process_before_response=sample == "lazy")
    if sample == "lazy":
        bolt_samples_async.add_lazy(app, lambda: asyncio.sleep(LONG_WORK_SECONDS))
    else:
        getattr(bolt_samples_async, f"add_{sample}")(app)
    return app


@asynccontextmanager
async def sync_on_socket(sandbox: RunningSandbox, sample: str) -> AsyncIterator[None]:
    """The client that slack_sdk brings itself, on threads."""
    app = await asyncio.to_thread(build_sync_app, sandbox, sample)
    handler = SocketModeHandler(app, sandbox.settings.app_token)
    await asyncio.to_thread(handler.connect)
    try:
        yield
    finally:
        closing = asyncio.create_task(asyncio.to_thread(handler.close))
        await asyncio.sleep(0.05)
        # It closes between two readings, and one without news takes three seconds.
        sandbox.parts.socket_mode.drop_all()
        await closing


@asynccontextmanager
async def sync_on_http(sandbox: RunningSandbox, sample: str) -> AsyncIterator[None]:
    """As `app.start()` does, on a port that is free."""
    app = await asyncio.to_thread(build_sync_app, sandbox, sample)
    server = SlackAppDevelopmentServer(port=0, path="/slack/events", app=app)._server
    serving = asyncio.create_task(asyncio.to_thread(server.serve_forever, 0.02))
    sandbox.set_request_url(f"http://127.0.0.1:{server.server_address[1]}/slack/events")
    assert await sandbox.verify_request_url()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        await serving
        server.server_close()


@asynccontextmanager
async def async_on_socket(sandbox: RunningSandbox, sample: str) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(build_async_app(sandbox, sample), sandbox.settings.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def async_on_http(sandbox: RunningSandbox, sample: str) -> AsyncIterator[None]:
    """The aiohttp server of `AsyncApp.start()`, on a port that is free."""
    runner = web.AppRunner(build_async_app(sandbox, sample).web_app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.set_request_url(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    assert await sandbox.verify_request_url()
    try:
        yield
    finally:
        await runner.cleanup()


WAYS = {
    "sync-socket": sync_on_socket,
    "sync-http": sync_on_http,
    "async-socket": async_on_socket,
    "async-http": async_on_http,
}


@pytest.fixture(params=list(WAYS))
def run(request: pytest.FixtureRequest, start: Start) -> Run:
    way = WAYS[request.param]

    @asynccontextmanager
    async def run_sample(sample: str, **settings: float) -> AsyncIterator[RunningSandbox]:
        sandbox = await start(manifest=bolt_samples.MANIFESTS[sample], smtp_port=None, **settings)
        async with way(sandbox, sample):
            yield sandbox
        assert sandbox.violations.kinds() == [], sandbox.violations

    return run_sample


@pytest.fixture
def as_belle(session: aiohttp.ClientSession) -> Callable[[RunningSandbox], Person]:
    return lambda sandbox: Person(sandbox.base_url, "Belle", session)


AsBelle = Callable[[RunningSandbox], Person]


async def test_getting_started(run: Run, as_belle: AsBelle) -> None:
    async with run("getting_started") as sandbox:
        belle = as_belle(sandbox)
        await belle.act("invite", channel=SUPPORT, members=["U01BOT"])
        await belle.post("support", "hello")
        await belle.click("Click Me", in_channel="support")
        said = await belle.wait_for_message("support", containing="clicked the button")
        assert said["text"] == "<@U01BELLE> clicked the button"


async def test_command_with_modal(run: Run, as_belle: AsBelle) -> None:
    async with run("modal") as sandbox:
        belle = as_belle(sandbox)
        assert await belle.command("support", "/ticket") == {"ok": True, "app": "ok"}
        await belle.wait_for_view("New ticket")
        await belle.fill({"What happened?": "hm"})
        assert await belle.submit() == {"What happened?": "The value must be longer than 5 characters"}
        await belle.fill({"What happened?": "The lift is stuck"})
        await belle.click("Fault")
        assert await belle.submit() == {}
        await belle.wait_for_message("sample", containing="Your fault was taken")
        await belle.wait_for_message("support", containing="A new ticket: The lift is stuck")
        await belle.command("support", "/echo once more")
        await belle.wait_for_message("support", containing="once more")


async def test_home_and_events(run: Run, as_belle: AsBelle) -> None:
    async with run("home_and_events") as sandbox:
        belle = as_belle(sandbox)
        await belle.wait_for_home("Welcome to your")
        await belle.click("Click me!", on_home=True)
        await belle.wait_for_home("Clicked")
        for channel in (SUPPORT, bolt_samples.WELCOME_CHANNEL):
            await belle.act("invite", channel=channel, members=["U01BOT"])
        ts = await belle.post("support", "@sample hi")
        await belle.wait_for_message("support", thread_ts=ts, containing="Hi there, <@U01BELLE>!")
        await belle.act("add_member", real_name="Nina Berg")
        await belle.wait_for_message("general", containing="Welcome to the team")


async def test_shortcuts(run: Run, as_belle: AsBelle) -> None:
    async with run("shortcuts") as sandbox:
        belle = as_belle(sandbox)
        await belle.shortcut("Open modal")
        await belle.wait_for_view("My App")
        await belle.close()
        await belle.act("invite", channel=SUPPORT, members=["U01BOT"])
        ts = await belle.post("support", "who looks at this?")
        message = await belle.wait_for_message("support", containing="who looks")
        await belle.shortcut("Reply", message)
        await belle.wait_for_message("support", thread_ts=ts, containing="I am on it")
        seen = await belle.wait_for_message("support", containing="who looks")
        assert seen["reactions"][0]["name"] == "eyes"


async def test_lazy_listeners(run: Run, as_belle: AsBelle) -> None:
    async with run("lazy", ack_seconds=LONG_WORK_SECONDS - 0.1) as sandbox:
        belle = as_belle(sandbox)
        await belle.command("support", "/start-process")
        await belle.wait_for_message("support", containing="Usage: /start-process")
        await belle.command("support", "/start-process clean the desk")
        await belle.wait_for_message("support", containing="Accepted! (task: clean the desk)")
        await belle.wait_for_message("support", containing="Completed! (task: clean the desk)")
