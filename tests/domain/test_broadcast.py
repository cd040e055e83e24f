"""Deliveries: what follows an attempt, when an update counts as published, and the laws under any order of outcomes."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatops.domain.broadcast import (
    FIRST_PAUSE,
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    Delivery,
    DeliveryState,
    aim,
    confirm,
    counts_as_published,
    find_ahead,
    find_next_attempt,
    find_overtaking,
    find_targets,
    list_first_in_line,
    list_standing,
    list_startable,
    plan_deliveries,
    requeue,
)
from chatops.domain.errors import IllegalMove, NotFound
from chatops.domain.ids import CHATOPS, PAGE, OutletKey
from chatops.domain.records import (
    Action,
    DeliveryRefused,
    DeliverySent,
    DeliverySkipped,
    DeliveryUncertain,
    Purpose,
)
from chatops.domain.wording import Target
from tests.builders import (
    EMAIL,
    MASTODON,
    OPENED_AT,
    Journal,
    approve,
    broadcast,
    build_revision,
    open_journal,
    propose,
    send,
    state_of,
)

ALL = (PAGE, EMAIL, MASTODON)


def start(*outlets: str, parts: int = 1) -> Journal:
    return broadcast(approve(propose(open_journal(), build_revision(outlets=outlets or ALL, parts=parts))))


def test_every_part_for_every_outlet_becomes_a_delivery() -> None:
    planned = plan_deliveries(start(PAGE, EMAIL, parts=2).update.revision)
    assert [(each.outlet, each.part) for each in planned] == [(PAGE, 0), (EMAIL, 0), (EMAIL, 1)]


def test_a_part_starts_only_once_the_one_before_it_stands() -> None:
    journal = start(EMAIL, MASTODON, parts=2)
    assert [(each.outlet, each.part) for each in list_startable(journal.update)] == [(EMAIL, 0), (MASTODON, 0)]
    assert [(each.outlet, each.part) for each in list_startable(send(journal).update)] == [(EMAIL, 1), (MASTODON, 0)]


def test_an_outlet_is_told_one_update_after_the_other_and_what_is_stuck_holds_nothing_up() -> None:
    journal = start(EMAIL, MASTODON, parts=2)
    broadcast(approve(propose(journal, build_revision(draft=2, outlets=(EMAIL,)))))

    def first_in_line() -> list[tuple[int, OutletKey, int]]:
        return [
            (update.number, each.outlet, each.part) for update, each in list_first_in_line(journal.incident.updates)
        ]

    assert first_in_line() == [(1, EMAIL, 0), (1, MASTODON, 0)]
    assert find_ahead(journal.incident.updates, 2, EMAIL) == 1
    journal.write(DeliverySent(update=1, outlet=EMAIL), by=CHATOPS)
    assert first_in_line() == [(1, EMAIL, 1), (1, MASTODON, 0)], "all of its parts"
    journal.write(DeliveryRefused(update=1, outlet=EMAIL, part=1, reason="No."), by=CHATOPS)
    assert first_in_line() == [(1, MASTODON, 0), (2, EMAIL, 0)]
    assert find_ahead(journal.incident.updates, 2, EMAIL) is None


def test_the_page_alone_publishes_only_where_it_is_the_only_outlet() -> None:
    assert counts_as_published(start(PAGE).update)
    assert not counts_as_published(start(PAGE, EMAIL).update)
    assert counts_as_published(send(start(PAGE, EMAIL)).update)
    assert not start(EMAIL).update.is_on_page


def test_retry_is_for_refused_and_send_again_for_uncertain_deliveries() -> None:
    journal = start().write(DeliveryRefused(update=1, outlet=EMAIL, reason="No."), by=CHATOPS)
    with pytest.raises(IllegalMove, match="refused already"):
        requeue(journal.update, EMAIL, 0, again=True)
    journal.write(requeue(journal.update, EMAIL, 0, again=False))
    assert state_of(journal.update, EMAIL) is DeliveryState.QUEUED
    assert journal.update.get_delivery(EMAIL, 0).requeued == 1
    with pytest.raises(IllegalMove):
        confirm(journal.update, EMAIL, 0)
    journal.write(DeliveryUncertain(update=1, outlet=EMAIL, reason="Lost."), by=CHATOPS)
    with pytest.raises(IllegalMove):
        requeue(journal.update, EMAIL, 0, again=False)
    assert requeue(journal.update, EMAIL, 0, again=True).again
    assert confirm(journal.update, EMAIL, 0).how == "confirmed"


def test_a_delivery_to_an_outlet_the_update_does_not_name_does_not_exist() -> None:
    with pytest.raises(NotFound):
        start(EMAIL).update.get_delivery(MASTODON, 0)


def test_an_update_is_settled_once_nothing_is_under_way_or_in_doubt() -> None:
    journal = start(EMAIL, MASTODON)
    assert not send(journal).update.is_settled
    journal.write(DeliveryUncertain(update=1, outlet=MASTODON, reason="Lost."))
    assert not journal.update.is_settled
    assert journal.write(DeliveryRefused(update=1, outlet=MASTODON, reason="No.")).update.is_settled


@given(
    attempts=st.integers(1, 200),
    jitter=st.floats(0, 1, exclude_max=True),
    elapsed=st.integers(0, 30 * 3600),
    retry_after=st.none() | st.integers(0, 30 * 3600),
)
def test_the_next_attempt_is_later_not_before_what_the_network_asked_and_never_past_the_deadline(
    attempts: int, jitter: float, elapsed: int, retry_after: int | None
) -> None:
    now = OPENED_AT + timedelta(seconds=elapsed)
    asked = None if retry_after is None else timedelta(seconds=retry_after)
    at = find_next_attempt(attempts=attempts, first_at=OPENED_AT, now=now, retry_after=asked, jitter=jitter)
    if at is None:
        assert now + max(LONGEST_PAUSE * 1.2, asked or timedelta(0)) > OPENED_AT + GIVE_UP_AFTER
    else:
        assert now < at <= OPENED_AT + GIVE_UP_AFTER
        assert at >= now + (asked or timedelta(0))
        assert at - now <= max(LONGEST_PAUSE * 1.2, asked or timedelta(0))


def test_pauses_double_from_two_seconds_to_an_hour() -> None:
    def pause(attempts: int) -> timedelta:
        at = find_next_attempt(attempts=attempts, first_at=OPENED_AT, now=OPENED_AT, retry_after=None, jitter=0.5)
        assert at is not None
        return at - OPENED_AT

    assert [pause(1), pause(2), pause(3)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pause(50) == LONGEST_PAUSE


def say_about(journal: Journal, of_update: int, action: Action, *, parts: int = 1, retract: bool = False) -> Journal:
    """A correction or retraction on the mail's outlet, under way."""
    draft = journal.incident.drafts + 1
    revision = build_revision(draft=draft, outlets=(EMAIL,), parts=parts)
    words = revision.words[0].model_copy(update={"action": action})
    purpose = Purpose.RETRACTION if retract else Purpose.CORRECTION
    changes = {"words": (words,), "purpose": purpose, "of_update": of_update}
    return broadcast(approve(propose(journal, revision.model_copy(update=changes))))


