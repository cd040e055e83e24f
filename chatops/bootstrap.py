"""The composition root: builds every concrete thing from the settings, starts and stops it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from tenacity import AsyncRetrying, before_sleep_log, retry_if_exception_type, wait_exponential

from chatops.clock import ScaledClock
from chatops.domain.errors import ChatopsError, DeliveryError, NotSent, Refused, StorageFull, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import Configured
from chatops.outlets.http import Http
from chatops.settings import Settings, Slack
from chatops.slack.app import SlackEdge, build_app
from chatops.slack.directory import Directory
from chatops.slack.followups import FollowUps
from chatops.slack.gateway import SlackThread
from chatops.slack.hearing import Hearing
from chatops.slack.homes import Homes
from chatops.slack.presenter import Presenter
from chatops.slack.transport import SocketMode, build_endpoint
from chatops.slack.uploads import Uploads
from chatops.store.engine import find_database_file
from chatops.store.lasting import find_disk_warning
from chatops.store.schema import SchemaState, migrate, schema_state
from chatops.store.sqlite import SqliteStore, open_store
from chatops.usecases.customer_cards import end_claim, show_customers
from chatops.usecases.deliveries import deliver
from chatops.usecases.forgetting import erase_old
from chatops.usecases.hearing_customers import listen, listen_job, take_heard
from chatops.usecases.mention_ports import Listener
from chatops.usecases.ports import Again, Desk, Done, Identity, Job, Outlet, Transaction
from chatops.usecases.reminders import nudge
from chatops.usecases.replying import send_reply
from chatops.usecases.threads import pump, refresh_cards
from chatops.web.hooks import build_hooks
from chatops.web.server import build_web
from chatops.work.embedded import Runner
from chatops.work.precedence import Precedence

logger = logging.getLogger(__name__)
SLACK_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
MEMBERS_EVERY_SECONDS = 6 * 3600
FORGET_EVERY_SECONDS = 3600
COMMANDS_KEPT = timedelta(days=30)
"""Slack repeats within minutes; a form may stand open for days before it is sent again."""
MEMBERS_PATIENCE_SECONDS = 10
STOP_SECONDS = 5
AT_ONCE_BY_KIND = {"thread": 8, "cards": 4}
"""Building blocks takes the processor's time, which people's requests need more."""

Runs = Mapping[str, Callable[[Job, int], Awaitable[Done | Again]]]


def build_clock(settings: Settings) -> ScaledClock:
    return ScaledClock(start=settings.clock_start, speed=settings.clock_speed)


def open_desk(settings: Settings) -> Desk:
    """The store, created where there is none yet, and everything the use cases work with."""
    if schema_state(settings.database_url) is SchemaState.EMPTY:
        migrate(settings.database_url)
    warning = find_disk_warning(find_database_file(settings.database_url))
    if warning:
        logger.warning("%s", warning)
    return build_desk(settings, open_store(settings.database_url))


def build_desk(settings: Settings, store: SqliteStore) -> Desk:
    return Desk(
        store=store,
        clock=build_clock(settings),
        policy=settings.policy,
        specs=tuple(each.build_spec() for each in settings.outlets),
        team=settings.page.name,
        public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        components=settings.page.components,
        incidents_channel=settings.slack.incidents_channel,
        mentions_channel=settings.slack.mentions_channel,
        dedicated_channel=settings.slack.dedicated_channel,
    )


def build_outlets(configured: tuple[Configured, ...], http: Http) -> dict[str, Outlet]:
    """Those with something to call, by key; the page has nothing."""
    built = {each.key: each.build(http) for each in configured}
    return {key: outlet for key, outlet in built.items() if outlet is not None}


def build_listeners(configured: tuple[Configured, ...], http: Http) -> dict[OutletKey, Listener]:
    """Those where customers can be heard and answered, by key."""
    built = {each.key: each.build_listener(http) for each in configured}
    return {key: listener for key, listener in built.items() if listener is not None}


def build_slack_client(settings: Settings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """One session for all calls; no retry handlers, because they post twice when an answer is lost."""
    token = settings.slack.bot_token
    return AsyncWebClient(
        token=token.get_secret_value() if token else None,
        base_url=settings.slack.api_url,
        session=session,
        retry_handlers=[],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Everything that runs in one process: the web server, the runner, the way to Slack."""

    settings: Settings
    desk: Desk
    store: SqliteStore
    session: aiohttp.ClientSession
    http: Http
    directory: Directory
    follow_ups: FollowUps
    runner: Runner
    web_runner: web.AppRunner
    socket: SocketMode | None
    heard: tuple[OutletKey, ...]
    """The outlets on which customers are heard."""
    chores: list[asyncio.Task[None]]

    async def start(self) -> None:
        """Serve first: the page must be up when Slack is not."""
        await self.runner.start()
        await self.directory.recall()
        await self.web_runner.setup()
        await web.TCPSite(self.web_runner, self.settings.host, self.settings.port).start()
        self.chores.append(asyncio.create_task(self._stay_in_touch(), name="chatops-slack"))
        self.chores.append(asyncio.create_task(self._listen(), name="chatops-listen"))
        self.chores.append(asyncio.create_task(self._forget(), name="chatops-forget"))

    async def stop(self) -> None:
        """Take nothing more, finish or give back what is under way; within ten seconds."""
        for chore in self.chores:
            chore.cancel()
        await asyncio.gather(*self.chores, return_exceptions=True)
        if self.socket is not None:
            await self.socket.close_async()  # type: ignore[no-untyped-call]
        await self.web_runner.cleanup()
        await self.follow_ups.drain(1)
        await self.runner.stop(STOP_SECONDS)
        await self.session.close()
        await self.http.close()
        await self.store.close()

    async def _stay_in_touch(self) -> None:
        """Who are we, who are they, and the socket; again and again until Slack answers."""
        try:
            identity: Identity = await _patient(NotSent, Uncertain, StorageFull)(self.directory.identify)
        except DeliveryError as error:
            # The reason is in the sentence; a traceback would hide it.
            logger.error("Slack refuses the bot token: %s. Check SLACK_BOT_TOKEN; `chatops check` says more.", error)
            return
        logger.info("Connected to Slack as %s in %s", identity.bot_slack_id, identity.team_name)
        await self.directory.try_refresh(identity.workspace)
        if self.socket is not None:
            await _patient(Exception)(self.socket.connect_async)
        while True:
            await asyncio.sleep(MEMBERS_EVERY_SECONDS)
            await self.directory.try_refresh(identity.workspace)

    async def _listen(self) -> None:
        def begin(tx: Transaction) -> None:
            for outlet in self.heard:
                tx.put(listen_job(outlet))

        # Where the disk is full, the page is served all the same.
        await _patient(ChatopsError)(self.store.write, begin)

    async def _forget(self) -> None:
        """Answers to commands that cannot come again, and what customers wrote once its time is over."""
        while True:
            await _patient(ChatopsError)(self._forget_old)
            await asyncio.sleep(FORGET_EVERY_SECONDS)

    async def _forget_old(self) -> None:
        before = self.desk.clock.real_now() - COMMANDS_KEPT
        await self.store.write(lambda tx: tx.forget_answers(before=before))
        await erase_old(self.desk)


