"""Many updates of several incidents to every outlet, while the networks fail and the bot is killed again and again."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from chatops.sandbox.person import CannotDo
from chatops.sandbox.reading import Clickable, clickables
from chatops.sandbox.social.switches import Switch
from tests.e2e.laws import Log, read_log, require_laws, require_verified, settled
from tests.e2e.networks import AT_MOST_ONCE, ONCE, PARTNERS, Networks
from tests.e2e.storm import Storm
from tests.e2e.town import CHANNEL, Json, eventually

NUMBERED = re.compile(r"Update number ([0-9]+) of seed")
PEOPLE_SECONDS = 240.0


@dataclass(kw_only=True)
class BroadcastStorm(Storm):
    """`updates` in turn over so many `incidents`; what only a person can settle, Andy settles at the end."""

    incidents: int
    asked: list[str] = field(default_factory=list)
    """Outlets of the deliveries that a person was asked about."""
    sent_again: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.networks = Networks(self.town, self.seed)

    @property
    def names(self) -> list[str]:
        return [f"INC-{number}" for number in range(1, self.incidents + 1)]

    def list_numbers(self, name: str) -> list[int]:
        """The updates of one incident, in the order of their approval."""
        first = self.names.index(name) + 1
        return list(range(first, self.updates + 1, self.incidents))

    # What the people do ----------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        for name in self.names:
            await self._open_one(f"Trouble {name.removeprefix('INC-')}", name)
        self.networks.spoil()

    async def _publish(self, number: int) -> None:
        await self._propose(number, self.names[(number - 1) % self.incidents])
        await self._stubbornly(partial(self._approve, number))

    async def _approve(self, number: int) -> bool | None:
        if self._count("broadcast_started") >= number:
            return True
        for shown, clickable in self._list_buttons("Approve", f"Update number {number} of"):
            with suppress(CannotDo):
                await self.town.andy._click(shown, clickable)
        await asyncio.sleep(0.05)
        return None

    def _list_buttons(self, label: str, containing: str = "") -> Iterator[tuple[Json, Clickable]]:
        """On the cards in the Slack channel, newest first; read where they stand, as there are thousands."""
        workspace = self.town.sandbox.workspace
        channel = next(each for each in workspace.channels.values() if each.name == CHANNEL)
        for message in reversed(list(channel.messages.values())):
            if message.member_id == workspace.bot.id and containing in str(message.blocks):
                shown = {"channel": channel.id, "ts": message.ts}
                yield from ((shown, each) for each in clickables(message.blocks) if each.label == label)

    async def _settle_doubts(self) -> None:
        """Andy looks where chatops cannot, and presses what the card offers, until nothing is in doubt."""
        end = time.monotonic() + PEOPLE_SECONDS
        while True:
            await self._wait_for_deliveries()
            doubts = [each for name in self.names for each in _list_doubts(await read_log(self.town, name))]
            if not doubts:
                return
            assert time.monotonic() < end, f"still in doubt: {doubts}"
            for value in doubts:
                await self._settle_doubt(value)

    async def _settle_doubt(self, value: str) -> None:
        incident, update, outlet, _ = value.split(":")
        number = self.list_numbers(f"INC-{incident}")[int(update) - 1]
        arrived = _count_posts(self.networks.list_texts(outlet))[number]
        assert arrived <= 1, f"update {number} stands at {outlet} {arrived} times"
        self.asked.append(outlet)
        self.sent_again += not arrived

        async def press() -> bool | None:
            label = "It arrived" if arrived else "Send again"
            for shown, clickable in self._list_buttons(label, value):
                if clickable.element.get("value") == value:
                    await self.town.andy._click(shown, clickable)
                    return True
            return None

        await eventually(press, lambda: f"no card offers to settle {value}; {self.town.tail()}", 30)

    async def _wait_for_deliveries(self) -> None:
        async def look() -> bool | None:
            return None if self.town.peek("SELECT count(*) FROM jobs WHERE kind = 'deliver'") else True

        await eventually(look, self.town.tail, PEOPLE_SECONDS)

    # What the storm does ---------------------------------------------------------------------------------------------

    def _list_moments(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        network = self._wait_for_network
        return (self._wait_a_while, self._wait_for_call, self._wait_for_mail, network, network, network)

    async def _wait_for_network(self) -> None:
        """Until a network has a request in its hands: taken and not yet answered, or not yet taken."""
        name = self._dice.choice(list(self.town.sandbox.social.networks))
        kind = self._dice.choice(("late", "late", "timeout"))
        switches = self.town.sandbox.social.get_network(name).switches
        switches.switch_on(kind, Switch(call="*" if kind == "late" else "P* *", remaining=1))
        end = time.monotonic() + 2
        while switches.wire()[kind]["on"] and time.monotonic() < end:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.005)
        self.killed.append(f"{name} {kind}" if not switches.wire()[kind]["on"] else f"waiting for {name}")
        switches.switch_off(kind)
        await asyncio.sleep(self._dice.uniform(0, 0.2))

    # What must hold --------------------------------------------------------------------------------------------------

    async def _check(self) -> Log:
        await self._settle_doubts()
        for name in self.names:
            await settled(self.town, 60, name)
            log = await read_log(self.town, name)
            assert len(log.updates) == len(self.list_numbers(name))
            for outlet in (*ONCE, *AT_MOST_ONCE, PARTNERS, "email", "page"):
                states = Counter(log.deliveries(outlet))
                assert states == {"sent": len(log.updates)}, f"{name} at {outlet}: {states}"
            for outlet in (*ONCE, *AT_MOST_ONCE, PARTNERS):
                self._require_posts(name, outlet, log)
            await require_laws(self.town, log)
        await require_verified(self.town)
        return log

    def _require_posts(self, name: str, outlet: str, log: Log) -> None:
        """Each update once, to the letter, and in order; only what a person sent again may come late."""
        wanted = self.list_numbers(name)
        texts = [each for each in self.networks.list_texts(outlet) if _read_number(each) in wanted]
        numbers = [_read_number(each) for each in texts]
        assert Counter(numbers) == Counter(wanted), f"{name} at {outlet}: {_compare(numbers, wanted)}"
        if outlet in (*ONCE, PARTNERS):
            assert numbers == wanted, f"{name} at {outlet}: {numbers}"
        for number, update in zip(wanted, log.updates, strict=True):
            words = next(each["parts"][0] for each in update["words"] if each["outlet"] == outlet)
            text = texts[numbers.index(number)]
            assert _squeeze(words) in _squeeze(text) or outlet == PARTNERS, f"{outlet} has other words: {text}"


def _list_doubts(log: Log) -> list[str]:
    """Incident, update, outlet and part, as the buttons of the delivery card name them."""
    incident = log.document["incident"].removeprefix("INC-")
    return [
        f"{incident}:{update['number']}:{each['outlet']}:{each['part']}"
        for update in log.updates
        for each in update["deliveries"]
        if each["state"] == "uncertain"
    ]


def _read_number(text: str) -> int:
    match = NUMBERED.search(text)
    return int(match[1]) if match else 0


def _count_posts(texts: Sequence[str]) -> Counter[int]:
    return Counter(map(_read_number, texts))


def _compare(numbers: Sequence[int], wanted: Sequence[int]) -> str:
    counts = Counter(numbers)
    lost = [each for each in wanted if not counts[each]]
    return f"lost {lost}, double {[each for each, count in counts.items() if count > 1]}"


def _squeeze(text: str) -> str:
    return " ".join(text.split())
