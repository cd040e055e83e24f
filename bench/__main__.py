"""`python -m bench`: all measurements of one run. `--tiny` only shows that the machinery works."""

import asyncio
import os
import platform
import shutil
import signal
import socket
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.client import Client
from bench.figures import Results, Spread
from bench.fill import INCIDENTS_A_TRANSACTION, RECORDS_EACH, arm_reminders, fill_people, fill_some
from bench.measures import (
    BURST,
    KINDS,
    Subject,
    find_database_bytes,
    measure_acknowledgements,
    measure_burst,
    measure_busy,
    measure_disk,
    measure_publication,
    measure_yardsticks,
)
from bench.processes import Bot, Helper, Stub, build_environment, write_config
from bench.report import FOLDER, print_table, write_results
from chatops.bootstrap import build_desk
from chatops.settings import read_settings
from chatops.store.schema import migrate
from chatops.store.sqlite import open_store

MEMBERS = 50
IN_TURN = " in turn"
FAR = timedelta(days=2)
"""When the many reminders are due: they wait, as most do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    rounds: int = 3
    one_at_a_time: int = 30
    ten_at_a_time: int = 100
    yardstick: int = 200
    incidents: int = 10_000
    members: int = 10_000
    publications: int = 25
    busy_updates: int = 100
    """Each has two deliveries."""
    busy_reminders: int = 50
    """Each has four rungs."""
    busy_clients: int = 3


TINY = Sizes(
    rounds=1,
    one_at_a_time=3,
    ten_at_a_time=12,
    yardstick=3,
    incidents=30,
    members=60,
    publications=2,
    busy_updates=3,
    busy_reminders=2,
    busy_clients=2,
)


class Run:
    """One run: the processes, the two subjects, what was found."""

    def __init__(self, sizes: Sizes, folder: Path, progress: Progress) -> None:
        self._sizes = sizes
        self._folder = folder
        self._progress = progress
        machine: dict[str, str | int] = {"cores": os.cpu_count() or 1, "python": platform.python_version()}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.results = Results(measured_at=now, machine=machine, sizes=asdict(sizes))

    async def measure(self) -> Results:
        await self._measure_yardsticks()
        stub = await Stub.start("bench.stub")
        try:
            await self._fill(stub)
            async with self._subject("empty", stub, members=MEMBERS) as empty:
                await self._measure_start(empty)
                await self._measure_alone(empty, stub)
                async with self._subject("large", stub, members=self._sizes.members) as large:
                    await self._measure_start(large)
                    await self._alternate(empty, large, stub)
                    await self._measure_publication(empty, stub)
                    await self._measure_busy(large, stub)
                    self._compare(empty, large)
        finally:
            await stub.stop()
        return self.results

    async def _measure_yardsticks(self) -> None:
        helper = await Helper.start("bench.yardstick")
        task = self._progress.add_task("Yardsticks", total=None)
        try:
            found = await measure_yardsticks(dict(helper.ports), requests=self._sizes.yardstick)
        finally:
            await helper.stop()
        self._progress.update(task, total=1, completed=1)
        for name, answers in found.items():
            self.results.series[f"yardstick {name}"] = Spread.of([each.seconds for each in answers])
        self.results.series["yardstick disk"] = Spread.of(measure_disk(self._folder, writes=self._sizes.yardstick))
        self.results.add("This disk", "one durable write of 4 kB, p50", self.results.series["yardstick disk"].p50)
        group = "Bare Bolt that only acknowledges"
        for name, words in (("default", "as it comes"), ("before_response", "process_before_response")):
            self.results.add(group, f"{words}, one at a time, p50", self.results.series[f"yardstick {name} 1"].p50)
            self.results.add(group, f"{words}, ten at a time, p99", self.results.series[f"yardstick {name} 10"].p99)

    async def _fill(self, stub: Stub) -> None:
        """The large database; both know their members before the first start."""
        sizes = self._sizes
        task = self._progress.add_task("Filling the large database", total=sizes.incidents)
        for name, members, incidents in (("empty", MEMBERS, 0), ("large", sizes.members, sizes.incidents)):
            folder = self._folder / name
            write_config(folder, stub)
            settings = read_settings(build_environment(folder, stub, 0), folder)
            migrate(settings.database_url)
            store = open_store(settings.database_url)
            await fill_people(store, members)
            for first in range(0, incidents, INCIDENTS_A_TRANSACTION):
                wanted = min(INCIDENTS_A_TRANSACTION, incidents - first)
                await fill_some(store, build_desk(settings, store), wanted)
                self._progress.advance(task, wanted)
            if incidents:
                await arm_reminders(store, build_desk(settings, store), range(1, incidents + 1), after=FAR)
            await store.close()

    @asynccontextmanager
    async def _subject(self, name: str, stub: Stub, *, members: int) -> AsyncIterator[Subject]:
        folder = self._folder / name
        port = _find_port()
        await stub.set_members(members)
        bot = await Bot.start(folder, stub, port)
        settings = read_settings(build_environment(folder, stub, port), folder)
        store = open_store(settings.database_url)
        client = await Client.open(port, BURST)
        opened = self._sizes.incidents if name == "large" else 0
        desk = build_desk(settings, store)
        try:
            yield Subject(name=name, bot=bot, client=client, store=store, desk=desk, opened=opened)
        finally:
            client.close()
            await store.close()
            await bot.stop()

    async def _measure_start(self, subject: Subject) -> None:
        target = 3.0 if subject.name == "large" else None
        self.results.add(
            "Start-up", f"{subject.name} database, first answer", subject.bot.start_seconds, "s", target=target
        )
        # The refresh of all members is part of every start.
        await asyncio.sleep(1)
        await subject.settle()

    async def _measure_alone(self, subject: Subject, stub: Stub) -> None:
        """As it is at work: with no other bot on the machine."""
        sizes = self._sizes
        task = self._progress.add_task("Acknowledgements", total=2 * sizes.rounds)
        await self._warm_up(subject, stub)
        for _ in range(sizes.rounds):
            await measure_acknowledgements([subject], stub, requests=sizes.one_at_a_time, at_once=1)
            self._progress.advance(task)
            await measure_acknowledgements([subject], stub, requests=sizes.ten_at_a_time, at_once=10)
            self._progress.advance(task)

    async def _alternate(self, empty: Subject, large: Subject, stub: Stub) -> None:
        """In turn, so that a disturbance of the machine meets both."""
        sizes, both = self._sizes, (empty, large)
        task = self._progress.add_task("Acknowledgements, empty and large in turn", total=3 * sizes.rounds)
        await self._warm_up(large, stub)
        for _ in range(sizes.rounds):
            for requests, at_once in ((sizes.one_at_a_time, 1), (sizes.ten_at_a_time, 10)):
                await measure_acknowledgements(both, stub, requests=requests, at_once=at_once, suffix=IN_TURN)
                self._progress.advance(task)
            for subject in both:
                await measure_burst(subject, stub)
            self._progress.advance(task)

    async def _warm_up(self, subject: Subject, stub: Stub) -> None:
        """The first requests load what is loaded late."""
        await measure_acknowledgements([subject], stub, requests=10, at_once=1)
        subject.series.clear()

    async def _measure_publication(self, subject: Subject, stub: Stub) -> None:
        task = self._progress.add_task("From the last approval to the public", total=1)
        await measure_publication(subject, stub, updates=self._sizes.publications)
        self._progress.advance(task)

    async def _measure_busy(self, subject: Subject, stub: Stub) -> None:
        task = self._progress.add_task("Acknowledgements while everything works", total=self._sizes.rounds)
        sizes = self._sizes
        for _ in range(sizes.rounds):
            await measure_busy(
                subject,
                stub,
                updates=sizes.busy_updates,
                reminders=sizes.busy_reminders,
                clients=sizes.busy_clients,
            )
            self._progress.advance(task)

    def _compare(self, empty: Subject, large: Subject) -> None:
        for subject in (empty, large):
            for name, rounds in subject.series.items():
                spread = Spread.median_of([Spread.of(each) for each in rounds])
                self.results.series[f"{subject.name} {name}"] = spread
        series, add = self.results.series, self.results.add
        for kind in KINDS:
            add("Acknowledged with its commit", f"{kind}, one at a time, p50", series[f"empty {kind} 1"].p50, target=4)
        for kind in KINDS:
            add(
                "Acknowledged with its commit", f"{kind}, ten at a time, p99", series[f"empty {kind} 10"].p99, target=15
            )
        slow = "Fifty commands at once, each Slack call takes 2 s"
        add(slow, "the slowest, empty database", series["empty burst"].slowest, target=150)
        add(slow, "the slowest, large database", series["large burst"].slowest, target=150)
        filled = f"With {self._sizes.incidents:,} incidents of {RECORDS_EACH} records".replace(",", "\u2009")
        for kind in KINDS:
            add(filled, f"{kind}, one at a time, p50", series[f"large {kind} 1{IN_TURN}"].p50)
        for kind in KINDS:
            ratio = series[f"large {kind} 1{IN_TURN}"].p50 / series[f"empty {kind} 1{IN_TURN}"].p50
            add(filled, f"{kind}, one at a time, large ÷ empty", ratio, "×", target=1.3)
        for kind in KINDS:
            ratio = series[f"large {kind} 10{IN_TURN}"].p50 / series[f"empty {kind} 10{IN_TURN}"].p50
            add(filled, f"{kind}, ten at a time, large ÷ empty (p50)", ratio, "×", target=1.3)
        for subject in (empty, large):
            add(
                "Resident memory, at the end",
                f"{subject.name} database",
                subject.bot.read_memory_mb(),
                "MB",
                target=130,
            )
        public = "From the last approval to the public"
        add(public, "the page shows it, p95", series["empty page"].p95, target=200)
        add(public, "the call to the mail server begins, p95", series["empty smtp"].p95, target=500)
        add(public, "the call to the webhook begins, p95", series["empty webhook"].p95, target=500)
        busy = "While threads, deliveries and reminders are at work"
        add(busy, "acknowledged, p50", series["large busy"].p50)
        add(busy, "acknowledged, p99", series["large busy"].p99, target=30)
        bolt = series["yardstick default 1"].p50
        add(
            "For comparison",
            "command with its commit ÷ bare Bolt, p50",
            series["empty command 1"].p50 / bolt,
            "×",
        )
        size = find_database_bytes(large.bot.folder) / 1e6
        add("For comparison", "size of the large database", size, "MB")


def _find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> None:
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="tiny numbers: only shows that the machinery works")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where results.json and results.svg go")
    options = parser.parse_args()
    console = Console()
    # Else whoever ends a run would leave its processes behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # On the disk of the project, not in memory as /tmp may be: a commit must cost what it costs.
    folder = Path(tempfile.mkdtemp(prefix=".run-", dir=FOLDER))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            results = asyncio.run(Run(TINY if options.tiny else Sizes(), folder, progress).measure())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(results, console)
    write_results(results, options.out)


if __name__ == "__main__":
    main()
