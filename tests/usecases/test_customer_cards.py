"""Slack's picture of the customers: a card each while it is calm, folded in a flood, one board, one tally."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.records import Status
from chatops.usecases import conversations as cases
from chatops.usecases.customer_cards import FOLD_FROM
from chatops.usecases.customer_snapshots import BoardSnapshot, ConversationSnapshot
from chatops.usecases.forgetting import forget, parse_person
from chatops.usecases.pausing import pause_outlet, resume_outlet
from chatops.usecases.slack_ports import ThreadMessage
from tests.builders import ANA, BEN, DORA, MASTODON, build_form
from tests.usecases.crowd import PAUL, Crowd, build_mention
from tests.usecases.fakes import SEND_THEN
from tests.usecases.scene import INC


def list_posted(crowd: Crowd, kind: str) -> list[ThreadMessage]:
    return [message for message in crowd.scene.slack.posted if message.kind == kind]


def list_refreshed(crowd: Crowd, kind: str) -> list[ThreadMessage]:
    return [message for message in crowd.scene.slack.refreshed if message.kind == kind]


def read_card(message: ThreadMessage) -> ConversationSnapshot:
    assert isinstance(message.about, ConversationSnapshot)
    return message.about


async def write_many(crowd: Crowd, first: int, last: int) -> None:
    people = [replace(PAUL, id=f"a{number}") for number in range(first, last)]
    await crowd.hear(*(build_mention(f"m{person.id}", f"Post of {person.id}", person) for person in people))


async def test_a_conversation_gets_a_card_the_board_and_the_tally_one_message_each(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.scene.work_for(seconds=20)
    assert [len(list_posted(crowd, kind)) for kind in ("conversation", "board", "tally")] == [1, 1, 1]
    await write_many(crowd, 0, 3)
    await crowd.scene.work_for(seconds=20)
    assert [len(list_posted(crowd, kind)) for kind in ("conversation", "board", "tally")] == [4, 1, 1]
    about = list_refreshed(crowd, "tally")[-1].about
    assert isinstance(about, BoardSnapshot)
    assert (about.tally.received, about.tally.waiting) == (4, 4)


async def test_the_tally_stands_in_the_incident_thread_the_cards_in_the_mentions_channel(crowd: Crowd) -> None:
    crowd.scene.mentions_channel = "mentions"
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.scene.work_for(seconds=20)
    places = {each.kind: (each.channel, each.thread_ts is not None) for each in crowd.scene.slack.posted}
    assert places["conversation"] == places["board"] == ("C-mentions", False)
    assert places["tally"] == ("C1", True)


async def test_of_a_private_incident_nothing_leaves_its_own_channel(crowd: Crowd) -> None:
    scene = crowd.scene
    scene.mentions_channel = "mentions"
    await scene.publish_update(build_form("Fixed.", status=Status.RESOLVED))
    scene.clock.move(hours=25)
    await scene.open(private=True, view_id="V5")
    await scene.work()
    await crowd.hear(build_mention("m1", "Hello?"))
    await scene.work_for(seconds=20)
    shown = {each.kind: each.channel for each in scene.slack.posted if each.about is not None}
    assert shown == {"conversation": "C2", "board": "C2", "tally": "C2"}


async def test_where_slack_does_not_say_which_channel_it_is_customers_stand_beside_the_incident(crowd: Crowd) -> None:
    crowd.scene.mentions_channel = "mentions"
    await crowd.hear(build_mention("m1", "Hello?"))
    crowd.scene.slack.trouble.append(Refused("missing_scope"))
    await crowd.scene.work_for(seconds=1)
    assert [each.channel for each in crowd.scene.slack.posted if each.about is not None] == ["C1"]


async def test_while_slack_is_down_it_is_asked_less_and_less_often(crowd: Crowd) -> None:
    crowd.scene.mentions_channel = "mentions"
    crowd.scene.slack.is_down = NotSent("down")
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.scene.work_for(minutes=2)
    (job,) = await crowd.scene.waiting("customers")
    assert job.attempts <= 8
    crowd.scene.slack.is_down = None
    await crowd.scene.work_for(minutes=1)
    assert len(list_posted(crowd, "conversation")) == 1


async def test_a_card_follows_claim_and_answer(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.scene.work_for(seconds=10)
    await crowd.claim(by=ANA)
    await crowd.scene.work_for(seconds=10)
    assert read_card(list_refreshed(crowd, "conversation")[-1]).row.claimed_by is not None
    await crowd.reply(by=ANA)
    await crowd.scene.work_for(seconds=10)
    assert read_card(list_refreshed(crowd, "conversation")[-1]).row.reply_state == "sent"


async def test_a_claim_that_runs_out_shows_on_the_card(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.claim(by=ANA)
    await crowd.scene.work_for(seconds=30)
    before = len(list_refreshed(crowd, "conversation"))
    await crowd.scene.work_for(minutes=6)
    shown = list_refreshed(crowd, "conversation")
    assert len(shown) > before
    card = read_card(shown[-1])
    assert card.conversation.find_holder(card.now) is None


async def test_a_flood_folds_into_the_board_which_leads_to_the_oldest(crowd: Crowd) -> None:
    await write_many(crowd, 0, 60)
    await crowd.scene.work_for(seconds=60)
    assert list_posted(crowd, "conversation") == []
    about = [*list_posted(crowd, "board"), *list_refreshed(crowd, "board")][-1].about
    assert isinstance(about, BoardSnapshot)
    assert ([row.id for row in about.waiting], about.tally.waiting) == ([1, 2, 3, 4, 5], 60)


async def test_what_a_person_must_decide_has_its_card_also_in_a_flood(crowd: Crowd) -> None:
    await write_many(crowd, 0, 30)
    await crowd.reply("Sorry.", 7)
    crowd.listener.posts.append(build_mention("ma6", "I changed it", replace(PAUL, id="a6")))
    await crowd.scene.work_for(seconds=30)
    assert [read_card(each).row.id for each in list_posted(crowd, "conversation")] == [7]


async def test_when_the_flood_is_nearly_answered_the_rest_get_their_cards(crowd: Crowd) -> None:
    await write_many(crowd, 0, 14)
    await crowd.scene.work_for(seconds=20)
    for _ in range(5):
        given = await cases.claim_next(crowd.scene.desk, crowd.scene.command(BEN), INC)
        await crowd.reply("Sorry.", int(given["conversation"] or 0), by=BEN)
    await crowd.scene.work_for(seconds=60)
    assert [read_card(each).row.id for each in list_posted(crowd, "conversation")] == list(range(6, 15))
    assert FOLD_FROM >= 9


async def test_slack_is_called_about_once_a_second_and_asked_for_its_pause(crowd: Crowd) -> None:
    await write_many(crowd, 0, 8)
    crowd.scene.slack.trouble.append(NotSent("slow down", retry_after=timedelta(seconds=30)))
    before = len(crowd.scene.slack.posted)
    await crowd.scene.work_for(seconds=25)
    assert len(crowd.scene.slack.posted) == before
    await crowd.scene.work_for(seconds=12)
    assert 2 <= len(crowd.scene.slack.posted) - before <= 8


async def test_a_card_whose_answer_was_lost_is_found_not_posted_twice(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    crowd.scene.slack.trouble.extend([SEND_THEN, Uncertain("no answer")])
    await crowd.scene.work_for(seconds=60)
    keys = [each.key for each in crowd.scene.slack.posted]
    assert len(keys) == len(set(keys))
    assert [len(list_posted(crowd, kind)) for kind in ("conversation", "board", "tally")] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["conversation", "board", "tally"])
async def test_what_was_found_is_made_true_again(crowd: Crowd, kind: str) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    slack = crowd.scene.slack
    while not list_posted(crowd, kind):
        slack.trouble.extend([SEND_THEN, Uncertain("no answer")])
        await crowd.scene.work(only="customers")
        slack.trouble.clear()
        crowd.scene.clock.move(seconds=3)
    slack.is_down = NotSent("down")
    await crowd.claim(by=ANA)
    slack.is_down = None
    await crowd.scene.work_for(seconds=60)
    assert slack.looked_for[-1].kind == kind
    about = list_refreshed(crowd, kind)[-1].about
    if isinstance(about, ConversationSnapshot):
        assert about.row.claimed_by is not None
    else:
        assert isinstance(about, BoardSnapshot)
        assert about.tally.unclaimed == 0


async def test_the_card_tells_that_its_outlet_is_paused_and_resumed(crowd: Crowd) -> None:
    scene = crowd.scene
    await crowd.hear(build_mention("m1", "Hello?"))
    await scene.work_for(seconds=10)
    await pause_outlet(scene.desk, scene.command(DORA), MASTODON, "We are locked out.")
    await crowd.reply(by=ANA)
    await scene.work_for(seconds=10)
    assert read_card(list_refreshed(crowd, "conversation")[-1]).outlet_paused == "We are locked out."
    assert (await crowd.state(), crowd.said) == ("queued", [])
    scene.slack.refreshed.clear()
    await resume_outlet(scene.desk, scene.command(DORA), MASTODON)
    await scene.work(only="customers")
    scene.clock.move(seconds=3)
    await scene.work(only="customers")
    assert read_card(list_refreshed(crowd, "conversation")[0]).outlet_paused is None
    await scene.work_for(minutes=1)
    assert await crowd.state() == "sent"


async def test_erased_customers_leave_no_word_on_the_card(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "My name is Maria"))
    await crowd.scene.work_for(seconds=20)
    await forget(crowd.scene.desk, parse_person("mastodon:@maria@example.social"))
    await crowd.scene.work_for(seconds=20)
    card = read_card(list_refreshed(crowd, "conversation")[-1])
    assert (card.row.author.shown, card.row.last_text, [each.text for each in card.mentions]) == ("somebody", "", [""])
