"""When the next update is due, and who is nudged when; the ladder's laws under any order of moves."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.domain.cadence import (
    CHASES,
    Chase,
    Reminder,
    due_after_publication,
    find_due_nudge,
    find_next_nudge,
    find_waiting_draft,
    list_rungs,
    require_open_draft,
)
from chatops.domain.errors import IllegalMove
from chatops.domain.ids import CHATOPS
from chatops.domain.incident import Incident, change_impact, snooze
from chatops.domain.records import (
    DraftChased,
    DraftWithdrawn,
    Impact,
    ImpactChanged,
    IncidentResolved,
    ReminderMoved,
    Status,
    Step,
    UpdateReminded,
)
from tests.builders import (
    POLICY,
    Journal,
    approve,
    broadcast,
    build_published_journal,
    build_revision,
    minute,
    open_journal,
    propose,
    publish,
    send,
)


def nudge(journal: Journal, at: float) -> Reminder | Chase | None:
    """What the reminder job does at that minute."""
    due = find_due_nudge(journal.incident, minute(at))
    if isinstance(due, Reminder):
        journal.write(UpdateReminded(step=due.step, due_at=due.due_at), by=CHATOPS, at=at)
    elif due:
        journal.write(DraftChased(draft=due.draft, revision=due.revision, round=due.round), by=CHATOPS, at=at)
    return due


def moment_of(incident: Incident) -> datetime | None:
    due = find_next_nudge(incident)
    return due.at if due else None


def test_the_next_update_is_due_as_promised_else_by_the_cadence_of_the_impact_and_never_after_resolve() -> None:
    incident = open_journal(impact=Impact.MAJOR).incident
    at = minute(7)

    def due(status: Status, promise: int | None) -> datetime | None:
        return due_after_publication(POLICY, incident, status=status, promise_minutes=promise, published_at=at)

    assert due(Status.IDENTIFIED, 15) == minute(22)
    assert due(Status.IDENTIFIED, None) == minute(37)
    assert due(Status.RESOLVED, 15) is None


def test_the_ladder_is_before_at_then_commander_then_the_incidents_channel() -> None:
    rungs = list_rungs(open_journal().incident)
    assert [(each.step, each.at) for each in rungs] == [
        (Step.BEFORE, minute(55)),
        (Step.DUE, minute(60)),
        (Step.COMMANDER, minute(70)),
        (Step.CHANNEL, minute(80)),
    ]


def test_a_short_promise_has_a_short_ladder() -> None:
    rungs = list_rungs(build_published_journal(at=0, due=15).incident)
    assert [each.at for each in rungs] == [minute(12), minute(15), minute(20), minute(25)]


def test_after_a_long_stop_one_reminder_comes_not_four() -> None:
    journal = open_journal()
    due = nudge(journal, at=300)
    assert isinstance(due, Reminder)
    assert due.step is Step.CHANNEL
    assert nudge(journal, at=301) is None


def test_a_rung_that_was_missed_below_the_one_given_is_not_made_up_for() -> None:
    journal = open_journal()
    nudge(journal, at=71)
    assert journal.incident.reminded == {Step.COMMANDER}
    assert moment_of(journal.incident) == minute(80)


def test_nothing_is_due_before_its_moment() -> None:
    assert find_due_nudge(open_journal().incident, minute(54)) is None


def test_publication_starts_the_clock_anew() -> None:
    journal = open_journal()
    nudge(journal, at=56)
    publish(send(broadcast(approve(propose(journal), at=58))), due_at=minute(118))
    assert list_rungs(journal.incident)[0].at == minute(113)
    assert journal.incident.reminded == set()


def test_snoozing_puts_the_reminder_off_and_escalates_from_there() -> None:
    journal = open_journal()
    nudge(journal, at=55)
    journal.write(snooze(journal.incident, minute(56)))
    assert moment_of(journal.incident) == minute(71)
    assert journal.incident.due_at == minute(60), "the public was told nothing new"
    assert isinstance(nudge(journal, at=71), Reminder)
    assert moment_of(journal.incident) == minute(81)


def test_snoozing_twice_never_brings_the_reminder_nearer() -> None:
    journal = open_journal()
    nudge(journal, at=55)
    for at in (56, 57):
        journal.write(snooze(journal.incident, minute(at)))
    assert moment_of(journal.incident) == minute(72)


def test_a_late_click_on_snooze_after_publication_changes_nothing() -> None:
    with pytest.raises(IllegalMove, match="No reminder is waiting"):
        snooze(build_published_journal().incident, minute(11))


def test_a_late_click_on_snooze_does_not_turn_reminders_on_again() -> None:
    journal = open_journal()
    nudge(journal, at=55)
    journal.write(ReminderMoved(due_at=None, reason="At the supplier."))
    with pytest.raises(IllegalMove):
        snooze(journal.incident, minute(56))
    assert find_next_nudge(journal.incident) is None


def test_a_snooze_shorter_than_a_move_leaves_the_move_alone() -> None:
    journal = open_journal().write(ReminderMoved(due_at=minute(200)))
    assert snooze(journal.incident, minute(5)).until == minute(200)


def test_a_reminder_that_was_moved_comes_at_its_moment_and_not_before() -> None:
    journal = open_journal().write(ReminderMoved(due_at=minute(43)), at=40)
    assert find_due_nudge(journal.incident, minute(41)) is None
    due = nudge(journal, at=43)
    assert isinstance(due, Reminder)
    assert due.step is Step.DUE


def test_a_change_of_impact_moves_the_clock_unless_the_public_was_promised_a_time() -> None:
    journal = open_journal()
    change = change_impact(journal.incident, Impact.CRITICAL, policy=POLICY)
    assert change == ImpactChanged(impact=Impact.CRITICAL, due_at=minute(30))
    promised = publish(send(broadcast(approve(propose(open_journal()), at=1))), due_at=minute(121), promised=True)
    change = change_impact(promised.incident, Impact.CRITICAL, policy=POLICY)
    assert change == ImpactChanged(impact=Impact.CRITICAL, due_at=minute(121))
    before = list_rungs(promised.incident)
    assert change is not None
    assert list_rungs(promised.write(change).incident) == before


def test_a_waiting_draft_is_chased_twice_and_an_edit_starts_that_count_anew() -> None:
    journal = propose(open_journal(due_at=minute(500)), at=1)
    assert [nudge(journal, at=11), nudge(journal, at=21)] == [
        Chase(at=minute(11), draft=1, revision=1, round=1),
        Chase(at=minute(21), draft=1, revision=1, round=2),
    ]
    assert moment_of(journal.incident) == minute(495)
    journal.write(build_revision(2), at=30)
    assert find_next_nudge(journal.incident) == Chase(at=minute(40), draft=1, revision=2, round=1)


def test_after_a_long_stop_a_draft_is_chased_once_not_twice() -> None:
    journal = propose(open_journal(due_at=minute(500)), at=1)
    due = nudge(journal, at=200)
    assert isinstance(due, Chase)
    assert due.round == CHASES
    assert nudge(journal, at=201) is None


def test_a_closed_draft_is_not_chased_and_cannot_be_broadcast() -> None:
    journal = propose(open_journal(due_at=minute(500))).write(DraftWithdrawn(draft=1))
    assert find_waiting_draft(journal.incident) is None
    assert moment_of(journal.incident) == minute(495)
    with pytest.raises(IllegalMove, match="no open draft"):
        require_open_draft(journal.incident)


def test_after_resolve_nobody_is_nudged_also_not_for_a_draft() -> None:
    journal = build_published_journal()
    propose(journal, build_revision(draft=2)).write(IncidentResolved())
    assert find_next_nudge(journal.incident) is None
    assert list_rungs(journal.incident) == []


@given(st.integers(1, 7 * 24 * 60))
def test_the_rungs_are_in_order_and_the_first_lies_within_the_interval(interval: int) -> None:
    rungs = list_rungs(build_published_journal(at=10, due=10 + interval).incident)
    assert [each.step for each in rungs] == list(Step)
    assert sorted(each.at for each in rungs) == [each.at for each in rungs]
    assert rungs[0].at > minute(10)
    assert rungs[-1].at - minute(10 + interval) <= timedelta(minutes=20)


class ReminderMachine(RuleBasedStateMachine):
    """Time passes in steps of any length while people publish, snooze, move, draft and resolve."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = open_journal()
        self.given: list[tuple[datetime | None, Step]] = []

    @property
    def incident(self) -> Incident:
        return self.journal.incident

    @rule(minutes=st.sampled_from([0.5, 1, 4, 9, 31, 400]))
    def pass_time(self, minutes: float) -> None:
        """Then the job runs until nothing is due, as it does after a restart."""
        at = self.journal.minute + minutes
        self.journal.minute = at
        seen: list[datetime] = []
        while True:
            key = self.incident.remind_at
            due = nudge(self.journal, at)
            if due is None:
                break
            assert due.at <= minute(at), "never too early"
            assert not self.incident.is_resolved
            seen.append(due.at)
            if isinstance(due, Reminder):
                self.given.append((key, due.step))
        assert len(seen) <= 2, "after a long stop one reminder and one chase, not a heap"
        later = moment_of(self.incident)
        assert later is None or later > minute(at), "what is due was given"

    @rule(promise=st.sampled_from([15, 30, 120]))
    def publish(self, promise: int) -> None:
        if self.incident.is_resolved:
            return
        if find_waiting_draft(self.incident) is None:
            propose(self.journal, build_revision(draft=self.incident.drafts + 1))
        self.journal.minute += 0.25
        send(broadcast(approve(self.journal)))
        publish(self.journal, due_at=minute(self.journal.minute + promise), promised=True)
        self.given.clear()

    @precondition(lambda self: not self.incident.is_resolved and find_waiting_draft(self.incident) is None)
    @rule()
    def draft(self) -> None:
        propose(self.journal, build_revision(draft=self.incident.drafts + 1))

    @rule()
    def snooze(self) -> None:
        before = self.incident.remind_at
        try:
            snoozed = snooze(self.incident, minute(self.journal.minute))
        except IllegalMove:
            return
        assert before is not None
        assert snoozed.until >= before, "a snooze never brings a reminder nearer"
        self.journal.write(snoozed)
        self.given.clear()

    @rule(minutes=st.sampled_from([None, 1, 20]))
    def move(self, minutes: int | None) -> None:
        if self.incident.is_resolved:
            return
        self.journal.write(ReminderMoved(due_at=minute(self.journal.minute + minutes) if minutes else None))
        self.given.clear()

    @precondition(lambda self: self.journal.minute > 60)
    @rule()
    def resolve(self) -> None:
        if not self.incident.is_resolved:
            self.journal.write(IncidentResolved(), by=CHATOPS)

    @invariant()
    def each_rung_at_most_once_and_in_order(self) -> None:
        for moment in {key for key, _ in self.given}:
            steps = [list(Step).index(step) for key, step in self.given if key == moment]
            assert steps == sorted(set(steps))

    @invariant()
    def left_alone_the_nudges_come_in_order_and_end(self) -> None:
        alone = replace(self.journal, records=list(self.journal.records))
        moments: list[datetime] = []
        while (due := find_next_nudge(alone.incident)) is not None:
            moments.append(due.at)
            at = max(alone.minute, (due.at - minute(0)) / timedelta(minutes=1))
            assert nudge(alone, at) is not None
            assert len(moments) <= len(Step) + CHASES
        assert moments == sorted(moments)


TestReminderMachine = ReminderMachine.TestCase
TestReminderMachine.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
