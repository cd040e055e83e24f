"""What people do with conversations: exclusive claims, answers that fit, second eyes, no answer without a reason."""

from dataclasses import replace

import pytest

from chatops.domain.errors import BadInput, ChatopsError, Conflict, IllegalMove, NotAllowed, NotFound
from chatops.domain.ids import ConversationId
from chatops.domain.mention import digest_text
from chatops.domain.policy import MentionPolicy, Policy
from chatops.domain.records import Impact, Status
from chatops.usecases import conversations as cases
from chatops.usecases import team_answers
from tests.builders import ANA, BEN, CLEO, DORA, GUS, build_form
from tests.usecases.crowd import PAUL, Crowd, build_mention
from tests.usecases.scene import INC

ONE = ConversationId(1)


async def test_a_claim_is_exclusive_and_the_other_is_told_who_has_it(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.claim(by=ANA)
    with pytest.raises(Conflict, match=rf"{ANA.name} has claimed this one until 03:05 UTC"):
        await crowd.claim(by=BEN)
    with pytest.raises(Conflict, match=ANA.name):
        await crowd.reply(by=BEN)
    assert await crowd.holder() == ANA.name


async def test_the_same_click_twice_is_one_claim(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    assert await crowd.claim(key="click") == await crowd.claim(key="click")
    assert (await crowd.conversation()).head_seq == 2


async def test_a_claim_runs_out_after_five_minutes(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.claim(by=ANA)
    crowd.scene.clock.move(minutes=5)
    await crowd.claim(by=BEN)
    assert await crowd.holder() == BEN.name


async def test_a_claim_is_given_back_or_handed_over(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.claim(by=ANA)
    with pytest.raises(IllegalMove, match="not claimed this one"):
        await cases.release(crowd.scene.desk, crowd.scene.command(BEN), ONE)
    await cases.release(crowd.scene.desk, crowd.scene.command(ANA), ONE)
    await crowd.claim(by=BEN)
    with pytest.raises(Conflict):
        await cases.hand_over(crowd.scene.desk, crowd.scene.command(ANA), ONE, CLEO.slack_id)
    await cases.hand_over(crowd.scene.desk, crowd.scene.command(BEN), ONE, CLEO.slack_id)
    assert await crowd.holder() == CLEO.name


async def test_next_one_is_the_longest_waiting_that_nobody_is_at(crowd: Crowd) -> None:
    people = [replace(PAUL, id=f"a{n}") for n in range(3)]
    await crowd.hear(*(build_mention(f"m{n}", f"Post {n}", person) for n, person in enumerate(people)))
    given = [
        (await cases.claim_next(crowd.scene.desk, crowd.scene.command(by), INC))["conversation"]
        for by in (ANA, BEN, CLEO)
    ]
    assert given == [1, 2, 3]
    with pytest.raises(IllegalMove, match="Nobody waits"):
        await cases.claim_next(crowd.scene.desk, crowd.scene.command(ANA), INC)


async def test_an_answer_is_addressed_and_signed_once(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply("We are so sorry.")
    assert (await crowd.conversation()).get_reply(1).words == "@maria@example.social We are so sorry. — Ana"
    await crowd.hear(build_mention("m2", "Hello!", PAUL))
    await crowd.reply("Hi @paul@example.social, sorry! -Ana", 2)
    assert (await crowd.conversation(2)).get_reply(1).words == "Hi @paul@example.social, sorry! -Ana"


async def test_an_answer_answers_only_what_its_writer_saw(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?", thread="t"))
    seen = (await crowd.row()).last_seq
    await crowd.hear(build_mention("m2", "And my data?", thread="t"))
    await crowd.reply(covers=seen)
    await crowd.scene.work()
    row = await crowd.row()
    assert (await crowd.state(), row.waiting_since is not None) == ("sent", True)
    assert crowd.listener.answers[0].parent == "m1"


async def test_no_second_answer_is_begun_while_one_is_on_its_way(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply()
    with pytest.raises(IllegalMove, match="on its way already"):
        await crowd.reply(by=BEN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Write an answer"),
        ("x" * 60_000, "Too long for Mastodon: 60,0.. of 50,000"),
        ("Use xoxb-1234567890-abcdef", "a Slack token"),
        ("Your card 4111 1111 1111 1111 is fine", "a card number"),
        ("I mailed john.smith@gmail.com", "somebody's e-mail address"),
        ("Call +49 30 1234567890", "a telephone number"),
        ("It went to DE89 3704 0044 0532 0130 00", "a bank account"),
    ],
)
async def test_what_must_not_go_out_is_refused_with_the_reason(crowd: Crowd, text: str, reason: str) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    with pytest.raises(BadInput, match=reason) as refusal:
        await crowd.reply(text)
    assert refusal.value.field == "reply"


async def test_an_answer_to_words_that_changed_while_the_form_was_open_is_held(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Is my password safe?"))
    shown = digest_text("Is my password safe?")
    await crowd.hear(build_mention("m1", "Is my credit card safe?"))
    await crowd.reply("Yes, it is.", read_digest=shown)
    await crowd.scene.work()
    assert (await crowd.state(), crowd.said) == ("held", [])


async def test_only_in_a_letter_may_stand_what_is_one_persons_own(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    words, spec = "Your new address is lena.fox@mail.example.", crowd.scene.mastodon.spec
    crowd.scene.mastodon.spec = replace(spec, form="page")
    with pytest.raises(BadInput, match="e-mail address"):
        await crowd.reply(words)
    crowd.scene.mastodon.spec = replace(spec, form="letter")
    await crowd.reply(words)


async def test_an_address_of_the_team_is_no_personal_data(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    await crowd.reply("Write to help@acme.example, ticket 20261128, we are at 99.95 %.")


async def test_who_may_not_answer_is_told_so(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    with pytest.raises(NotAllowed):
        await crowd.reply(by=GUS)
    crowd.scene.policy = Policy(mentions=MentionPolicy(answerers=(BEN.slack_id,)))
    with pytest.raises(NotAllowed, match="names who answers"):
        await crowd.reply(by=ANA)
    await crowd.reply(by=BEN)


async def test_a_private_incidents_conversations_are_private_too(crowd: Crowd) -> None:
    scene = crowd.scene
    await scene.publish_update(build_form("Fixed.", status=Status.RESOLVED))
    scene.clock.move(hours=25)
    await scene.open(private=True, view_id="V8", commander=None, comms_lead=None)
    await crowd.hear(build_mention("m1", "Hello?"))
    assert (await crowd.row()).incident == 2
    for attempt in (crowd.claim(by=BEN), crowd.reply(by=BEN)):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await cases.claim_next(scene.desk, scene.command(BEN), type(INC)(2))
    await crowd.claim(by=ANA)


@pytest.mark.parametrize(
    "policy",
    [
        MentionPolicy(second_pair_impacts=frozenset({Impact.MINOR})),
        MentionPolicy(second_pair_words=("journalist", "legal action")),
    ],
)
async def test_a_second_pair_of_eyes_where_the_policy_wants_it(crowd: Crowd, policy: MentionPolicy) -> None:
    crowd.scene.policy = Policy(mentions=policy)
    await crowd.hear(build_mention("m1", "I am a Journalist of the Times."))
    assert (await crowd.reply(by=ANA))["needs_approval"] is True
    await crowd.scene.work()
    assert (await crowd.state(), crowd.said) == ("unapproved", [])
    with pytest.raises(NotAllowed, match="somebody else"):
        await cases.approve_reply(crowd.scene.desk, crowd.scene.command(ANA), ONE, 1)
    await cases.approve_reply(crowd.scene.desk, crowd.scene.command(BEN), ONE, 1)
    await crowd.scene.work()
    assert await crowd.state() == "sent"


async def test_a_word_of_the_policy_counts_only_as_a_whole_word(crowd: Crowd) -> None:
    crowd.scene.policy = Policy(mentions=MentionPolicy(second_pair_words=("press",)))
    await crowd.hear(build_mention("m1", "No pressure, it is impressive."))
    assert (await crowd.reply())["needs_approval"] is False


async def test_no_reply_needed_needs_a_reason_and_ends_the_waiting(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Great job!"))
    covers = (await crowd.row()).last_seq
    with pytest.raises(BadInput) as refusal:
        await cases.close(crowd.scene.desk, crowd.scene.command(), ONE, covers=covers, reason="  ")
    assert refusal.value.field == "reason"
    await cases.close(crowd.scene.desk, crowd.scene.command(), ONE, covers=covers, reason="Spam")
    row = await crowd.row()
    assert (row.waiting_since, row.is_closed) == (None, True)
    assert (await crowd.tally()).closed == 1
    await crowd.hear(build_mention("m2", "No, really", parent="m1"))
    assert (await crowd.row()).waiting_since is not None


async def test_escalating_calls_the_commander_in_the_thread(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "I will sue you"))
    await cases.escalate(crowd.scene.desk, crowd.scene.command(), ONE, "Legal threat")
    assert (await crowd.scene.kinds())[-1] == "mention_escalated"
    assert (await crowd.row()).is_escalated
    with pytest.raises(IllegalMove, match="called already: Legal threat"):
        await cases.escalate(crowd.scene.desk, crowd.scene.command(BEN), ONE, "Again")


async def test_the_promise_to_come_back_stands_until_it_is_kept(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Where is my invoice?"))
    await crowd.reply("I will find out.", follow_up=True)
    await crowd.scene.work()
    assert (await crowd.tally()).follow_ups == 1
    await cases.finish_follow_up(crowd.scene.desk, crowd.scene.command(), ONE)
    assert (await crowd.tally()).follow_ups == 0


async def test_the_teams_answer_is_approved_by_another_and_must_be_touched_or_confirmed(crowd: Crowd) -> None:
    scene = crowd.scene
    await crowd.hear(build_mention("m1", "Is my password safe?"), build_mention("m2", "Are passwords safe?", PAUL))
    made = await team_answers.propose_team_answer(scene.desk, scene.command(ANA), INC, 1, "Yes: they are hashed.")
    await crowd.reply("Yes: they are hashed.")  # not the team's answer yet
    with pytest.raises(NotAllowed):
        await team_answers.approve_team_answer(scene.desk, scene.command(ANA), INC, 1, str(made["digest"]))
    await team_answers.approve_team_answer(scene.desk, scene.command(BEN), INC, 1, str(made["digest"]))
    with pytest.raises(BadInput, match="fit this person"):
        await crowd.reply("Yes: they are hashed.", 2)
    await crowd.reply("Yes: they are hashed.", 2, fits=True)


async def test_new_words_of_the_teams_answer_need_a_new_approval(crowd: Crowd) -> None:
    scene = crowd.scene
    await crowd.hear(build_mention("m1", "Is my password safe?"))
    first = await team_answers.propose_team_answer(scene.desk, scene.command(ANA), INC, 1, "Yes.")
    await team_answers.propose_team_answer(scene.desk, scene.command(CLEO), INC, 1, "Yes, all of them.")
    with pytest.raises(IllegalMove, match="changed since"):
        await team_answers.approve_team_answer(scene.desk, scene.command(BEN), INC, 1, str(first["digest"]))
    assert (await scene.incident()).find_answer(1) is None


async def test_one_switch_pauses_all_replying(crowd: Crowd) -> None:
    scene = crowd.scene
    admin = DORA
    await crowd.hear(build_mention("m1", "Hello?"), build_mention("m2", "Hello?", PAUL))
    await crowd.reply()
    await team_answers.pause_replying(scene.desk, scene.command(admin), "legal is reading")
    with pytest.raises(IllegalMove, match="paused: legal is reading"):
        await crowd.reply("Hi", 2)
    await scene.work()
    assert (await crowd.state(), crowd.said) == ("queued", [])
    await team_answers.resume_replying(scene.desk, scene.command(admin))
    await scene.work_for(minutes=1)
    assert await crowd.state() == "sent"


async def test_nothing_is_answered_where_the_customer_took_it_back(crowd: Crowd) -> None:
    await crowd.hear(build_mention("m1", "Hello?"))
    seen = (await crowd.row()).last_seq
    await crowd.hear(gone=("m1",))
    with pytest.raises(ChatopsError, match="deleted"):
        await crowd.reply(covers=seen)
