"""Correct and retract: through approval, where it stands, in order, and without moving clock or status."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatops.domain.errors import BadInput, Conflict, NotFound, NotSent, Refused, Uncertain
from chatops.domain.ids import CHATOPS, PAGE, OutletKey, incident_stream
from chatops.domain.records import DeliverySent, Purpose, Sections, Status
from chatops.domain.update import DraftForm
from chatops.domain.wording import Abilities, TextLimits
from chatops.usecases import broadcasts
from chatops.usecases.operations import rebuild
from chatops.usecases.ports import PagePost
from tests.builders import EMAIL, MASTODON, build_form, build_spec
from tests.usecases.fakes import SEND_THEN, AbleOutlet, Crash
from tests.usecases.scene import INC, Scene

ALL = (PAGE, EMAIL, MASTODON)
FIRST = "INC-1/1/mastodon/0"


@pytest.fixture
def network(scene: Scene) -> AbleOutlet:
    """Mastodon, able to do everything."""
    return equip(scene)


def equip(scene: Scene, *, max_chars: int = 500, **abilities: object) -> AbleOutlet:
    able = Abilities(edit=True, retract=True, thread=True, signs=False, settled_by="read_back")
    spec = build_spec(
        "mastodon",
        form="short",
        link="never",
        split=True,
        limits=TextLimits(max_chars=max_chars),
        abilities=replace(able, **abilities),  # type: ignore[arg-type]
    )
    scene.mastodon = AbleOutlet(spec)
    return scene.mastodon


def news(words: str = "Logins fail.", **changes: object) -> DraftForm:
    return build_form(words, **{"outlets": ALL, **changes})


def about(update: int = 1, words: str = "Some logins fail.", *, retract: bool = False, **changes: object) -> DraftForm:
    purpose = Purpose.RETRACTION if retract else Purpose.CORRECTION
    return news(words, purpose=purpose, of_update=update, **changes)


async def page(scene: Scene) -> list[PagePost]:
    return await scene.store.read(lambda reads: reads.list_page_posts(INC))


async def states(scene: Scene, update: int, outlet: OutletKey = MASTODON) -> list[str]:
    found = (await scene.incident()).get_update(update).deliveries
    return [each.state.value for each in found if each.outlet == outlet]


async def test_a_correction_edits_where_it_can_and_follows_where_it_cannot(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news(promise_minutes=30))
    before = await scene.incident()
    scene.clock.move(minutes=10)
    await scene.publish_update(about())
    after = await scene.incident()
    assert network.shows == {FIRST: "Some logins fail.\n\nWe will post the next update within 30 minutes of this post."}
    assert [each.target for each in network.changed] == [FIRST]
    mail = scene.email.postings[-1]
    assert "Correction of our earlier update (24 Nov 03:00 UTC): Some logins fail." in mail.words
    assert "next update" not in mail.words, "what follows promises nothing that no clock keeps"
    assert mail.earlier == ("INC-1/1/email/0",)
    [post] = await page(scene)
    assert post.text.startswith("Some logins fail.")
    assert (post.update, post.edited_at, post.is_retracted) == (1, scene.clock.now(), False)
    assert (after.due_at, after.clock_from, after.remind_at) == (before.due_at, before.clock_from, before.remind_at)
    assert after.get_update(2).published_at == scene.clock.now()


async def test_a_retraction_takes_away_what_it_can_and_marks_the_rest(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(about(words="That was wrong.", retract=True))
    assert network.shows == {}
    assert "Retraction of our earlier update (24 Nov 03:00 UTC): That was wrong." in scene.email.postings[-1].words
    [post] = await page(scene)
    assert (post.text, post.is_retracted) == ("That was wrong.\n\n— Ana", True)
    for retract in (True, False):
        with pytest.raises(BadInput, match="Update 1 does not stand on page, email, mastodon"):
            await scene.propose(about(retract=retract))
    await scene.publish_update(news("Now it is right."))
    assert network.postings[-1].earlier == (), "a thread does not continue what is gone"


async def test_a_correction_of_a_correction_replaces_the_newest_words(scene: Scene, network: AbleOutlet) -> None:
    network.renames = True
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(about(words="Some logins fail."))
    await scene.publish_update(about(words="Few logins fail."))
    assert network.shows == {f"{FIRST}++": "Few logins fail."}
    assert [each.text for each in await page(scene)] == ["Few logins fail.\n\n— Ana"]
    await scene.publish_update(news("All is well."))
    assert network.postings[-1].earlier == (f"{FIRST}++",), "a thread continues under the newest id"
    await scene.publish_update(about(words="Wrong.", retract=True, outlets=(MASTODON,)))
    assert list(network.shows.values()) == ["All is well."]


async def test_a_retraction_takes_the_corrections_that_followed_away_too(scene: Scene) -> None:
    network = equip(scene, edit=False)
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(about(words="Some logins fail."))
    await scene.publish_update(about(words="Few logins fail."))
    assert len(network.shows) == 3
    await scene.publish_update(about(words="Wrong.", retract=True))
    assert network.shows == {}
    assert await states(scene, 4) == ["sent"] * 3


async def test_an_edit_of_other_length_follows_and_so_does_the_next(scene: Scene) -> None:
    network = equip(scene, max_chars=100)
    await scene.open()
    await scene.publish_update(news("A sentence of ours. " * 8))
    assert len(network.shows) == 2
    await scene.publish_update(about(words="Short."))
    assert network.changed == []
    await scene.publish_update(about(words="Another sentence. " * 3))
    assert network.changed == [], "the newest words come last"
    assert len(network.shows) == 5


async def test_a_post_that_a_person_confirmed_has_no_name_to_edit(scene: Scene) -> None:
    network = equip(scene, settled_by="person")
    await scene.open()
    network.follow(Uncertain("No answer."))
    await scene.publish_update(news())
    await scene.confirm(outlet=MASTODON)
    await scene.publish_update(about())
    assert network.changed == []
    assert network.postings[-1].words.startswith("Correction of our earlier update")


async def test_it_is_about_news_that_stands_there(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news(outlets=(PAGE, EMAIL)))
    with pytest.raises(BadInput, match="Update 1 does not stand on mastodon") as refused:
        await scene.propose(about())
    assert refused.value.field == "outlets"
    with pytest.raises(NotFound):
        await scene.propose(about(7))
    await scene.publish_update(about(outlets=(PAGE,)))
    with pytest.raises(BadInput, match="Update 2 is a correction itself"):
        await scene.propose(about(2, outlets=(PAGE,)))


async def test_status_and_promise_stay_what_they_were(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news(promise_minutes=60, status=Status.IDENTIFIED))
    await scene.propose(about(status=Status.RESOLVED, promise_minutes=None))
    draft = (await scene.incident()).draft
    assert draft is not None
    assert (draft.current.status, draft.current.promise_minutes) == (Status.IDENTIFIED, 60)
    await scene.approve(draft=2)
    incident = await scene.incident()
    assert (incident.status, incident.is_resolved) == (Status.IDENTIFIED, False)


async def test_correcting_the_last_word_neither_reopens_nor_resolves_again(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(news("All is well.", status=Status.RESOLVED))
    resolved_at = (await scene.incident()).resolved_at
    scene.clock.move(hours=1)
    await scene.publish_update(about(1))
    await scene.publish_update(about(2, "Nearly all is well."))
    await scene.publish_update(about(2, "That was too early.", retract=True))
    incident = await scene.incident()
    assert (incident.resolved_at, incident.due_at, incident.status) == (resolved_at, None, Status.RESOLVED)
    assert (await scene.kinds()).count("incident_resolved") == 1
    assert "incident_reopened" not in await scene.kinds()
    assert await scene.waiting("remind") == []


async def test_an_open_correction_keeps_its_purpose_and_meets_no_other(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    await scene.propose(about())
    with pytest.raises(Conflict):
        await scene.propose(about(words="Mine."))
    for other in (news(), about(retract=True)):
        with pytest.raises(BadInput, match="The open draft is a correction of update 1"):
            await scene.propose(other)
        with pytest.raises(BadInput, match="Publish or withdraw that one first"):
            await scene.propose(other, draft=2, base_revision=1)
    await scene.propose(about(words="Better."), draft=2, base_revision=1)
    draft = (await scene.incident()).draft
    assert draft is not None
    assert (draft.current.number, draft.current.purpose, draft.current.of_update) == (2, Purpose.CORRECTION, 1)


async def test_a_crash_in_the_middle_of_edits_repeats_harmlessly_and_in_order(scene: Scene) -> None:
    network = equip(scene, max_chars=60)
    await scene.open()
    await scene.publish_update(news("A sentence of ours. " * 5))
    parts = len(network.shows)
    network.changes.extend([Uncertain("No answer."), Crash()])
    made = await scene.propose(about(words="A sentence of hers. " * 5))
    await scene.approve(draft=int(made["draft"] or 0))
    await scene.work()
    scene.clock.move(minutes=2)
    await scene.crash_while_working()
    await scene.restart()
    await scene.work_for(minutes=10)
    assert await states(scene, 2) == ["sent"] * parts
    assert all("hers" in words for words in network.shows.values())
    assert [each.key[-1] for each in network.changed] == ["0", "0", "0", *map(str, range(1, parts))]
    assert scene.mastodon.looked_up == [], "an edit needs no look"


async def test_an_edit_that_is_refused_is_told_and_can_be_tried_again(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    network.changes.append(Refused("Too old to edit."))
    await scene.publish_update(about())
    assert await states(scene, 2) == ["refused"]
    assert await states(scene, 2, EMAIL) == ["sent"], "one failing outlet never delays another"


async def test_an_older_edit_never_overwrites_newer_words(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    network.changes.append(NotSent("Busy.", retry_after=timedelta(hours=1)))
    await scene.publish_update(about(words="Older."))
    await scene.publish_update(about(words="Newer."))
    await scene.work_for(hours=2)
    assert network.shows == {FIRST: "Newer."}
    delivery = (await scene.incident()).get_update(2).get_delivery(MASTODON, 0)
    assert (delivery.state.value, delivery.reason) == ("skipped", "update 3, a correction of it, came first")


async def test_what_was_retracted_is_not_sent_late(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=5)))
    await scene.publish_update(news(status=Status.RESOLVED, outlets=(PAGE, EMAIL)))
    await scene.publish_update(about(words="Wrong.", retract=True, outlets=(PAGE,)))
    await scene.work_for(minutes=30)
    assert scene.email.standing == []
    assert await states(scene, 1, EMAIL) == ["skipped"]
    assert not (await scene.incident()).is_resolved, "what was taken back resolves nothing"


async def test_what_was_retracted_while_it_was_in_doubt_asks_a_person(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    made = await scene.propose(news(outlets=(PAGE, MASTODON)))
    await scene.approve(draft=int(made["draft"] or 0))
    network.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    await scene.restart()
    await scene.propose(about(words="Wrong.", retract=True, outlets=(PAGE,)))
    await scene.approve(draft=2)
    await scene.work_for(minutes=10)
    delivery = (await scene.incident()).get_update(1).get_delivery(MASTODON, 0)
    assert delivery.state.value == "uncertain"
    assert "update 2, a retraction of it, came first" in str(delivery.reason)


@pytest.mark.parametrize("outlets", [(PAGE,), (PAGE, EMAIL)])
@pytest.mark.parametrize("status", [Status.IDENTIFIED, Status.RESOLVED])
async def test_old_words_are_not_mailed_once_a_correction_was_quicker(
    scene: Scene, network: AbleOutlet, status: Status, outlets: tuple[OutletKey, ...]
) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=5)))
    await scene.publish_update(news(status=status, outlets=(PAGE, EMAIL)))
    scene.clock.move(minutes=1)
    await scene.publish_update(about(status=status, outlets=outlets))
    await scene.work_for(minutes=6)
    incident = await scene.incident()
    delivery = incident.get_update(1).get_delivery(EMAIL, 0)
    assert (delivery.state.value, delivery.reason) == ("skipped", "update 2, a correction of it, came first")
    mailed = [each for each in scene.email.postings if each.key in scene.email.standing]
    assert all("Correction of our earlier update" in each.words for each in mailed), "the page had the old ones"
    assert ["Some logins fail." in each.words for each in mailed] == [True] * (EMAIL in outlets)
    assert incident.get_update(1).published_at, "the page has its words, mended: the clock runs, the incident may end"
    assert incident.is_resolved is (status is Status.RESOLVED)
    assert (incident.due_at is None) is incident.is_resolved


async def test_words_that_only_their_correction_brings_out_count_as_published(scene: Scene) -> None:
    await scene.open()
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=5)))
    await scene.publish_update(news(status=Status.RESOLVED, outlets=(EMAIL,)))
    scene.email.follow(NotSent("Busy.", retry_after=timedelta(minutes=5)))
    await scene.publish_update(about(status=Status.RESOLVED, outlets=(EMAIL,)))
    assert not (await scene.incident()).is_resolved
    await scene.work_for(minutes=6)
    assert (await scene.incident()).is_resolved


async def test_words_that_may_stand_there_already_are_left_to_a_person(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    made = await scene.propose(news(outlets=(PAGE, MASTODON)))
    await scene.approve(draft=int(made["draft"] or 0))
    network.follow(SEND_THEN, Crash())
    await scene.crash_while_working()
    await scene.restart()
    await scene.propose(about(outlets=(PAGE,)))
    await scene.approve(draft=2)
    await scene.work_for(minutes=10)
    assert await states(scene, 1) == ["uncertain"]


async def test_a_broken_thread_resumes_where_it_stopped(scene: Scene) -> None:
    network = equip(scene, max_chars=60)
    await scene.open()
    network.follow("sent", Refused("Rate limit of the day."))
    await scene.publish_update(news("A sentence of ours. " * 8))
    found = await states(scene, 1)
    assert found[:2] == ["sent", "refused"]
    assert set(found[2:]) == {"queued"}
    await scene.publish_update(news("Another update.", outlets=(PAGE, EMAIL)))
    network.follow(NotSent("Busy."))
    await broadcasts.requeue(scene.desk, scene.command(), INC, update=1, outlet=MASTODON, part=1, again=False)
    await scene.work_for(minutes=2)
    assert set(await states(scene, 1)) == {"sent"}
    keys = [f"INC-1/1/mastodon/{part}" for part in range(len(found))]
    assert network.standing == keys, "each part once, in order"
    assert [list(each.earlier) for each in network.postings[-2:]] == [keys[:-2], keys[:-1]]


async def test_where_our_thread_is_refused_the_approved_stand_in_goes_out(scene: Scene) -> None:
    network = equip(scene, max_chars=100, may_refuse_thread=True)
    network.refuses_threads = True
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(news(" ".join(f"Sentence number {number}." for number in range(8))))
    words = (await scene.incident()).get_update(2).revision.words[-1]
    assert [each.fallback for each in network.postings] == [None, *words.fallback]
    shown = list(network.shows.values())
    assert shown[1].startswith("Update on “Logins fail”: Sentence number 0.")
    assert all(f"Sentence number {number}." in "\n".join(shown) for number in range(8))


async def test_only_where_the_words_fit_can_they_be_proposed(scene: Scene) -> None:
    equip(scene, max_chars=20)
    await scene.open()
    with pytest.raises(BadInput, match="21 characters, at most 20"):
        await scene.propose(news(sections=Sections(what_happened="Logins fail.", short_version="x" * 21)))


async def test_the_page_alone_can_be_corrected_and_the_mail_spared(scene: Scene, network: AbleOutlet) -> None:
    """Whether subscribers are told is the team's choice."""
    await scene.open()
    await scene.publish_update(news())
    mails = len(scene.email.postings)
    await scene.publish_update(about(outlets=(PAGE, MASTODON)))
    assert len(scene.email.postings) == mails
    assert (await page(scene))[0].text.startswith("Some logins fail.")


