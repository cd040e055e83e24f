"""Reminders with a fast clock: each once, in order, to the right people, over a restart, and none after the end."""

from datetime import UTC, datetime

import pytest

from chatops.domain.records import Step
from chatops.sandbox.wire import Json
from tests.slack.house import Case, House, Plan, Transport, eventually

SPEED = 300.0
"""Five minutes a second."""
SHORT = "[policy.cadence]\nmajor = 15\nminor = 15\n"


@pytest.fixture
def transport() -> Transport:
    """How Slack reaches us makes no difference to the clock."""
    return "http"


@pytest.fixture
def plan(transport: Transport) -> Plan:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return Plan(transport=transport, policy=SHORT, clock_start=start, clock_speed=SPEED)


async def steps(house: House, case: Case) -> list[Step]:
    records = [each for each in await house.records(case.number) if each.kind == "update_reminded"]
    return [each.data.step for each in records]  # type: ignore[union-attr]


async def reminder(house: House, case: Case, kind: str, count: int) -> Json:
    """The message of the n-th reminder, once it stands."""
    record = (await house.recorded(case, kind, count))[count - 1]

    async def look() -> Json | None:
        return next((each for each in house.thread(case) if record.anchor in str(each["blocks"])), None)

    return await eventually(look, f"no message of {kind} {count}")


async def test_the_ladder_is_climbed_once_in_order_with_buttons(house: House) -> None:
    belle = house.belle
    case = await house.open(belle, Impact="Major", Comms_lead="Andy", Commander="Sunil")
    before = await reminder(house, case, "update_reminded", 1)
    text = await house.shows(before, "the next update of", "is due", "in about")
    assert f"<@{await house.andy.id()}>" in text
    labels = [
        each["text"]["text"] for block in before["blocks"] if block["type"] == "actions" for each in block["elements"]
    ]
    assert labels == ["Draft update", "Snooze 15 min"]
    due = await reminder(house, case, "update_reminded", 2)
    await house.shows(due, "is due now", f"<@{await house.andy.id()}>")
    commander = await reminder(house, case, "update_reminded", 3)
    await house.shows(commander, f"<@{await house.sunil.id()}>", "is not out yet")
    channel = await reminder(house, case, "update_reminded", 4)
    await house.shows(channel, "To everybody here", "The public has heard nothing for")
    in_channel = [message["ts"] for message in await belle.messages("incidents")]
    assert channel["ts"] in in_channel, "the last rung is shown in the Slack channel too"
    assert due["ts"] not in in_channel
    assert await steps(house, case) == [Step.BEFORE, Step.DUE, Step.COMMANDER, Step.CHANNEL]
    await belle.click("Draft update", message=channel)
    await belle.wait_for_view("Draft an update")


async def test_a_snooze_moves_the_ladder_and_publishing_starts_it_anew(house: House) -> None:
    case = await house.open(house.belle, Impact="Major")
    first = await reminder(house, case, "update_reminded", 1)
    await house.belle.click("Snooze 15 min", message=first)
    await house.told(house.belle, "Snoozed: the next reminder for INC-1 comes")
    [snoozed] = await house.recorded(case, "reminder_snoozed")
    second = (await house.recorded(case, "update_reminded", 2))[1]
    assert (second.at - snoozed.at).total_seconds() > 8 * 60
    card = await house.propose(house.belle, case, **{"Next update in": "15 minutes"})
    await house.andy.click("Approve", message=card)
    [published] = await house.recorded(case, "update_published")
    after = [each for each in await house.recorded(case, "update_reminded", 3) if each.at > published.at]
    assert after[0].data.step is Step.BEFORE  # type: ignore[union-attr]
    assert (after[0].at - published.at).total_seconds() > 10 * 60


async def test_a_restart_loses_no_reminder_and_doubles_none(house: House) -> None:
    case = await house.open(house.belle, Impact="Major", Comms_lead="Andy", Commander="Sunil")
    await reminder(house, case, "update_reminded", 1)
    await house.restart()
    await reminder(house, case, "update_reminded", 2)
    await house.restart()
    await reminder(house, case, "update_reminded", 4)
    assert await steps(house, case) == [Step.BEFORE, Step.DUE, Step.COMMANDER, Step.CHANNEL]


async def test_a_waiting_draft_is_chased_and_nothing_comes_after_resolve(house: House) -> None:
    case = await house.open(house.belle, Impact="Minor", Comms_lead="Andy", Commander="Sunil")
    card = await house.propose(house.belle, case, Status="Resolved", **{"What happened": "All works again."})
    first = await reminder(house, case, "draft_chased", 1)
    text = await house.shows(first, "waits for 1 more approval")
    assert f"<@{await house.andy.id()}>" in text
    second = await reminder(house, case, "draft_chased", 2)
    assert f"<@{await house.sunil.id()}>" in await house.shows(second, "waits for")
    await house.andy.click("Approve", message=card)
    [resolved] = await house.recorded(case, "incident_resolved")
    await house.shows(second, "approval")

    async def much_later() -> bool | None:
        return True if (house.bot.desk.clock.now() - resolved.at).total_seconds() > 18 * 60 else None

    await eventually(much_later, "the clock stands still", seconds=15)
    late = [each for each in await house.records(case.number) if each.seq > resolved.seq]
    assert [each.kind for each in late if each.kind in ("update_reminded", "draft_chased")] == []


async def test_reminders_that_are_off_stay_off_until_the_next_publication(house: House) -> None:
    case = await house.open(house.belle, Impact="Major")
    await house.belle.command("incidents", "/incident remind off we wait for the supplier")
    [moved] = await house.recorded(case, "reminder_moved")

    async def later() -> bool | None:
        return True if (house.bot.desk.clock.now() - moved.at).total_seconds() > 18 * 60 else None

    await eventually(later, "the clock stands still")
    assert await steps(house, case) == []
    card = await house.propose(house.belle, case, **{"Next update in": "15 minutes"})
    await house.andy.click("Approve", message=card)
    await house.recorded(case, "update_reminded")
