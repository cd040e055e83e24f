"""People who answer customers in Slack, several at once, as fast as they may: two clicks, an answer, and the next."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.reading import Clickable, clickables, label_of
from chatops.sandbox.wire import Json
from tests.e2e.town import Town, eventually

MENTIONS = "support"
FORM = "Reply to mention"
LOOK_EVERY_SECONDS = 0.03
FORM_SECONDS = 2.0
STUBBORN_SECONDS = 60.0
DECISIONS = ("Drop", "Send anyway", "Retry", "It arrived", "Send again")


@dataclass(slots=True, kw_only=True)
class Answers:
    """What the people have written: words → by whom, and whether the bot has acknowledged them."""

    tried: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    """Why a form was not taken."""

    def compose(self, first_name: str) -> str:
        words = f"Sorry for the trouble, we are on it: answer {len(self.tried) + 1} of {first_name}."
        self.tried[words] = first_name
        return words


class Desk:
    """The Slack channel for customers, read where it stands: a flood is too much to fetch it again and again."""

    def __init__(self, town: Town) -> None:
        self._workspace = town.sandbox.workspace

    @property
    def channel(self) -> Channel:
        return next(each for each in self._workspace.channels.values() if each.name == MENTIONS)

    def list_messages(self) -> list[Message]:
        """The bot's, oldest first."""
        bot = self._workspace.bot.id
        return [each for each in self.channel.messages.values() if each.member_id == bot]

    def list_buttons(self, *labels: str) -> Iterator[tuple[Json, Clickable]]:
        """Newest card first; the board's come with them."""
        for message in reversed(self.list_messages()):
            shown = {"channel": self.channel.id, "ts": message.ts}
            yield from ((shown, each) for each in clickables(message.blocks) if each.label in labels)

    def list_whispered(self, member_id: str, label: str) -> Iterator[tuple[Json, Clickable]]:
        """What only this person sees."""
        for channel in self._workspace.channels.values():
            for message in reversed(list(channel.ephemerals.values())):
                if message.seen_only_by == member_id:
                    shown = {"channel": channel.id, "ts": message.ts}
                    yield from ((shown, each) for each in clickables(message.blocks) if each.label == label)

    def find_form(self, member_id: str, title: str) -> bool:
        view = self._workspace.views.top(member_id)
        return view is not None and label_of(view.content["title"]) == title


@dataclass(kw_only=True)
class Answerer:
    """One person; `stands` says whether words of ours stand on a network, for whom chatops asks to look there."""

    person: Person
    member_id: str
    desk: Desk
    answers: Answers
    dice: random.Random
    stands: Callable[[str], bool]
    pause_seconds: float
    answered: int = 0
    is_over: bool = False
    _hands: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def work(self) -> None:
        """Until told that it is over; a bot that is down is tried again."""
        while not self.is_over:
            began = time.monotonic()
            async with self._hands:
                with suppress(CannotDo):
                    await self._do_something()
            spent = time.monotonic() - began
            await asyncio.sleep(max(0.02, self.dice.uniform(0.5, 1.5) * self.pause_seconds - spent))

    async def _do_something(self) -> None:
        chance = self.dice.random()
        if chance < 0.1 and await self.decide():
            return
        if chance < 0.15:
            await self._press_any("Claim")
        elif chance < 0.18:
            await self._press_any("Release")
        elif chance < 0.23:
            await self._close_one()
        elif chance < 0.4:
            await self._answer_from(self.desk.list_buttons("Reply"), is_first=chance < 0.3)
        else:
            await self._answer_from(self.desk.list_buttons("Next one"), is_first=True)

    async def rush(self, shown: Json, button: Clickable) -> None:
        """Whoever has no form open goes for it at once; who gets the form answers."""
        if self._hands.locked():
            return
        async with self._hands:
            with suppress(CannotDo):
                if button.label == "Claim":
                    await self.press(shown, button)
                else:
                    await self._answer_from(iter([(shown, button)]), is_first=True)

    async def press(self, shown: Json, button: Clickable) -> bool:
        """Whether the bot acknowledged it."""
        return bool((await self.person._click(shown, button))["app"] == "ok")

    async def _press_any(self, label: str) -> None:
        found = list(self.desk.list_buttons(label))
        if found:
            await self.press(*self.dice.choice(found))

    async def answer_what_is_mine(self) -> None:
        """What one claimed and has not answered, because the bot was killed in between."""
        await self.person.command(MENTIONS, "/incident mentions")
        await self._answer_from(self.desk.list_whispered(self.member_id, "Reply"), is_first=True)

    async def _answer_from(self, buttons: Iterator[tuple[Json, Clickable]], *, is_first: bool) -> None:
        found = list(buttons)
        if not found:
            return
        if await self.press(*(found[0] if is_first else self.dice.choice(found))) and await self._wait_for_form(FORM):
            words = self.answers.compose(self.person.name)
            await self.person.fill({"Reply": words})
            if await self._submit():
                self.answers.acknowledged.add(words)
                self.answered += 1

    async def _wait_for_form(self, title: str) -> bool:
        end = time.monotonic() + FORM_SECONDS
        while time.monotonic() < end:
            if self.desk.find_form(self.member_id, title):
                return True
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return False

    async def _submit(self) -> bool:
        """Again and again until the bot has said yes or no; the form keeps what was typed."""

        async def send() -> dict[str, str] | None:
            with suppress(CannotDo):  # “We had some trouble connecting. Try again?”
                return await self.person.submit()
            return None

        errors = await eventually(send, f"{self.person.name}'s form was never acknowledged", STUBBORN_SECONDS)
        if errors:
            self.answers.refused += errors.values()
            await self.person.close(everything=True)
        return not errors

    async def _close_one(self) -> None:
        found = list(self.desk.list_buttons("No reply needed"))
        if found and await self.press(*self.dice.choice(found)) and await self._wait_for_form("No reply needed"):
            await self.person.fill({"Reason": "Not about us"})
            await self._submit()

    async def decide(self) -> bool:
        """What only a person can settle; where chatops cannot see whether it arrived, this person looks."""
        cards = [
            each for each in self.desk.list_messages() if any(b.label in DECISIONS for b in clickables(each.blocks))
        ]
        if not cards:
            return False
        card = self.dice.choice(cards)
        buttons = {each.label: each for each in clickables(card.blocks) if each.label in DECISIONS}
        label = self._choose(card, list(buttons))
        await self.press({"channel": self.desk.channel.id, "ts": card.ts}, buttons[label])
        return True

    async def settle_doubts(self) -> None:
        """Only what is uncertain: this person looks at the network, and says so on the card."""
        for shown, button in list(self.desk.list_buttons("It arrived")):
            card = self.desk.channel.messages[shown["ts"]]
            label = self._choose(card, ["It arrived"])
            again = next((each for each in clickables(card.blocks) if each.label == label), button)
            await self.press(shown, again)

    def _choose(self, card: Message, labels: list[str]) -> str:
        if "It arrived" in labels:
            words = next((each for each in self.answers.tried if each in str(card.blocks)), "")
            return "It arrived" if self.stands(words) else "Send again"
        return self.dice.choice(labels)
