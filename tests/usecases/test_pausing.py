"""A paused outlet is skipped visibly; resumed, `Retry` sends what it missed, once."""

from datetime import timedelta

import pytest

from chatops.domain.errors import BadInput, IllegalMove, NotAllowed, NotSent
from chatops.domain.ids import OUTLETS, PAGE, OutletKey
from chatops.domain.policy import Permission, Policy
from chatops.domain.records import Purpose, Status
from chatops.domain.wording import Abilities, TextLimits
from chatops.usecases import broadcasts
from chatops.usecases.pausing import list_pauses, pause_outlet, resume_outlet
from chatops.usecases.ports import Answer
from tests.builders import ANA, BEN, DORA, EMAIL, MASTODON, build_form, build_spec, state_of
from tests.usecases.fakes import SEND_THEN, AbleOutlet, Crash
from tests.usecases.scene import INC, Scene

BOTH = (PAGE, EMAIL)
REASON = "We are locked out."


async def pause(scene: Scene, outlet: str = EMAIL, reason: str = REASON) -> Answer:
    return await pause_outlet(scene.desk, scene.command(DORA), outlet, reason)


async def resume(scene: Scene, outlet: str = EMAIL) -> Answer:
    return await resume_outlet(scene.desk, scene.command(DORA), outlet)


async def paused(scene: Scene) -> set[OutletKey]:
    return set(await scene.store.read(list_pauses))


async def test_only_who_may_pauses_and_resumes(scene: Scene) -> None:
    with pytest.raises(NotAllowed, match=r"You may not pause outlets; only workspace admins may. Ask one of them\.$"):
        await pause_outlet(scene.desk, scene.command(ANA), EMAIL, REASON)
    await pause(scene)
    for call in (resume_outlet(scene.desk, scene.command(ANA), EMAIL),):
        with pytest.raises(NotAllowed):
            await call
    with pytest.raises(NotAllowed):
        await pause_outlet(scene.desk, scene.command(ANA), EMAIL, REASON)
    scene.policy = Policy(roles={Permission.PAUSE_OUTLETS: ("ben@acme.example",)})
    await resume_outlet(scene.desk, scene.command(BEN), EMAIL)
    assert await paused(scene) == set()


async def test_it_is_recorded_with_its_reason_in_a_stream_of_its_own(scene: Scene) -> None:
    assert await pause(scene, " EMAIL ", f"  {REASON}\n ") == {"outlet": "email"}
    [record] = await scene.store.read(lambda reads: reads.load(OUTLETS))
    assert (record.kind, record.at) == ("outlet_paused", scene.clock.now())
    assert REASON in str(record.text)
    with pytest.raises(IllegalMove, match="email is paused already"):
        await pause(scene)
    assert await resume(scene) == {"outlet": "email"}
    with pytest.raises(IllegalMove, match="email is not paused"):
        await resume(scene)


@pytest.mark.parametrize(
    ("outlet", "reason", "match"),
    [
        ("email", "  ", "Say why: `/incident outlets pause email"),
        ("email", "x" * 301, "at most 300 characters, this has 301"),
        ("x", REASON, "“x” is not an outlet that can be paused. There are: email, mastodon"),
        ("x", "", "is not an outlet"),
        ("page", REASON, "is not an outlet that can be paused"),
        ("", "", "is not an outlet"),
    ],
)
async def test_what_cannot_be_paused_is_said(scene: Scene, outlet: str, reason: str, match: str) -> None:
    with pytest.raises(BadInput, match=match):
        await pause(scene, outlet, reason)
    assert await paused(scene) == set()


async def test_a_paused_outlet_is_skipped_and_delays_no_other(scene: Scene) -> None:
    await scene.open()
    await pause(scene)
    await scene.publish_update(build_form(outlets=(PAGE, EMAIL, MASTODON)))
    update = (await scene.incident()).get_update(1)
    assert (state_of(update, EMAIL), state_of(update, MASTODON)) == ("skipped", "sent")
    assert update.get_delivery(EMAIL, 0).reason == f"paused: {REASON}"
    assert (scene.email.postings, update.is_settled) == ([], True)
    assert await scene.attempts() == []


async def test_where_all_others_are_paused_the_page_publishes_and_the_clock_starts(scene: Scene) -> None:
    await scene.open()
    await pause(scene)
    await scene.publish_update(build_form(outlets=BOTH, promise_minutes=15))
    assert (await scene.incident()).due_at == scene.clock.now() + timedelta(minutes=15)
    await scene.publish_update(build_form(outlets=BOTH, status=Status.RESOLVED))
    assert (await scene.incident()).is_resolved


