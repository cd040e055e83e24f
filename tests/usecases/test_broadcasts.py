"""From the last approval to the public: each outcome of each kind of network, crashes included; never twice blindly."""

from datetime import timedelta

import pytest

from chatops.domain.errors import IllegalMove, NotSent, Refused, Uncertain
from chatops.domain.ids import PAGE
from chatops.domain.records import DeliverySent, DeliveryStalled, Status
from chatops.domain.wording import Abilities
from chatops.usecases.deliveries import LOOK_UP_PAUSE, LOOK_UPS
from tests.builders import EMAIL, MASTODON, build_form, build_spec, minute
from tests.usecases.fakes import SEND_THEN, Crash, FakeOutlet
from tests.usecases.scene import URL, Scene

BY_MASTODON = build_form(outlets=(PAGE, MASTODON))
BOTH = build_form(outlets=(PAGE, EMAIL, MASTODON))
KEY = "INC-1/1/mastodon/0"


def ask_a_person(scene: Scene) -> FakeOutlet:
    scene.email = FakeOutlet(build_spec("email", abilities=Abilities(settled_by="person")))
    return scene.email


async def approve_update(scene: Scene, form: object = None) -> None:
    await scene.open()
    await scene.propose(form)  # type: ignore[arg-type]
    await scene.approve()


async def test_the_page_is_delivered_in_the_approving_transaction(scene: Scene) -> None:
    await approve_update(scene)
    approval, started, sent = (await scene.records())[-3:]
    assert (approval.kind, started.kind, sent.kind) == ("revision_approved", "broadcast_started", "delivery_sent")
    assert sent.data == DeliverySent(update=1, outlet=PAGE, url=f"{URL}/incidents/INC-1")
    posts = await scene.store.read(lambda reads: reads.list_page_posts(1))  # type: ignore[arg-type]
    assert [post.text for post in posts] == ["Logins fail.\n\n— Ana"]


async def test_what_is_sent_are_the_approved_words_and_the_incident_counts_as_published_once(scene: Scene) -> None:
    await approve_update(scene, BOTH)
    await scene.work()
    revision = (await scene.incident()).updates[0].revision
    assert [posting.words for posting in scene.email.postings] == list(revision.words[1].parts)
    assert scene.email.postings[0].digest == revision.digest
    assert await scene.state(EMAIL) == await scene.state(MASTODON) == "sent"
    assert (await scene.kinds()).count("update_published") == 1


async def test_publication_starts_the_clock_from_the_moment_it_was_sent(scene: Scene) -> None:
    await approve_update(scene, build_form(promise_minutes=30))
    assert (await scene.incident()).due_at == minute(60), "the page alone does not count beside another outlet"
    scene.clock.move(minutes=7)
    await scene.work()
    assert (await scene.incident()).due_at == minute(37)
    assert (await scene.incident()).is_promised


async def test_the_page_alone_counts_where_it_is_the_only_outlet(scene: Scene) -> None:
    await approve_update(scene, build_form(outlets=(PAGE,)))
    assert (await scene.kinds())[-1] == "update_published"


