"""A town for end-to-end tests: the real program as a process of its own, and around it a Slack, a mail server, people.

Everything outside the bot runs in the test's process, so a test can spoil it; the bot is started, killed and stopped
as an operator or a crash would do it, and only ever looked at from outside.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiohttp
from aiosmtpd.smtp import SMTP, Envelope, Session

import chatops
from chatops.checkup import find_manifest
from chatops.sandbox.applink import Delivery
from chatops.sandbox.faults import Fault
from chatops.sandbox.http_transport import encode, sign
from chatops.sandbox.mailbox.letters import Letter, Letters
from chatops.sandbox.person import Person
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.sandbox.social.settings import SocialSettings
from tests.outlets.mail_servers import find_closed_port, know, serve

Json = dict[str, Any]
Found = TypeVar("Found")
CHANNEL = "incidents"
CHECKOUT = Path(chatops.__file__).parents[1]
START_SECONDS = 40.0
PATIENCE_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.03
WEBHOOK = '[outlets.webhook.partners]\nurl = "{sandbox}/webhooks/partners"\nallow_private = true\n'
EMAIL = '[outlets.email]\nfrom = "Acme Status <status@acme.example>"\nto = ["customers@list.acme.example"]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What differs from town to town. `policy` and `outlets` are TOML; `speed` is how fast incident time runs."""

    transport: Literal["http", "socket"] = "http"
    slack: str = ""
    """More lines of `[slack]`."""
    policy: str = ""
    outlets: str = EMAIL
    speed: float = 1.0
    starts_at: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
    """Where incident time begins, if it is not real time."""
    smtp_login: tuple[str, str] | None = None
    """User and password, where the mail server wants to know who it is."""
    event_retries: float = 0.02
    """Slack repeats an unanswered event after 0, 60 and 300 s, times this."""
    allowance_factor: int = 1
    """Multiplies the rate limits of the networks: in fast incident time a minute has many updates."""

    def toml(self) -> str:
        slack = f'[slack]\nincidents_channel = "{CHANNEL}"\n{self.slack}'
        page = '[page]\nname = "Acme"\ncomponents = ["API", "Web app"]\n'
        return f"{slack}{page}{self.policy}\n[outlets.page]\n{self.outlets}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bot answered to one raw request, and how long that took."""

    status: int
    text: str
    seconds: float

    @property
    def json(self) -> Json:
        return json.loads(self.text) if self.text.startswith("{") else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command of the operator that has run to its end."""

    code: int
    out: str
    err: str


class MailGate:
    """The mail server in front of the sandbox's mailbox; `mood` says how it treats a mail that is handed over."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self.mood: Literal["take", "reject", "defer", "hang", "close", "take_and_close"] = "take"
        self.pause_seconds = 0.0
        self.tries: list[float] = []
        self._stop = asyncio.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.tries.append(time.monotonic())
        mood = self.mood
        if mood == "hang":
            await self._stop.wait()
        if mood in ("take", "take_and_close"):
            self._letters.take(envelope.original_content or b"", envelope.mail_from or "", list(envelope.rcpt_tos))
        await asyncio.sleep(self.pause_seconds)
        if mood in ("close", "take_and_close") and server.transport is not None:
            server.transport.abort()
        return {"reject": "550 5.7.1 no", "defer": "451 4.3.2 later"}.get(mood, "250 2.0.0 taken")

    def close(self) -> None:
        self._stop.set()


