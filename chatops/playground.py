"""The demo's stage: the sandbox in this process, and the bot as it runs in production in another."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from chatops.checkup import find_manifest
from chatops.domain.errors import BadInput, ChatopsError
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.sandbox.social.settings import SocialSettings

START_SECONDS = 20
STOP_SECONDS = 10
LOG = "bot.log"
ALLOWANCE_FACTOR = 20
"""The stand-ins are asked every two seconds, and a replay squeezes days into minutes."""
INHERITED_NOT = ("SLACK_", "CHATOPS_", "SMTP_", "IMAP_")
CONFIG = """\
[slack]
incidents_channel = "incidents"
mentions_channel = "mentions"

[page]
name = "Acme"
components = ["API", "Web app", "Mobile apps", "Checkout"]

[policy.mentions]
second_pair_words = ["press", "journalist", "lawyer"]

[outlets.page]

[outlets.email]
from = "Acme Status <status@acme.example>"
to = ["customers@list.acme.example"]
listen_every_seconds = 2
"""
NETWORKS = """
[outlets.x]
base_url = "{url}/social/x"
listen_every_seconds = 2

[outlets.facebook]
base_url = "{url}/social/facebook"
listen_every_seconds = 2
page_id = "{page_id}"

[outlets.mastodon]
base_url = "{url}/social/mastodon"
listen_every_seconds = 2

[outlets.bluesky]
base_url = "{url}/social/bluesky"
listen_every_seconds = 2
handle = "{handle}"

[outlets.telegram]
base_url = "{url}/social/telegram"
listen_every_seconds = 2
chat_id = "{chat_id}"

[outlets.discord]
base_url = "{url}/social/discord/api/v10"
listen_every_seconds = 2
channel_id = "{discord_id}"

[outlets.webhook.partners]
url = "{url}/webhooks/partners"
allow_private = true
"""


class DemoFailed(ChatopsError):
    """A step of the story was not seen to happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    """Incident time that goes on from where it was when the bot is started again."""

    start: datetime
    speed: float
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.began) * self.speed

    def real_seconds_until(self, moment: datetime) -> float:
        return (moment - self.now()) / timedelta(seconds=self.speed)


@dataclass(kw_only=True)
class Playground:
    """A running sandbox and a running bot; the bot can be killed and started again on the same data."""

    folder: Path
    port: int
    sandbox: RunningSandbox
    session: aiohttp.ClientSession
    clockwork: Clockwork | None
    bot: asyncio.subprocess.Process | None = None

    @property
    def page_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{(self.folder / 'chatops.db').resolve()}"

    async def start_bot(self) -> None:
        """The same program as in production; only addresses and tokens differ. Returns once it answers."""
        with (self.folder / LOG).open("ab") as log:
            self.bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "chatops", "run", env=self._environment(), cwd=self.folder, stdout=log, stderr=log
            )
        await self._wait_until_ready(self.bot)

    async def stop_bot(self) -> None:
        if self.bot is None or self.bot.returncode is not None:
            return
        self.bot.terminate()
        try:
            await asyncio.wait_for(self.bot.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill_bot()

    async def kill_bot(self) -> None:
        """As a power cut would: with no time to say goodbye."""
        if self.bot is not None and self.bot.returncode is None:
            self.bot.kill()
            await self.bot.wait()

    async def run_command(self, *words: str) -> str:
        """An operator's command on the very database; raises DemoFailed where it fails."""
        command = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chatops",
            *words,
            env=self._environment(),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await command.communicate()
        said = output.decode(errors="replace").strip()
        if command.returncode != 0:
            raise DemoFailed(f"`chatops {' '.join(words)}` failed: {said}")
        return said

    def _environment(self) -> dict[str, str]:
        settings = self.sandbox.settings
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(INHERITED_NOT)}
        own = {
            "DATABASE_URL": self.database_url,
            "SLACK_BOT_TOKEN": settings.bot_token,
            "SLACK_SIGNING_SECRET": settings.signing_secret,
            "SLACK_API_URL": self.sandbox.api_url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.sandbox.smtp_port}",
            "IMAP_URL": f"imap://status%40acme.example:any@127.0.0.1:{self.sandbox.imap_port}",
            "WEBHOOK_SECRET_PARTNERS": settings.webhook_secret,
            **self.sandbox.social.list_secrets(),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.page_url,
            "PAGE_FRAME_ANCESTORS": "http://127.0.0.1:* http://localhost:*",
            "CHATOPS_CONFIG": str((self.folder / "chatops.toml").resolve()),
        }
        return inherited | own | self._clock_environment()

    def _clock_environment(self) -> dict[str, str]:
        if self.clockwork is None:
            return {}
        return {
            "CHATOPS_CLOCK_START": self.clockwork.now().isoformat(),
            "CHATOPS_CLOCK_SPEED": str(self.clockwork.speed),
        }

    async def _wait_until_ready(self, bot: asyncio.subprocess.Process) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + START_SECONDS
        while loop.time() < end and bot.returncode is None:
            try:
                async with self.session.get(f"{self.page_url}/readyz") as response:
                    if response.status == 200 and (await response.json()).get("slack") == "known":
                        return
            except aiohttp.ClientConnectionError:
                pass  # not listening yet
            await asyncio.sleep(0.1)
        tail = (self.folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise DemoFailed("The bot did not start. It said: " + " / ".join(tail or ["nothing"]))


@asynccontextmanager
async def open_playground(
    folder: Path, *, port: int, with_networks: bool, clockwork: Clockwork | None
) -> AsyncIterator[Playground]:
    """Sandbox first, then the bot against it; both are stopped whatever happens. The sandbox takes the next port."""
    page_url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    links = [
        {"label": "Public page", "url": page_url},
        {"label": "Mailbox", "url": "/mailbox"},
        {"label": "Webhooks", "url": f"{sandbox_url}/webhooks"},
    ]
    settings = SandboxSettings(
        manifest=find_manifest("http"),
        port=port + 1,
        app_request_url=f"{page_url}/slack/events",
        links=links,
        social=SocialSettings(facebook_webhook_url=f"{page_url}/hooks/facebook", allowance_factor=ALLOWANCE_FACTOR),
    )
    try:
        sandbox = await start_sandbox(settings)
    except OSError as error:
        raise BadInput(f"Port {settings.port} is taken: choose another with --port.") from error
    config = CONFIG + (_word_networks(sandbox) if with_networks else "")
    (folder / "chatops.toml").write_text(config, encoding="utf-8")
    async with aiohttp.ClientSession() as session:
        playground = Playground(folder=folder, port=port, sandbox=sandbox, session=session, clockwork=clockwork)
        try:
            await playground.start_bot()
            yield playground
        finally:
            await playground.stop_bot()
            await sandbox.stop()


def _word_networks(sandbox: RunningSandbox) -> str:
    social = sandbox.settings.social
    return NETWORKS.format(
        url=sandbox.base_url,
        page_id=social.facebook_page_id,
        handle=social.bluesky_handle,
        chat_id=social.telegram_chat_id,
        discord_id=social.discord_channel_id,
    )
