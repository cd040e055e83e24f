"""The weekend of 26 October 2013 replayed: a small company is hacked, and tells everybody what it knows.

The moments are those that contemporaries reported of Buffer's hack; the words are our own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chatops.sandbox.flood import Flood
from chatops.sandbox.person import Person
from chatops.sandbox.public import Unseen, read_mails, read_page, read_posts, squeeze, wait_for_mail, wait_for_page
from chatops.sandbox.story import CHANNEL, Stage, wait_for_card
from chatops.sandbox.wire import Json

OPENED_AT = datetime(2013, 10, 26, 18, 10, tzinfo=UTC)
TITLE = "Unwanted posts are going out from our customers' accounts"
SOCIAL = ("Public page", "X", "Facebook")
EVERYWHERE = ("Public page", "E-mail", "X", "Facebook")
NETWORKS = {"X": "x", "Facebook": "facebook"}

WaitUntil = Callable[[datetime], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Word:
    """One update of that weekend."""

    at: datetime
    gist: str
    status: str
    happened: str
    affected: str = ""
    doing: str = ""
    advice: str = ""
    short: str
    outlets: tuple[str, ...] = SOCIAL
    promise: str = "2 hours"
    sign: str


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2013, 10, day, hour, minute, tzinfo=UTC)


WORDS = (
    Word(
        at=_at(26, 18, 40),
        gist="the first word, within half an hour",
        status="Investigating",
        happened="We have been hacked. Posts that nobody wrote are going out from accounts connected with us. "
        "We are very sorry.",
        doing="We have stopped all posting, and are looking for how they got in.",
        advice="You need not do anything right now; unwanted posts can simply be deleted.",
        short="We have been hacked, and posts nobody wrote went out from your accounts. We are so sorry. "
        "All posting is stopped while we look into it.",
        promise="1 hour",
        sign="Joel",
    ),
    Word(
        at=_at(26, 19, 0),
        gist="the letter to everybody",
        status="Investigating",
        happened="I want to get in touch to say sorry for the awful experience we caused many of you today. About an "
        "hour ago somebody broke in, and posts you did not write went out in your name.",
        affected="Not all of you: we do not know yet how many. Please look at your accounts.",
        doing="All posting is stopped, and everybody of us is at work on it.",
        advice="Delete posts you did not write. Your password and your payment details were not taken, as far as we "
        "can see from our logs. Answer this mail with any question: every one of you gets an answer, though it may "
        "take us a while.",
        short="A letter about today's hack went to all of you by mail. Every question gets an answer, promised.",
        outlets=EVERYWHERE,
        promise="1 hour",
        sign="Joel and the whole team",
    ),
    Word(
        at=_at(26, 20, 0),
        gist="the living page: no more of these posts",
        status="Identified",
        happened="No more unwanted posts should appear: since we stopped all posting, none went out.",
        doing="We are closing the way they came in, and will tell you here every couple of hours.",
        short="No more unwanted posts should appear now. We are closing the way they came in.",
        sign="Joel",
    ),
    Word(
        at=_at(26, 22, 0),
        gist="two hours later, as promised",
        status="Identified",
        happened="We are still at work, and know more: the keys with which we post for you were read. We are making "
        "all of them worthless.",
        short="Still at work: the keys with which we post for you were read. We are making all of them worthless.",
        sign="Carolyn",
    ),
    Word(
        at=_at(27, 0, 30),
        gist="one network works again",
        status="Monitoring",
        happened="Posting to Twitter works again. The old keys are worthless.",
        advice="Please connect your Twitter account once more: choose Reconnect on your dashboard.",
        short="Posting to Twitter works again: please choose Reconnect on your dashboard.",
        sign="Andy",
    ),
    Word(
        at=_at(27, 3, 0),
        gist="half an hour late: everything works again",
        status="Monitoring",
        happened="All posting works again. All keys are encrypted now, and further locks are in place.",
        advice="If something looks wrong to you, write to us: somebody of us is awake.",
        short="All posting works again, with new keys, encrypted. Somebody of us stays awake for you.",
        promise="4 hours",
        sign="Sunil",
    ),
    Word(
        at=_at(27, 9, 0),
        gist="the second letter",
        status="Monitoring",
        happened="We are back, and we are sorry once more for what happened yesterday.",
        affected="We are still counting whose accounts were used, and will tell you the number.",
        advice="Please reconnect your accounts if you have not yet.",
        short="We are back. A second letter is in your mailbox; please reconnect your accounts if you have not yet.",
        outlets=EVERYWHERE,
        promise="No promise",
        sign="Joel and the whole team",
    ),
    Word(
        at=_at(27, 22, 0),
        gist="the numbers, and the end",
        status="Resolved",
        happened="About 30,000 accounts were used, 6.3 % of those connected to Facebook. Experts are helping us to "
        "understand all of it, and you will read the full account here.",
        short="About 30,000 accounts were used (6.3 % of those connected to Facebook). The full account follows.",
        promise="No promise",
        outlets=EVERYWHERE,
        sign="Joel",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Weekend:
    """As it was played."""

    incident: str
    flood: Flood


async def play_weekend(stage: Stage, *, wait_until: WaitUntil, power_cut: Callable[[], Awaitable[None]]) -> Weekend:
    """Customers are answered between the words; raises CannotDo or Unseen where something did not happen."""
    name, flood = await _open(stage), Flood(stage=stage)
    first, letter, living_page, *others = WORDS
    await wait_until(first.at)
    await _publish(stage, name, first)
    await flood.come(first)
    await wait_until(letter.at)
    await _publish(stage, name, letter)
    mail = await wait_for_mail(stage.session, stage.sandbox_url, containing=letter.happened)
    await flood.rise(letter, mail)
    await wait_until(living_page.at)
    await _publish(stage, name, living_page)
    await flood.outlast(living_page, mail, power_cut)
    for word in others:
        await wait_until(word.at)
        await _publish(stage, name, word)
    return Weekend(incident=name, flood=flood)


async def _open(stage: Stage) -> str:
    belle = stage.person("Belle")
    before = await belle.messages(CHANNEL)
    await belle.command(CHANNEL, f"/incident open {TITLE}")
    await belle.wait_for_view("Open an incident")
    await belle.fill({"Impact": "Critical", "Commander": "Joel"})
    await _submit(belle)
    name = await wait_for_card(belle, before)
    stage.say(f"  ✓ 26 Oct 18:10 UTC  {name} is open, critical: two people must approve each word")
    return name


async def _publish(stage: Stage, name: str, word: Word) -> None:
    belle = stage.person("Belle")
    await belle.command(CHANNEL, f"/incident update {name}")
    await belle.wait_for_view("Draft an update")
    await belle.fill(
        {
            "Status": word.status,
            "What happened": word.happened,
            "Who is affected": word.affected,
            "What we are doing": word.doing,
            "What you should do": word.advice,
            "Short version": word.short,
            "Next update in": word.promise,
            "Outlets": list(word.outlets),
            "Sign as": word.sign,
        }
    )
    await _submit(belle)
    for approver in ("Andy", "Carolyn"):
        await stage.person(approver).click("Approve", in_channel=CHANNEL, containing=squeeze(word.happened)[:60])
    await wait_for_page(stage.session, f"{stage.page_url}/incidents/{name}", [word.happened])
    if "E-mail" in word.outlets:
        await wait_for_mail(stage.session, stage.sandbox_url, containing=word.happened)
    stage.say(f"  ✓ {word.at.day} Oct {word.at:%H:%M} UTC  {word.gist}: {', '.join(word.outlets)}")


async def _submit(person: Person) -> None:
    errors = await person.submit()
    if errors:
        raise Unseen(f"the form was refused: {errors}")


async def compare_weekend(stage: Stage, weekend: Weekend) -> None:
    """Every word stands once where it was meant to stand, and so does every answer; raises Unseen where not."""
    page = await read_page(stage.session, f"{stage.page_url}/incidents/{weekend.incident}")
    for word in WORDS:
        _require_once(page, squeeze(word.happened), "the page")
    mails = [squeeze(mail["text"]) for mail in await _read_letters(stage)]
    wanted = [squeeze(word.happened) for word in WORDS if "E-mail" in word.outlets]
    if [sum(body in mail for mail in mails) for body in wanted] != [1] * len(wanted):
        raise Unseen("the mails do not carry each letter once")
    for label, network in NETWORKS.items():
        posts = [squeeze(post["text"]) for post in await read_posts(stage.session, stage.sandbox_url, network)]
        words = [squeeze(word.short if network == "x" else word.happened) for word in WORDS if label in word.outlets]
        if [sum(text in post for post in posts) for text in words] != [1] * len(words):
            raise Unseen(f"{label} does not carry each update once")
    stage.say("  ✓ page, mail, X and Facebook carry every word of it, once")
    await weekend.flood.compare()


async def _read_letters(stage: Stage) -> list[Json]:
    """What went to everybody: answers to and from one customer quote it."""
    mails = await read_mails(stage.session, stage.sandbox_url)
    return [mail for mail in mails if any("customers@" in address for address in mail["to"])]


def _require_once(shown: str, text: str, where: str) -> None:
    if shown.count(text) != 1:
        raise Unseen(f"{where} shows {shown.count(text)} times: {text[:80]}")