@dataclass(slots=True, kw_only=True)
class Town:
    """One bot and everything around it."""

    plan: Plan
    folder: Path
    sandbox: RunningSandbox
    session: aiohttp.ClientSession
    mail: MailGate
    smtp_port: int
    port: int = field(default_factory=find_closed_port)
    bot: asyncio.subprocess.Process | None = None
    environ: dict[str, str] = field(default_factory=dict)
    """Changes to the bot's environment; "" takes a variable away."""
    database_path: Path | None = None
    """Where it is not beside the configuration."""
    starts: int = 0
    _began_at: float = field(default_factory=time.monotonic)
    _people: dict[str, Person] = field(default_factory=dict)

    # The bot -----------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.folder / "bot.log"

    @property
    def database(self) -> Path:
        return self.database_path or self.folder / "chatops.db"

    def write_config(self) -> None:
        config = self.plan.toml().replace("{sandbox}", self.sandbox.base_url)
        (self.folder / "chatops.toml").write_text(config, encoding="utf-8")

    def build_environ(self) -> dict[str, str]:
        """As an operator would set it; of this machine's own environment only what Python needs."""
        settings = self.sandbox.settings
        secret = {"SLACK_SIGNING_SECRET": settings.signing_secret}
        if self.plan.transport == "socket":
            secret = {"SLACK_APP_TOKEN": settings.app_token}
        environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SLACK_BOT_TOKEN": settings.bot_token,
            "SLACK_API_URL": self.sandbox.api_url,
            "SMTP_URL": f"smtp://{''.join(f'{user}:{word}@' for user, word in self.logins)}127.0.0.1:{self.smtp_port}",
            "WEBHOOK_SECRET_PARTNERS": settings.webhook_secret,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **secret,
        }
        if self.plan.speed != 1:
            environ["CHATOPS_CLOCK_START"] = self.read_clock().isoformat()
            environ["CHATOPS_CLOCK_SPEED"] = str(self.plan.speed)
        return {name: value for name, value in {**environ, **self.environ}.items() if value}

    def read_clock(self) -> datetime:
        """Incident time, which goes on through a restart, as the world's does."""
        if self.plan.speed == 1:
            return datetime.now(UTC)
        return self.plan.starts_at + timedelta(seconds=(time.monotonic() - self._began_at) * self.plan.speed)

    @property
    def logins(self) -> list[tuple[str, str]]:
        return [self.plan.smtp_login] if self.plan.smtp_login else []

    async def spawn(self) -> asyncio.subprocess.Process:
        """Start the bot without waiting for anything."""
        self.write_config()
        with self.log_path.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "chatops", "run"),
                env={**self.build_environ(), "PYTHONPATH": str(CHECKOUT)},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    async def start(self, *, needs_slack: bool = True) -> float:
        """Until it serves and, with `needs_slack`, Slack reaches it and it knows the people; returns the seconds."""
        began = time.monotonic()
        self.bot = await self.spawn()
        self.starts += 1
        if self.plan.transport == "http":
            self.sandbox.set_request_url(f"{self.url}/slack/events")
        await eventually(lambda: self._look_ready(needs_slack=needs_slack), self.tail, START_SECONDS)
        return time.monotonic() - began

    async def wait_for_link(self) -> None:
        """Until Slack reaches the bot (again)."""

        async def look() -> bool | None:
            return True if self.sandbox.parts.link.is_connected else None

        await eventually(look, self.tail)

    async def _look_ready(self, *, needs_slack: bool) -> bool | None:
        assert self.bot is not None
        assert self.bot.returncode is None, f"the bot ended with {self.bot.returncode}: {self.tail()}"
        try:
            async with self.session.get(f"{self.url}/readyz") as response:
                report = await response.json()
        except aiohttp.ClientError:
            return None
        if not report["ready"]:
            return None
        if not needs_slack:
            return True
        is_known = report["slack"] == "known" and self.sandbox.parts.link.is_connected
        return True if is_known and self._knows_people() else None

    def _knows_people(self) -> bool:
        return self.peek("SELECT count(*) FROM members") >= len(self.sandbox.workspace.members)

    def peek(self, query: str, *values: object) -> int:
        """A number from the database, read beside the running bot."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query, values).fetchone()[0])

    async def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self.bot is not None and self.bot.returncode is None:
            self.bot.kill()
            await self.bot.wait()
        self.bot = None

    async def stop(self) -> float:
        """SIGTERM; the seconds until it has ended, which must be cleanly."""
        assert self.bot is not None
        began = time.monotonic()
        self.bot.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.bot.wait(), 30)
        self.bot = None
        assert code == 0, f"ended with {code}: {self.tail()}"
        return time.monotonic() - began

    def tail(self, lines: int = 15) -> str:
        if not self.log_path.exists():
            return "the bot has said nothing"
        text = self.log_path.read_text(encoding="utf-8", errors="replace")
        return "the bot said:\n" + "\n".join(text.splitlines()[-lines:])

    async def run_cli(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        """A command of the operator, beside the running bot."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chatops", *arguments),
            env={**self.build_environ(), "PYTHONPATH": str(CHECKOUT), "COLUMNS": "300", **(environ or {})},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), 60)
        except TimeoutError:
            process.kill()
            raise
        return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())

    # People and places -------------------------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        """Always the same one: a person remembers what was typed and not yet sent."""
        return self._people.setdefault(name, Person(self.sandbox.base_url, name, self.session))

    @property
    def belle(self) -> Person:
        return self.person("Belle")

    @property
    def andy(self) -> Person:
        return self.person("Andy")

    @property
    def joel(self) -> Person:
        """The workspace's admin."""
        return self.person("Joel")

    @property
    def gus(self) -> Person:
        """A guest."""
        return self.person("Gus")

    def fault(self, name: str, method: str = "*", *, times: int | None = None, **more: Any) -> None:
        self.sandbox.faults.switch_on(name, Fault(method=method, remaining=times, **more))

    @contextmanager
    def trouble(self, name: str, method: str = "*", **more: Any) -> Any:
        """The fault is on inside this block."""
        self.fault(name, method, **more)
        try:
            yield
        finally:
            self.sandbox.faults.switch_off(name)

    # Raw requests ------------------------------------------------------------------------------------------------

    async def deliver(self, delivery: Delivery) -> Answer:
        """As Slack sends it: signed, now."""
        body, content_type = encode(delivery)
        return await self.send(body, content_type)

    async def send(
        self, body: str, content_type: str, *, age_seconds: int = 0, secret: str | None = None, signed: bool = True
    ) -> Answer:
        """A request to the bot's address; its signature may be forged, old or missing."""
        timestamp = int(time.time()) - age_seconds
        signature = sign(secret or self.sandbox.settings.signing_secret, timestamp, body)
        headers = {"Content-Type": content_type}
        if signed:
            headers |= {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": signature}
        began = time.monotonic()
        async with self.session.post(f"{self.url}/slack/events", data=body, headers=headers) as response:
            text = await response.text()
        return Answer(status=response.status, text=text, seconds=time.monotonic() - began)

    def command(self, person_id: str, text: str) -> Delivery:
        """`/incident …` as Slack would deliver it."""
        parts = self.sandbox.parts
        channel = next(each for each in parts.workspace.channels.values() if each.name == CHANNEL)
        payload = parts.payloads.command(
            parts.workspace.members[person_id],
            channel,
            "/incident",
            text,
            trigger_id=parts.triggers.issue(person_id),
            response_url=parts.response_urls.issue(channel.id, person_id),
        )
        return Delivery(kind="slash_commands", payload=dict(payload))

    # What is public ----------------------------------------------------------------------------------------------

    def letters(self) -> list[Letter]:
        """Oldest first."""
        return self.sandbox.letters.newest_first()[::-1]

    async def page_bodies(self, name: str) -> list[str]:
        """The words of each update on the page, oldest first, to the letter."""
        async with self.session.get(f"{self.url}/api/v2/incidents.json") as response:
            found = (await response.json())["incidents"]
        updates = [each["incident_updates"] for each in found if each["shortlink"].endswith(f"/{name}")]
        # The bodies are HTML, as Statuspage's are.
        return [unescape(each["body"].replace("<br />", "\n")) for each in updates[0]][::-1] if updates else []


async def eventually(
    look: Callable[[], Awaitable[Found | None]], miss: str | Callable[[], str], seconds: float = PATIENCE_SECONDS
) -> Found:
    """What `look` finds, as soon as it finds it; `miss` says what else to tell."""
    end = time.monotonic() + seconds
    while (found := await look()) is None:
        assert time.monotonic() < end, f"waited {seconds:g} s: {miss() if callable(miss) else miss}"
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return found


@asynccontextmanager
async def raise_town(folder: Path, plan: Plan | None = None) -> AsyncIterator[Town]:
    """Everything but the bot stands; whatever bot runs at the end is killed."""
    plan = plan or Plan()
    manifest = find_manifest("http" if plan.transport == "http" else "socket-mode")
    sandbox = await start_sandbox(
        SandboxSettings(
            manifest=manifest,
            smtp_port=None,
            time_scale=plan.event_retries,
            trigger_seconds=3.0,
            social=SocialSettings(allowance_factor=plan.allowance_factor),
        )
    )
    gate = MailGate(sandbox.letters)
    try:
        login = {"authenticator": know(*plan.smtp_login), "auth_require_tls": False} if plan.smtp_login else {}
        async with serve(gate, **login) as smtp_port, aiohttp.ClientSession() as session:  # type: ignore[arg-type]
            town = Town(plan=plan, folder=folder, sandbox=sandbox, session=session, mail=gate, smtp_port=smtp_port)
            try:
                yield town
            finally:
                await town.kill()
                gate.close()
    finally:
        await sandbox.stop()


@asynccontextmanager
async def run_town(folder: Path, plan: Plan | None = None) -> AsyncIterator[Town]:
    """A town whose bot is ready."""
    async with raise_town(folder, plan) as town:
        await town.start()
        yield town
