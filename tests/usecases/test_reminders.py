"""The clock's own moves: each nudge is a record first, none twice, none lost over a stop."""

from chatops.domain.records import DraftChased, ReminderSnoozed, Status, Step, UpdateReminded
from chatops.usecases import incidents, reminders
from chatops.usecases.ports import Again, Done, Job
from tests.builders import build_form, minute
from tests.usecases.scene import INC, Scene

REMIND = Job(kind="remind", key="remind:1", data={"incident": 1})


async def list_nudges(scene: Scene) -> list[tuple[Step | int, float]]:
    """Step of each reminder or round of each chase, and its minute."""
    nudges: list[tuple[Step | int, float]] = []
    for each in await scene.records():
        at = (each.at - minute(0)).total_seconds() / 60
        if isinstance(each.data, UpdateReminded):
            nudges.append((each.data.step, at))
        elif isinstance(each.data, DraftChased):
            nudges.append((each.data.round, at))
    return nudges


async def test_the_whole_ladder_comes_at_its_moments_and_then_there_is_silence(scene: Scene) -> None:
    await scene.open()
    await scene.work_for(hours=9)
    ladder = [(Step.BEFORE, 55), (Step.DUE, 60), (Step.COMMANDER, 70), (Step.CHANNEL, 80)]
    assert await list_nudges(scene) == ladder
    assert await scene.waiting("remind") == []


async def test_a_restart_between_the_rungs_loses_and_repeats_none(scene: Scene) -> None:
    await scene.open()
    for _ in range(9):
        await scene.work_for(minutes=10)
        await scene.restart()
    assert [step for step, _ in await list_nudges(scene)] == list(Step)


async def test_after_a_long_stop_one_reminder_comes_not_four(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    scene.clock.move(hours=20)
    await scene.restart()
    await scene.work()
    assert [step for step, _ in await list_nudges(scene)] == [Step.CHANNEL]


async def test_after_a_long_stop_a_waiting_draft_is_chased_once(scene: Scene) -> None:
    await scene.open()
    await scene.propose()
    scene.clock.move(minutes=40)
    await scene.work()
    assert await list_nudges(scene) == [(2, 40)]


async def test_a_publication_moves_the_clock_and_an_old_timer_finds_nothing_due(scene: Scene) -> None:
    await scene.open()
    await scene.work_for(minutes=50)
    await scene.publish_update(build_form(promise_minutes=30))
    assert await reminders.nudge(scene.desk, REMIND) == Again(at=minute(75))
    await scene.work_for(minutes=29)
    assert await list_nudges(scene) == [(Step.BEFORE, 75)]


async def test_a_timer_that_fires_after_resolve_does_nothing(scene: Scene) -> None:
    await scene.open()
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    scene.clock.move(hours=5)
    assert await reminders.nudge(scene.desk, REMIND) == Done()
    await scene.work_for(hours=5)
    assert await list_nudges(scene) == []


async def test_a_job_that_runs_twice_reminds_once(scene: Scene) -> None:
    await scene.open()
    scene.clock.move(minutes=55)
    await reminders.nudge(scene.desk, REMIND)
    assert await reminders.nudge(scene.desk, REMIND) == Again(at=minute(60))
    assert await list_nudges(scene) == [(Step.BEFORE, 55)]


async def test_a_snooze_puts_the_ladder_off(scene: Scene) -> None:
    await scene.open()
    await scene.work_for(minutes=56)
    await incidents.snooze(scene.desk, scene.command(), INC)
    assert isinstance((await scene.records())[-1].data, ReminderSnoozed)
    await scene.work_for(hours=2)
    assert (await list_nudges(scene))[1:] == [(Step.DUE, 71), (Step.COMMANDER, 81), (Step.CHANNEL, 91)]


async def test_a_draft_is_chased_until_it_is_approved(scene: Scene) -> None:
    await scene.open()
    await scene.propose()
    await scene.work_for(minutes=12)
    await scene.approve()
    await scene.work_for(minutes=30)
    assert await list_nudges(scene) == [(1, 10)]
