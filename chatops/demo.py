"""`chatops demo`: the sandbox in this process, the bot as it runs in production in another, and the story."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import click

from chatops.checkup import find_manifest
from chatops.domain.errors import BadInput, ChatopsError
from chatops.sandbox.person import CannotDo
from chatops.sandbox.public import Unseen
from chatops.sandbox.replay import Tale, compare, read_tales, replay, schedule
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.sandbox.story import Stage, play_story

START_SECONDS = 20
STOP_SECONDS = 10
STORY_PAUSE_SECONDS = 1.2
DEFAULT_SPEED = 60.0
CONFIG = """\
[slack]
incidents_channel = "incidents"

[page]
name = "Acme"
components = ["API", "Web app", "Mobile apps", "Checkout"]

[outlets.page]

[outlets.email]
from = "Acme Status <status@acme.example>"
to = ["customers@list.acme.example"]

[outlets.webhook.partners]
url = "{sandbox_url}/webhooks/partners"
allow_private = true
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """As given on the command line."""

    port: int = 8000
    data: Path | None = None
    play: Path | None = None
    speed: float | None = None
    once: bool = False
    empty: bool = False
    open_browser: bool = True


class DemoFailed(ChatopsError):
    """A step of the story was not seen to happen."""


async def run_demo(options: DemoOptions, say: Say) -> bool:
    """Returns True where all that was to be seen was seen."""
    tales = _read_tales(options.play) if options.play else []
    folder = options.data or Path(tempfile.mkdtemp(prefix="chatops-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        async with _running(options, folder, tales) as (stage, bot):
            _greet(stage, say)
            if options.open_browser:
                webbrowser.open(stage.sandbox_url)
            seen = await _tell(options, stage, tales, folder, say)
            if options.once:
                return seen
            say("It is yours now. Ctrl-C ends it.")
            await bot.wait()
            raise DemoFailed("The bot ended by itself; its last lines stand in " + str(folder / "bot.log"))
    finally:
        if options.data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _read_tales(path: Path) -> list[Tale]:
    try:
        tales = read_tales(path)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if not tales:
        raise BadInput(f"{path} holds no incident to play.")
    return tales


@asynccontextmanager
async def _running(
    options: DemoOptions, folder: Path, tales: list[Tale]
) -> AsyncIterator[tuple[Stage, asyncio.subprocess.Process]]:
    """Sandbox first, then the bot against it; both are stopped whatever happens."""
    page_url = f"http://127.0.0.1:{options.port}"
    links = [
        {"label": "Public page", "url": page_url},
        {"label": "Mailbox", "url": "/mailbox"},
        {"label": "Webhooks", "url": f"http://127.0.0.1:{options.port + 1}/webhooks"},
    ]
    sandbox = await _start_sandbox(
        SandboxSettings(
            manifest=find_manifest("http"),
            port=options.port + 1,
            app_request_url=f"{page_url}/slack/events",
            links=links,
        )
    )
    bot = None
    try:
        bot = await _start_bot(options, folder, sandbox, schedule(tales)[0].at if tales else None)
        async with aiohttp.ClientSession() as session:
            await _wait_until_ready(session, page_url, bot, folder)
            yield _stage(options, sandbox, page_url, session), bot
    finally:
        if bot is not None:
            await _stop_bot(bot)
        await sandbox.stop()


def _stage(options: DemoOptions, sandbox: RunningSandbox, page_url: str, session: aiohttp.ClientSession) -> Stage:
    return Stage(
        sandbox_url=sandbox.base_url,
        page_url=page_url,
        session=session,
        say=lambda _: None,
        pause_seconds=0 if options.once or options.play else STORY_PAUSE_SECONDS,
    )


async def _start_sandbox(settings: SandboxSettings) -> RunningSandbox:
    try:
        return await start_sandbox(settings)
    except OSError as error:
        raise BadInput(f"Port {settings.port} is taken: choose another with --port.") from error


async def _start_bot(
    options: DemoOptions, folder: Path, sandbox: RunningSandbox, start: datetime | None
) -> asyncio.subprocess.Process:
    """The same program as in production; only addresses and tokens differ."""
    settings = sandbox.settings
    (folder / "chatops.toml").write_text(CONFIG.format(sandbox_url=sandbox.base_url), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "CHATOPS_", "SMTP_"))},
        "DATABASE_URL": f"sqlite:///{(folder / 'chatops.db').resolve()}",
        "SLACK_BOT_TOKEN": settings.bot_token,
        "SLACK_SIGNING_SECRET": settings.signing_secret,
        "SLACK_API_URL": sandbox.api_url,
        "SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}",
        "WEBHOOK_SECRET_PARTNERS": settings.webhook_secret,
        "HOST": "127.0.0.1",
        "PORT": str(options.port),
        "PUBLIC_URL": f"http://127.0.0.1:{options.port}",
        "PAGE_FRAME_ANCESTORS": "http://127.0.0.1:* http://localhost:*",
        "CHATOPS_CONFIG": str((folder / "chatops.toml").resolve()),
    }
    if start is not None:
        environment["CHATOPS_CLOCK_START"] = start.isoformat()
        environment["CHATOPS_CLOCK_SPEED"] = str(options.speed or DEFAULT_SPEED)
    with (folder / "bot.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chatops", "run", env=environment, cwd=folder, stdout=log, stderr=log
        )


