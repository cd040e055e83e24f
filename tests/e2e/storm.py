"""People tell the public of an incident while the bot is killed again and again, at moments that a seed chooses."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from chatops.sandbox.person import CannotDo
from tests.e2e.laws import Log, require_laws, require_verified, settle
from tests.e2e.town import CHANNEL, Json, Plan, Town, eventually

SPEED = 60.0
POLICY = "[policy.cadence]\nnone = 5\nminor = 5\nmajor = 5\ncritical = 5\n"
"""An update is due every five minutes of incident time, which are five seconds here: reminders come all the time."""
PLAN = Plan(policy=POLICY, speed=SPEED)
METHODS = ("chat.postMessage", "chat.postMessage", "chat.postMessage", "chat.update", "views.open", "*")
STUBBORN_SECONDS = 60.0


@dataclass(kw_only=True)
class Storm:
    """`updates` to publish, `kills` at most; `say` tells of progress."""

    town: Town
    seed: int
    updates: int
    kills: int
    say: Callable[[str], None] = lambda text: None
    killed: list[str] = field(default_factory=list)
    """How the bot was when it was killed."""
    proposed: list[str] = field(default_factory=list)
    """Words whose form the bot has acknowledged."""
    commented: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._number = 1
        self._is_over = False

    async def rage(self) -> Log:
        """The whole story, then the laws."""
        killer = asyncio.create_task(self._kill_again_and_again())
        try:
            await self._open()
            for number in range(1, self.updates + 1):
                self._number = number
                await self._publish(number)
                await self._wait_for_kills(number)
                self.say(f"  seed {self.seed}: {number} of {self.updates} updates, {len(self.killed)} kills")
        finally:
            self._is_over = True
            await killer
        await self._calm_down()
        return await self._check()

    # What the people do: each repeats itself until it was acknowledged -----------------------------------------------

    async def _open(self) -> None:
        await self._open_one("Checkout is down", "INC-1")

    async def _open_one(self, title: str, name: str) -> None:
        belle = self.town.belle
        await self._bring_up_form(f"/incident open {title}", "Open an incident")
        await belle.fill({"Impact": "Major"})
        await self._submit()
        await belle.wait_for_message(CHANNEL, containing=name, timeout_seconds=STUBBORN_SECONDS)

    async def _propose(self, number: int, name: str) -> None:
        words = f"Update number {number} of seed {self.seed}: we are still working on it."
        await self._bring_up_form(f"/incident update {name}", "Draft an update")
        await self.town.belle.fill({"What happened": words, "Next update in": "No promise"})
        await self._submit()
        self.proposed.append(words)

    async def _publish(self, number: int) -> None:
        await self._propose(number, "INC-1")
        if self._dice.random() < 0.3:
            await self._comment(f"Comment on number {number}")
        await self._stubbornly(partial(self._approve, number))

    async def _wait_for_kills(self, number: int) -> None:
        """People are quick; the kills must come in the middle of the story, not after it."""

        async def look() -> bool | None:
            return True if len(self.killed) * self.updates >= number * self.kills else None

        await eventually(look, self.town.tail, STUBBORN_SECONDS)

    async def _bring_up_form(self, command: str, title: str) -> None:
        belle = self.town.belle

        async def ask() -> bool | None:
            if await belle.view():
                await belle.close(everything=True)
            answer = await belle.command(CHANNEL, command)
            if answer["app"] != "ok":
                return None
            with suppress(CannotDo):  # Acknowledged, and killed before the form was opened.
                await belle.wait_for_view(title, timeout_seconds=1.5)
                return True
            return None

        await self._stubbornly(ask)

    async def _submit(self) -> None:
        async def send() -> bool | None:
            with suppress(CannotDo):  # “We had some trouble connecting. Try again?”
                assert await self.town.belle.submit() == {}
                return True
            return None

        await self._stubbornly(send)

    async def _approve(self, number: int) -> bool | None:
        """Whether it counted is seen on the card, as a person sees it: the button is gone."""
        if self._count("broadcast_started") >= number:
            return True
        card = f"Update number {number} of"
        with suppress(CannotDo):
            await self.town.andy.click("Approve", in_channel=CHANNEL, containing=card, timeout_seconds=0.5)
        return None

    async def _comment(self, text: str) -> None:
        andy = self.town.andy
        card = await andy.wait_for_message(CHANNEL, containing="INC-1", timeout_seconds=STUBBORN_SECONDS)
        await andy.reply(CHANNEL, card.get("thread_ts", card["ts"]), text)
        self.commented.append(text)

    async def _stubbornly(self, act: Callable[[], Awaitable[bool | None]]) -> None:
        await eventually(act, self.town.tail, STUBBORN_SECONDS)

    # What the storm does ---------------------------------------------------------------------------------------------

    async def _kill_again_and_again(self) -> None:
        dice, town = self._dice, self.town
        while len(self.killed) < self.kills and not self._is_over:
            if len(self.killed) * self.updates >= self._number * self.kills:
                # Spread over the whole story: where nobody gets anything done there is nothing to lose.
                await asyncio.sleep(0.02)
                continue
            await dice.choice(self._list_moments())()
            await town.kill()
            await asyncio.sleep(dice.choice((0, 0, 0.3)))
            town.mail.pause_seconds = 0
            await town.start()

    def _list_moments(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What to wait for before a kill."""
        return (self._wait_a_while, self._wait_for_call, self._wait_for_call, self._wait_for_mail)

    async def _wait_a_while(self) -> None:
        await asyncio.sleep(self._dice.uniform(0.1, 1.5))
        self.killed.append("at any time")

    async def _wait_for_call(self) -> None:
        """Until Slack is in the middle of a call: slow, or the answer lost, or refused for a moment."""
        kind, method = self._dice.choice(("slow", "slow", "drop", "500", "429")), self._dice.choice(METHODS)
        self.town.fault(kind, method, times=1, seconds=self._dice.uniform(0.3, 0.9))
        end = time.monotonic() + 2
        while self.town.sandbox.faults.is_on(kind) and time.monotonic() < end:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.005)
        await asyncio.sleep(self._dice.uniform(0, 0.3))
        self.killed.append(f"{method} {kind}")

    async def _wait_for_mail(self) -> None:
        """Until a mail is handed over and not yet confirmed."""
        gate = self.town.mail
        gate.pause_seconds = 0.4
        before, end = len(gate.tries), time.monotonic() + 2
        while len(gate.tries) == before and time.monotonic() < end:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.005)
        await asyncio.sleep(self._dice.uniform(0, 0.4))
        self.killed.append("mail under way" if len(gate.tries) > before else "waiting for mail")

    async def _calm_down(self) -> None:
        self.town.sandbox.faults.clear()
        self.town.mail.pause_seconds = 0

    # What must hold --------------------------------------------------------------------------------------------------

    async def _check(self) -> Log:
        # The last update is past; nobody says anything, so the reminder must come by itself.
        async def reminded() -> bool | None:
            if self._count("update_published") < self.updates:
                return None
            return True if self._count("update_reminded", after="update_published") else None

        await eventually(reminded, "no reminder came", 20)
        # From here on the log stands still, so that thread and log can be compared.
        await self.town.belle.command(CHANNEL, "/incident remind off the storm is over INC-1")
        log = await settle(self.town)
        revisions = [each["data"]["sections"]["what_happened"] for each in log.of_kind("revision_proposed")]
        assert revisions == self.proposed, "every acknowledged form is in the log once"
        assert [each["data"]["draft"] for each in log.of_kind("revision_approved")] == [*range(1, self.updates + 1)]
        assert len(log.updates) == self.updates
        assert set(log.deliveries("email")) == {"sent"}
        self._require_comments(log)
        await require_laws(self.town, log)
        await require_verified(self.town)
        return log

    def _require_comments(self, log: Log) -> None:
        """Those whose event was acknowledged, each once: as comments where a draft was open at that moment."""
        heard = [_words_of(each) for each in self.town.sandbox.events.delivered]
        told = [each["data"]["text"] for each in log.of_kind("comment_added")]
        assert len(told) == len(set(told))
        assert set(told) <= {each for each in heard if each} | set(self.commented)

    def _count(self, kind: str, after: str | None = None) -> int:
        since = "(SELECT coalesce(max(seq), 0) FROM records WHERE kind = ?)"
        return self.town.peek(f"SELECT count(*) FROM records WHERE kind = ? AND seq > {since}", kind, after or "")


def _words_of(payload: Json) -> str:
    return str(payload.get("event", {}).get("text", ""))


def count_repeated_mails(town: Town) -> int:
    """How many copies came beyond the first, each under the Message-ID of its first."""
    letters = town.letters()
    return len(letters) - len({each.message_id for each in letters})