async def test_not_sent_is_retried_after_growing_pauses(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(NotSent("Busy."), NotSent("Busy."))
    await scene.work()
    assert await scene.find_due_at("deliver") == minute(0) + timedelta(seconds=2)
    await scene.work_for(seconds=2)
    assert await scene.find_due_at("deliver") == minute(0) + timedelta(seconds=6)
    await scene.work_for(seconds=4)
    assert await scene.state() == "sent"
    assert [each.outcome for each in await scene.attempts()] == ["not_sent", "not_sent", "sent"]


async def test_the_pause_a_network_names_is_kept_also_when_another_outlet_has_sent(scene: Scene) -> None:
    await approve_update(scene, BOTH)
    scene.email.follow(NotSent("Slow down.", retry_after=timedelta(minutes=9)))
    await scene.work()
    assert await scene.state(MASTODON) == "sent"
    assert await scene.find_due_at("deliver") == minute(9)
    assert len(scene.email.postings) == 1


async def test_a_network_that_never_answers_is_given_up_after_a_day(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(*[NotSent("Busy.", retry_after=timedelta(hours=5))] * 10)
    await scene.work_for(hours=30)
    assert await scene.state() == "refused"
    delivery = (await scene.incident()).updates[0].get_delivery(EMAIL, 0)
    assert delivery.reason == "Given up after 5 attempts. The last one: Busy."
    assert "update_published" not in await scene.kinds()


async def test_refused_stays_refused_until_a_person_asks_for_another_attempt(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(Refused("No such account."))
    await scene.work()
    assert await scene.state() == "refused"
    with pytest.raises(IllegalMove):
        await scene.requeue(again=True)
    assert await scene.requeue(again=False) == {"requeued": True}
    await scene.work()
    assert await scene.state() == "sent"
    assert (await scene.kinds()).count("update_published") == 1
    with pytest.raises(IllegalMove, match="sent already"):
        await scene.requeue(again=False)


async def test_an_uncertain_send_to_a_network_that_cannot_be_asked_waits_for_a_person(scene: Scene) -> None:
    email = ask_a_person(scene)
    await approve_update(scene)
    email.follow(Uncertain("The answer was lost."))
    await scene.work_for(hours=3)
    assert await scene.state() == "uncertain"
    assert len(email.postings) == 1
    assert await scene.confirm() == {"confirmed": True}
    assert (await scene.kinds())[-2:] == ["delivery_sent", "update_published"]
    with pytest.raises(IllegalMove):
        await scene.confirm()


async def test_a_person_may_send_again_knowing_that_it_may_double(scene: Scene) -> None:
    email = ask_a_person(scene)
    await approve_update(scene)
    email.follow(Uncertain("The answer was lost."))
    await scene.work()
    with pytest.raises(IllegalMove):
        await scene.requeue(again=False)
    await scene.requeue(again=True)
    await scene.work()
    assert await scene.state() == "sent"
    assert len(email.postings) == 2


async def test_a_crash_while_sending_to_a_network_that_cannot_be_asked_is_not_sent_again(scene: Scene) -> None:
    email = ask_a_person(scene)
    await approve_update(scene)
    email.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    await scene.restart()
    await scene.work()
    assert await scene.state() == "uncertain"
    assert len(email.postings) == 1


async def test_a_crash_while_sending_under_our_own_key_sends_the_same_posting_again(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    scene.clock.move(minutes=2)
    await scene.restart()
    await scene.work()
    assert await scene.state() == "sent"
    first, second = scene.email.postings
    assert first == second
    assert len(scene.email.standing) == 1


async def test_an_uncertain_send_under_our_own_key_is_settled_without_a_person(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(SEND_THEN, Uncertain("The answer was lost."))
    await scene.work()
    assert await scene.find_due_at("deliver") == minute(1)
    await scene.work_for(minutes=1)
    assert await scene.state() == "sent"
    assert len(scene.email.standing) == 1


async def test_our_own_key_is_not_tried_for_ever(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(*[Uncertain("The answer was lost.")] * 20)
    await scene.work_for(hours=1)
    assert await scene.state() == "uncertain"
    assert len(scene.email.postings) == LOOK_UPS + 1


async def test_a_refusal_of_the_second_try_leaves_the_first_in_doubt(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(SEND_THEN, Crash(), *[Refused("Token revoked.")] * 10)
    await scene.crash_while_working()
    await scene.work_for(hours=1)
    assert await scene.state() == "uncertain"


@pytest.mark.parametrize("stands", [True, False])
async def test_a_crash_while_sending_to_a_readable_network_looks_first_and_not_at_once(
    scene: Scene, *, stands: bool
) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(*([SEND_THEN, Crash()] if stands else [Crash()]))
    await scene.crash_while_working()
    await scene.restart()
    await scene.work()
    assert scene.mastodon.looked_up == [], "its own time lines lag"
    assert await scene.find_due_at("deliver") == minute(0) + LOOK_UP_PAUSE
    await scene.work_for(minutes=1)
    assert await scene.state(MASTODON) == "sent"
    assert scene.mastodon.standing == [KEY]
    sent = next(each.data for each in (await scene.records()) if each.seq == 6)
    assert isinstance(sent, DeliverySent)
    assert sent.how == ("looked_up" if stands else "sent")
    assert [each.outcome for each in await scene.attempts(MASTODON)] == (["sent"] if stands else ["uncertain", "sent"])


async def test_an_uncertain_send_to_a_readable_network_is_looked_up(scene: Scene) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(SEND_THEN, Uncertain("The answer was lost."))
    await scene.work_for(minutes=2)
    assert await scene.state(MASTODON) == "sent"
    assert len(scene.mastodon.postings) == len(scene.mastodon.looked_up) == 1


@pytest.mark.parametrize("trouble", [NotSent("Down."), Refused("Reading is not allowed."), Uncertain("Lost.")])
async def test_a_look_up_that_fails_never_leads_to_sending_blindly(scene: Scene, trouble: Exception) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(SEND_THEN, Uncertain("The answer was lost."))
    scene.mastodon.finds.extend([trouble] * 2)
    await scene.work_for(minutes=4)
    assert await scene.state(MASTODON) == "sent"
    assert scene.mastodon.standing == [KEY]


async def test_a_look_up_that_does_not_get_through_is_soon_repeated(scene: Scene) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(SEND_THEN, Uncertain("The answer was lost."))
    scene.mastodon.finds.extend(
        [NotSent("Down."), NotSent("Down."), NotSent("Wait.", retry_after=timedelta(minutes=2))]
    )
    await scene.work_for(seconds=61)
    assert len(scene.mastodon.looked_up) == 1
    await scene.work_for(seconds=20)
    assert len(scene.mastodon.looked_up) == 3
    await scene.work_for(seconds=100)
    assert len(scene.mastodon.looked_up) == 3, "the pause that the network names is kept"
    await scene.work_for(seconds=30)
    assert await scene.state(MASTODON) == "sent"


async def test_after_a_long_time_down_one_look_that_fails_is_not_the_last(scene: Scene) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    scene.clock.move(hours=3)
    await scene.restart()
    scene.mastodon.finds.extend([NotSent("Down.")] * 3)
    await scene.work_for(minutes=1)
    assert await scene.state(MASTODON) == "sent"
    assert scene.mastodon.standing == [KEY]


async def test_a_network_that_can_never_be_read_is_left_to_a_person(scene: Scene) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(SEND_THEN, Uncertain("The answer was lost."))
    scene.mastodon.finds.extend([Refused("Reading is not allowed.")] * 20)
    await scene.work_for(minutes=30)
    assert await scene.state(MASTODON) == "uncertain"
    assert scene.mastodon.standing == [KEY]
    assert len(scene.mastodon.looked_up) == LOOK_UPS


async def test_many_retries_before_a_lost_answer_do_not_use_up_the_look_ups(scene: Scene) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(*[NotSent("Busy.")] * 6, SEND_THEN, Uncertain("The answer was lost."))
    await scene.work_for(minutes=30)
    assert await scene.state(MASTODON) == "sent"
    assert scene.mastodon.standing == [KEY]


async def test_a_network_that_always_loses_the_answer_and_never_shows_the_post_is_left_to_a_person(
    scene: Scene,
) -> None:
    await approve_update(scene, BY_MASTODON)
    scene.mastodon.follow(*[Uncertain("The answer was lost.")] * 50)
    await scene.work_for(hours=2)
    assert await scene.state(MASTODON) == "uncertain"
    assert len(scene.mastodon.postings) == LOOK_UPS + 1
    assert len(scene.mastodon.looked_up) == LOOK_UPS


async def test_an_outlet_that_is_no_longer_configured_is_refused_and_in_doubt_where_it_was_sending(
    scene: Scene,
) -> None:
    await approve_update(scene, BOTH)
    scene.email.follow(SEND_THEN, Crash())
    with pytest.raises(Crash):
        await scene.work(only="deliver")
    jobs = {str(each.job.data["outlet"]): each for each in await scene.waiting("deliver")}
    for outlet in (EMAIL, MASTODON):
        await scene.deliver(jobs[outlet].job, {})
    assert (await scene.state(EMAIL), await scene.state(MASTODON)) == ("uncertain", "refused")


async def test_a_job_that_runs_once_more_after_it_was_done_sends_nothing(scene: Scene) -> None:
    await approve_update(scene)
    job = (await scene.waiting("deliver"))[0].job
    await scene.work()
    await scene.deliver(job, scene.outlets)
    assert len(scene.email.postings) == 1


async def test_an_outcome_that_comes_after_a_person_has_settled_it_is_kept_in_the_ledger_only(scene: Scene) -> None:
    await approve_update(scene)
    job = (await scene.waiting("deliver"))[0].job
    other = FakeOutlet(scene.email.spec)

    async def send_meanwhile(posting: object) -> object:
        await scene.deliver(job, {EMAIL: other})
        raise Refused("Too late.")

    scene.email.send = send_meanwhile  # type: ignore[method-assign,assignment]
    await scene.deliver(job, scene.outlets)
    assert await scene.state() == "sent"
    assert (await scene.kinds()).count("delivery_sent") == 2


async def test_later_updates_name_the_earlier_posts_of_the_incident(scene: Scene) -> None:
    await scene.open()
    await scene.publish_update()
    await scene.publish_update(build_form("Found it.", status=Status.IDENTIFIED))
    assert scene.email.postings[0].earlier == ()
    assert scene.email.postings[1].earlier == ("INC-1/1/email/0",)


async def test_a_last_word_resolves_the_incident_when_it_is_published_and_not_before(scene: Scene) -> None:
    await approve_update(scene, build_form("Over.", status=Status.RESOLVED))
    assert not (await scene.incident()).is_resolved
    await scene.work(only="deliver")
    assert (await scene.kinds())[-2:] == ["update_published", "incident_resolved"]
    assert await scene.waiting("remind") == []
    row = await scene.store.read(lambda reads: reads.find_incident_row(1))  # type: ignore[arg-type]
    assert row is not None
    assert row.resolved_at == minute(0)


async def test_an_afterword_leaves_the_incident_resolved_and_a_relapse_reopens_it(scene: Scene) -> None:
    await scene.open()
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    await scene.publish_update(build_form("It was a cable.", status=Status.RESOLVED))
    assert (await scene.incident()).is_resolved
    assert (await scene.kinds()).count("incident_resolved") == 1
    await scene.publish_update(build_form("It is back.", status=Status.INVESTIGATING))
    assert (await scene.kinds())[-2:] == ["incident_reopened", "update_published"]
    assert (await scene.incident()).due_at == minute(60)
    assert await scene.find_due_at("remind") == minute(55)


async def test_an_older_update_that_gets_through_late_neither_reopens_nor_moves_the_clock(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(Refused("No such list."))
    await scene.publish_update()
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    assert (await scene.incident()).is_resolved
    await scene.requeue(again=False)
    await scene.work_for(hours=3)
    assert await scene.state(update=1) == "sent"
    incident = await scene.incident()
    assert incident.is_resolved
    assert incident.due_at is None
    assert (await scene.kinds())[-1] == "update_published"
    assert "incident_reopened" not in await scene.kinds()


async def test_an_older_last_word_that_gets_through_late_does_not_resolve_what_is_back(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(Refused("No such list."))
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    await scene.publish_update(build_form("It is back."))
    await scene.requeue(again=False)
    await scene.work_for(minutes=30)
    assert await scene.state(update=1) == "sent"
    assert not (await scene.incident()).is_resolved
    assert (await scene.incident()).due_at == minute(60)


async def test_each_outlet_is_told_in_order_and_newer_words_try_it_again_at_once(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(hours=1)))
    await scene.publish_update(BOTH)
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=1)))
    await scene.publish_update(build_form("More.", outlets=(PAGE, EMAIL, MASTODON)))
    assert len(scene.email.postings) == 2, "what is first in line, once more"
    assert scene.mastodon.standing == ["INC-1/1/mastodon/0", "INC-1/2/mastodon/0"], "nobody waits for the mail"
    await scene.work_for(minutes=2)
    assert scene.email.standing == ["INC-1/1/email/0", "INC-1/2/email/0"]
    assert scene.email.postings[-1].earlier == ("INC-1/1/email/0",)


async def test_newer_words_do_not_wait_for_what_a_person_has_to_settle(scene: Scene) -> None:
    email = ask_a_person(scene)
    await scene.open()
    email.follow(Uncertain("The answer was lost."))
    await scene.publish_update()
    await scene.publish_update(build_form("More."))
    assert (await scene.state(update=1), await scene.state(update=2)) == ("uncertain", "sent")


async def test_what_waits_in_line_survives_a_crash(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(hours=1)))
    await scene.publish_update()
    scene.email.follow(SEND_THEN, Crash())
    await scene.propose(build_form("More."))
    await scene.approve(draft=2)
    await scene.crash_while_working()
    await scene.restart()
    await scene.work_for(minutes=10)
    assert scene.email.standing == ["INC-1/1/email/0", "INC-1/2/email/0"]


async def test_the_thread_is_told_once_that_a_token_is_no_longer_good(scene: Scene) -> None:
    await scene.open()
    revoked = NotSent("The network refuses the token: check EMAIL_TOKEN.", needs_person=True)
    scene.email.follow(*[revoked] * 6)
    await scene.publish_update(BOTH)
    await scene.publish_update(build_form("More."))
    await scene.work_for(seconds=30)
    assert len(scene.email.postings) >= 5
    [stalled] = [each for each in await scene.records() if each.kind == "delivery_stalled"]
    assert stalled.data == DeliveryStalled(update=1, outlet=EMAIL, reason=str(revoked))
    assert await scene.state() == "queued", "it keeps its place"
    assert stalled.seq in scene.slack.told()
    await scene.work_for(hours=1)
    assert scene.email.standing == ["INC-1/1/email/0", "INC-1/2/email/0"], "mended, it goes out by itself"
    assert (await scene.incident()).stalled == frozenset()
    scene.email.follow(revoked)
    await scene.publish_update(build_form("Even more."))
    assert (await scene.kinds()).count("delivery_stalled") == 2, "revoked anew, told anew"


async def test_a_busy_network_stalls_nothing(scene: Scene) -> None:
    await approve_update(scene)
    scene.email.follow(NotSent("Busy."), NotSent("Busy."))
    await scene.work_for(minutes=1)
    assert "delivery_stalled" not in await scene.kinds()
