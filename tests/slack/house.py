"""A whole house for one test: the sandbox, the real bot against it, and its people; with the steps tests share."""

import asyncio
import html
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiohttp
from aiosmtpd.smtp import SMTP, Envelope, Session

from chatops.bootstrap import Bot, build_bot
from chatops.checkup import find_manifest
from chatops.domain.ids import IncidentNumber, incident_stream
from chatops.domain.policy import MentionPolicy
from chatops.domain.records import Record
from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.faults import Fault
from chatops.sandbox.mailbox.letters import Letter, Letters
from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.public import read_page
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.sandbox.wire import Json
from chatops.settings import Settings, read_settings
from chatops.usecases.ports import Thread
from tests.outlets.mail_servers import serve
from tests.slack.customers import MENTIONS, Network, wire

Transport = Literal["http", "socket"]
Found = TypeVar("Found")
WORKSPACE = "T01ACME"
CHANNEL = "incidents"
PUBLIC_URL = "https://status.acme.example"
PATIENCE_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.02
ANCHOR = re.compile(r"(?<!digest )(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")
"""A record's hash as the thread shows it; the digest of an approved revision is named so, and is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What differs from house to house. `policy` and `outlets` are TOML; `trigger_seconds` is Slack's patience."""

    transport: Transport = "http"
    incidents_channel: str | None = CHANNEL
    policy: str = ""
    outlets: str = '[outlets.email]\nfrom = "Acme Status <status@acme.example>"\nto = ["customers@list.acme.example"]\n'
    clock_start: datetime | None = None
    clock_speed: float = 1.0
    trigger_seconds: float = 3.0
    answering: MentionPolicy | None = None
    """With customers who write, answered by this policy."""

    def toml(self) -> str:
        channels = {
            "incidents_channel": self.incidents_channel,
            "mentions_channel": MENTIONS if self.answering else None,
        }
        named = "".join(f'{key} = "{name}"\n' for key, name in channels.items() if name)
        slack = f"[slack]\n{named}" if named else ""
        page = '[page]\nname = "Acme"\ncomponents = ["API", "Web app", "Mobile"]\n'
        return f"{slack}{page}{self.policy}\n[outlets.page]\n{self.outlets}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident and where its thread stands."""

    number: IncidentNumber
    channel: str
    ts: str

    @property
    def name(self) -> str:
        return f"INC-{self.number}"


