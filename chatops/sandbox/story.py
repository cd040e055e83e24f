"""A short incident, played by the sandbox's people through the page's own API: what a newcomer sees first."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from chatops.sandbox.crowd import Crowd
from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.public import (
    LOOK_EVERY_SECONDS,
    WAIT_SECONDS,
    Unseen,
    read_mails,
    wait_for_mail,
    wait_for_page,
)
from chatops.sandbox.wire import Json

Say = Callable[[str], None]
CHANNEL = "incidents"
MENTIONS = "mentions"
NAME = re.compile(r"INC-\d+")
TITLE = "Checkout is down"
FIRST = "Since 14:05 UTC nobody can pay: the checkout page shows an error. We are sorry."
AFFECTED = "Everybody who tries to pay. Orders placed before are safe."
DOING = "Our engineers have found the cause and are rolling back the last release."
ADVICE = "Please do not retry a payment that failed; no money was taken."
LAST = "Checkout works again. We rolled back a faulty release at 14:40 UTC. We are sorry for the trouble."
QUESTION = "My payment failed twice just now. Was I charged for both?"
ANSWER = "Hi Nadia, no: a payment that failed has taken no money, neither time. Sorry for the scare."


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the story plays: the sandbox, the public page, and how long to linger over each step."""

    sandbox_url: str
    page_url: str
    session: aiohttp.ClientSession
    say: Say
    pause_seconds: float

    def person(self, name: str) -> Person:
        return Person(self.sandbox_url, name, self.session)

    async def step(self, text: str, work: Awaitable[object] | None = None) -> object:
        """Do it, see that it happened, say so."""
        seen = await work if work is not None else None
        self.say(f"  ✓ {text}")
        await asyncio.sleep(self.pause_seconds)
        return seen


async def play_story(stage: Stage) -> None:
    """Raises CannotDo or Unseen at the first step that did not happen."""
    belle, andy, joel = stage.person("Belle"), stage.person("Andy"), stage.person("Joel")
    name = await _open(stage, belle)
    await _draft(stage, belle, andy, name)
    await _publish(stage, andy, name)
    await _answer(stage, andy)
    await _resolve(stage, belle, joel, name)


async def _open(stage: Stage, belle: Person) -> str:
    before = await belle.messages(CHANNEL)
    await belle.command(CHANNEL, f"/incident open {TITLE}")
    await stage.step("Belle types /incident open, and the form is there", belle.wait_for_view("Open an incident"))
    await belle.fill({"Impact": "Major", "What do we know?": FIRST})
    _require_taken(await belle.submit())
    name = await wait_for_card(belle, before)
    await stage.step(f"{name} is open; its card stands in #{CHANNEL}, its thread is the audit thread")
    return name


async def _draft(stage: Stage, belle: Person, andy: Person, name: str) -> None:
    draft = await belle.wait_for_message(CHANNEL, containing="Revision 1")
    await stage.step("the first words are drafted in the thread")
    await andy.reply(CHANNEL, draft["thread_ts"], "Can we say what people should do?")
    await stage.step("Andy comments in the thread")
    await belle.click("Edit", in_channel=CHANNEL, containing="Revision 1")
    await belle.wait_for_view("Edit the draft")
    await belle.fill(
        {
            "Status": "Identified",
            "Who is affected": AFFECTED,
            "What we are doing": DOING,
            "What you should do": ADVICE,
            "Next update in": "30 minutes",
        }
    )
    _require_taken(await belle.submit())
    await stage.step("Belle saves revision 2, on a new card", andy.wait_for_message(CHANNEL, containing="Revision 2"))


async def _publish(stage: Stage, andy: Person, name: str) -> None:
    await andy.click("Approve", in_channel=CHANNEL, containing="Revision 2")
    await stage.step("Andy, a second person, approves these exact words")
    incident_url = f"{stage.page_url}/incidents/{name}"
    await stage.step(
        f"the public page shows them: {incident_url}", wait_for_page(stage.session, incident_url, [FIRST, ADVICE])
    )
    mail = await wait_for_mail(stage.session, stage.sandbox_url, containing=ADVICE)
    await stage.step(f"the mail is out: “{mail['subject']}”")


async def _answer(stage: Stage, andy: Person) -> None:
    crowd = Crowd(stage.sandbox_url, stage.session)
    ours = await crowd.find_our_post("facebook", FIRST)
    asked = await crowd.post("facebook", name="Nadia Brandt", handle="nadia.b", text=QUESTION, reply_to=ours["id"])
    card = await andy.wait_for_message(MENTIONS, containing=QUESTION)
    await stage.step(f"a customer asks below our post on Facebook; her card stands in #{MENTIONS}")
    await andy.click("Reply", message=card)
    await andy.wait_for_view("Reply to mention")
    await stage.step("Andy presses Reply: it is his for five minutes")
    await andy.fill({"Reply": ANSWER})
    _require_taken(await andy.submit())
    answers = (await crowd.wait_for_answers([asked]))[asked]
    if [each.text for each in answers] != [f"{ANSWER} — Andy"]:
        raise Unseen("Facebook does not show Andy's answer, once and signed")
    await stage.step(f"his answer, signed, stands below her comment: {stage.sandbox_url}/social#facebook")


async def _resolve(stage: Stage, belle: Person, joel: Person, name: str) -> None:
    await belle.command(CHANNEL, f"/incident resolve {name}")
    await belle.wait_for_view("Draft an update")
    await belle.fill({"What happened": LAST})
    _require_taken(await belle.submit())
    draft = await joel.wait_for_message(CHANNEL, containing=LAST[:40])
    await stage.step("Belle drafts the last update")
    await joel.react(draft, "white_check_mark")
    await stage.step("Joel approves with a ✅")
    incident_url = f"{stage.page_url}/incidents/{name}"
    await wait_for_page(stage.session, incident_url, [LAST])
    await wait_for_mail(stage.session, stage.sandbox_url, containing=LAST)
    await joel.wait_for_message(CHANNEL, containing="resolved the incident")
    mails = await read_mails(stage.session, stage.sandbox_url)
    await stage.step(f"{name} is resolved; {len(mails)} mails in one mail thread, every step in the audit thread")


async def wait_for_card(person: Person, before: list[Json]) -> str:
    """The name of the incident whose card is new in the Slack channel."""
    known = {message["ts"] for message in before}
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        for message in await person.messages(CHANNEL):
            name = NAME.search(person.text_of(message))
            # A reminder's last rung is shown in the Slack channel too, and names the incident as well.
            is_reply = message.get("thread_ts") not in (None, message["ts"])
            if name and message["ts"] not in known and not message.get("ephemeral") and not is_reply:
                return name[0]
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    raise Unseen(f"no new incident card in #{CHANNEL}")


def _require_taken(errors: dict[str, str]) -> None:
    if errors:
        raise CannotDo(f"the form was refused: {errors}")
