"""The command line: one function a command. Exit codes: 0 fine, 1 it failed, 2 wrong use."""

import asyncio
import gc
import importlib
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress

from chatops import __version__
from chatops.bootstrap import build_bot, open_desk
from chatops.checkup import run_checks
from chatops.domain.errors import BadInput, BadSettings, ChatopsError
from chatops.domain.ids import incident_stream, parse_incident
from chatops.settings import Settings, read_settings
from chatops.store.schema import migrate as migrate_schema
from chatops.threadcheck import verify_thread
from chatops.usecases.customer_exports import read_customers
from chatops.usecases.exports import export as export_text
from chatops.usecases.forgetting import export_person, parse_person
from chatops.usecases.forgetting import forget as forget_person
from chatops.usecases.operations import list_streams, verify_stream, word_streams
from chatops.usecases.operations import rebuild as rebuild_tables
from chatops.usecases.ports import Desk
from chatops.usecases.reading import read_any_incident

DEMO = "demo"
T = TypeVar("T")
SWITCH_SECONDS = 0.0005
COLLECT_AFTER = (20_000, 20, 50)
"""How many new objects, and collections of younger ones, a garbage collection of each generation waits for. With
Python's 700, 450 requests and the work that followed them had 231 collections, of up to 11 ms."""
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def main() -> None:
    """Errors of ours are one readable line, never a traceback."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except BadInput as error:
        _fail(error, code=2)
    except ChatopsError as error:
        _fail(error, code=1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(error: Exception, *, code: int) -> None:
    errors.print(str(error), markup=False, soft_wrap=True)
    sys.exit(code)


class _Commands(click.Group):
    """`demo` brings the sandbox and a mail server along, so it is loaded only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), DEMO])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != DEMO:
            return super().get_command(ctx, cmd_name)
        try:
            command: click.Command = importlib.import_module("chatops.demo").demo
        except ModuleNotFoundError as error:
            raise BadSettings(f"`chatops demo` needs {error.name}: pip install 'chatops[demo]'.") from error
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chatops")
def cli() -> None:
    """Incident communications from Slack: draft together, approve the exact words, tell everybody."""


def _settings(*, with_outlets: bool = False) -> Settings:
    return read_settings(os.environ, Path.cwd(), with_outlets=with_outlets)


def _with_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    async def run() -> T:
        desk = open_desk(_settings())
        try:
            return await work(desk)
        finally:
            await desk.store.close()

    return asyncio.run(run())


@cli.command()
def run() -> None:
    """Web and worker in one process: the single-machine deployment."""
    _set_up_logging()
    asyncio.run(_run(_settings(with_outlets=True)))


def _set_up_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Bolt finds SLACK_BOT_TOKEN in the environment and warns that it will not use it, which is what we want.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda record: "`token`" not in record.getMessage())


async def _run(settings: Settings) -> None:
    # Threads that render and read must not keep the event loop, which acknowledges, waiting for 5 ms at a time.
    sys.setswitchinterval(SWITCH_SECONDS)
    bot = build_bot(settings)
    # All that stands now stands until the end: each full collection would stop everybody to look at it again, for
    # longer than anything else.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    try:
        await bot.start()
        console.print(f"chatops is running: public page {bot.desk.public_url}", markup=False)
        await stopping.wait()
    except OSError as error:
        raise BadSettings(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from error
    finally:
        await bot.stop()


@cli.command()
def migrate() -> None:
    """Create or upgrade the schema."""
    before = migrate_schema(_settings().database_url)
    console.print(f"The database was {before.value}; it is current now.")


@cli.command()
def check() -> None:
    """Settings, database, Slack token and scopes, each outlet's credentials: one line each."""
    if not asyncio.run(run_checks(_settings(with_outlets=True), _print_check)):
        sys.exit(1)


def _print_check(name: str, text: str, *, ok: bool) -> None:
    console.print(f"{'✅' if ok else '❌'} {name}: {text}", markup=False, soft_wrap=True)


@cli.command()
@click.argument("incident", required=False)
@click.option("--head", metavar="HASH", help="A hash from the thread: finds a cut tail too.")
@click.option("--slack", "with_slack", is_flag=True, help="Compare with the audit thread in Slack.")
def verify(incident: str | None, head: str | None, with_slack: bool) -> None:
    """Walk the hash chain; exit 1 and the first broken record."""
    if head and not incident:
        raise click.UsageError("--head goes with one incident: chatops verify INC-3 --head HASH")

    async def work(desk: Desk) -> None:
        streams = [incident_stream(parse_incident(incident))] if incident else await list_streams(desk.store)
        with _progress() as progress:
            for stream in progress.track(streams, description="Verifying"):
                found = await verify_stream(desk.store, stream, head=head)
                if incident:
                    console.print(f"{incident.upper()}: {found.records} records, head {found.head}", markup=False)
        if with_slack:
            await verify_thread(_settings(), desk, streams, lambda text: console.print(text, markup=False))
        console.print(f"The log verifies: {word_streams(streams)}.", markup=False)

    _with_desk(work)


@cli.command()
@click.argument("incident")
@click.option("--format", "form", type=click.Choice(["md", "json", "html"]), default="md", show_default=True)
def export(incident: str, form: Any) -> None:
    """Timeline, decisions, exact texts, deliveries, replies to customers."""
    number = parse_incident(incident)

    async def work(desk: Desk) -> None:
        snapshot = await desk.store.read(lambda reads: read_any_incident(reads, number))
        workspace, now = snapshot.incident.workspace, desk.clock.now()
        customers = await desk.store.read(lambda reads: read_customers(reads, number, workspace, now))
        click.echo(export_text(snapshot, form, customers), nl=False)

    _with_desk(work)


@cli.command()
@click.argument("person", metavar="NETWORK:HANDLE")
@click.option("--export", "path", metavar="FILE", type=click.Path(path_type=Path), help="Write what is kept first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(person: str, path: Path | None, yes: bool) -> None:
    """Erase what a customer wrote, and what we answered; the log still verifies."""
    who = parse_person(person)
    kept = _with_desk(lambda desk: desk.store.read(lambda reads: export_person(reads, desk, who)))
    count = len(kept["conversations"])
    if path is not None:
        path.write_text(json.dumps(kept, indent=2, ensure_ascii=False), encoding="utf-8")
        console.print(f"Wrote {count} conversation(s) to {path}.", markup=False)
    if count and not yes:
        click.confirm(f"Erase {count} conversation(s) with {person} for good?", abort=True)
    erased = _with_desk(lambda desk: forget_person(desk, who))
    console.print(f"Erased {erased} conversation(s). The networks themselves keep what stands there.")


@cli.command()
def rebuild() -> None:
    """Read tables from the log."""

    async def work(desk: Desk) -> None:
        with _progress() as progress:
            bar = progress.add_task("Rebuilding", total=None)
            count = await rebuild_tables(desk, lambda done, of: progress.update(bar, completed=done, total=of))
        console.print(f"Rebuilt the read tables of {count} incident(s).")

    _with_desk(work)


def _progress() -> Progress:
    return Progress(console=errors, transient=True)
