"""Draft together, approve the exact words: proposals, edits, approvals, requests, bypass, manual publication."""

import asyncio

import pytest

from chatops.domain.errors import BadInput, Conflict, IllegalMove, NotAllowed, UnknownMember
from chatops.domain.ids import OutletKey
from chatops.domain.policy import Member, Permission, Policy
from chatops.domain.records import Impact, Sections, Status
from chatops.usecases import incidents, updates
from chatops.usecases.ports import Answer
from tests.builders import ANA, BEN, CLEO, DORA, GUS, build_form, build_member
from tests.usecases.scene import INC, Scene


@pytest.fixture
async def scene(scene: Scene) -> Scene:
    await scene.open()
    return scene


async def bypass(scene: Scene, reason: str, *, by: Member = DORA, revision: int = 1) -> Answer:
    command = scene.command(by)
    return await updates.publish_without_approval(scene.desk, command, INC, draft=1, revision=revision, reason=reason)


async def request_changes(scene: Scene, reason: str = "Too long.", *, revision: int = 1) -> Answer:
    return await updates.request_changes(scene.desk, scene.command(BEN), INC, draft=1, revision=revision, reason=reason)


async def publish(scene: Scene, *, revision: int = 1) -> Answer:
    return await updates.publish(scene.desk, scene.command(), INC, draft=1, revision=revision)


async def test_a_proposal_is_revision_one_of_a_new_draft(scene: Scene) -> None:
    assert await scene.propose() == {"incident": 1, "draft": 1, "revision": 1}
    draft = (await scene.incident()).draft
    assert draft is not None
    assert draft.current.author == (await scene.incident()).opened_by


async def test_the_same_view_again_with_other_words_revises_what_it_made_each_time(scene: Scene) -> None:
    for revision, words in enumerate(("One.", "Two.", "Three."), start=1):
        answer = await scene.propose(build_form(words), view_id="V9")
        assert answer["draft"] == 1
        assert answer["revision"] == revision


async def test_a_view_whose_draft_a_colleague_edited_meanwhile_conflicts(scene: Scene) -> None:
    await scene.propose(view_id="V9")
    await scene.edit("Better.", by=BEN)
    with pytest.raises(Conflict):
        await scene.propose(build_form("Mine."), view_id="V9")


async def test_two_proposals_at_once_make_one_draft_and_one_conflict(scene: Scene) -> None:
    results = await asyncio.gather(
        scene.propose(build_form("Ana's.")), scene.propose(build_form("Ben's."), by=BEN), return_exceptions=True
    )
    assert {type(each) for each in results} == {dict, Conflict}
    assert (await scene.kinds()).count("revision_proposed") == 1


async def test_saving_on_a_stale_base_conflicts_and_loses_nothing(scene: Scene) -> None:
    await scene.propose()
    await scene.edit("First.", by=BEN)
    with pytest.raises(Conflict, match="Revision 2 was saved while you were editing"):
        await scene.edit("Second.", by=CLEO)
    draft = (await scene.incident()).draft
    assert draft is not None
    assert draft.current.sections.what_happened == "First."
    assert (await scene.edit("Second.", by=CLEO, base=2))["revision"] == 3


async def test_an_edit_of_a_closed_draft_is_refused(scene: Scene) -> None:
    await scene.propose()
    await updates.withdraw_draft(scene.desk, scene.command(), INC, draft=1)
    with pytest.raises(IllegalMove, match="withdrawn"):
        await scene.edit("Too late.")
    with pytest.raises(IllegalMove):
        await updates.withdraw_draft(scene.desk, scene.command(), INC, draft=1)
    assert (await scene.propose())["draft"] == 2


async def test_a_form_that_cannot_be_published_is_refused(scene: Scene) -> None:
    with pytest.raises(BadInput, match="Say what happened"):
        await scene.propose(build_form(" \x00 "))
    with pytest.raises(BadInput, match="Not configured: x") as refused:
        await scene.propose(build_form(outlets=(OutletKey("x"),)))
    assert refused.value.field == "outlets"


