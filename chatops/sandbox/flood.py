"""The flood of that weekend: customers write on X, on Facebook and by mail, and five people answer each of them."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from chatops.sandbox.crowd import MAIL, Crowd, Seen, Written
from chatops.sandbox.flood_words import (
    FIRST_WAVE,
    JOKER,
    JOURNALIST,
    SECOND_WAVE,
    SILENT,
    SPREAD,
    TEAM_ANSWER,
    THIRD_WAVE,
    TURNCOAT,
    Customer,
)
from chatops.sandbox.person import Person
from chatops.sandbox.public import WAIT_SECONDS, Unseen, squeeze
from chatops.sandbox.story import CHANNEL, MENTIONS, Stage
from chatops.sandbox.wire import Json

PEOPLE = ("Belle", "Andy", "Joel", "Carolyn", "Sunil")
REPLY_FORM = "Reply to mention"
TEAMS_TICK = "It fits this person as it is"
LOOK_EVERY_SECONDS = 0.3
_WAITING = re.compile(r"([\d,]+) customers? waits?")
_CONVERSATIONS = re.compile(r"in ([\d,]+) conversation")


class Word(Protocol):
    """What was published: in short where posts are short."""

    @property
    def short(self) -> str: ...
    @property
    def happened(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was answered, and by whom."""

    by: str
    words: str


