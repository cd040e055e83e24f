"""Customers in a house: a network that says what a test tells it to, wired to the real bot with its jobs."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chatops.bootstrap import Bot
from chatops.domain.errors import Refused
from chatops.domain.ids import ConversationId, OutletKey, conversation_stream
from chatops.domain.mention import Author, KeptMention, Mention
from chatops.domain.policy import MentionPolicy
from chatops.domain.records import Record
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.usecases.hearing_customers import take_heard
from chatops.usecases.mention_ports import Heard, Replied, ReplyPosting, ThreadNow
from chatops.usecases.ports import Again, Done, Job
from chatops.usecases.replying import send_reply
from chatops.work.embedded import Runner

FEDI = OutletKey("fedi")
MENTIONS = "support"
"""The Slack channel for customers in these tests; the sandbox has one of this name."""


def build_fedi_spec(**changes: Any) -> OutletSpec:
    abilities = Abilities(mentions=True, reply=True, replies_settled_by="person", reply_names_author=True)
    spec = OutletSpec(
        key=FEDI,
        label="Fediverse",
        account="@acme@fedi.example",
        limits=TextLimits(max_chars=500),
        abilities=abilities,
        form="short",
    )
    return replace(spec, **changes)


@dataclass(slots=True, kw_only=True)
class Network:
    """Where customers write. `outcome` is what becomes of the next replies; `sent` what stands there."""

    posts: dict[str, Mention] = field(default_factory=dict)
    sent: list[ReplyPosting] = field(default_factory=list)
    outcome: Exception | None = None
    is_waiting: bool = False
    _ids: Any = field(default_factory=lambda: count(1))

    def write(self, name: str, text: str, *, ago: float = 0, **changes: Any) -> Mention:
        """A post of a customer, `ago` minutes old."""
        number = next(self._ids)
        mention = Mention(
            id=f"p{number}",
            author=Author(id=name.lower(), handle=name.lower(), name=f"{name} Fox", followers=1200),
            text=text,
            posted_at=datetime.now(UTC) - timedelta(minutes=ago),
            url=f"https://fedi.example/@{name.lower()}/{number}",
        )
        mention = replace(mention, **changes)
        self.posts[mention.id] = mention
        return mention

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        return Heard()

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        return ThreadNow(mention=self.posts.get(mention.remote_id))

    async def reply(self, posting: ReplyPosting) -> Replied:
        if self.outcome is not None:
            raise self.outcome
        self.sent.append(posting)
        return Replied(url=f"https://fedi.example/@acme/{len(self.sent)}", remote_id=f"a{len(self.sent)}")

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        return None

    def refuse(self, reason: str) -> None:
        self.outcome = Refused(reason)


def wire(bot: Bot, network: Network, policy: MentionPolicy) -> Bot:
    """The bot with this network among its outlets: every part of it holds the one desk."""
    desk = bot.desk
    changes = {"specs": (*desk.specs, build_fedi_spec()), "policy": replace(desk.policy, mentions=policy)}
    for name, value in changes.items():
        object.__setattr__(desk, name, value)
    run_others = bot.runner._run

    async def run(job: Job, runs: int) -> Done | Again:
        if job.kind != "reply":
            return await run_others(job, runs)
        if network.is_waiting:
            return Again(at=desk.in_real(timedelta(seconds=0.1)))
        return await send_reply(desk, {FEDI: network}, job, runs=runs, jitter=random.random)

    return replace(bot, runner=Runner(bot.store, desk.clock, run))


async def hear(bot: Bot, mentions: Iterable[Mention], *, gone: tuple[str, ...] = ()) -> None:
    await take_heard(bot.desk, FEDI, Heard(mentions=tuple(mentions), gone=gone))


async def conversation_records(bot: Bot, number: int) -> list[Record]:
    stream = conversation_stream(ConversationId(number))
    return await bot.store.read(lambda reads: list(reads.load(stream)))
