"""What customers write becomes conversations: once, in whatever order it is heard, the truth of the moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatops.domain.errors import NotSent
from chatops.domain.mention import MentionKind
from chatops.domain.records import Impact, Status
from tests.builders import MASTODON, build_form
from tests.usecases.crowd import MARIA, OURS, PAUL, Crowd, build_answer, build_mention, is_echo_of
from tests.usecases.fakes import FakeOutlet
from tests.usecases.scene import INC, Scene


async def test_a_customer_who_writes_opens_a_conversation_and_waits(crowd: Crowd) -> None:
    crowd.scene.clock.move(minutes=5)
    await crowd.hear(build_mention("m1", "Is my password safe?"))
    row = await crowd.row()
    assert (row.incident, row.author, row.last_text) == (INC, MARIA, "Is my password safe?")
    assert row.waiting_since == build_mention("m1", "").posted_at
    assert (await crowd.tally()).waiting == 1


async def test_the_same_post_twice_is_one_post(crowd: Crowd) -> None:
    """By polling and by web hook, or in overlapping windows."""
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.poll()
    assert [row.mentions for row in await crowd.rows()] == [1]


async def test_person_and_thread_make_one_conversation(crowd: Crowd) -> None:
    await crowd.hear(
        build_mention("m1", "Hello?", thread="t1"),
        build_mention("m2", "Anybody there?", thread="t1"),
        build_mention("m3", "Me too!", PAUL, thread="t1"),
        build_mention("m4", "Another thing", thread="t2"),
    )
    found = [(row.author.name, row.thread, row.mentions) for row in await crowd.rows()]
    assert found == [("Maria Lopez", "t1", 2), ("Paul", "t1", 1), ("Maria Lopez", "t2", 1)]


async def test_an_answer_heard_before_what_it_answers_is_the_same_conversation(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m2", "I mean since noon.", parent="m1"))
    await crowd.hear(build_mention("m1", "It is down."))
    assert [row.mentions for row in await crowd.rows()] == [2]


async def test_an_answer_to_our_answer_goes_on_with_the_conversation(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply()
    await crowd.scene.work()
    assert (await crowd.row()).waiting_since is None
    await crowd.hear(build_mention("m2", "Thanks, and my data?", parent="r1"))
    assert [row.mentions for row in await crowd.rows()] == [2]
    assert (await crowd.row()).waiting_since is not None


async def test_what_was_edited_says_what_it_says_now(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Your down"))
    await crowd.hear(build_mention("m1", "You're down"))
    (mention,) = await crowd.scene.store.read(lambda reads: reads.list_mentions(1))  # type: ignore[arg-type]
    assert (mention.text, mention.edited_at) == ("You're down", crowd.scene.clock.now())
    assert (await crowd.row()).last_text == "You're down"


async def test_nobody_waits_for_an_answer_to_a_deleted_post(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "My phone number is …"))
    await crowd.scene.store.write(lambda tx: tx.cancel("customers:1"))
    await crowd.hear(gone=("m1",))
    row = await crowd.row()
    assert (row.waiting_since, row.last_text) == (None, "")
    now = crowd.scene.clock.now()
    look = await crowd.scene.store.look_up_jobs(now=now, limit=50, without_kinds=())
    assert "customers:1" in [each.job.key for each in look.due], "Slack must not go on showing the words"


async def test_a_post_that_was_deleted_does_not_come_back_with_the_next_window(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Oops"))
    await crowd.hear(gone=("m1",))
    await crowd.hear(build_mention("m1", "Oops"))
    assert (await crowd.row()).waiting_since is None


async def test_a_deletion_that_is_heard_before_the_post_holds(crowd: Crowd) -> None:
    """Web hooks come in any order."""
    await crowd.hear(gone=("m1",))
    await crowd.hear(gone=("m1",))
    await crowd.hear(build_mention("m1", "Oops"), build_mention("m2", "And this?", parent="m1"))
    assert [(row.mentions, row.last_text) for row in await crowd.rows()] == [(1, "And this?")]


async def test_reposts_and_quotes_fold_into_what_they_spread(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "It is down."))
    await crowd.hear(is_echo_of("m2", "m1"), is_echo_of("m3", "m1", MentionKind.QUOTE), is_echo_of("m4", "unknown"))
    rows = await crowd.rows()
    assert [(row.mentions, row.echoes, row.last_text) for row in rows] == [(1, 2, "It is down.")]
    assert (await crowd.tally()).received == 1


async def test_a_quote_of_our_own_words_is_a_customer_who_writes(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "That is no answer.", kind=MentionKind.QUOTE, about="ours"))
    assert (await crowd.row()).waiting_since is not None


async def test_what_we_answered_in_the_networks_own_app_closes_the_conversation(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.hear(build_answer("native", "Hi Maria, we are on it.", "m1"))
    row = await crowd.row()
    assert (row.waiting_since, row.is_closed) == (None, True)
    assert (await crowd.conversation()).closed_reason == "answered in the network's own app"


async def test_our_own_answer_on_its_way_is_not_taken_for_one_by_hand(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply("We are on it.")
    await crowd.hear(build_answer("r1", "@maria@example.social We are on it. — Ana", "m1"))
    assert await crowd.state() == "queued"
    await crowd.scene.work()
    assert (await crowd.state(), (await crowd.row()).is_closed) == ("sent", False)


async def test_similar_questions_are_one_group(crowd: Crowd) -> None:
    await crowd.hear(
        build_mention("m1", "@acme is my password safe?"),
        build_mention("m2", "Are my passwords still safe???", PAUL),
        build_mention("m3", "When can I post to Facebook again?", replace(PAUL, id="43")),
    )
    groups = await crowd.scene.store.read(lambda reads: reads.list_groups(INC))
    assert [(group.sample, group.conversations) for group in groups] == [("@acme is my password safe?", 2)]
    assert [row.group for row in await crowd.rows()] == [1, 1, 2]


async def test_it_belongs_to_the_incident_whose_post_it_answers(crowd: Crowd) -> None:
    scene = crowd.scene
    await scene.publish_update(build_form(outlets=("page", MASTODON)))
    await scene.open(title="Exports fail", view_id="V9")
    await crowd.hear(
        build_mention("m1", "About the first", parent="INC-1/1/mastodon/0"), build_mention("m2", "Hm", PAUL)
    )
    found = [await crowd.row(1), await crowd.row(2)]
    assert [row.incident for row in found] == [1, 2]


async def test_customers_are_heard_for_a_day_after_the_incident_was_resolved(crowd: Crowd) -> None:
    scene = crowd.scene
    await crowd.scene.publish_update(build_form("Fixed.", status=Status.RESOLVED))
    assert (await scene.incident()).is_resolved
    scene.clock.move(hours=23)
    await crowd.hear(build_mention("m1", "Still broken for me"))
    scene.clock.move(hours=2)
    await crowd.hear(build_mention("m2", "And now?", PAUL))
    assert [row.author.name for row in await crowd.rows()] == ["Maria Lopez"]


async def test_polling_reads_all_pages_and_goes_on_from_there(crowd: Crowd) -> None:
    posts = [build_mention(f"m{n}", f"Post {n}", replace(PAUL, id=f"a{n}")) for n in range(95)]
    crowd.listener.posts = posts
    await crowd.poll()
    assert len(await crowd.rows()) == 95
    crowd.listener.posts.append(build_mention("late", "One more"))
    await crowd.scene.work_for(seconds=60)
    assert len(await crowd.rows()) == 96
    listening = await crowd.scene.store.read(lambda reads: reads.find_listening(MASTODON))
    assert listening is not None
    assert (listening.cursor, listening.paid_reads) == ("96", 96)


async def test_nothing_is_read_while_no_incident_is_open(scene: Scene, crowd: Crowd) -> None:
    await scene.publish_update(build_form("Fixed.", status=Status.RESOLVED))
    scene.clock.move(hours=25)
    crowd.listener.since.clear()
    await crowd.poll()
    assert crowd.listener.since == []


async def test_the_first_incident_is_listened_for_at_once_and_the_next_changes_nothing(crowd: Crowd) -> None:
    assert len(crowd.listener.since) == 1
    await crowd.scene.open()
    await crowd.scene.work()
    assert len(crowd.listener.since) == 1


async def test_a_network_that_cannot_be_heard_is_named_and_heard_again_later(crowd: Crowd) -> None:
    crowd.listener.listens.append(NotSent("It wants a new token.", retry_after=timedelta(seconds=20)))
    crowd.listener.posts = [build_mention("m1", "Hello?")]
    await crowd.poll()
    assert len(crowd.listener.since) >= 2
    assert len(await crowd.rows()) == 1


async def test_one_failure_does_not_make_us_deaf_for_minutes(crowd: Crowd) -> None:
    crowd.listener.listens.extend([NotSent("A hiccup."), NotSent("Another hiccup.")])
    crowd.listener.since.clear()
    await crowd.poll()
    assert len(crowd.listener.since) == 2, "again after seconds, and then only after minutes"
    crowd.listener.posts = [build_mention("m1", "Hello?")]
    await crowd.scene.work_for(minutes=3)
    assert len(await crowd.rows()) == 1


async def test_the_days_budget_ends_the_reading_visibly_and_a_new_day_begins_it_again(crowd: Crowd) -> None:
    scene = crowd.scene
    spec = replace(scene.mastodon.spec, daily_reads=3)
    scene.mastodon = FakeOutlet(spec)
    crowd.listener.posts = [build_mention(f"m{n}", f"Post {n}") for n in range(3)]
    await crowd.poll()
    crowd.listener.posts.append(build_mention("m9", "Too late today"))
    await crowd.poll()
    listening = await scene.store.read(lambda reads: reads.find_listening(MASTODON))
    assert listening is not None
    assert listening.trouble == "Today's budget of 3 reads is used up."
    scene.clock.move(days=1)
    await crowd.poll()
    assert "Too late today" in [row.last_text for row in await crowd.rows()]


async def test_the_comms_lead_is_told_once_when_customers_wait_too_long(crowd: Crowd) -> None:
    def write(first: int, last: int) -> list[object]:
        return [build_mention(f"m{n}", f"Post {n}", replace(PAUL, id=f"a{n}")) for n in range(first, last)]

    await crowd.hear(*write(0, 9))  # type: ignore[arg-type]
    assert "flood_foreseen" not in await crowd.scene.kinds()
    await crowd.hear(*write(9, 15))  # type: ignore[arg-type]
    await crowd.hear(*write(15, 20))  # type: ignore[arg-type]
    assert (await crowd.scene.kinds()).count("flood_foreseen") == 1
    await crowd.hear(*write(20, 45))  # type: ignore[arg-type]
    assert (await crowd.scene.kinds()).count("flood_foreseen") == 2


async def test_a_private_incident_gives_way_to_a_public_one(crowd: Crowd) -> None:
    await crowd.scene.open(title="A breach", private=True, impact=Impact.CRITICAL, view_id="V7")
    await crowd.hear(build_mention("m1", "Hello?"))
    assert (await crowd.row()).incident == INC


@pytest.mark.parametrize("text", ["", "🙂" * 20_000, "שלום <!channel> *x* `y`", "\u0000\ud7ff"])
async def test_whatever_they_write_is_kept(crowd: Crowd, text: str) -> None:
    await crowd.hear(build_mention("m1", text))
    assert (await crowd.row()).last_text == text[:10_000]


async def test_our_own_posts_are_no_mentions(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "We are down", OURS, is_ours=True))
    assert await crowd.rows() == []
