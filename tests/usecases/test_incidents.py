"""Open an incident, name people, change its impact, move its reminders."""

from datetime import timedelta

import pytest

from chatops.domain.errors import BadInput, Conflict, IllegalMove, NotAllowed, NotFound, UnknownMember
from chatops.domain.records import Impact, IncidentResolved, Role, Status
from chatops.usecases import incidents
from tests.builders import BEN, BOT, CLEO, GUS, build_form, build_member, minute
from tests.usecases.scene import INC, URL, Scene


async def test_opening_records_one_line_and_asks_for_a_thread_and_a_reminder(scene: Scene) -> None:
    assert await scene.open() == {"incident": 1, "new": True}
    assert await scene.kinds() == ["incident_opened"]
    incident = await scene.incident()
    assert (incident.title, incident.due_at, incident.commander) == ("Logins fail", minute(60), incident.opened_by)
    assert (len(await scene.waiting("thread")), len(await scene.waiting("cards"))) == (1, 0)
    assert await scene.find_due_at("remind") == minute(55)
    await incidents.change_impact(scene.desk, scene.command(BEN), INC, Impact.CRITICAL)
    assert (len(await scene.waiting("thread")), len(await scene.waiting("cards"))) == (1, 1)


async def test_first_words_become_the_first_draft_for_every_outlet(scene: Scene) -> None:
    await scene.open(first_words=" Logins fail.\r\n")
    draft = (await scene.incident()).draft
    assert draft is not None
    assert (draft.current.sections.what_happened, draft.current.status) == ("Logins fail.", Status.INVESTIGATING)
    assert draft.current.outlets == ("page", "email", "mastodon")
    assert draft.current.sign_as == "Ana"
    assert any(f"{URL}/incidents/INC-1" in words.parts[0] for words in draft.current.words)


async def test_a_repeat_gets_the_same_answer_and_records_nothing(scene: Scene) -> None:
    first = await scene.open(key="same", first_words="Logins fail.")
    before = await scene.kinds()
    assert await scene.open(key="same", first_words="Logins fail.") == first
    assert await scene.kinds() == before
    assert await scene.records(2) == []