async def test_a_paused_outlet_alone_publishes_nothing(scene: Scene) -> None:
    await scene.open()
    await pause(scene)
    await scene.publish_update(build_form(outlets=(EMAIL,)))
    assert "update_published" not in await scene.kinds()


async def test_resumed_a_retry_sends_it_once(scene: Scene) -> None:
    await scene.open()
    await pause(scene)
    await scene.publish_update(build_form(outlets=BOTH))
    await scene.requeue(again=False)
    await scene.work()
    assert (await scene.state(), scene.email.standing) == ("skipped", []), "still paused"
    await resume(scene)
    await scene.work_for(hours=2)
    assert await scene.state() == "skipped", "nobody asked yet"
    await scene.requeue(again=False)
    await scene.work()
    assert (await scene.state(), scene.email.standing) == ("sent", ["INC-1/1/email/0"])
    assert (await scene.kinds()).count("update_published") == 1


async def test_paused_while_it_waits_for_its_next_attempt(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=5)))
    await scene.publish_update(build_form(outlets=BOTH))
    await pause(scene)
    await scene.work_for(minutes=6)
    assert (await scene.state(), len(scene.email.postings)) == ("skipped", 1)


async def test_parts_behind_a_skipped_one_wait_with_it_and_come_in_order(scene: Scene) -> None:
    limits, abilities = TextLimits(max_chars=60), Abilities(thread=True, settled_by="read_back")
    scene.mastodon = AbleOutlet(
        build_spec("mastodon", form="short", split=True, limits=limits, abilities=abilities, link="never")
    )
    await scene.open()
    await pause(scene, MASTODON)
    await scene.publish_update(build_form("A sentence of ours. " * 4, outlets=(PAGE, MASTODON)))
    update = (await scene.incident()).get_update(1)
    assert [each.state.value for each in update.deliveries] == ["sent", "skipped", "queued"]
    assert update.published_at, "the page alone counts while the other is paused"
    await resume(scene, MASTODON)
    await scene.requeue(again=False, outlet=MASTODON)
    await scene.work()
    assert scene.mastodon.standing == ["INC-1/1/mastodon/0", "INC-1/1/mastodon/1"]


async def test_paused_after_a_crash_a_post_that_may_stand_is_not_called_skipped(scene: Scene) -> None:
    """Else `Retry` would send it a second time."""
    await scene.open()
    await scene.propose(build_form(outlets=(PAGE, MASTODON)))
    await scene.approve()
    scene.mastodon.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    await scene.restart()
    await pause(scene, MASTODON)
    await scene.work_for(minutes=10)
    delivery = (await scene.incident()).get_update(1).get_delivery(MASTODON, 0)
    assert delivery.state.value == "uncertain"
    assert "chatops was stopped while sending; not tried again, paused" in str(delivery.reason)
    assert all(each.finished_at for each in await scene.attempts(MASTODON))
    await scene.confirm(outlet=MASTODON)
    assert scene.mastodon.standing == ["INC-1/1/mastodon/0"]


async def test_under_our_own_key_a_cut_off_send_is_skipped_and_repeated_later_without_a_double(scene: Scene) -> None:
    await scene.open()
    await scene.propose(build_form(outlets=BOTH))
    await scene.approve()
    scene.email.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    await scene.restart()
    await pause(scene)
    await scene.work()
    assert await scene.state() == "skipped"
    await resume(scene)
    await scene.requeue(again=False)
    await scene.work()
    assert (await scene.state(), scene.email.standing) == ("sent", ["INC-1/1/email/0"])


async def test_edits_and_removals_wait_for_a_paused_outlet_too(scene: Scene) -> None:
    abilities = Abilities(edit=True, retract=True, settled_by="read_back")
    scene.mastodon = AbleOutlet(build_spec("mastodon", form="short", abilities=abilities, link="never"))
    await scene.open()
    await scene.publish_update(build_form(outlets=(PAGE, MASTODON)))
    await pause(scene, MASTODON)
    form = build_form("Some logins fail.", outlets=(PAGE, MASTODON), purpose=Purpose.CORRECTION, of_update=1)
    await scene.publish_update(form)
    assert await scene.state(MASTODON, update=2) == "skipped"
    await resume(scene, MASTODON)
    command = scene.command(BEN)
    await broadcasts.requeue(scene.desk, command, INC, update=2, outlet=MASTODON, part=0, again=False)
    await scene.work()
    assert list(scene.mastodon.shows.values()) == ["Some logins fail.\n\n— Ana"]
