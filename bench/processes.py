"""The processes of a run: start them, read what they say, measure their memory, end them."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.client import SECRET, Client
from bench.payloads import build_command
from bench.stub import ARRIVALS_PATH, CALLS_PATH, DELAY_PATH, MEMBERS_PATH, WEBHOOK_PATH

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
CONFIG = """
[slack]
incidents_channel = "incidents"

[page]
name = "Bench"
components = ["API", "Web app"]

[outlets.email]
from = "Bench Status <status@bench.example>"
to = ["customers@list.bench.example"]

[outlets.webhook]
url = "http://127.0.0.1:{port}{path}"
allow_private = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """The stub or the yardstick: a process that names its ports on its first line."""

    process: asyncio.subprocess.Process
    ports: Mapping[str, int]

    @classmethod
    async def start(cls, module: str) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None  # noqa: S101 - narrows the type
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        return cls(process=process, ports=json.loads(line))

    async def stop(self) -> None:
        await end(self.process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub(Helper):
    """What the bot calls."""

    async def set_delay(self, seconds: float) -> None:
        await self._ask(f"POST {DELAY_PATH}?seconds={seconds}")

    async def set_members(self, count: int) -> None:
        await self._ask(f"POST {MEMBERS_PATH}?count={count}")

    async def list_arrivals(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(await self._ask(f"GET {ARRIVALS_PATH}"))
        return found

    async def count_calls(self) -> int:
        return int(await self._ask(f"GET {CALLS_PATH}"))

    async def _ask(self, line: str) -> bytes:
        client = await Client.open(self.ports["http"], 1)
        try:
            return await client.ask_line(line)
        finally:
            client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """`python -m chatops run`, acknowledging."""

    process: asyncio.subprocess.Process
    folder: Path
    port: int
    start_seconds: float
    """From its start to the first command it acknowledged."""

    @classmethod
    async def start(cls, folder: Path, stub: Helper, port: int) -> "Bot":
        begun = time.monotonic()
        log = (folder / "chatops.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chatops",
            "run",
            cwd=folder,
            env=build_environment(folder, stub, port),
            stdout=log,
            stderr=log,
        )
        log.close()
        await _wait_for_answer(process, folder, port)
        return cls(process=process, folder=folder, port=port, start_seconds=time.monotonic() - begun)

    def read_memory_mb(self) -> float:
        """Resident, as the kernel counts it; 0 where it does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0.0
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def stop(self) -> None:
        await end(self.process)


def write_config(folder: Path, stub: Helper) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chatops.toml").write_text(CONFIG.format(port=stub.ports["http"], path=WEBHOOK_PATH))


def build_environment(folder: Path, stub: Helper, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "CHATOPS_CONFIG": str(folder / "chatops.toml"),
        "DATABASE_URL": f"sqlite:///{folder / 'chatops.db'}",
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{stub.ports['http']}/api/",
        "SMTP_URL": f"smtp://127.0.0.1:{stub.ports['smtp']}",
        "WEBHOOK_SECRET": SECRET,
        "PORT": str(port),
    }


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _wait_for_answer(process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                client = await Client.open(port, 1)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            try:
                await client.post([build_command("help")], at_once=1)
            except (RuntimeError, ConnectionError):
                await asyncio.sleep(0.01)
            else:
                return
            finally:
                client.close()
    raise RuntimeError(f"chatops ended with {process.returncode}: {(folder / 'chatops.log').read_text()[-2000:]}")