def arrive(journal: Journal, *parts: int, name: str = "post") -> Journal:
    number = journal.update.number
    for part in parts:
        sent = DeliverySent(update=number, outlet=EMAIL, part=part, remote_id=f"{name}{number}.{part}")
        journal.write(sent, by=CHATOPS)
    return journal


def standing(journal: Journal) -> list[str | None]:
    return [each.remote_id for _, each in list_standing(journal.incident.updates, EMAIL)]


def test_what_stands_is_what_was_posted_and_not_taken_away_under_its_newest_name() -> None:
    journal = arrive(start(EMAIL, parts=2), 0, 1)
    assert standing(journal) == ["post1.0", "post1.1"]
    arrive(say_about(journal, 1, "edit", parts=2), 1, name="edit")
    assert standing(journal) == ["post1.0", "edit2.1"]
    arrive(say_about(journal, 1, "post"), 0)
    assert standing(journal) == ["post1.0", "edit2.1", "post3.0"]
    say_about(journal, 1, "retract", parts=3, retract=True)
    assert standing(arrive(journal, 0)) == ["edit2.1", "post3.0"]
    assert standing(arrive(journal, 1, 2)) == []


def test_a_target_is_the_updates_posts_and_the_corrections_that_follow_them() -> None:
    journal = arrive(start(EMAIL), 0)
    updates = journal.incident.updates
    assert aim(updates, 1, EMAIL) == Target(posts=1)
    assert aim(updates, 1, MASTODON) == Target(), "it does not stand there"
    arrive(say_about(journal, 1, "post"), 0)
    arrive(broadcast(approve(propose(journal, build_revision(draft=3, outlets=(EMAIL,))))), 0)
    updates = journal.incident.updates
    assert aim(updates, 1, EMAIL) == Target(posts=2, is_followed=True)
    assert aim(updates, 3, EMAIL) == Target(posts=1, before=2)
    assert [each.remote_id for each in find_targets(updates, 1, EMAIL)] == ["post1.0", "post2.0"]
    assert find_targets(updates, None, EMAIL) == ()