@dataclass(kw_only=True)
class Flood:
    """Three waves, each answered before the next word is published; what is still open stands in `told`."""

    stage: Stage
    crowd: Crowd = field(init=False)
    written: dict[Customer, Written] = field(default_factory=dict)
    told: dict[Customer, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.stage.sandbox_url, self.stage.session)

    # The waves -----------------------------------------------------------------------------------------------

    async def come(self, word: Word) -> None:
        """The first wave: few, and among them one for the commander and one who wants no answer."""
        await self._write(FIRST_WAVE, word)
        belle, andy, joel = (self.stage.person(name) for name in ("Belle", "Andy", "Joel"))
        await belle.click("No reply needed", in_channel=MENTIONS, containing=_card_of(JOKER))
        await belle.wait_for_view("No reply needed")
        await _fill_reason(belle, "A joke, and wants no answer")
        await andy.click("Escalate", in_channel=MENTIONS, containing=_card_of(JOURNALIST))
        await andy.wait_for_view("Call the commander")
        await _fill_reason(andy, "A journalist of the Harbour Courier")
        await joel.wait_for_message(CHANNEL, containing="A journalist of the Harbour Courier")
        await joel.click("Reply", in_channel=MENTIONS, containing=_card_of(JOURNALIST))
        await self._fill_reply(joel)
        await joel.wait_for_message(MENTIONS, containing="Somebody else has to read it")
        self.stage.say(
            "  ✓ customers write: one wants no answer, a journalist is Joel's, who needs a second pair of eyes"
        )
        await self._answer(FIRST_WAVE, PEOPLE[1:4])

    async def rise(self, word: Word, letter: Json) -> None:
        """The second: many ask the same, so the team agrees on an answer; one takes the post back."""
        await self._write(SECOND_WAVE, word, letter)
        await self.crowd.repost(self.written[SPREAD], name="Kenji Mori", handle="kenjimori", followers=90_000)
        waiting = _count(_WAITING.search(await self._read_tally()))
        await self.crowd.delete(self.written[TURNCOAT])
        await self._wait_for_tally(lambda shown: _count(_WAITING.search(shown)) < waiting)
        await self._settle_journalist()
        await self._agree_on_answer()
        await self._answer(SECOND_WAVE, PEOPLE)

    async def outlast(self, word: Word, letter: Json, power_cut: Callable[[], Awaitable[None]]) -> None:
        """The third: the power is cut while answers are on their way, and while Sunil has a form open."""
        await self._write(THIRD_WAVE, word, letter)
        sunil, half = self.stage.person("Sunil"), len(THIRD_WAVE) // 2
        await sunil.click("Next one", in_channel=MENTIONS)
        customer = await self._fill_reply(sunil, submit=False)
        await self._answer_some(half, PEOPLE[:4])
        await power_cut()
        self.stage.say("  ✓ 26 Oct, a power cut in the midst of it: chatops was killed and is up again, nothing lost")
        await _submit(sunil)
        self.stage.say(f"  ✓ Sunil had a form open all the while, and sends it: {customer.name} gets the answer")
        await self._answer(THIRD_WAVE, PEOPLE)

    # Writing to us -------------------------------------------------------------------------------------------

    async def _write(self, wave: Iterable[Customer], word: Word, letter: Json | None = None) -> None:
        """To this word of ours, where it can be answered."""
        ours = {"x": word.short, "facebook": word.happened}
        posts = {network: await self.crowd.find_our_post(network, words) for network, words in ours.items()}
        for customer in wave:
            self.written[customer] = await self._write_one(customer, posts, letter)
        count = len(self.written)
        await self._wait_for_tally(lambda shown: _count(_CONVERSATIONS.search(shown)) == count)

    async def _write_one(self, customer: Customer, posts: dict[str, Json], letter: Json | None) -> Written:
        if customer.place == MAIL:
            if letter is None:
                raise Unseen("there is no letter to answer")
            return await self.crowd.answer_letter(
                letter, name=customer.name, address=customer.address, text=customer.asks
            )
        return await self.crowd.post(
            customer.place,
            name=customer.name,
            handle=customer.handle,
            text=customer.asks,
            followers=customer.followers,
            reply_to=posts[customer.place]["id"] if customer.is_below else None,
        )

    async def _read_tally(self) -> str:
        """How many wait, and in how many conversations anybody wrote: as Joel's App Home says it."""
        home = await self.stage.person("Joel").home()
        return Person.text_of(home) if home else ""

    async def _wait_for_tally(self, fits: Callable[[str], bool]) -> None:
        end = time.monotonic() + 2 * WAIT_SECONDS
        while not fits(shown := await self._read_tally()):
            if time.monotonic() > end:
                raise Unseen(f"the tally never came to what was played; it says: {squeeze(shown)[:600]}")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    # Answering them ------------------------------------------------------------------------------------------

    async def _answer(self, wave: Iterable[Customer], people: tuple[str, ...]) -> None:
        """All of the wave who have no answer yet; returns once the networks show each."""
        answered = [each for each in wave if each not in (*SILENT, JOURNALIST)]
        await self._answer_some(sum(each not in self.told for each in answered), people)
        await self.crowd.wait_for_answers([self.written[each] for each in answered])
        self.stage.say(f"  ✓ {len(answered)} customers have their answers, by {', '.join(people)}")

    async def _answer_some(self, count: int, people: tuple[str, ...]) -> None:
        tickets = list(range(count))

        async def work(name: str) -> None:
            person = self.stage.person(name)
            while tickets:
                tickets.pop()
                await person.click("Next one", in_channel=MENTIONS)
                await self._fill_reply(person)

        await asyncio.gather(*(work(name) for name in people))

    async def _fill_reply(self, person: Person, *, submit: bool = True) -> Customer:
        """The form is open: read who asks, and write what is for them."""
        shown = Person.text_of(await person.wait_for_view(REPLY_FORM))
        customer = next((each for each in self.written if each.name in shown), None)
        if customer is None:
            raise Unseen(f"{person.name} cannot see who asks: {shown[:200]}")
        self.told[customer] = Told(by=person.name, words=customer.answer)
        is_offered = customer.answer == TEAM_ANSWER and TEAMS_TICK in shown
        fits = {"The team's answer": True} if is_offered else {}
        await person.fill({"Reply": customer.answer, **fits})
        if submit:
            await _submit(person)
        return customer

    async def _agree_on_answer(self) -> None:
        carolyn, belle = self.stage.person("Carolyn"), self.stage.person("Belle")
        await carolyn.click("Team answer", in_channel=MENTIONS, containing="password")
        shown = Person.text_of(await carolyn.wait_for_view("Team answer"))
        asked = re.search(r"(\d+) ask:", shown)
        await carolyn.fill({"Answer": TEAM_ANSWER})
        await _submit(carolyn)
        await belle.click("Approve answer", in_channel=MENTIONS, containing=TEAM_ANSWER)
        self.stage.say(
            f"  ✓ {_count(asked)} ask whether their password is safe: Carolyn proposes an answer, Belle approves"
        )

    async def _settle_journalist(self) -> None:
        """Approved only after newer words are out, so that somebody has to look whether the facts still hold."""
        carolyn, joel = self.stage.person("Carolyn"), self.stage.person("Joel")
        await carolyn.click("Approve", in_channel=MENTIONS, containing=_card_of(JOURNALIST))
        await joel.click("Send anyway", in_channel=MENTIONS, containing=_card_of(JOURNALIST))
        await self.crowd.wait_for_answers([self.written[JOURNALIST]])
        self.stage.say(
            "  ✓ the answer to the journalist was held, since newer words are out; still right, so Joel sends it"
        )

    # Looking at it from outside ------------------------------------------------------------------------------

    async def compare(self) -> None:
        """Every customer has exactly one answer, the one written, signed by who wrote it; raises Unseen."""
        found = await self.crowd.list_answers(list(self.written.values()))
        seen = {customer: found[self.written[customer]] for customer in self.written}
        for customer in self.written:
            wanted = 0 if customer in SILENT else 1
            if len(seen[customer]) != wanted:
                raise Unseen(f"{customer.name} on {customer.place} has {len(seen[customer])} answers, not {wanted}")
        for customer, told in self.told.items():
            _require_signed(customer, told, seen[customer][0])
        count, people = len(self.told), len({told.by for told in self.told.values()})
        said = f"{count} answered by {people} members"
        board = await self.stage.person("Joel").wait_for_message(MENTIONS, containing=said)
        if "Nobody waits" not in Person.text_of(board):
            raise Unseen(f"the board says that somebody still waits: {squeeze(Person.text_of(board))[:300]}")
        seconds = median(seen[customer][0].after_seconds for customer in self.told)
        self.stage.say(
            f"  ✓ {count} of {count} answered by {people} people, each once and signed, half within {seconds:.0f} s;"
            " the board says the same"
        )


def _require_signed(customer: Customer, told: Told, seen: Seen) -> None:
    if f"{squeeze(told.words)} — {told.by}" not in seen.text:
        raise Unseen(f"{customer.name} was not told what {told.by} wrote: {seen.text[:200]}")


def _card_of(customer: Customer) -> str:
    """Words of the card alone: the board quotes customers, too."""
    return f"{customer.name} on {'X' if customer.place == 'x' else 'Facebook'}:"


def _count(match: re.Match[str] | None) -> int:
    return int(match[1].replace(",", "")) if match else 0


async def _fill_reason(person: Person, reason: str) -> None:
    await person.fill({"Reason": reason})
    await _submit(person)


async def _submit(person: Person) -> None:
    errors = await person.submit()
    if errors:
        raise Unseen(f"{person.name}'s form was refused: {errors}")
