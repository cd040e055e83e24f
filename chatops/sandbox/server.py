"""The sandbox as one server: settings in, a running workspace with its mailbox out."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from chatops.sandbox.api.dispatch import WebApi
from chatops.sandbox.applink import ACK_SECONDS, AppLink
from chatops.sandbox.changes import MailArrived
from chatops.sandbox.events import EventFeed
from chatops.sandbox.faults import Faults
from chatops.sandbox.http_transport import HttpTransport
from chatops.sandbox.limiter import Limiter
from chatops.sandbox.live import LivePages
from chatops.sandbox.mailbox.imap import start_imap
from chatops.sandbox.mailbox.letters import Letters
from chatops.sandbox.mailbox.reader import MailboxPages
from chatops.sandbox.mailbox.smtp import start_smtp
from chatops.sandbox.manifest import Manifest, load_manifest
from chatops.sandbox.page_api import PageApi
from chatops.sandbox.parts import Parts
from chatops.sandbox.payloads import Payloads
from chatops.sandbox.response_urls import ResponseUrls
from chatops.sandbox.slack_urls import UPLOAD_BYTES_MOST, SlackUrls
from chatops.sandbox.social.pages import SocialPages
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.world import Social
from chatops.sandbox.socket_mode import SocketMode
from chatops.sandbox.triggers import TRIGGER_SECONDS, Triggers
from chatops.sandbox.violations import Violations
from chatops.sandbox.webhooks import WebhookPages, Webhooks
from chatops.sandbox.wire import Clock, Json
from chatops.sandbox.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """Port 0 takes any free port; no `smtp_port`, no mailbox, and no IMAP either.

    `time_scale` shortens the waits between retries.
    """

    manifest: Path | str | Json
    host: str = "127.0.0.1"
    port: int = 0
    smtp_port: int | None = 0
    imap_port: int = 0
    bot_token: str = "xoxb-sandbox-bot"  # noqa: S105 - opens nothing but a sandbox
    app_token: str = "xapp-sandbox-app"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
    webhook_secret: str = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC1rZXk="  # noqa: S105
    app_request_url: str | None = None
    links: list[Json] = field(default_factory=list)
    social: SocialSettings = field(default_factory=SocialSettings)
    strict_rate_limits: bool = False
    time_scale: float = 1.0
    ack_seconds: float = ACK_SECONDS
    trigger_seconds: float = TRIGGER_SECONDS
    clock: Clock = time.time


class RunningSandbox:
    """A started sandbox; `stop()` ends everything it started."""

    def __init__(self, settings: SandboxSettings, manifest: Manifest, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.base_url = ""
        self.smtp_port: int | None = None
        self.imap_port: int | None = None
        clock = settings.clock
        self.workspace = Workspace(manifest, clock)
        self.violations = Violations(clock)
        self.faults = Faults()
        self.letters = Letters(clock, lambda letter_id: self.workspace.tell(MailArrived(letter_id)))
        self.webhooks = Webhooks(settings.webhook_secret)
        self.social = Social(settings.social, clock)
        self._session = session
        self._http = HttpTransport(session, settings.app_request_url, settings.signing_secret, settings.ack_seconds)
        socket_mode = SocketMode(self.workspace.identity.app_id, settings.ack_seconds)
        link = AppLink([socket_mode, self._http], self.faults, self.violations)
        self.parts = Parts(
            bot_token=settings.bot_token,
            app_token=settings.app_token,
            manifest=manifest,
            workspace=self.workspace,
            faults=self.faults,
            violations=self.violations,
            limiter=Limiter(strict=settings.strict_rate_limits),
            triggers=Triggers(clock, settings.trigger_seconds),
            response_urls=ResponseUrls(clock),
            socket_mode=socket_mode,
            link=link,
            payloads=Payloads(self.workspace),
            social=self.social,
        )
        self.events = EventFeed(self.workspace, manifest, link, self.parts.payloads, settings.time_scale)
        self._live = LivePages(self.workspace)
        self._runner: web.AppRunner | None = None
        self._mail_servers: list[asyncio.Server] = []

    async def start(self) -> None:
        self.workspace.listen(self._live.hear)
        self.workspace.listen(self.events.hear)
        self._runner = web.AppRunner(self._build_app(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        await site.start()
        self.base_url = f"http://{self.settings.host}:{self._runner.addresses[0][1]}"
        self.workspace.base_url = self.parts.response_urls.base_url = self.base_url
        self.social.set_site_url(self.base_url)
        if self.settings.smtp_port is not None:
            smtp = await start_smtp(self.letters, self.settings.host, self.settings.smtp_port)
            self._mail_servers.append(smtp)
            imap = await start_imap(self.letters, self.settings.host, self.settings.imap_port)
            self._mail_servers.append(imap)
            self.smtp_port, self.imap_port = (each.sockets[0].getsockname()[1] for each in (smtp, imap))

    def _build_app(self) -> web.Application:
        app = web.Application(client_max_size=UPLOAD_BYTES_MOST)
        app.router.add_route("*", "/api/{method}", WebApi(self.parts).handle)
        SlackUrls(self.parts).add_routes(app.router)
        MailboxPages(self.letters).add_routes(app.router)
        WebhookPages(self.webhooks).add_routes(app.router)
        SocialPages(self.social).add_routes(app.router)
        PageApi(self.parts, self._live, self.settings.links).add_routes(app.router)
        return app

    @property
    def api_url(self) -> str:
        """The `base_url` for a Slack client."""
        return f"{self.base_url}/api/"

    def set_request_url(self, request_url: str | None) -> None:
        """Where the app answers over HTTP; may be set once the app's port is known."""
        self._http.request_url = request_url

    async def verify_request_url(self) -> bool:
        """Whether the app answers Slack's `url_verification`."""
        return await self._http.verify_url()

    async def stop(self) -> None:
        await self.events.stop()
        await self.social.stop()
        for server in self._mail_servers:
            server.close()
            await server.wait_closed()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._session.close()


async def start_sandbox(settings: SandboxSettings) -> RunningSandbox:
    manifest = load_manifest(settings.manifest)
    running = RunningSandbox(settings, manifest, aiohttp.ClientSession())
    try:
        await running.start()
    except BaseException:
        await running.stop()
        raise
    return running