async def test_the_same_view_with_other_values_amends_what_it_opened(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    answer = await scene.open(title="Sign-ins fail", impact=Impact.MAJOR, comms_lead=BEN.slack_id, first_words="Soon.")
    assert answer == {"incident": 1, "new": False}
    incident = await scene.incident()
    assert (incident.title, incident.impact, incident.due_at) == ("Sign-ins fail", Impact.MAJOR, minute(30))
    assert incident.comms_lead != incident.commander
    assert incident.draft is not None
    assert (incident.draft.number, incident.draft.current.number) == (1, 2)
    assert await scene.records(2) == []


async def test_an_amended_title_reaches_the_words_of_the_first_draft(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.open(title="Sign-ins fail", first_words="Logins fail.")
    draft = (await scene.incident()).draft
    assert draft is not None
    assert draft.current.number == 2
    assert {words.subject for words in draft.current.words} == {None, "[Acme] Sign-ins fail"}


async def test_the_same_form_under_another_key_changes_nothing(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    before = await scene.kinds()
    await scene.open(first_words="Logins fail.")
    assert await scene.kinds() == before


async def test_amending_without_words_leaves_the_draft_alone_and_adds_one_where_there_was_none(scene: Scene) -> None:
    await scene.open()
    await scene.open(title="Sign-ins fail")
    assert await scene.kinds() == ["incident_opened", "incident_amended"]
    await scene.open(title="Sign-ins fail", first_words="Logins fail.")
    assert (await scene.kinds())[-1] == "revision_proposed"


async def test_amending_never_writes_over_a_colleagues_edit(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.edit("Sign-ins fail.", by=BEN)
    await scene.open(title="Sign-ins fail", first_words="Logins fail.")
    incident = await scene.incident()
    assert incident.title == "Sign-ins fail"
    assert incident.draft is not None
    assert incident.draft.current.sections.what_happened == "Sign-ins fail."
    before = await scene.kinds()
    with pytest.raises(Conflict, match="colleague"):
        await scene.open(title="Third title", first_words="Other words.")
    assert await scene.kinds() == before, "all of it or nothing"


async def test_a_refused_form_uses_up_neither_number_nor_key(scene: Scene) -> None:
    refused = [{"title": " "}, {"title": "x" * 121}, {"components": (" ",)}, {"commander": GUS.slack_id}]
    for changes in refused:
        with pytest.raises(BadInput):
            await scene.open(key="same", **changes)
    with pytest.raises(BadInput, match="guests and apps"):
        await scene.open(key="same", comms_lead=BOT.slack_id)
    assert await scene.open(key="same") == {"incident": 1, "new": True}


async def test_components_are_cleaned_and_named_once(scene: Scene) -> None:
    await scene.open(components=("API ", "API", "Web\napp"))
    assert (await scene.incident()).components == ("API", "Web app")


async def test_guests_bots_and_strangers_open_nothing(scene: Scene) -> None:
    for person in (GUS, BOT):
        with pytest.raises(NotAllowed):
            await scene.open(by=person)
    with pytest.raises(UnknownMember):
        await scene.open(by=build_member("Nova"))
    assert await scene.records() == []


async def test_somebody_nobody_has_heard_of_can_be_named_and_slack_is_asked_who_it_is(scene: Scene) -> None:
    await scene.open(commander="UNOVA")
    assert [waiting.job.data["slack_id"] for waiting in await scene.waiting("member")] == ["UNOVA"]
    incident = await scene.incident()
    assert incident.commander not in (incident.opened_by, "")


async def test_a_role_is_assigned_and_assigning_it_again_changes_nothing(scene: Scene) -> None:
    await scene.open()
    for changed in (True, False):
        command = scene.command()
        answer = await incidents.assign(scene.desk, command, INC, Role.COMMANDER, BEN.slack_id)
        assert answer == {"name": "Ben Example", "changed": changed}
    assert await scene.kinds() == ["incident_opened", "role_assigned"]


async def test_changing_the_impact_moves_the_reminder(scene: Scene) -> None:
    await scene.open()
    for changed in (True, False):
        answer = await incidents.change_impact(scene.desk, scene.command(), INC, Impact.CRITICAL)
        assert answer == {"changed": changed}
    assert await scene.find_due_at("remind") == minute(25)


async def test_a_reminder_can_be_moved_within_bounds_and_turned_off_with_a_reason(scene: Scene) -> None:
    await scene.open()

    async def move(after: timedelta | None, reason: str = "") -> str | int | bool | None:
        answer = await incidents.move_reminder(scene.desk, scene.command(), INC, after=after, reason=reason)
        return answer["due_at"]

    assert await move(timedelta(minutes=20)) == minute(20).isoformat()
    assert await scene.find_due_at("remind") == minute(20)
    for after in (timedelta(seconds=59), timedelta(days=8)):
        with pytest.raises(BadInput, match="Between"):
            await move(after)
    with pytest.raises(BadInput, match="Say why"):
        await move(None, " ")
    assert await move(None, "At the supplier.") is None
    assert await scene.waiting("remind") == []


async def test_a_resolved_incident_is_left_alone(scene: Scene) -> None:
    await scene.open()
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    assert (await scene.kinds())[-1] == IncidentResolved().kind
    with pytest.raises(IllegalMove):
        await incidents.move_reminder(scene.desk, scene.command(), INC, after=timedelta(minutes=5), reason="")
    with pytest.raises(IllegalMove):
        await incidents.snooze(scene.desk, scene.command(), INC)


async def test_snoozing_needs_a_reminder_that_was_given(scene: Scene) -> None:
    await scene.open()
    with pytest.raises(IllegalMove, match="No reminder is waiting"):
        await incidents.snooze(scene.desk, scene.command(), INC)
    await scene.work_for(minutes=55)
    assert await incidents.snooze(scene.desk, scene.command(), INC) == {"until": minute(70).isoformat()}
    assert await scene.find_due_at("remind") == minute(70)


async def test_an_incident_of_another_workspace_does_not_exist(scene: Scene) -> None:
    await scene.open()
    with pytest.raises(UnknownMember):
        await incidents.change_impact(scene.desk, scene.command(workspace="T2"), INC, Impact.MAJOR)
    with pytest.raises(NotFound):
        await incidents.change_impact(scene.desk, scene.command(CLEO), type(INC)(2), Impact.MAJOR)
