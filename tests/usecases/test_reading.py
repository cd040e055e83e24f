"""What a person may see, and which incident they mean."""

import pytest

from chatops.domain.errors import NotFound, UnknownMember
from chatops.domain.ids import IncidentNumber
from chatops.domain.policy import Member
from chatops.domain.records import Impact, Role, Status
from chatops.usecases import incidents, reading
from chatops.usecases.reading import Choice
from tests.builders import ANA, BEN, CLEO, build_form, build_member
from tests.usecases.scene import INC, Scene


async def choose(scene: Scene, by: Member, *, channel: str | None = None) -> Choice:
    command = scene.command(by, slack_channel=channel)
    return await scene.store.read(lambda reads: reading.choose_incident(reads, command))


async def see(scene: Scene, by: Member, number: int, *, channel: str | None = None) -> int:
    """By its name: whether it exists for this person."""
    command = scene.command(by, slack_channel=channel)
    wanted = IncidentNumber(number)
    return (await scene.store.read(lambda reads: reading.read_incident(reads, wanted, command))).incident.number


async def list_numbers(scene: Scene, by: Member, *, channel: str | None = None) -> list[int]:
    command = scene.command(by, slack_channel=channel)
    rows = await scene.store.read(lambda reads: reading.list_visible(reads, command))
    return [row.number for row in rows]


async def test_the_only_open_incident_else_a_choice(scene: Scene) -> None:
    with pytest.raises(NotFound, match="No incident is open"):
        await choose(scene, ANA)
    await scene.open()
    assert (await choose(scene, BEN)).number == 1
    await scene.open(view_id="V2", title="Payments fail")
    choice = await choose(scene, BEN)
    assert (choice.number, [row.number for row in choice.rows]) == (None, [2, 1])
    assert await see(scene, BEN, 2) == 2
    with pytest.raises(NotFound):
        await see(scene, BEN, 3)


async def test_a_private_incident_does_not_exist_for_strangers(scene: Scene) -> None:
    await scene.open(private=True, comms_lead=BEN.slack_id)
    await scene.work()
    for person, numbers in ((ANA, [1]), (BEN, [1]), (CLEO, [])):
        assert await list_numbers(scene, person) == numbers
    with pytest.raises(NotFound):
        await see(scene, CLEO, 1)
    with pytest.raises(NotFound):
        await incidents.change_impact(scene.desk, scene.command(CLEO), INC, Impact.MAJOR)
    with pytest.raises(NotFound):
        await scene.store.read(lambda reads: reading.read_incident(reads, INC, scene.command(CLEO)))


async def test_whoever_is_in_the_private_slack_channel_may_act_there(scene: Scene) -> None:
    await scene.open(private=True)
    await scene.work()
    assert await list_numbers(scene, CLEO, channel="C1") == [1]
    assert (await choose(scene, CLEO, channel="C1")).number == 1
    assert await see(scene, CLEO, 1, channel="C1") == 1
    with pytest.raises(NotFound):
        await see(scene, CLEO, 1, channel="C7")


async def test_who_was_named_later_sees_it_too_and_keeps_seeing_it(scene: Scene) -> None:
    await scene.open(private=True)
    for person in (CLEO, BEN):
        await incidents.assign(scene.desk, scene.command(), INC, Role.COMMANDER, person.slack_id)
    assert await list_numbers(scene, CLEO) == [1]


async def test_a_snapshot_holds_the_log_and_the_people(scene: Scene) -> None:
    await scene.open()
    snapshot = await scene.store.read(lambda reads: reading.read_incident(reads, INC, scene.command(BEN)))
    assert [record.kind for record in snapshot.records] == ["incident_opened"]
    assert snapshot.members[snapshot.incident.commander].name == "Ana Example"


async def test_the_home_shows_drafts_that_wait_for_this_person(scene: Scene) -> None:
    await scene.open(impact=Impact.CRITICAL, first_words="Logins fail.")

    async def drafts(by: Member) -> int:
        home = await scene.store.read(lambda reads: reading.read_home(reads, scene.command(by), None))
        assert len(home.incidents) == 1
        return len(home.drafts)

    assert [await drafts(person) for person in (ANA, BEN, CLEO)] == [0, 1, 1]
    await scene.approve()
    assert [await drafts(person) for person in (ANA, BEN, CLEO)] == [0, 0, 1]


async def test_resolved_incidents_are_not_listed(scene: Scene) -> None:
    await scene.open()
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    assert await list_numbers(scene, ANA) == []


async def test_strangers_read_nothing(scene: Scene) -> None:
    await scene.open()
    with pytest.raises(UnknownMember):
        await list_numbers(scene, build_member("Nova"))