async def _wait_until_ready(
    session: aiohttp.ClientSession, page_url: str, bot: asyncio.subprocess.Process, folder: Path
) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS
    while loop.time() < end:
        if bot.returncode is not None:
            break
        try:
            async with session.get(f"{page_url}/readyz") as response:
                if response.status == 200 and (await response.json()).get("slack") == "known":
                    return
        except aiohttp.ClientConnectionError:
            pass  # not listening yet
        await asyncio.sleep(0.1)
    tail = (folder / "bot.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    raise DemoFailed("The bot did not start. It said: " + " / ".join(tail or ["nothing"]))


async def _stop_bot(bot: asyncio.subprocess.Process) -> None:
    if bot.returncode is not None:
        return
    bot.terminate()
    try:
        await asyncio.wait_for(bot.wait(), STOP_SECONDS)
    except TimeoutError:
        bot.kill()
        await bot.wait()


def _greet(stage: Stage, say: Say) -> None:
    say(f"A small Slack to try it in:  {stage.sandbox_url}")
    say(f"The public page:             {stage.page_url}")
    say(f"The mailbox:                 {stage.sandbox_url}/mailbox")
    say(f"A partner's webhooks:        {stage.sandbox_url}/webhooks")


async def _tell(options: DemoOptions, stage: Stage, tales: list[Tale], folder: Path, say: Say) -> bool:
    if options.empty:
        return True
    telling = Stage(
        sandbox_url=stage.sandbox_url,
        page_url=stage.page_url,
        session=stage.session,
        say=say,
        pause_seconds=stage.pause_seconds,
    )
    try:
        if tales:
            await _replay(options, telling, tales)
        else:
            say("A short incident, played by Belle, Andy and Joel:")
            await play_story(telling)
        await _verify(folder)
        say("  ✓ the log verifies")
    except (CannotDo, Unseen) as error:
        raise DemoFailed(f"Not seen: {error}") from error
    return True


async def _replay(options: DemoOptions, stage: Stage, tales: list[Tale]) -> None:
    speed = options.speed or DEFAULT_SPEED
    count = sum(len(tale.moments) - 1 for tale in tales)
    stage.say(f"Replaying {len(tales)} incidents with {count} updates at {speed:g} times real time:")

    def progress(done: int, of: int) -> None:
        if done % max(1, of // 20) == 0 or done == of:
            stage.say(f"  {done} of {of} steps")

    told = await replay(stage, tales, speed=speed, progress=progress)
    await compare(stage, told)
    stage.say(f"  ✓ page and mail carry the same {count} updates, word for word, in order")
    if told.late.total_seconds() > 1:
        stage.say(f"  (the replay ran up to {told.late} of incident time behind: this machine is the limit)")


async def _verify(folder: Path) -> None:
    """With the operator's own command, on the very database."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{(folder / 'chatops.db').resolve()}"}
    verify = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chatops",
        "verify",
        env=environment,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await verify.communicate()
    if verify.returncode != 0:
        raise DemoFailed(f"The log does not verify: {output.decode(errors='replace').strip()}")


@click.command()
@click.option("--port", default=8000, show_default=True, help="Of the public page; the sandbox takes the next ones.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the data here.")
@click.option("--play", metavar="FILE", help="Replay real incidents from a JSON file.")
@click.option("--speed", type=click.FloatRange(min=1), help="How many times faster than real time to replay.")
@click.option("--once", is_flag=True, help="End after the story; exit 0 only if every step was seen to happen.")
@click.option("--empty", is_flag=True, help="Start without the story.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def demo(
    port: int, data: Path | None, play: str | None, speed: float | None, once: bool, empty: bool, no_browser: bool
) -> None:
    """The whole thing locally, without any account."""
    options = DemoOptions(
        port=port,
        data=data,
        play=Path(play) if play else None,
        speed=speed,
        once=once,
        empty=empty,
        open_browser=not (no_browser or once),
    )
    if not _run_until_signal(run_demo(options, click.echo)):
        sys.exit(1)


def _run_until_signal(work: Coroutine[Any, Any, bool]) -> bool:
    """Ctrl-C and SIGTERM cancel the work, which cleans up after itself."""

    async def run() -> bool:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return True

    return asyncio.run(run())