class PostOffice:
    """A mail server in front of the sandbox's mailbox that can be told to refuse."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self.refusal: str | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        content = envelope.original_content or b""
        self._letters.take(content, envelope.mail_from or "", list(envelope.rcpt_tos))
        return "250 2.0.0 taken"


class Patient(Person):
    """Looks again when a card was refreshed between look and click, as a person does without noticing."""

    async def click(self, label: str, **where: Any) -> Json:
        try:
            return await super().click(label, **where)
        except CannotDo as miss:
            if "to click here any more" not in str(miss):
                raise
            return await super().click(label, **where)


@dataclass(slots=True, kw_only=True)
class House:
    """Everything runs in this process; people act over HTTP as a browser would."""

    plan: Plan
    folder: Path
    sandbox: RunningSandbox
    session: aiohttp.ClientSession
    post_office: PostOffice
    smtp_port: int
    bot: Bot
    errors: list[str] = field(default_factory=list)
    is_thread_checked: bool = True
    network: Network = field(default_factory=Network)
    _people: dict[str, Person] = field(default_factory=dict)

    # People and places -----------------------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        return self._people.setdefault(name, Patient(self.sandbox.base_url, name, self.session))

    @property
    def belle(self) -> Person:
        return self.person("Belle")

    @property
    def andy(self) -> Person:
        return self.person("Andy")

    @property
    def joel(self) -> Person:
        """Has the workspace's admin flag."""
        return self.person("Joel")

    @property
    def sunil(self) -> Person:
        return self.person("Sunil")

    @property
    def carolyn(self) -> Person:
        return self.person("Carolyn")

    @property
    def gus(self) -> Person:
        """A guest."""
        return self.person("Gus")

    @property
    def bot_url(self) -> str:
        host, port = self.bot.web_runner.addresses[0][:2]
        return f"http://{host}:{port}"

    # The bot ---------------------------------------------------------------------------------------------------

    async def restart(self) -> None:
        """Stop the bot and build it again on the same database; incident time goes on where it was."""
        now = self.bot.desk.clock.now() if self.plan.clock_start else None
        await self.bot.stop()
        self.plan = replace(self.plan, clock_start=now)
        self.bot = await _start_bot(self)

    async def records(self, number: int) -> list[Record]:
        return await self.bot.store.read(lambda reads: list(reads.load(incident_stream(number))))

    async def kinds(self, number: int) -> list[str]:
        return [record.kind for record in await self.records(number)]

    async def numbers(self) -> list[IncidentNumber]:
        streams = await self.bot.store.read(lambda reads: reads.list_streams())
        found = sorted(int(stream.split(":")[1]) for stream in streams if stream.startswith("incident:"))
        return [IncidentNumber(number) for number in found]

    async def thread_of(self, number: IncidentNumber) -> Thread | None:
        return await self.bot.store.read(lambda reads: reads.find_thread(number))

    async def case(self, number: int) -> Case:
        """Once its card stands."""

        async def look() -> Case | None:
            thread = await self.thread_of(IncidentNumber(number))
            is_there = thread is not None and thread.ts
            return Case(number=thread.incident, channel=thread.channel, ts=str(thread.ts)) if is_there else None

        return await eventually(look, f"INC-{number} has no card")

    # The public ------------------------------------------------------------------------------------------------

    async def page(self, path: str) -> str:
        return await read_page(self.session, f"{self.bot_url}{path}")

    async def page_bodies(self, name: str) -> list[str]:
        """The words of each update on the page, newest first, to the letter; its API gives them as HTML."""
        async with self.session.get(f"{self.bot_url}/api/v2/incidents.json") as response:
            found = (await response.json())["incidents"]
        updates = [each["incident_updates"] for each in found if name in each["shortlink"]]
        bodies = [update["body"] for update in updates[0]] if updates else []
        return [html.unescape(body.replace("<br />", "\n")) for body in bodies]

    def mails(self) -> list[Letter]:
        """Oldest first."""
        return self.sandbox.letters.newest_first()[::-1]

    async def mail(self, containing: str) -> Letter:
        async def look() -> Letter | None:
            return next((each for each in self.mails() if containing in each.text), None)

        return await eventually(look, f"no mail says {containing!r}")

    # Slack's moods ---------------------------------------------------------------------------------------------

    def fault(self, name: str, method: str = "*", *, times: int | None = None, retry_after_seconds: int = 1) -> None:
        fault = Fault(method=method, remaining=times, retry_after_seconds=retry_after_seconds)
        self.sandbox.faults.switch_on(name, fault)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """The app does what it was asked for, but Slack never hears so: the person is told to try again."""
        link = self.sandbox.parts.link
        deliver = link.deliver

        async def lose(delivery: Delivery) -> Acknowledgement:
            await deliver(delivery)
            return Acknowledgement(outcome="connection_failed")

        link.deliver = lose  # type: ignore[method-assign]
        try:
            yield
        finally:
            link.deliver = deliver  # type: ignore[method-assign]

    # What people do --------------------------------------------------------------------------------------------

    async def submit_open(
        self, person: Person, title: str = "Checkout is down", *, channel: str = CHANNEL, **fields: object
    ) -> IncidentNumber:
        """`/incident open`, the form, `Open`; the number of what it opened."""
        before = await self.numbers()
        await person.command(channel, f"/incident open {title}")
        await person.wait_for_view("Open an incident")
        await self.fill_and_submit(person, fields)
        return next(number for number in await self.numbers() if number not in before)

    async def open(self, person: Person, title: str = "Checkout is down", **fields: object) -> Case:
        """As `submit_open`, and its card stands."""
        return await self.case(await self.submit_open(person, title, **fields))

    async def fill_and_submit(self, person: Person, fields: dict[str, object]) -> None:
        """Labels with `_` for spaces, or as they are: `fields` may come from keyword arguments."""
        labels = {"What_do_we_know": "What do we know?"}
        answers = {labels.get(key, key.replace("_", " ")): value for key, value in fields.items()}
        await person.fill(answers)  # type: ignore[arg-type]
        assert await person.submit() == {}, "the form was refused"

    async def propose(self, person: Person, case: Case, **fields: object) -> Json:
        """`/incident update`: a new draft, or the next revision of the open one; its card."""
        await person.command(case.channel, f"/incident update {case.name}")
        view = await eventually(person.view, "no modal is open")
        assert person.text_of(view).split("\n")[0] in ("Draft an update", "Edit the draft")
        await self.fill_and_submit(person, {"What happened": "We are looking into it.", **fields})
        return await self.card(case)

    async def card(self, case: Case, revision: int | None = None) -> Json:
        """The card of the newest revision, or of this one, once it stands in the thread."""

        async def look() -> Json | None:
            records = [each for each in await self.records(case.number) if each.kind == "revision_proposed"]
            wanted = [each for each in records if revision is None or each.data.revision == revision]  # type: ignore[union-attr]
            if not wanted:
                return None
            return next((each for each in self.thread(case) if wanted[-1].anchor in anchors_in(each)), None)

        return await eventually(look, f"no card of revision {revision or 'the last'}")

    async def shows(self, message: Json, *words: str, without: Sequence[str] = ()) -> str:
        """The text of this very message, once it has all these words and none of the others."""

        async def look() -> str | None:
            found = self.message(message["channel"], message["ts"])
            text = Person.text_of(found) if found else ""
            fits = all(each in text for each in words) and not any(each in text for each in without)
            return text if fits else None

        try:
            return await eventually(look, "")
        except AssertionError:
            found = self.message(message["channel"], message["ts"])
            text = Person.text_of(found) if found else "nothing"
            raise AssertionError(f"waited for {words} without {tuple(without)}; the message says:\n{text}") from None

    async def told(self, person: Person, containing: str, channel: str = CHANNEL) -> str:
        """What only this person sees, once it says so."""
        message = await person.wait_for_message(channel, containing=containing)
        assert message.get("ephemeral") or message.get("is_ephemeral"), f"everybody sees: {message}"
        return person.text_of(message)

    async def told_times(self, person: Person, containing: str, times: int, channel: str = CHANNEL) -> None:
        """Waits until this was whispered so often: events are heard after they are acknowledged."""

        async def look() -> bool | None:
            said = [each for each in await person.everything(channel) if containing in person.text_of(each)]
            return True if len(said) >= times else None

        await eventually(look, f"{times} times “{containing}”")

    async def published(self, case: Case, update: int = 1) -> Json:
        """The delivery card of this update."""

        async def look() -> Json | None:
            started = [each for each in await self.records(case.number) if each.kind == "broadcast_started"]
            if len(started) < update:
                return None
            return next((each for each in self.thread(case) if started[update - 1].anchor in anchors_in(each)), None)

        return await eventually(look, f"no delivery card of update {update}")

    async def heard(self, words: str) -> None:
        """The bot was told that somebody said so: Slack tells it a moment after it was said."""

        async def look() -> bool | None:
            told = (each.get("event", {}).get("text", "") for each in self.sandbox.events.delivered)
            return True if words in told else None

        await eventually(look, f"nobody told of “{words}”")

    async def recorded(self, case: Case, kind: str, count: int = 1) -> list[Record]:
        """The records of this kind, once there are so many."""

        async def look() -> list[Record] | None:
            found = [each for each in await self.records(case.number) if each.kind == kind]
            return found if len(found) >= count else None

        return await eventually(look, f"not {count} × {kind}")

    # What Slack shows ------------------------------------------------------------------------------------------

    def message(self, channel: str, ts: str) -> Json | None:
        found = self.sandbox.workspace.channels[channel].find(ts)
        if found is None:
            return None
        wire = self.sandbox.workspace.wire_message(self.sandbox.workspace.channels[channel], found)
        return {**wire, "channel": channel}

    def thread(self, case: Case) -> list[Json]:
        """The replies in the audit thread, oldest first, those of people too."""
        channel = self.sandbox.workspace.channels[case.channel]
        replies = [each for each in channel.messages.values() if each.thread_ts == case.ts and each.ts != case.ts]
        found = [self.message(case.channel, each.ts) for each in sorted(replies, key=lambda each: each.ts)]
        return [each for each in found if each is not None]

    def posts_of_bot(self, case: Case) -> list[Json]:
        return [each for each in self.thread(case) if each.get("bot_id")]

    async def check_thread(self, case: Case) -> None:
        """Every record's hash stands in the thread exactly once and in order, soon."""

        async def look() -> bool | None:
            told = [anchor for each in self.posts_of_bot(case) for anchor in anchors_in(each)]
            return True if told == [record.anchor for record in await self.records(case.number)] else None

        try:
            await eventually(look, "")
        except AssertionError:
            told = [anchor for each in self.posts_of_bot(case) for anchor in anchors_in(each)]
            log = [record.anchor for record in await self.records(case.number)]
            raise AssertionError(f"the thread tells {told}, the log has {log}") from None

    async def check(self) -> None:
        """What holds at the end of every test, whatever happened in it."""
        self.sandbox.faults.clear()
        if self.is_thread_checked:
            for number in await self.numbers():
                await self.check_thread(await self.case(number))
        assert [violation.wire() for violation in self.sandbox.violations.found] == []
        assert self.errors == []


