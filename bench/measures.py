"""What is measured, one function each; every series is acknowledged requests, in seconds."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path

from bench.client import Answer, Client, Request
from bench.fill import ANN
from bench.payloads import CHANNEL, RESPONSE_PATH, TEAM, build_approval, build_command, build_opening
from bench.processes import Bot, Stub
from chatops.domain.ids import IncidentNumber
from chatops.domain.records import Impact, IncidentOpened
from chatops.store.sqlite import SqliteStore
from chatops.store.transaction import SqlTransaction
from chatops.usecases.ports import Desk
from chatops.usecases.recording import record

BURST = 50
SLACK_DELAY_SECONDS = 2.0
QUIET_SECONDS = 30.0
LOOK_SECONDS = 0.001
SETTLE_SECONDS = 0.03
THINK_SECONDS = 0.02
RUNGS_WITHIN = timedelta(seconds=4)
KINDS = ("command", "submission", "approval")

_tokens = count(1)


@dataclass(slots=True, kw_only=True)
class Subject:
    """A bot under measurement: its process, its database as another process may open it, who asks it."""

    name: str
    bot: Bot
    client: Client
    store: SqliteStore
    desk: Desk
    opened: int
    """The number of the last incident there is."""
    series: dict[str, list[list[float]]] = field(default_factory=dict)

    def keep(self, name: str, answers: Sequence[Answer]) -> None:
        self.series.setdefault(name, []).append([each.seconds for each in answers])

    def take_numbers(self, wanted: int) -> list[int]:
        """Of the incidents that are opened next: their numbers follow one another, whoever comes first."""
        first = self.opened + 1
        self.opened += wanted
        return list(range(first, first + wanted))

    async def settle(self) -> None:
        """Until no work is due: one measurement must not pay for the one before."""
        until = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < until:
            due = await self.store.look_up_jobs(now=self.desk.clock.now(), limit=1)
            if not due.due:
                return
            await asyncio.sleep(SETTLE_SECONDS)


def build_remind(number: int, stub: Stub) -> Request:
    url = f"http://127.0.0.1:{stub.ports['http']}{RESPONSE_PATH}"
    return build_command(f"remind 2h INC-{number}", response_url=url)


def make_token() -> str:
    return f"bench{next(_tokens)}x"


async def measure_acknowledgements(
    subjects: Sequence[Subject], stub: Stub, *, requests: int, at_once: int, suffix: str = ""
) -> None:
    """Each of these acknowledgements carries a commit; so many are sent at the same moment, then their work is done.

    The incidents are new, so their logs are equally short in a small and in a large database. The subjects take turns
    from one moment to the next: a machine that changes its speed changes it for all of them.
    """
    numbers = {subject.name: subject.take_numbers(requests) for subject in subjects}
    builders: dict[str, Callable[[int], Request]] = {
        "submission": lambda _: build_opening("Card payments fail", "Some cards are declined since 09:12 UTC."),
        "command": lambda number: build_remind(number, stub),
        "approval": build_approval,
    }
    for kind, build in builders.items():
        calls = {name: [build(number) for number in of_subject] for name, of_subject in numbers.items()}
        answers: dict[str, list[Answer]] = {subject.name: [] for subject in subjects}
        for first in range(0, requests, at_once):
            for subject in subjects:
                some = calls[subject.name][first : first + at_once]
                answers[subject.name] += await subject.client.post(some, at_once=at_once)
                await subject.settle()
        for subject in subjects:
            subject.keep(f"{kind} {at_once}{suffix}", answers[subject.name])


async def measure_burst(subject: Subject, stub: Stub) -> None:
    """Fifty commands at once while every call to Slack takes two seconds; work for Slack is waiting as well."""
    numbers = subject.take_numbers(BURST)
    openings = [build_opening("Card payments fail", "Some cards are declined.") for _ in numbers]
    await stub.set_delay(SLACK_DELAY_SECONDS)
    try:
        await subject.client.post(openings, at_once=10)
        commands = [build_remind(number, stub) for number in numbers]
        subject.keep("burst", await subject.client.post(commands, at_once=BURST))
    finally:
        await stub.set_delay(0.0)
    await asyncio.sleep(SLACK_DELAY_SECONDS)
    await subject.settle()


async def measure_publication(subject: Subject, stub: Stub, *, updates: int) -> None:
    """From the click that is the last approval to the page, to the mail server and to the webhook."""
    page = await Client.open(subject.bot.port, 1)
    begun: dict[str, float] = {}
    shown: list[float] = []
    try:
        for number in subject.take_numbers(updates):
            token = make_token()
            await subject.client.post([build_opening(f"Down {token}", f"Declined {token}.")], at_once=1)
            await subject.settle()
            (approval,) = await subject.client.post([build_approval(number)], at_once=1)
            begun[token] = approval.sent_at
            shown.append(await _watch_page(page, number, token) - approval.sent_at)
        await subject.settle()
    finally:
        page.close()
    subject.series.setdefault("page", []).append(shown)
    for arrival in await stub.list_arrivals():
        if (token := str(arrival["token"])) in begun:
            since = float(str(arrival["at"])) - begun[token]
            subject.series.setdefault(str(arrival["kind"]), [[]])[0].append(since)


async def _watch_page(page: Client, number: int, token: str) -> float:
    while True:
        answer = await page.get(f"/incidents/INC-{number}")
        if answer.status == 200 and token.encode() in answer.body:
            return time.monotonic()
        await asyncio.sleep(LOOK_SECONDS)


async def measure_busy(subject: Subject, stub: Stub, *, updates: int, reminders: int, clients: int) -> None:
    """Commands and submissions while the approvals' deliveries, the threads and the reminders are at work."""
    numbers = subject.take_numbers(updates)
    openings = [build_opening(f"Busy {make_token()}", "Some cards are declined.") for _ in numbers]
    await subject.client.post(openings, at_once=4)
    await subject.settle()
    await _open_impatient(subject, reminders)
    is_over = asyncio.Event()
    answers: list[Answer] = []

    async def work(build: Callable[[], Request]) -> None:
        client = await Client.open(subject.bot.port, 1)
        try:
            while not is_over.is_set():
                answers.extend(await client.post([build()], at_once=1))
                await asyncio.sleep(THINK_SECONDS)
        finally:
            client.close()

    def build_opening_now() -> Request:
        subject.take_numbers(1)
        return build_opening("Card payments fail", "")

    turn = cycle(numbers)
    working = [
        asyncio.create_task(work(build_opening_now if index % 2 else lambda: build_remind(next(turn), stub)))
        for index in range(clients)
    ]
    try:
        approvals = [build_approval(number) for number in numbers]
        answers += await subject.client.post(approvals, at_once=2, pause=THINK_SECONDS)
        await asyncio.sleep(2 * RUNGS_WITHIN.total_seconds() - updates * THINK_SECONDS / 2)
    finally:
        is_over.set()
        await asyncio.gather(*working)
    subject.keep("busy", answers)
    await subject.settle()