async def test_the_page_is_the_same_when_it_is_built_anew_from_the_log(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    await scene.publish_update(news("More."))
    await scene.publish_update(about(1, "Some logins fail."))
    await scene.publish_update(about(2, "No more.", retract=True))
    before = await page(scene)
    assert [(each.is_retracted, each.edited_at is not None) for each in before] == [(False, True), (True, True)]
    await rebuild(scene.desk, lambda *_: None)
    assert await page(scene) == before


async def test_what_is_gone_by_then_is_not_edited(scene: Scene, network: AbleOutlet) -> None:
    await scene.open()
    await scene.publish_update(news())
    made = await scene.propose(about(outlets=(MASTODON,)))
    await scene.approve(draft=int(made["draft"] or 0))
    # Only a log that somebody else has written can say so: the post has lost its name.
    [job] = [each.job for each in await scene.waiting("deliver")]
    lost = DeliverySent(update=1, outlet=MASTODON, how="confirmed")
    await scene.store.write(lambda tx: tx.append(incident_stream(INC), scene.clock.now(), CHATOPS, [lost]))
    await scene.deliver(job, scene.outlets)
    delivery = (await scene.incident()).get_update(2).get_delivery(MASTODON, 0)
    assert (delivery.state.value, network.changed) == ("refused", [])
    assert delivery.reason == "What was to be changed does not stand there any more."