async def test_a_resolving_update_promises_nothing(scene: Scene) -> None:
    await scene.propose(build_form("Over.", status=Status.RESOLVED, promise_minutes=30))
    draft = (await scene.incident()).draft
    assert draft is not None
    assert draft.current.promise_minutes is None


async def test_the_approval_of_a_colleague_publishes(scene: Scene) -> None:
    await scene.propose()
    assert await scene.approve() == {"missing": 0, "published": True, "repeated": False}
    assert (await scene.kinds())[-3:] == ["revision_approved", "broadcast_started", "delivery_sent"]


async def test_a_secret_is_not_approved_but_may_be_taken_upon_oneself(scene: Scene) -> None:
    await scene.propose(build_form(words="The key AKIA" + "ABCDEFGHIJKLMNOP was leaked."))
    with pytest.raises(IllegalMove, match="publish it without approval"):
        await scene.approve()
    assert "revision_approved" not in await scene.kinds()
    assert await bypass(scene, "The key is dead, and customers must find it in their logs.") == {"published": True}


async def test_the_author_cannot_approve_and_a_refusal_consumes_no_key(scene: Scene) -> None:
    await scene.propose()
    with pytest.raises(NotAllowed, match="somebody else"):
        await scene.approve(by=ANA, key="same")
    assert (await scene.approve(by=BEN, key="same"))["published"]


async def test_guests_and_strangers_cannot_approve(scene: Scene) -> None:
    await scene.propose()
    with pytest.raises(NotAllowed, match="full members"):
        await scene.approve(by=GUS)
    with pytest.raises(UnknownMember) as refused:
        await scene.approve(by=build_member("Nova"))
    assert refused.value.slack_id == "UNOVA"


async def test_critical_needs_two_and_a_second_click_is_no_second_approval(scene: Scene) -> None:
    await incidents.change_impact(scene.desk, scene.command(), INC, Impact.CRITICAL)
    await scene.propose()
    assert await scene.approve() == {"missing": 1, "published": False, "repeated": False}
    assert await scene.approve() == {"missing": 1, "published": False, "repeated": True}
    assert (await scene.approve(by=CLEO))["published"]
    assert (await scene.kinds()).count("revision_approved") == 2


async def test_the_same_click_delivered_twice_gets_the_same_answer(scene: Scene) -> None:
    await scene.propose()
    assert await scene.approve(key="click") == await scene.approve(key="click")
    assert (await scene.kinds()).count("broadcast_started") == 1


async def test_an_impact_raised_after_an_approval_asks_for_another_one(scene: Scene) -> None:
    scene.policy = Policy(publish="manual")
    await scene.propose()
    await scene.approve()
    await incidents.change_impact(scene.desk, scene.command(), INC, Impact.CRITICAL)
    with pytest.raises(IllegalMove, match="1 more approval"):
        await publish(scene)
    await incidents.change_impact(scene.desk, scene.command(), INC, Impact.MINOR)
    with pytest.raises(IllegalMove, match="1 more approval"):
        await publish(scene)


async def test_an_edit_voids_approvals_and_the_old_card_accepts_nothing(scene: Scene) -> None:
    scene.policy = Policy(publish="manual")
    await scene.propose()
    await scene.approve()
    await scene.edit("Better.")
    with pytest.raises(Conflict, match="superseded"):
        await scene.approve(by=CLEO)
    with pytest.raises(Conflict):
        await publish(scene)
    with pytest.raises(IllegalMove, match="1 more"):
        await publish(scene, revision=2)


async def test_manual_publication_waits_for_a_person_and_happens_once(scene: Scene) -> None:
    scene.policy = Policy(publish="manual")
    await scene.propose()
    assert await scene.approve() == {"missing": 0, "published": False, "repeated": False}
    assert "broadcast_started" not in await scene.kinds()
    assert await publish(scene) == {"published": True}
    with pytest.raises(IllegalMove, match="already published"):
        await publish(scene)