def test_what_a_post_has_taken_back_can_be_taken_back_no_more() -> None:
    journal = arrive(start(EMAIL), 0)
    say_about(journal, 1, "post", retract=True)
    assert len(find_targets(journal.incident.updates, 1, EMAIL)) == 1, "not before it stands"
    assert find_targets(arrive(journal, 0).incident.updates, 1, EMAIL) == ()
    assert standing(journal) == ["post1.0", "post2.0"]


def test_what_was_replaced_by_its_retraction_stands_and_can_be_taken_back_no_more() -> None:
    journal = arrive(start(EMAIL), 0)
    say_about(journal, 1, "edit", retract=True)
    assert len(find_targets(journal.incident.updates, 1, EMAIL)) == 1, "not before it was replaced"
    assert find_targets(arrive(journal, 0, name="edit").incident.updates, 1, EMAIL) == ()
    assert standing(journal) == ["edit2.0"], "a thread goes on from it"


def test_nobody_knows_which_post_a_person_has_seen() -> None:
    journal = start(EMAIL).write(DeliverySent(update=1, outlet=EMAIL, how="confirmed"))
    assert not aim(journal.incident.updates, 1, EMAIL).is_known
    assert aim(start(PAGE).incident.updates, 1, PAGE).is_known, "our own page is ours"


def test_later_words_about_the_same_update_overtake_what_waits() -> None:
    journal = arrive(start(EMAIL, MASTODON), 0)
    first = say_about(journal, 1, "edit").update
    say_about(journal, 1, "edit")
    updates = journal.incident.updates

    def overtaking(update: int, outlet: OutletKey) -> int | None:
        found = find_overtaking(journal.incident.updates, journal.incident.get_update(update), outlet)
        return found.number if found else None

    assert find_overtaking(updates, first, EMAIL) == updates[2]
    assert (overtaking(3, EMAIL), overtaking(1, MASTODON)) == (None, 2), "old words are not posted late anywhere"
    journal.write(DeliveryRefused(update=3, outlet=EMAIL, reason="No."))
    assert overtaking(2, EMAIL) is None, "what failed overtakes nothing"
    journal.write(DeliveryRefused(update=2, outlet=EMAIL, reason="No."))
    assert overtaking(1, MASTODON) is None, "nobody reads other words anywhere"
    say_about(journal, 1, "retract", retract=True)
    assert overtaking(1, MASTODON) == 4, "a retraction ends what still waits anywhere"