def words_of(letter: Letter) -> str:
    """As they were before they became lines of a mail."""
    return letter.text.replace("\r\n", "\n").removesuffix("\n")


def anchors_in(message: Json) -> list[str]:
    """The hashes a message shows, in order; a plain message without blocks shows them in its text."""
    shown = "\n".join(_texts(message["blocks"])) if message.get("blocks") else str(message.get("text", ""))
    return list(dict.fromkeys(ANCHOR.findall(shown)))


def texts_of(blocks: object) -> list[str]:
    """Every text to the letter, as Slack got it: entities stay entities."""
    return list(_texts(blocks))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)


async def eventually(
    look: Callable[[], Awaitable[Found | None]], miss: str, seconds: float = PATIENCE_SECONDS
) -> Found:
    """What `look` finds, as soon as it finds it."""
    end = time.monotonic() + seconds
    while (found := await look()) is None:
        assert time.monotonic() < end, f"waited {seconds:g} s: {miss}"
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return found


class _ErrorsOfOurs(logging.Handler):
    """Whatever is logged as an error while the house stands."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in ("chatops", "asyncio", "slack_bolt"):
            self._errors.append(f"{record.name}: {logging.Formatter().format(record)}")


def _read_settings(house: House) -> Settings:
    (house.folder / "chatops.toml").write_text(house.plan.toml(), encoding="utf-8")
    sandbox = house.sandbox.settings
    token = {"SLACK_SIGNING_SECRET": sandbox.signing_secret}
    if house.plan.transport == "socket":
        token = {"SLACK_APP_TOKEN": sandbox.app_token}
    environ = {
        "DATABASE_URL": f"sqlite:///{house.folder / 'chatops.db'}",
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_API_URL": house.sandbox.api_url,
        "SMTP_URL": f"smtp://127.0.0.1:{house.smtp_port}",
        "PORT": "0",
        "PUBLIC_URL": PUBLIC_URL,
        "CHATOPS_CLOCK_SPEED": str(house.plan.clock_speed),
        **token,
    }
    if house.plan.clock_start:
        environ["CHATOPS_CLOCK_START"] = house.plan.clock_start.isoformat()
    return read_settings(environ, house.folder)


async def _start_bot(house: House) -> Bot:
    """Once it knows the people, and Slack reaches it."""
    bot = house.bot = build_bot(_read_settings(house))
    if house.plan.answering:
        bot = house.bot = wire(bot, house.network, house.plan.answering)
    await bot.start()
    if house.plan.transport == "http":
        house.sandbox.set_request_url(f"{house.bot_url}/slack/events")

    async def is_ready() -> bool | None:
        members = await bot.store.read(lambda reads: reads.list_members(WORKSPACE))
        return True if len(members) >= len(house.sandbox.workspace.members) and _is_reached(house) else None

    await eventually(is_ready, "the bot is not ready")
    return bot


def _is_reached(house: House) -> bool:
    return house.sandbox.parts.link.is_connected and bool(house.bot.directory.identities)


@asynccontextmanager
async def stand(folder: Path, plan: Plan) -> AsyncIterator[House]:
    """A house while the test runs; at its end, what must always hold."""
    manifest = find_manifest("http" if plan.transport == "http" else "socket-mode")
    sandbox = await start_sandbox(SandboxSettings(manifest=manifest, trigger_seconds=plan.trigger_seconds))
    post_office = PostOffice(sandbox.letters)
    errors: list[str] = []
    handler = _ErrorsOfOurs(errors)
    logging.getLogger().addHandler(handler)
    try:
        async with serve(post_office) as smtp_port, aiohttp.ClientSession() as session:  # type: ignore[arg-type]
            house = House(
                plan=plan,
                folder=folder,
                sandbox=sandbox,
                session=session,
                post_office=post_office,
                smtp_port=smtp_port,
                bot=None,  # type: ignore[arg-type]
                errors=errors,
            )
            await _start_bot(house)
            try:
                yield house
                await house.check()
            finally:
                await house.bot.stop()
    finally:
        await sandbox.stop()
        logging.getLogger().removeHandler(handler)
    assert errors == []
