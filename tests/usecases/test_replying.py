"""An answer is sent once, or its doubt is shown; and not at all where the conversation has changed meanwhile."""

from datetime import timedelta

import pytest

from chatops.domain.errors import IllegalMove, NotSent, Refused, Uncertain
from chatops.domain.ids import ConversationId
from chatops.domain.wording import Abilities
from chatops.usecases import conversations as cases
from chatops.usecases.customer_snapshots import ConversationSnapshot
from tests.builders import BEN, MASTODON, build_form, build_spec
from tests.usecases.crowd import Crowd, build_answer, build_mention
from tests.usecases.fakes import SEND_THEN, Crash, FakeOutlet

ONE = ConversationId(1)


def settle_by(crowd: Crowd, way: str) -> None:
    abilities = Abilities(mentions=True, reply=True, replies_settled_by=way)  # type: ignore[arg-type]
    crowd.scene.mastodon = FakeOutlet(build_spec("mastodon", abilities=abilities, form="short"))
    crowd.listener.settled_by = way


async def write(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply("Sorry.")


async def test_an_answer_is_sent_and_nobody_waits_any_more(crowd: Crowd) -> None:
    await write(crowd)
    crowd.scene.clock.move(minutes=7)
    await crowd.scene.work()
    reply = (await crowd.conversation()).get_reply(1)
    assert (reply.state.value, reply.remote_id, reply.url) == ("sent", "r1", "https://network.example/r1")
    tally = await crowd.tally()
    assert (tally.answered, tally.waiting, tally.people, tally.median) == (1, 0, 1, timedelta(minutes=7))


async def test_what_was_surely_not_sent_is_tried_again(crowd: Crowd) -> None:
    crowd.listener.sends.extend([NotSent("busy"), NotSent("busy", retry_after=timedelta(minutes=2))])
    await write(crowd)
    await crowd.scene.work_for(minutes=5)
    assert (await crowd.state(), len(crowd.said)) == ("sent", 1)


async def test_a_refusal_is_shown_and_a_person_may_try_again(crowd: Crowd) -> None:
    crowd.listener.sends.append(Refused("The account is locked."))
    await write(crowd)
    await crowd.scene.work()
    reply = (await crowd.conversation()).get_reply(1)
    assert (reply.state.value, reply.reason) == ("refused", "The account is locked.")
    await cases.requeue_reply(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1, again=False)
    await crowd.scene.work()
    assert await crowd.state() == "sent"


@pytest.mark.parametrize("way", ["own_key", "read_back"])
async def test_a_lost_answer_is_settled_without_a_second_post(crowd: Crowd, way: str) -> None:
    settle_by(crowd, way)
    crowd.listener.sends.extend([SEND_THEN, Uncertain("no answer")])
    await write(crowd)
    await crowd.scene.work_for(minutes=10)
    assert (await crowd.state(), len(crowd.said)) == ("sent", 1)


@pytest.mark.parametrize("way", ["own_key", "read_back"])
async def test_a_lost_request_is_sent_again(crowd: Crowd, way: str) -> None:
    settle_by(crowd, way)
    crowd.listener.sends.append(Uncertain("no answer"))
    await write(crowd)
    await crowd.scene.work_for(minutes=10)
    assert (await crowd.state(), len(crowd.said)) == ("sent", 1)


@pytest.mark.parametrize("way", ["own_key", "read_back"])
async def test_killed_between_post_and_record(crowd: Crowd, way: str) -> None:
    settle_by(crowd, way)
    crowd.listener.sends.extend([SEND_THEN, Crash()])
    await write(crowd)
    await crowd.scene.crash_while_working()
    await crowd.scene.restart()
    await crowd.scene.work_for(minutes=10)
    assert (await crowd.state(), len(crowd.said)) == ("sent", 1)


async def test_where_nothing_can_be_read_back_a_person_decides(crowd: Crowd) -> None:
    settle_by(crowd, "person")
    crowd.listener.sends.extend([SEND_THEN, Crash()])
    await write(crowd)
    await crowd.scene.crash_while_working()
    await crowd.scene.restart()
    await crowd.scene.work_for(minutes=10)
    assert (await crowd.state(), len(crowd.said)) == ("uncertain", 1)
    with pytest.raises(IllegalMove):
        await cases.requeue_reply(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1, again=False)
    await cases.confirm_reply(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1)
    assert (await crowd.state(), (await crowd.row()).waiting_since) == ("sent", None)


async def test_send_again_is_a_persons_word(crowd: Crowd) -> None:
    settle_by(crowd, "person")
    crowd.listener.sends.append(Uncertain("no answer"))
    await write(crowd)
    await crowd.scene.work()
    await cases.requeue_reply(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1, again=True)
    await crowd.scene.work()
    assert (await crowd.state(), len(crowd.said)) == ("sent", 1)


async def test_doubts_that_do_not_end_are_shown_to_a_person(crowd: Crowd) -> None:
    crowd.listener.sends.extend([Uncertain("no answer")] * 10)
    crowd.listener.finds.extend([NotSent("busy")] * 20)
    await write(crowd)
    await crowd.scene.work_for(minutes=30)
    assert await crowd.state() == "uncertain"


async def hold_reason(crowd: Crowd) -> str | None:
    await crowd.scene.work()
    reply = (await crowd.conversation()).get_reply(1)
    assert (reply.state.value, crowd.said) == ("held", [])
    return reply.reason


async def test_held_where_the_author_deleted_the_post(crowd: Crowd) -> None:
    await write(crowd)
    crowd.listener.gone.append("m1")
    assert await hold_reason(crowd) == "The author has deleted the post."
    row = await crowd.row()
    assert (row.waiting_since, row.last_text) == (None, ""), "what the look showed is true from then on"


async def test_held_where_the_author_changed_the_post(crowd: Crowd) -> None:
    await write(crowd)
    crowd.listener.posts.append(build_mention("m1", "I love you?"))
    assert await hold_reason(crowd) == "The author has changed the post since you read it."
    assert (await crowd.row()).last_text == "I love you?", "whoever decides sees what it says now"


async def test_held_where_somebody_answered_by_hand(crowd: Crowd) -> None:
    await write(crowd)
    crowd.listener.answers.append(build_answer("native", "Hi Maria, sorry!", "m1"))
    await crowd.scene.work()
    assert await crowd.state() == "held"


async def test_held_where_a_newer_update_made_the_facts_stale_and_sent_if_a_person_says_so(crowd: Crowd) -> None:
    await write(crowd)
    await crowd.scene.store.write(lambda tx: tx.cancel("reply:1/1/0"))
    await crowd.scene.publish_update(build_form(outlets=("page", "email")))
    await cases.escalate(crowd.scene.desk, crowd.scene.command(), ONE, "wakes the job below")
    await crowd.scene.store.write(lambda tx: tx.put(cases.reply_job(1, 1, 0)))
    assert await hold_reason(crowd) == "Update 1 was published since you wrote this: are the facts still right?"
    await cases.send_anyway(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1)
    await crowd.scene.work()
    assert await crowd.state() == "sent"


async def test_an_update_published_while_the_network_is_looked_at_holds_it_too(crowd: Crowd) -> None:
    await write(crowd)

    async def publish() -> None:
        crowd.listener.on_look = None
        made = await crowd.scene.propose(build_form(outlets=("page", "email")))
        await crowd.scene.approve(draft=int(made["draft"] or 0))
        await crowd.scene.work(only="deliver")

    crowd.listener.on_look = publish
    await crowd.scene.work_for(seconds=30)
    assert (await crowd.state(), crowd.said) == ("held", [])


async def test_a_held_answer_can_be_dropped_and_another_written(crowd: Crowd) -> None:
    await write(crowd)
    crowd.listener.posts.append(build_mention("m1", "I meant the other thing"))
    await hold_reason(crowd)
    await cases.drop_reply(crowd.scene.desk, crowd.scene.command(), ONE, 1)
    await crowd.reply("Now I understand.")
    await crowd.scene.work()
    assert await crowd.state(reply=2) == "sent"


async def test_a_network_that_cannot_be_looked_at_delays_the_answer_only(crowd: Crowd) -> None:
    crowd.listener.looks.extend([NotSent("busy"), NotSent("busy")])
    await write(crowd)
    await crowd.scene.work_for(minutes=2)
    assert await crowd.state() == "sent"


async def test_the_card_says_why_an_answer_is_still_on_its_way(crowd: Crowd) -> None:
    crowd.listener.looks.append(NotSent("It wants a new token.", retry_after=timedelta(seconds=30)))
    await write(crowd)
    await crowd.scene.work_for(seconds=10)
    cards = [each.about for each in crowd.scene.slack.posted if each.kind == "conversation"]
    assert [card.trouble for card in cards if isinstance(card, ConversationSnapshot)] == ["It wants a new token."]
    await crowd.scene.work_for(minutes=1)
    card = [each.about for each in crowd.scene.slack.refreshed if each.kind == "conversation"][-1]
    assert isinstance(card, ConversationSnapshot)
    assert (await crowd.state(), card.trouble) == ("sent", None)


async def test_an_outlet_that_is_gone_from_the_settings_refuses(crowd: Crowd) -> None:
    await write(crowd)
    crowd.scene.listeners.pop(MASTODON)
    await crowd.scene.work()
    assert await crowd.state() == "refused"


async def test_eight_people_answer_a_hundred_and_everybody_gets_one(crowd: Crowd) -> None:
    """With lost answers and refusals to take it at once, by the network's own key."""
    settle_by(crowd, "own_key")
    for number in range(1, 41):
        author = build_mention("x", "x").author.__class__(id=f"a{number}", handle=f"h{number}")
        await crowd.hear(build_mention(f"m{number}", f"Question {number}?", author))
        if number % 3 == 0:
            crowd.listener.sends.extend([SEND_THEN, Uncertain("no answer")])
        if number % 4 == 0:
            crowd.listener.sends.append(NotSent("busy"))
        await crowd.reply(f"Answer {number}.", number)
    await crowd.scene.work_for(minutes=30)
    assert sorted(each.parent or "" for each in crowd.listener.answers) == sorted(f"m{n}" for n in range(1, 41))
    assert (await crowd.tally()).answered == 40


async def test_an_answer_to_a_mail_has_the_mails_own_subject(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?", subject="My invoice"))
    await crowd.reply("Sorry.")
    await crowd.scene.work()
    assert [posting.subject for posting in crowd.listener.postings] == ["My invoice"]