async def test_bypassing_needs_the_permission_and_a_reason_and_is_marked_for_ever(scene: Scene) -> None:
    await scene.propose()
    with pytest.raises(NotAllowed, match="workspace admins"):
        await bypass(scene, "Nobody is awake.", by=BEN)
    for reason in (" ", "x" * 1001):
        with pytest.raises(BadInput) as refused:
            await bypass(scene, reason)
        assert refused.value.field == "reason"
    with pytest.raises(Conflict):
        await bypass(scene, "Nobody is awake.", revision=2)
    assert await bypass(scene, "Nobody is awake.") == {"published": True}
    update = (await scene.incident()).updates[0]
    assert (update.bypass_reason, update.approvals) == ("Nobody is awake.", ())
    assert "approval_bypassed" in await scene.kinds()


async def test_the_permission_to_bypass_can_be_given_to_named_people(scene: Scene) -> None:
    scene.policy = Policy(roles={Permission.PUBLISH_WITHOUT_APPROVAL: (BEN.email,)})
    await scene.propose()
    with pytest.raises(NotAllowed, match="people named"):
        await bypass(scene, "Alone.")
    await bypass(scene, "Alone.", by=BEN)


async def test_an_approval_can_be_taken_back_before_publication_only(scene: Scene) -> None:
    scene.policy = Policy(publish="manual")
    await scene.propose()
    await scene.approve()

    async def withdraw() -> Answer:
        return await updates.withdraw_approval(scene.desk, scene.command(BEN), INC, draft=1, revision=1)

    assert await withdraw() == {"withdrawn": True}
    assert await withdraw() == {"withdrawn": False}
    await scene.approve()
    await publish(scene)
    assert await withdraw() == {"withdrawn": False}


async def test_requesting_changes_takes_back_ones_own_approval(scene: Scene) -> None:
    scene.policy = Policy(publish="manual")
    await scene.propose()
    await scene.approve()
    await request_changes(scene)
    assert (await scene.kinds())[-2:] == ["changes_requested", "approval_withdrawn"]
    await request_changes(scene, "And too technical.")
    assert (await scene.kinds())[-1] == "changes_requested"
    with pytest.raises(BadInput, match="Give a reason"):
        await request_changes(scene, " ")
    with pytest.raises(Conflict):
        await request_changes(scene, revision=2)


async def test_talk_in_the_thread_is_recorded_only_while_a_draft_is_open(scene: Scene) -> None:
    async def say(text: str) -> Answer:
        return await updates.add_comment(scene.desk, scene.command(BEN), INC, text)

    assert await say("Hello") == {"recorded": False}
    await scene.propose()
    assert await say(" ") == {"recorded": False}
    assert await say("Better: sign-ins.") == {"recorded": True}
    assert (await scene.kinds())[-1] == "comment_added"


async def test_a_draft_longer_than_its_card_is_approved_after_its_preview_only(scene: Scene) -> None:
    words = "x" * 2500
    await scene.propose(build_form(sections=Sections(what_happened=words, who_is_affected=words, short_version=words)))
    with pytest.raises(IllegalMove, match="Preview"):
        await scene.approve()

    async def preview() -> Answer:
        return await updates.note_preview(scene.desk, scene.command(BEN), INC, draft=1, revision=1)

    assert await preview() == await preview() == {"incident": 1}
    with pytest.raises(IllegalMove, match="Preview"):
        await scene.approve(by=CLEO)
    assert (await scene.approve())["published"]


async def test_a_closed_draft_accepts_nothing(scene: Scene) -> None:
    await scene.propose()
    await scene.approve()
    for move in (scene.approve(by=CLEO), request_changes(scene), bypass(scene, "Alone."), scene.edit("Late.")):
        with pytest.raises(IllegalMove, match="already published"):
            await move
