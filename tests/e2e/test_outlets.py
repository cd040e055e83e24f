"""Mail servers and partners misbehave: the card says so, it is tried again, and nobody else waits for it."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from chatops.sandbox.webhooks import Behaviour
from tests.e2e.laws import require_laws, settle
from tests.e2e.steps import count_records, mailed, open_incident, propose, publish, recorded
from tests.e2e.town import CHANNEL, EMAIL, WEBHOOK, Json, Plan, Town, eventually, run_town

PLAN = Plan(outlets=EMAIL + WEBHOOK, speed=120)
"""Two minutes of incident time a second: pauses between attempts are incident time, and become short."""
OTHERS_SECONDS = 2.0


async def test_mail_servers_in_every_mood(tmp_path: Path) -> None:
    async with run_town(tmp_path, PLAN) as town:
        await open_incident(town)
        await _reject(town)
        await _defer(town)
        await _lose_the_answer(town)
        log = await settle(town)
        assert set(log.deliveries("email")) == {"sent"}
        await require_laws(town, log)


async def _reject(town: Town) -> None:
    """Refused for good: the card says so and offers `Retry`, which works once the server is mended."""
    town.mail.mood = "reject"
    await _publish_beside_trouble(town, "Rejected words.")
    card = await _card_says(town, "refused", "550 5.7.1")
    town.mail.mood = "take"
    await town.belle.click("Retry", message=card)
    await mailed(town, "Rejected words.")


async def _defer(town: Town) -> None:
    """Put off: tried again by itself, after growing pauses."""
    town.mail.mood = "defer"
    before = len(town.mail.tries)
    await _publish_beside_trouble(town, "Deferred words.")
    await _card_says(town, "attempt at", "451 4.3.2")

    async def tried() -> bool | None:
        return True if len(town.mail.tries) - before >= 3 else None

    await eventually(tried, town.tail)
    town.mail.mood = "take"
    await mailed(town, "Deferred words.")


async def _lose_the_answer(town: Town) -> None:
    """Taken, and the connection breaks: sent again under the same Message-ID, which the laws compare."""
    town.mail.mood = "take_and_close"
    await _publish_beside_trouble(town, "Doubtful words.")
    await mailed(town, "Doubtful words.")
    town.mail.mood = "take"

    async def came_again() -> bool | None:
        return True if sum("Doubtful words." in each.text for each in town.letters()) == 2 else None

    await eventually(came_again, town.tail)


async def test_partners_in_every_mood(tmp_path: Path) -> None:
    async with run_town(tmp_path, PLAN) as town:
        await open_incident(town)
        # The endless answer begins with a 200, so the update was taken; the rest of it is not read.
        for kind, words, times in (("500", "Failed words.", 2), ("drop", "Lost words.", 2), ("endless", "Endless.", 1)):
            _behave(town, Behaviour(kind=kind, remaining=1))
            await _publish_beside_trouble(town, words, mail=True)
            await _arrived(town, words, times=times)
        _behave(town, Behaviour(kind="410", remaining=1))
        await _publish_beside_trouble(town, "Gone words.", mail=True)
        card = await _card_says(town, "refused", "410")
        await town.belle.click("Retry", message=card)
        await _arrived(town, "Gone words.", times=2)
        log = await settle(town)
        assert set(log.deliveries("webhook.partners") + log.deliveries("webhook:partners")) == {"sent"}
        ids = {each.webhook_id for each in town.sandbox.webhooks.arrivals}
        assert len(ids) == len(log.updates), "a repeat has the same webhook-id"
        assert all(each.is_verified for each in town.sandbox.webhooks.arrivals)
        await require_laws(town, log)


async def test_hanging_outlets_delay_nobody_and_the_bot_still_stops_in_time(tmp_path: Path) -> None:
    """A mail server and a partner that never answer; SIGTERM in the middle; the next start goes on."""
    async with run_town(tmp_path, PLAN) as town:
        await open_incident(town)
        town.mail.mood = "hang"
        _behave(town, Behaviour(kind="never"))
        card = await propose(town, "Slow words.")
        began = time.monotonic()
        await town.andy.click("Approve", message=card)
        assert "Slow words." in "".join(await town.page_bodies("INC-1"))
        await town.belle.command(CHANNEL, "/incident status INC-1")
        assert time.monotonic() - began < OTHERS_SECONDS
        await _card_says(town, "sending")
        assert await town.stop() < 10
        town.mail.mood = "take"
        _behave(town, Behaviour())
        await town.start()
        await mailed(town, "Slow words.")
        await _arrived(town, "Slow words.", times=2)
        await require_laws(town, await settle(town))


async def test_what_nobody_can_know_is_asked_of_a_person(tmp_path: Path) -> None:
    """Killed while sending, and the outlet is gone from the settings: `It arrived` or `Send again`, on the card."""
    async with run_town(tmp_path, replace(PLAN, outlets=EMAIL)) as town:
        await open_incident(town)
        for words, label in (("First words.", "It arrived"), ("Second words.", "Send again")):
            await _kill_while_mailing(town, words)
            town.plan = replace(town.plan, outlets="")
            await town.start()
            card = await _card_says(town, "uncertain, it may stand there")
            await town.kill()
            town.plan = replace(town.plan, outlets=EMAIL)
            await town.start()
            await town.belle.click(label, message=card)
        await recorded(town, "delivery_sent", 4)
        log = await settle(town)
        assert log.deliveries("email") == ["sent", "sent"]
        assert sum("Second words." in each.text for each in town.letters()) == 2
        await require_laws(town, log)


async def _kill_while_mailing(town: Town, words: str) -> None:
    town.mail.pause_seconds, before = 5, len(town.mail.tries)
    await publish(town, words)
    while len(town.mail.tries) == before:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0.01)
    await _wait_for_cards(town)
    await town.kill()
    town.mail.pause_seconds = 0


async def _wait_for_cards(town: Town) -> None:
    """Let the cards be posted, so that only the mail is under way."""
    await town.andy.wait_for_message(CHANNEL, containing=f"Update {count_records(town, 'broadcast_started')} —")
    await asyncio.sleep(0.5)


def _behave(town: Town, behaviour: Behaviour) -> None:
    town.sandbox.webhooks.get_receiver("partners").behaviour = behaviour


async def _publish_beside_trouble(town: Town, words: str, *, mail: bool = False) -> None:
    """The outlets that are well have it at once: the page, and the partner or the mail."""
    card = await propose(town, words, Next_update_in="No promise")
    began = time.monotonic()
    await town.andy.click("Approve", message=card)
    assert words in "".join(await town.page_bodies("INC-1"))
    await (mailed(town, words) if mail else _arrived(town, words))
    assert time.monotonic() - began < OTHERS_SECONDS


async def _arrived(town: Town, words: str, *, times: int = 1) -> None:
    async def look() -> bool | None:
        found = [each for each in town.sandbox.webhooks.arrivals if words in each.body]
        return True if len(found) >= times else None

    await eventually(look, lambda: f"not {times} webhooks with {words!r}; {town.tail()}")


async def _card_says(town: Town, *words: str) -> Json:
    """The newest delivery card, once it has all these words."""
    number = count_records(town, "broadcast_started")

    async def look() -> Json | None:
        card = await town.andy.wait_for_message(CHANNEL, containing=f"Update {number} —")
        return card if all(each in town.andy.text_of(card) for each in words) else None

    return await eventually(look, lambda: f"the card does not say {words}; {town.tail()}")