async def _open_impatient(subject: Subject, reminders: int) -> None:
    """Incidents whose four reminders all fall due within seconds."""
    numbers = subject.take_numbers(reminders)

    def open_all(tx: SqlTransaction) -> None:
        for _ in numbers:
            number: IncidentNumber = tx.take_incident_number()
            opened = IncidentOpened(
                workspace=TEAM,
                title="Impatient",
                impact=Impact.MINOR,
                commander=ANN,
                comms_lead=ANN,
                slack_channel=CHANNEL,
                due_at=subject.desk.clock.now() + RUNGS_WITHIN,
            )
            record(tx, subject.desk, number, None, ANN, [opened])

    await subject.store.write(open_all)


async def measure_yardsticks(ports: dict[str, int], *, requests: int) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for name, port in ports.items():
        client = await Client.open(port, 10)
        await client.post([build_command("help") for _ in range(20)], at_once=1)
        for at_once in (1, 10):
            calls = [build_command("help") for _ in range(requests * at_once)]
            found[f"{name} {at_once}"] = await client.post(calls, at_once=at_once)
        client.close()
    return found


def measure_disk(folder: Path, *, writes: int) -> list[float]:
    """What this disk alone takes to make a page durable: no commit can be quicker."""
    taken: list[float] = []
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(writes):
            begun = time.monotonic()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            taken.append(time.monotonic() - begun)
    return taken


def find_database_bytes(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.glob("chatops.db*"))