def _patient(*errors: type[Exception]) -> AsyncRetrying:
    """Tries again and again where one of these is raised, and says so."""
    return AsyncRetrying(
        retry=retry_if_exception_type(errors),
        wait=wait_exponential(max=30),
        before_sleep=before_sleep_log(logger, logging.WARNING),
    )


def build_bot(settings: Settings) -> Bot:
    """Wire everything; call inside a running loop. Raises BadSettings."""
    slack = settings.require_slack()
    desk = open_desk(settings)
    store = desk.store
    if not isinstance(store, SqliteStore):
        raise TypeError("The embedded runner works on SQLite only.")
    session = aiohttp.ClientSession(timeout=SLACK_TIMEOUT)
    http = Http()
    client = build_slack_client(settings, session)
    directory = Directory(desk, client)
    webhook = partial(AsyncWebhookClient, session=session, retry_handlers=[])
    follow_ups = FollowUps(client, webhook)
    app = build_app(_build_edge(slack, desk, client, directory))
    precedence = Precedence()
    socket = None
    if slack.app_token:
        app_token = slack.app_token.get_secret_value()
        client_of_socket = build_slack_client(settings, session)
        socket = SocketMode(app, app_token, client_of_socket, follow_ups, precedence.answering)
    homes = Homes(client, incidents_channel=desk.incidents_channel, dedicated=desk.dedicated_channel)
    thread = SlackThread(client, homes, Presenter(desk=desk), precedence.wait_turn)
    listeners = build_listeners(settings.outlets, http)
    runs = list_runs(
        desk,
        build_outlets(settings.outlets, http),
        listeners,
        thread,
        directory,
        Uploads(desk, client),
        Hearing(desk, follow_ups),
    )
    site = build_web(store, desk, health=_health(settings, desk, directory), frame_ancestors=settings.frame_ancestors)
    hooks = [hook for each in settings.outlets for hook in each.build_hooks()]
    site.router.add_routes(build_hooks(partial(take_heard, desk), hooks))
    if slack.signing_secret:
        secret = slack.signing_secret.get_secret_value()
        site.router.add_post("/slack/events", build_endpoint(app, follow_ups, secret, precedence.answering))
    return Bot(
        settings=settings,
        desk=desk,
        store=store,
        session=session,
        http=http,
        directory=directory,
        follow_ups=follow_ups,
        runner=Runner(
            store,
            desk.clock,
            lambda job, count: runs[job.kind](job, count),
            at_once_by_kind=AT_ONCE_BY_KIND,
            wait_turn=precedence.wait_turn,
        ),
        web_runner=web.AppRunner(site, access_log=None, shutdown_timeout=2),
        socket=socket,
        heard=tuple(listeners),
        chores=[],
    )


