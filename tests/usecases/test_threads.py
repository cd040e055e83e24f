"""The thread pump: the log in order, once, over crashes and outages; and cards that show the truth."""

from datetime import timedelta

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.policy import Policy
from chatops.usecases import updates
from chatops.usecases.threads import LINES
from tests.builders import BEN
from tests.usecases.fakes import SEND_THEN, Crash
from tests.usecases.scene import INC, Scene


async def talk(scene: Scene, times: int) -> None:
    for number in range(times):
        await updates.add_comment(scene.desk, scene.command(BEN), INC, f"Comment {number}")


async def everything(scene: Scene) -> list[int]:
    return [record.seq for record in await scene.records()]


async def test_the_card_comes_first_then_the_log_in_its_thread(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    assert [message.kind for message in scene.slack.posted] == ["incident", "lines", "draft"]
    assert [message.thread_ts for message in scene.slack.posted] == [None, "ts1", "ts1"]
    assert {message.channel for message in scene.slack.posted} == {"C1"}
    found = await scene.store.read(lambda reads: reads.find_incident_by_thread("C1", "ts1"))
    assert found == 1


async def test_every_record_is_told_once_and_in_order(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    await talk(scene, 3)
    await scene.approve()
    await scene.work_for(hours=3)
    assert list(scene.slack.told()) == await everything(scene)
    kinds = [message.kind for message in scene.slack.posted]
    assert "delivery" in kinds
    assert kinds[-1] == "reminder"


async def test_lines_are_gathered_when_behind_and_a_card_stands_alone(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await talk(scene, LINES + 3)
    await scene.edit("Better.")
    await scene.work()
    assert [(message.kind, len(message.records)) for message in scene.slack.posted] == [
        ("incident", 0),
        ("lines", 1),
        ("draft", 1),
        ("lines", LINES),
        ("lines", 3),
        ("draft", 1),
    ]


async def test_slack_down_for_an_hour_then_the_thread_catches_up_in_order_without_repeats(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    scene.slack.is_down = NotSent("Slack does not answer.")
    await scene.propose()
    await talk(scene, 20)
    await scene.work_for(hours=1)
    before = len(scene.slack.posted)
    scene.slack.is_down = None
    await scene.work_for(minutes=2)
    assert list(scene.slack.told()) == await everything(scene)
    assert len(scene.slack.posted) - before < 10
    assert not any(message.is_repeat for message in scene.slack.posted)


async def test_a_pause_that_slack_names_is_kept(scene: Scene) -> None:
    await scene.open()
    scene.slack.trouble.append(NotSent("Slow down.", retry_after=timedelta(seconds=40)))
    await scene.work(only="thread")
    assert await scene.find_due_at("thread") == scene.clock.now() + timedelta(seconds=40)


async def test_pauses_grow_while_slack_is_away(scene: Scene) -> None:
    await scene.open()
    scene.slack.is_down = NotSent("Slack does not answer.")
    pauses = []
    for _ in range(8):
        await scene.work(only="thread")
        due_at = await scene.find_due_at("thread")
        assert due_at is not None
        pauses.append((due_at - scene.clock.now()).seconds)
        scene.clock.at = due_at
    assert pauses == [1, 2, 5, 10, 20, 30, 30, 30]


async def test_a_crash_between_post_and_save_finds_the_post_again(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    await scene.propose()
    scene.slack.trouble.extend([SEND_THEN, Crash()])
    await scene.crash_while_working()
    await scene.restart()
    await scene.work()
    assert len(scene.slack.looked_for) == 1
    assert list(scene.slack.told()) == await everything(scene)


async def test_a_crash_before_the_post_posts_it_after_looking(scene: Scene) -> None:
    await scene.open()
    scene.slack.trouble.extend([None, Crash()])
    await scene.crash_while_working()
    await scene.work()
    assert [message.kind for message in scene.slack.looked_for] == ["incident"]
    assert list(scene.slack.told()) == await everything(scene)


async def test_a_lost_answer_is_looked_for_and_what_follows_keeps_its_order(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    await scene.propose()
    scene.slack.trouble.extend([SEND_THEN, Uncertain("The answer was lost.")])
    await scene.work(only="thread")
    await talk(scene, 2)
    await scene.work_for(minutes=1)
    assert list(scene.slack.told()) == await everything(scene)


async def test_a_card_found_after_a_crash_is_made_true_again(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    scene.policy = Policy(publish="manual")
    await scene.propose()
    scene.slack.trouble.extend([SEND_THEN, Crash()])
    await scene.crash_while_working()
    await scene.approve()
    await scene.restart()
    await scene.work()
    found = next(each for each in scene.slack.posted if each.kind == "draft")
    shown = [each for each in scene.slack.refreshed if each.key == found.key]
    assert shown
    assert shown[-1].incident.draft is not None
    assert shown[-1].incident.draft.approvals


async def test_where_slack_will_not_show_its_history_the_post_is_repeated_and_marked(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    await scene.propose()
    scene.slack.trouble.extend([SEND_THEN, Uncertain("The answer was lost.")])
    await scene.work(only="thread")
    scene.slack.find_trouble.append(Refused("The history is closed to us."))
    await scene.work_for(seconds=5)
    first, second = scene.slack.posted[-2:]
    assert (first.key, first.is_repeat, second.is_repeat) == (second.key, False, True)


async def test_a_repeat_that_fails_is_still_marked_when_it_is_tried_again(scene: Scene) -> None:
    await scene.open()
    await scene.work()
    await scene.propose()
    scene.slack.trouble.extend([SEND_THEN, Uncertain("The answer was lost."), NotSent("Down.")])
    scene.slack.find_trouble.extend([Refused("The history is closed to us.")] * 2)
    await scene.work_for(seconds=30)
    assert [message.is_repeat for message in scene.slack.posted[-2:]] == [False, True]


async def test_a_refused_post_is_not_looked_for_and_waits_until_slack_takes_it(scene: Scene) -> None:
    await scene.open()
    scene.slack.trouble.extend([None, Refused("Not in the Slack channel.")])
    await scene.work_for(minutes=1)
    assert scene.slack.looked_for == []
    assert list(scene.slack.told()) == await everything(scene)


async def test_cards_are_refreshed_only_where_they_differ(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    scene.slack.refreshed.clear()
    await talk(scene, 1)
    await scene.work()
    assert scene.slack.refreshed == []
    scene.policy = Policy(publish="manual")
    await scene.approve()
    await scene.work()
    assert {message.kind for message in scene.slack.refreshed} == {"incident", "draft"}
    assert {message.ts for message in scene.slack.refreshed} == {"ts1", "ts3"}


async def test_a_superseded_card_is_refreshed_to_say_so(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    await scene.edit("Better.")
    await scene.work()
    old = [message for message in scene.slack.refreshed if message.kind == "draft"]
    assert [message.records[0].seq for message in old] == [2]


async def test_a_card_that_is_gone_does_not_stop_the_others(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    await scene.edit("Better.")
    await scene.work(only="thread")
    scene.slack.trouble.append(Refused("The message was deleted."))
    await scene.work()
    assert len(scene.slack.refreshed) == 1
    assert await scene.waiting("cards") == []


async def test_a_refresh_waits_while_slack_is_away(scene: Scene) -> None:
    await scene.open(first_words="Logins fail.")
    await scene.work()
    scene.policy = Policy(publish="manual")
    await scene.approve()
    scene.slack.is_down = Uncertain("The answer was lost.")
    await scene.work(only="cards")
    assert await scene.find_due_at("cards") is not None
    scene.slack.is_down = None
    await scene.work_for(seconds=2)
    assert await scene.waiting("cards") == []
