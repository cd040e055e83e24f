"""`chatops demo`: the whole thing locally, a story told in it, and then it is yours."""

import asyncio
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from chatops.domain.errors import BadInput
from chatops.playground import LOG, Clockwork, DemoFailed, Playground, open_playground
from chatops.sandbox.person import CannotDo
from chatops.sandbox.public import Unseen
from chatops.sandbox.replay import Tale, compare, read_tales, replay, schedule
from chatops.sandbox.story import Stage, play_story
from chatops.sandbox.weekend import OPENED_AT, compare_weekend, play_weekend

STORY_PAUSE_SECONDS = 1.2
DEFAULT_SPEED = 60.0
WEEKEND = "buffer-2013"
WEEKEND_SPEED = 1200.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """As given on the command line; `play` is a file or the name of a story."""

    port: int = 8000
    data: Path | None = None
    play: str | None = None
    speed: float | None = None
    once: bool = False
    empty: bool = False
    open_browser: bool = True


async def run_demo(options: DemoOptions, say: Say) -> bool:
    """Returns True where all that was to be seen was seen."""
    tales = _read_tales(Path(options.play)) if options.play and options.play != WEEKEND else []
    folder = options.data or Path(tempfile.mkdtemp(prefix="chatops-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        async with open_playground(
            folder, port=options.port, with_networks=not tales, clockwork=_make_clockwork(options, tales)
        ) as playground:
            _greet(playground, say)
            if options.open_browser:
                webbrowser.open(playground.sandbox.base_url)
            seen = await _tell(options, playground, tales, say)
            if options.once or playground.bot is None:
                return seen
            say("It is yours now. Ctrl-C ends it.")
            await playground.bot.wait()
            raise DemoFailed(f"The bot ended by itself; its last lines stand in {folder / LOG}")
    finally:
        if options.data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _make_clockwork(options: DemoOptions, tales: list[Tale]) -> Clockwork | None:
    if options.play == WEEKEND:
        return Clockwork(start=OPENED_AT, speed=options.speed or WEEKEND_SPEED)
    if tales:
        return Clockwork(start=schedule(tales)[0].at, speed=options.speed or DEFAULT_SPEED)
    return None


def _read_tales(path: Path) -> list[Tale]:
    try:
        tales = read_tales(path)
    except ValueError as error:
        raise BadInput(f"{error}. There is also a story of that name: {WEEKEND}.") from error
    if not tales:
        raise BadInput(f"{path} holds no incident to play.")
    return tales


def _greet(playground: Playground, say: Say) -> None:
    sandbox_url = playground.sandbox.base_url
    say(f"A small Slack to try it in:  {sandbox_url}")
    say(f"The public page:             {playground.page_url}")
    say(f"The mailbox:                 {sandbox_url}/mailbox")
    say(f"The social networks:         {sandbox_url}/social")
    say(f"A partner's webhooks:        {sandbox_url}/webhooks")


async def _tell(options: DemoOptions, playground: Playground, tales: list[Tale], say: Say) -> bool:
    if options.empty:
        return True
    stage = Stage(
        sandbox_url=playground.sandbox.base_url,
        page_url=playground.page_url,
        session=playground.session,
        say=say,
        pause_seconds=0 if options.once or options.play else STORY_PAUSE_SECONDS,
    )
    try:
        if tales:
            await _replay(options.speed or DEFAULT_SPEED, stage, tales)
        elif options.play == WEEKEND:
            await _tell_weekend(playground, stage)
        else:
            say("A short incident, played by Belle, Andy and Joel:")
            await play_story(stage)
        await playground.run_command("verify")
        say("  ✓ the log verifies")
    except (CannotDo, Unseen) as error:
        raise DemoFailed(f"Not seen: {error}") from error
    return True


async def _tell_weekend(playground: Playground, stage: Stage) -> None:
    clockwork = playground.clockwork
    if clockwork is None:
        raise DemoFailed("The weekend needs a clock of its own.")

    late = timedelta()

    async def wait_until(moment: datetime) -> None:
        nonlocal late
        late = max(late, clockwork.now() - moment)
        await asyncio.sleep(max(0.0, clockwork.real_seconds_until(moment)))

    async def power_cut() -> None:
        await playground.kill_bot()
        await playground.start_bot()

    stage.say(f"The weekend of 26 October 2013, at {clockwork.speed:g} times real time:")
    weekend = await play_weekend(stage, wait_until=wait_until, power_cut=power_cut)
    await compare_weekend(stage, weekend)
    if late > timedelta(minutes=1):
        behind = timedelta(minutes=late // timedelta(minutes=1))
        stage.say(f"  (people type in real time: the words came up to {behind} of incident time late)")


async def _replay(speed: float, stage: Stage, tales: list[Tale]) -> None:
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


@click.command()
@click.option("--port", default=8000, show_default=True, help="Of the public page; the sandbox takes the next ones.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the data here.")
@click.option("--play", metavar="NAME|FILE", help="Replay buffer-2013, or real incidents from a JSON file.")
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
        play=play,
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
