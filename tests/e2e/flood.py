"""A flood of customers on four networks, people who answer them in Slack, and a bot that is killed meanwhile."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chatops.domain.ids import IncidentNumber
from chatops.sandbox.members import Member
from chatops.sandbox.person import CannotDo
from chatops.sandbox.reading import clickables
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.switches import Switch
from chatops.store.sqlite import open_store
from chatops.usecases.reading_customers import OLDEST
from tests.e2e.answerers import MENTIONS, Answerer, Answers, Desk
from tests.e2e.crowd import NETWORKS, Crowd
from tests.e2e.flood_watch import watch_calls
from tests.e2e.networks import Luck, list_secrets
from tests.e2e.storm import Storm
from tests.e2e.town import Plan, Town, eventually

PEOPLE = ("Belle", "Andy", "Joel", "Sunil", "Carolyn", "Paula", "Quentin", "Rosa")
PROBE = "U02VERA"
NEWCOMERS = (("U02PAULA", "Paula Kerr"), ("U02QUENTIN", "Quentin Vos"), ("U02ROSA", "Rosa Lima"), (PROBE, "Vera Stone"))
CHANCES = {"429": 0.02, "500": 0.02, "down": 0.02, "drop": 0.08}
"""Of the answers that arrive one in twelve is lost, and one call in sixteen fails outright."""
RUSH_SECONDS = 1.0
MOMENT_SECONDS = 4.0
SETTLE_SECONDS = 60.0
SLACK_FAULTS = (
    ("drop", "chat.postMessage"),
    ("drop", "chat.postMessage"),
    ("drop", "chat.update"),
    ("429", "chat.*"),
    ("500", "chat.*"),
    ("drop", "views.open"),
)
TABLES = """
[outlets.x]
base_url = "{sandbox}/social/x"
mentions_daily_usd = 100.0
[outlets.facebook]
base_url = "{sandbox}/social/facebook"
page_id = "100200300400500"
[outlets.mastodon]
base_url = "{sandbox}/social/mastodon"
[outlets.bluesky]
base_url = "{sandbox}/social/bluesky"
handle = "acme.example"
"""


def build_plan(speed: float) -> Plan:
    """Incident time begins now: the networks date what customers write by real time."""
    cadence = "[policy.cadence]\nnone = 1000\nminor = 1000\nmajor = 1000\ncritical = 1000\n"
    return Plan(
        slack=f'mentions_channel = "{MENTIONS}"\n',
        policy=cadence,
        outlets=TABLES,
        speed=speed,
        starts_at=datetime.now(UTC),
        allowance_factor=1000,
    )


def add_newcomers(town: Town) -> None:
    """Before the bot starts: more members than the sandbox has."""
    for number, (member_id, name) in enumerate(NEWCOMERS):
        first = name.split()[0].lower()
        member = Member(id=member_id, name=first, real_name=name, title="Support", color=f"30{number}a9f")
        town.sandbox.workspace.members[member_id] = member


@dataclass(kw_only=True)
class Flood(Storm):
    """`posts` of customers within `seconds`; so many `people` answer, each at most once in `pause_seconds`."""

    posts: int
    seconds: float
    people: int
    pause_seconds: float
    drain_seconds: float
    """So long people go on answering when everything is written and heard, and until `least_answers` are sent."""
    least_answers: int = 0
    updates: int = 1
    answers: Answers = field(default_factory=Answers)
    lucks: dict[str, Luck] = field(default_factory=dict)
    rushes: int = 0
    said_at: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.town.environ |= list_secrets(self.town.sandbox)
        self.social = self.town.sandbox.social
        self.crowd = Crowd(social=self.social, seed=self.seed)
        self.desk = Desk(self.town)
        self.limiter = watch_calls(self.town)
        self.answerers = [self._hire(number, name) for number, name in enumerate(PEOPLE[: self.people])]

    def _hire(self, number: int, name: str) -> Answerer:
        members = self.town.sandbox.workspace.members.values()
        return Answerer(
            person=self.town.person(name),
            member_id=next(each.id for each in members if each.first_name == name),
            desk=self.desk,
            answers=self.answers,
            dice=random.Random(self.seed * 100 + number),
            stands=lambda words: bool(words and self.list_ours(words)),
            pause_seconds=self.pause_seconds,
        )

    async def pour(self) -> None:
        """The whole story, up to where everything stands still."""
        await self._begin()
        acts = (self._write, self._rush, self._shuffle_hook, self._spoil_slack, self._kill)
        tasks = [asyncio.create_task(act()) for act in acts]
        people = [asyncio.create_task(each.work()) for each in self.answerers]
        try:
            await asyncio.gather(*tasks)
            await self._hear_all()
            await asyncio.sleep(self.drain_seconds)
            await eventually(self._look_answered, self._word_unsettled, SETTLE_SECONDS)
        finally:
            self._is_over = True
            for task in tasks:
                task.cancel()
            for each in self.answerers:
                each.is_over = True
            await asyncio.gather(*people)
        await self._end()

    # How it begins ---------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """An incident whose first update stands on all four networks; from then on they are unlucky."""
        await self._open_one("Checkout is down", "INC-1")
        await self._publish(1)
        await eventually(self._look_published, self.town.tail, 30)
        self._tell_at_once()
        for number, name in enumerate(NETWORKS):
            network = self.social.networks[name]
            network.switches = self.lucks[name] = Luck(self.seed * 100 + number, CHANCES)

    async def _look_published(self) -> bool | None:
        busy = self.town.peek("SELECT count(*) FROM jobs WHERE kind = 'deliver'")
        return True if not busy and all(self.social.networks[name].feed.list_ours() for name in NETWORKS) else None

    def _tell_at_once(self) -> None:
        """Facebook's web hook tells what a look brings as well."""
        self.social.facebook.hook.url = f"{self.town.url}/hooks/facebook"

    # What goes on ----------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Evenly over the time; with more and more that is only changed or deleted."""
        began = time.monotonic()
        while self.crowd.written < self.posts and not self._is_over:
            due = self.posts * min(1.0, (time.monotonic() - began + 0.1) / self.seconds)
            while self.crowd.written < due:
                self.crowd.act()
                await asyncio.sleep(0)
            self._say_progress(time.monotonic() - began)
            await asyncio.sleep(0.05)

    def _say_progress(self, elapsed: float) -> None:
        if elapsed - self.said_at >= 30:
            self.said_at = elapsed
            filed = self.town.peek("SELECT count(*) FROM mentions")
            answered = sum(each.answered for each in self.answerers)
            self.say(
                f"  {elapsed:4.0f} s: {self.crowd.written} written, {filed} filed, {answered} answers, "
                f"{len(self.killed)} kills, {len(self.desk.list_messages())} messages in Slack"
            )

    async def _rush(self) -> None:
        """Everybody who is free presses the same `Claim`, or `Reply`, at the same moment."""
        while not self._is_written:
            await asyncio.sleep(RUSH_SECONDS)
            found = next(self.desk.list_buttons(self._dice.choice(("Claim", "Reply")), "Reply"), None)
            if found is not None:
                self.rushes += 1
                await asyncio.gather(*(each.rush(*found) for each in self.answerers))

    @property
    def _is_written(self) -> bool:
        return self.crowd.written >= self.posts or self._is_over

    async def _shuffle_hook(self) -> None:
        """What Facebook has to tell waits for a while, and comes in the wrong order."""
        hook = self.social.facebook.hook
        while not self._is_written:
            await asyncio.sleep(self._dice.uniform(1, 3))
            hook.is_holding = True
            await asyncio.sleep(self._dice.uniform(0.5, 2))
            await hook.release(reverse=True)

    async def _spoil_slack(self) -> None:
        while not self._is_written:
            await asyncio.sleep(self._dice.uniform(0.5, 3))
            kind, method = self._dice.choice(SLACK_FAULTS)
            self.town.fault(kind, method, times=1)

    async def _kill(self) -> None:
        """Evenly over the time, each at a moment that the dice choose."""
        began = time.monotonic()
        for number in range(1, self.kills + 1):
            at = self.seconds * number / (self.kills + 1)
            await asyncio.sleep(max(0.0, at - (time.monotonic() - began)))
            await self._dice.choice(self._list_moments())()
            await self.town.kill()
            await asyncio.sleep(self._dice.choice((0, 0, 0.3)))
            await self.town.start()

    def _list_moments(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return (self._wait_a_while, self._wait_for_call, self._wait_for_network, self._wait_for_network)

    async def _wait_for_network(self) -> None:
        """Until any network has an answer of ours in its hands: taken and not confirmed, or not yet taken."""
        kind = self._dice.choice(("late", "late", "timeout"))
        for luck in self.lucks.values():
            luck.switch_on(kind, Switch(call="*" if kind == "late" else "P* *", remaining=1))
        end = time.monotonic() + MOMENT_SECONDS
        while not (struck := self._list_struck(kind)) and time.monotonic() < end:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.005)
        for luck in self.lucks.values():
            luck.switch_off(kind)
        self.killed.append(f"{kind} answer of {struck[0]}" if struck else "waiting for an answer")
        await asyncio.sleep(self._dice.uniform(0, 0.2))

    def _list_struck(self, kind: str) -> list[str]:
        return [name for name, luck in self.lucks.items() if not luck.wire()[kind]["on"]]

    # How it ends -----------------------------------------------------------------------------------------------------

    async def _hear_all(self) -> None:
        """The bot starts once more, which makes it look everywhere; only answers are lost from here on."""
        for luck in self.lucks.values():
            luck.chances = {"drop": CHANCES["drop"]}
        await self.town.stop()
        await self.town.start()
        await eventually(self._look_heard, self._word_unheard, SETTLE_SECONDS)

    async def _end(self) -> None:
        """All are calm; no answer is under way or in doubt any more, and Slack shows who waits longest."""
        await self._calm_down()
        for luck in self.lucks.values():
            luck.chances.clear()
            luck.clear()
        for each in self.answerers:
            with suppress(CannotDo):
                await each.answer_what_is_mine()
        await eventually(self._look_settled, self._word_unsettled, SETTLE_SECONDS)

    async def _look_answered(self) -> bool | None:
        sent = self.town.peek("SELECT count(*) FROM replies WHERE state = 'sent'")
        return True if sent >= self.least_answers else None

    async def _look_heard(self) -> bool | None:
        if not self.list_unheard():
            return True
        await asyncio.sleep(0.2)
        return None

    def list_unheard(self) -> list[Post]:
        """One question for all: thousands would keep Slack and the networks from answering the bot."""
        with closing(sqlite3.connect(f"file:{self.town.database}?mode=ro", uri=True)) as connection:
            filed = set(connection.execute("SELECT outlet, remote_id FROM mentions"))
        return [post for network, post in self.crowd.list_heard() if (network.name, post.id) not in filed]

    def _word_unheard(self) -> str:
        unheard = self.list_unheard()
        return f"nobody has heard {[post.text for post in unheard[:5]]} ({len(unheard)}); {self.town.tail()}"

    async def _look_settled(self) -> bool | None:
        """Decisions are pressed as they come up; Slack's picture may lag behind, but nothing in it is in doubt."""
        with suppress(CannotDo):
            await self.answerers[0].settle_doubts()
        under_way = self.town.peek("SELECT count(*) FROM jobs WHERE kind = 'reply'")
        doubts = self.town.peek("SELECT count(*) FROM replies WHERE state IN ('uncertain', 'queued')")
        posting = self.town.peek("SELECT count(*) FROM mention_posts WHERE ts IS NULL")
        shown = self.town.peek("SELECT count(*) FROM mention_posts WHERE conversation IS NULL")
        if under_way or doubts or posting or shown < 2:
            return None
        return True if self._list_on_board() == await self._list_oldest() else None

    def _list_on_board(self) -> list[str]:
        """Conversations to which the board offers `Reply`: the way to the oldest is one click."""
        board = next(each for each in reversed(self.desk.list_messages()) if "Customers ·" in str(each.blocks))
        return [str(each.element["value"]) for each in clickables(board.blocks) if each.label == "Reply"]

    async def _list_oldest(self) -> list[str]:
        """By the ledger, which nobody is at."""
        store = open_store(f"sqlite:///{self.town.database}")
        try:
            number, now = IncidentNumber(1), self.town.read_clock()
            rows = await store.read(lambda reads: reads.list_waiting(number, limit=OLDEST, free_at=now))
        finally:
            await store.close()
        return [str(row.id) for row in rows]

    def _word_unsettled(self) -> str:
        states = [
            (state, self.town.peek("SELECT count(*) FROM replies WHERE state = ?", state))
            for state in ("queued", "uncertain", "held", "refused", "sent")
        ]
        return f"{states}; {self.town.tail()}"

    def list_ours(self, words: str = "") -> list[Post]:
        """Our answers with these words, also where they went with the post that they answered."""
        feeds = [self.social.networks[name].feed for name in NETWORKS]
        ours = [post for feed in feeds for post in feed.list_all() if post.account.is_ours and post.parent is not None]
        return [post for post in ours if words in post.text]

    def count_struck(self) -> Counter[str]:
        return sum((Counter(luck.struck) for luck in self.lucks.values()), Counter[str]())
