"""What is looked at from outside while a flood goes on: Slack's calls, acknowledgements, the bot's memory."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatops.sandbox.applink import Delivery
from chatops.sandbox.http_transport import encode
from chatops.sandbox.limiter import Limiter
from chatops.sandbox.payloads import action_of
from chatops.sandbox.reading import clickables
from tests.e2e.answerers import Desk
from tests.e2e.town import CHECKOUT, Town

WRITES = ("chat.postMessage", "chat.update")
PACE_WINDOW_SECONDS = 10


class WatchedLimiter(Limiter):
    """Slack's real limits, and a list of who was stopped by them."""

    def __init__(self) -> None:
        super().__init__(strict=True)
        self.calls: list[tuple[float, str, str]] = []
        """When, which method, in which Slack channel."""
        self.stopped: Counter[str] = Counter()

    def wait_seconds(self, method: str, tier: int | None, channel: str | None) -> int | None:
        self.calls.append((time.monotonic(), method, channel or ""))
        wait = super().wait_seconds(method, tier, channel)
        if wait is not None:
            self.stopped[f"{method} {channel}"] += 1
        return wait

    def find_fastest(self, channel: str, method: str) -> int:
        """The most calls of one kind in one Slack channel within ten seconds."""
        times = [at for at, called, where in self.calls if called == method and where == channel]
        return max((sum(at <= each < at + PACE_WINDOW_SECONDS for each in times) for at in times), default=0)


def watch_calls(town: Town) -> WatchedLimiter:
    limiter = WatchedLimiter()
    object.__setattr__(town.sandbox.parts, "limiter", limiter)
    return limiter


@dataclass(slots=True)
class Probe:
    """Somebody presses buttons and types commands, from another process, all through the flood."""

    town: Town
    member_id: str
    """Of somebody who is not at work."""
    every_seconds: float
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    _process: asyncio.subprocess.Process | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        secret = self.town.sandbox.settings.signing_secret
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.probe", self.town.url, secret, str(self.every_seconds)),
            cwd=CHECKOUT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._tasks = [asyncio.create_task(self._feed()), asyncio.create_task(self._read())]

    async def stop(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._tasks[0].cancel()
        self._process.stdin.close()
        await self._process.wait()
        await self._tasks[1]

    async def _feed(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        number = 0
        while True:
            number += 1
            click = self._click() if number % 2 else None
            delivery = click or self.town.command(self.member_id, "list")
            self._process.stdin.write(json.dumps(encode(delivery)).encode() + b"\n")
            await asyncio.sleep(self.every_seconds)

    def _click(self) -> Delivery | None:
        """The newest card's `Claim` or `Release`."""
        desk, parts = Desk(self.town), self.town.sandbox.parts
        member = parts.workspace.members[self.member_id]
        for message in reversed(desk.list_messages()):
            for each in clickables(message.blocks):
                if each.label in ("Claim", "Release"):
                    payload = parts.payloads.click_in_message(
                        member,
                        desk.channel,
                        message,
                        action_of({"block_id": each.block_id}, each.element, {}),
                        trigger_id=parts.triggers.issue(member.id, desk.channel.id),
                        response_url=parts.response_urls.issue(desk.channel.id, member.id, message.ts),
                    )
                    return Delivery(kind="interactive", payload=payload)
        return None

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.strip() == b"-":
                self.unanswered += 1
            else:
                self.seconds.append(float(line))


def word_times(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
    return f"{len(ordered)}: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, slowest {ordered[-1] * 1000:.1f} ms"


def read_memory_mb(town: Town, field_name: str = "VmRSS") -> float:
    """Of the bot, as the system counts it; 0 where it does not run, or the system does not say."""
    if town.bot is None or town.bot.returncode is not None:
        return 0.0
    try:
        told = Path(f"/proc/{town.bot.pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    line = next((each for each in told.splitlines() if each.startswith(field_name)), "")
    return float(line.split()[1]) / 1024 if line else 0.0