def _build_edge(slack: Slack, desk: Desk, client: AsyncWebClient, directory: Directory) -> SlackEdge:
    bot_token = slack.bot_token.get_secret_value() if slack.bot_token else ""
    return SlackEdge(desk=desk, client=client, bot_token=bot_token, identities=directory.identities)


def list_runs(
    desk: Desk,
    outlets: Mapping[str, Outlet],
    listeners: Mapping[OutletKey, Listener],
    thread: SlackThread,
    directory: Directory,
    uploads: Uploads,
    hearing: Hearing,
) -> Runs:
    """Kind of job → the use case that runs it."""

    async def look_up_member(job: Job, runs: int) -> Done | Again:
        try:
            await directory.look_up(str(job.data["workspace"]), str(job.data["slack_id"]))
        except (NotSent, Uncertain):
            return Again(at=desk.in_real(timedelta(seconds=min(2**runs, 60))))
        except Refused as error:
            logger.warning("Slack does not know the member %s: %s", job.data["slack_id"], error)
        return Done()

    return {
        "thread": lambda job, runs: pump(desk, thread, job, runs=runs),
        "cards": lambda job, runs: refresh_cards(desk, thread, job, runs=runs),
        "remind": lambda job, _: nudge(desk, job),
        "deliver": lambda job, runs: deliver(desk, outlets, job, runs=runs, jitter=random.random),
        "member": look_up_member,
        "upload": uploads.run,
        "hear": hearing.run,
        "listen": lambda job, runs: listen(desk, listeners, job, runs=runs),
        "customers": lambda job, runs: show_customers(desk, thread, job, runs=runs),
        "claim_over": lambda job, _: end_claim(desk, job),
        "reply": lambda job, runs: send_reply(desk, listeners, job, runs=runs, jitter=random.random),
    }


def _health(settings: Settings, desk: Desk, directory: Directory) -> Callable[[], Awaitable[Mapping[str, bool | str]]]:
    async def health() -> Mapping[str, bool | str]:
        slack = "known" if directory.identities else "not reached yet"
        try:
            await desk.store.read(lambda reads: reads.list_incidents(limit=1))
            state = await asyncio.to_thread(schema_state, settings.database_url)
        except Exception:
            # Whatever is wrong with it: it is not ready, and the log says why.
            logger.exception("The database cannot be read")
            return {"database": False, "schema": False, "slack": slack}
        return {"database": True, "schema": state is SchemaState.CURRENT, "slack": slack}

    return health
