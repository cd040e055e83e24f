"""The local members table."""

from dataclasses import replace

from chatops.domain.ids import MemberId
from chatops.usecases import members
from chatops.usecases.ports import Identity
from tests.builders import ANA, WORKSPACE, build_member
from tests.usecases.scene import Scene


async def test_a_member_keeps_the_internal_id_when_names_change(scene: Scene) -> None:
    before = await scene.store.read(lambda reads: reads.find_member(WORKSPACE, ANA.slack_id))
    assert before is not None
    renamed = replace(ANA, id=MemberId(""), name="Ana Married")
    assert await members.save_members(scene.desk, WORKSPACE, [renamed]) == 1
    after = await scene.store.read(lambda reads: reads.find_member(WORKSPACE, ANA.slack_id))
    assert after == replace(before, name="Ana Married")


async def test_a_refresh_writes_only_who_changed(scene: Scene) -> None:
    known = await scene.store.read(lambda reads: reads.list_members(WORKSPACE))
    before = scene.store.version()
    fresh = [replace(each, id=MemberId("")) for each in known]
    assert await members.save_members(scene.desk, WORKSPACE, fresh) == len(known)
    assert scene.store.version() == before


async def test_asking_who_somebody_is_asks_once(scene: Scene) -> None:
    nova = build_member("Nova")
    for _ in range(2):
        await members.ask_for_member(scene.desk, WORKSPACE, nova.slack_id)
    assert [each.job.data["slack_id"] for each in await scene.waiting("member")] == [nova.slack_id]


async def test_the_bots_identity_is_kept(scene: Scene) -> None:
    identity = Identity(workspace=WORKSPACE, bot_id="B1", bot_slack_id="UBOT", team_name="Acme")
    await members.save_identity(scene.desk, identity)
    assert await scene.store.read(lambda reads: reads.find_identity(WORKSPACE)) == identity