class DeliveryMachine(RuleBasedStateMachine):
    """Any order of outcomes and of clicks on any button, for two outlets of two parts each beside the page."""

    places = st.tuples(st.sampled_from([EMAIL, MASTODON]), st.integers(0, 1))

    def __init__(self) -> None:
        super().__init__()
        self.journal = start(parts=2)
        self.sent: set[tuple[OutletKey, int]] = {(PAGE, 0)}
        self.requeued: dict[tuple[OutletKey, int], int] = {}

    def delivery(self, place: tuple[OutletKey, int]) -> Delivery:
        return self.journal.update.get_delivery(*place)

    @rule(place=places, outcome=st.sampled_from(["sent", "refused", "uncertain", "skipped"]))
    def attempt(self, place: tuple[OutletKey, int], outcome: str) -> None:
        """As the deliver job does: only what is startable is tried."""
        if self.delivery(place) not in list_startable(self.journal.update):
            return
        outlet, part = place
        if outcome == "sent":
            self.journal.write(DeliverySent(update=1, outlet=outlet, part=part), by=CHATOPS)
            self.sent.add(place)
        elif outcome == "refused":
            self.journal.write(DeliveryRefused(update=1, outlet=outlet, part=part, reason="No."), by=CHATOPS)
        elif outcome == "skipped":
            self.journal.write(DeliverySkipped(update=1, outlet=outlet, part=part, reason="paused"), by=CHATOPS)
        else:
            self.journal.write(DeliveryUncertain(update=1, outlet=outlet, part=part, reason="Lost."), by=CHATOPS)

    @rule(place=places, again=st.booleans())
    def requeue(self, place: tuple[OutletKey, int], again: bool) -> None:
        before = self.delivery(place).state
        wanted = (DeliveryState.UNCERTAIN,) if again else (DeliveryState.REFUSED, DeliveryState.SKIPPED)
        try:
            data = requeue(self.journal.update, *place, again=again)
        except IllegalMove:
            assert before not in wanted
            return
        assert before in wanted
        self.journal.write(data)
        self.requeued[place] = self.requeued.get(place, 0) + 1
        assert self.delivery(place).state is DeliveryState.QUEUED

    @rule(place=places)
    def confirm(self, place: tuple[OutletKey, int]) -> None:
        before = self.delivery(place).state
        try:
            data = confirm(self.journal.update, *place)
        except IllegalMove:
            assert before is not DeliveryState.UNCERTAIN
            return
        assert before is DeliveryState.UNCERTAIN
        self.journal.write(data)
        self.sent.add(place)

    @invariant()
    def nothing_leaves_sent(self) -> None:
        stands = {
            (each.outlet, each.part) for each in self.journal.update.deliveries if each.state is DeliveryState.SENT
        }
        assert stands == self.sent

    @invariant()
    def published_means_another_outlet_than_the_page_has_sent_or_all_others_are_paused(self) -> None:
        others = [each for each in self.journal.update.deliveries if each.outlet != PAGE]
        skipped = {each.outlet for each in others if each.state is DeliveryState.SKIPPED}
        is_sent = any(outlet != PAGE for outlet, _ in self.sent)
        assert counts_as_published(self.journal.update) == (is_sent or skipped == {EMAIL, MASTODON})

    @invariant()
    def what_is_startable_is_queued_in_order_and_never_the_page(self) -> None:
        for each in list_startable(self.journal.update):
            assert each.state is DeliveryState.QUEUED
            assert each.outlet != PAGE
            assert each.part == 0 or (each.outlet, 0) in self.sent

    @invariant()
    def each_request_of_a_person_counts_once(self) -> None:
        for each in self.journal.update.deliveries:
            assert each.requeued == self.requeued.get((each.outlet, each.part), 0)


TestDeliveryMachine = DeliveryMachine.TestCase
TestDeliveryMachine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
