"""Many at once: one coherent result, everybody else is told and loses nothing."""

import asyncio
from pathlib import Path

from tests.e2e.laws import require_laws, settle
from tests.e2e.steps import count_records, open_incident, propose, recorded
from tests.e2e.town import CHANNEL, Answer, Plan, run_town

PEOPLE = ("Belle", "Andy", "Joel", "Sunil", "Carolyn")


async def test_ten_clients_at_once_are_answered_within_a_second(tmp_path: Path) -> None:
    """Each sends ten signed commands, the reading and the writing ones mixed."""
    async with run_town(tmp_path) as town:
        await open_incident(town)
        ids = [await town.person(name).id() for name in PEOPLE]

        async def client(number: int) -> list[Answer]:
            return [
                await town.deliver(town.command(ids[number % len(ids)], text))
                for text in ("status INC-1", f"remind {20 + number}m INC-1", "list", "timeline INC-1", "nonsense") * 2
            ]

        answers = [answer for each in await asyncio.gather(*map(client, range(10))) for answer in each]
        assert {answer.status for answer in answers} == {200}
        seconds = sorted(answer.seconds for answer in answers)
        assert seconds[-11] < 1, "All but the ten that may be under way at one moment"
        assert seconds[-1] < 3, "Slack’s own limit, even where the machine stands still for a moment"
        assert count_records(town, "reminder_moved") == 20
        await require_laws(town, await settle(town))


async def test_all_approve_at_once_and_it_is_published_once(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        people = [town.person(name) for name in PEOPLE[1:]]
        answers = await asyncio.gather(*(person.click("Approve", message=card) for person in people))
        assert {answer["app"] for answer in answers} == {"ok"}
        log = await settle(town)
        assert len(log.updates) == 1
        assert len(town.letters()) == 1
        (approval,) = log.of_kind("revision_approved")
        late = [each for each in people if log.document["members"][approval["actor"]].split()[0] != each.name]
        for person in late:
            assert "already" in person.text_of(await person.wait_for_message(CHANNEL, containing="⚠️"))
        await require_laws(town, log)


async def test_two_save_at_once_and_the_second_sees_both(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        belle, andy = town.belle, town.andy
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        for person in (belle, andy):
            await person.click("Edit", message=card)
            await person.wait_for_view("Edit the draft")
            await person.fill({"What happened": f"{person.name}’s words."})
        await asyncio.gather(belle.submit(), andy.submit())
        views = {person: await person.view() for person in (belle, andy)}
        (second,) = [person for person, view in views.items() if view]
        first = belle if second is andy else andy
        shown = second.text_of(views[second] or {})
        assert f"{first.name}’s words." in shown
        assert f"{second.name}’s words." in str(views[second]), "what the second typed is still in the form"
        assert await second.submit() == {}
        log = await settle(town)
        words = [each["data"]["sections"]["what_happened"] for each in log.of_kind("revision_proposed")]
        assert words == ["Nobody can pay.", f"{first.name}’s words.", f"{second.name}’s words."]


async def test_two_propose_at_once_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        people = (town.belle, town.andy)
        await open_incident(town)
        for person in people:
            await person.command(CHANNEL, "/incident update INC-1")
            await person.wait_for_view("Draft an update")
            await person.fill({"What happened": f"{person.name}’s words."})
        await asyncio.gather(*(person.submit() for person in people))
        (second,) = [person for person in people if await person.view()]
        assert f"{second.name}’s words." in str(await second.view())
        assert await second.submit() == {}
        await recorded(town, "revision_proposed", 2)
        assert len({record["data"]["draft"] for record in (await settle(town)).of_kind("revision_proposed")}) == 1


async def test_five_open_at_once_and_each_has_an_incident_of_their_own(tmp_path: Path) -> None:
    async with run_town(tmp_path, Plan(transport="socket")) as town:
        people = [town.person(name) for name in PEOPLE]
        for person in people:
            await person.command(CHANNEL, f"/incident open Opened by {person.name}")
            await person.wait_for_view("Open an incident")
            await person.fill({"Impact": "Minor"})
        assert await asyncio.gather(*(person.submit() for person in people)) == [{}] * len(people)
        titles = {(await settle(town, f"INC-{number}")).document["title"] for number in range(1, 6)}
        assert titles == {f"Opened by {name}" for name in PEOPLE}
