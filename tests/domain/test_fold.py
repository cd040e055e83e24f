"""The fold: what records make of an incident, the same every time, and never an error over what was erased."""

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.broadcast import DeliveryState
from chatops.domain.errors import NotFound
from chatops.domain.evolving import evolve
from chatops.domain.fold import fold
from chatops.domain.ids import CHATOPS, PAGE
from chatops.domain.incident import Incident
from chatops.domain.records import (
    BroadcastStarted,
    ChangesRequested,
    DeliveryRefused,
    DeliveryRequeued,
    DraftWithdrawn,
    Impact,
    IncidentAmended,
    IncidentReopened,
    IncidentResolved,
    Purpose,
    Record,
    ReminderMoved,
    Role,
    RoleAssigned,
    Status,
    Step,
    UpdatePublished,
    UpdateReminded,
)
from chatops.domain.update import DraftState
from tests.builders import (
    ANA,
    BEN,
    CLEO,
    EMAIL,
    SAMPLES,
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
    state_of,
)


def erase(record: Record) -> Record:
    return replace(record, text=None, data=None, salt=None)


def erase_at(journal: Journal, *kinds: str) -> Incident:
    return fold(erase(record) if record.kind in kinds else record for record in journal.records)


def build_long_journal() -> Journal:
    """Two updates with edits, a refusal, a retry and a resolution."""
    journal = build_published_journal()
    propose(journal, build_revision(draft=2, status=Status.RESOLVED))
    journal.write(build_revision(2, draft=2, words="It is fixed.", status=Status.RESOLVED))
    broadcast(approve(journal))
    journal.write(DeliveryRefused(update=2, outlet=EMAIL, reason="No."), by=CHATOPS)
    journal.write(DeliveryRequeued(update=2, outlet=EMAIL), by=BEN.id)
    publish(send(journal), due_at=None)
    return journal.write(IncidentResolved(), by=CHATOPS)


LONG = build_long_journal().records


def test_nothing_is_not_an_incident_and_neither_is_a_log_without_its_opening() -> None:
    with pytest.raises(NotFound):
        fold([])
    with pytest.raises(NotFound, match="does not begin"):
        fold(LONG[1:])


def test_the_fold_is_the_same_every_time_and_in_any_portions() -> None:
    incident: Incident | None = None
    for record in LONG:
        incident = fold([record], incident)
    assert incident == fold(LONG) == fold(list(LONG))
    assert incident is not None
    assert (incident.head_seq, incident.head_hash) == (LONG[-1].seq, LONG[-1].hash)


@given(st.sets(st.integers(1, len(LONG) - 1)))
def test_the_fold_is_total_whatever_was_erased_after_the_opening(erased: set[int]) -> None:
    incident = fold(erase(record) if index in erased else record for index, record in enumerate(LONG))
    assert incident.head_seq == len(LONG)
    assert incident.broadcasts >= len(incident.updates)
    assert len({update.number for update in incident.updates}) == len(incident.updates)
    for update in incident.updates:
        assert update.number <= incident.broadcasts, "a number is never given twice"


@given(st.sets(st.integers(1, len(SAMPLES) - 1)))
def test_the_fold_is_total_over_records_that_refer_to_nothing(left_out: set[int]) -> None:
    journal = Journal().write(*(data for index, data in enumerate(SAMPLES) if index not in left_out))
    assert fold(journal.records).head_seq == len(journal.records)


def test_an_erased_opening_leaves_no_incident() -> None:
    with pytest.raises(NotFound):
        fold([erase(LONG[0]), *LONG[1:]])


def test_words_that_were_erased_cannot_be_approved_or_broadcast_any_more() -> None:
    journal = approve(propose(open_journal()).write(build_revision(2, words="Better words.")))
    incident = fold(erase(record) if record.seq == 3 else record for record in journal.records)
    assert incident.draft is not None
    assert incident.draft.state is DraftState.WITHDRAWN
    assert incident.draft.approvals == ()


def test_numbers_stay_taken_where_the_words_were_erased() -> None:
    journal = broadcast(approve(propose(open_journal())))
    incident = erase_at(journal, "revision_proposed")
    assert (incident.drafts, incident.broadcasts, incident.updates) == (1, 1, ())
    assert erase_at(journal, "broadcast_started").broadcasts == 1


def test_a_revision_after_an_erased_one_opens_the_draft_again() -> None:
    journal = propose(open_journal()).write(build_revision(2), build_revision(3))
    incident = fold(erase(record) if record.seq == 3 else record for record in journal.records)
    assert incident.draft is not None
    assert incident.draft.state is DraftState.OPEN
    assert [each.number for each in incident.draft.revisions] == [1, 3]


def test_a_later_draft_never_mixes_with_the_one_before_it() -> None:
    journal = build_published_journal()
    propose(journal, build_revision(draft=2)).write(build_revision(2, draft=2, words="Second."))
    incident = fold(erase(record) if record.seq == len(journal.records) - 1 else record for record in journal.records)
    assert incident.draft is not None
    assert (incident.draft.number, [each.number for each in incident.draft.revisions]) == (2, [2])


def test_opening_names_the_people_who_may_see_it() -> None:
    incident = open_journal(commander=BEN.id, comms_lead=CLEO.id, private=True).incident
    assert incident.people == {ANA.id, BEN.id, CLEO.id}
    assert (incident.name, incident.opened_by, incident.private) == ("INC-1", ANA.id, True)


def test_whoever_was_ever_named_stays_among_the_people() -> None:
    journal = open_journal().write(RoleAssigned(role=Role.COMMANDER, member=BEN.id))
    journal.write(RoleAssigned(role=Role.COMMS_LEAD, member=CLEO.id))
    assert (journal.incident.commander, journal.incident.comms_lead) == (BEN.id, CLEO.id)
    assert journal.incident.people == {ANA.id, BEN.id, CLEO.id}


def test_amending_moves_the_clock_only_while_nothing_was_published() -> None:
    amended = IncidentAmended(title="Slow", impact=Impact.CRITICAL, components=("Web",), due_at=minute(30))
    early = open_journal().write(amended).incident
    assert (early.title, early.impact, early.components, early.due_at) == (
        "Slow",
        Impact.CRITICAL,
        ("Web",),
        minute(30),
    )
    late = build_published_journal(due=70).write(amended).incident
    assert (late.title, late.due_at) == ("Slow", minute(70))


def test_amending_raises_the_bar_of_an_open_draft() -> None:
    amended = IncidentAmended(title="Slow", impact=Impact.CRITICAL, components=(), due_at=minute(30))
    draft = propose(open_journal()).write(amended).incident.draft
    assert draft is not None
    assert draft.highest_impact is Impact.CRITICAL


def test_an_edit_voids_approvals_and_keeps_what_was_asked() -> None:
    journal = approve(propose(open_journal())).write(ChangesRequested(draft=1, revision=1, reason="Too long."))
    draft = journal.write(build_revision(2, words="Shorter.")).incident.draft
    assert draft is not None
    assert draft.approvals == ()
    assert [each.reason for each in draft.change_requests] == ["Too long."]
    assert draft.find_revision(1) is draft.revisions[0]
    assert draft.find_revision(3) is None


def test_records_about_another_draft_change_nothing() -> None:
    journal = propose(open_journal())
    before = journal.incident
    after = journal.write(DraftWithdrawn(draft=7)).incident
    assert after.draft == before.draft


def test_a_broadcast_keeps_the_words_the_approvals_and_the_reason_of_a_bypass() -> None:
    journal = approve(propose(open_journal()))
    draft = journal.incident.draft
    assert draft is not None
    journal.write(
        BroadcastStarted(update=1, draft=1, revision=1, digest=draft.current.digest, bypass_reason="Alone."), at=5
    )
    update = journal.update
    assert (update.revision, update.approvals, update.bypass_reason) == (draft.current, draft.approvals, "Alone.")
    assert update.started_at == minute(5)
    assert journal.incident.status is Status.INVESTIGATING
    assert journal.incident.draft is not None
    assert journal.incident.draft.state is DraftState.BROADCAST


def test_publication_starts_the_clock_and_resolution_stops_it() -> None:
    journal = build_published_journal(at=10, due=70)
    incident = journal.incident
    assert (incident.clock_from, incident.due_at, incident.published) == (minute(10), minute(70), incident.updates)
    resolved = journal.write(IncidentResolved(), at=20).incident
    assert (resolved.resolved_at, resolved.due_at, resolved.component_state) == (minute(20), None, "operational")
    reopened = journal.write(IncidentReopened(due_at=minute(99))).incident
    assert (reopened.is_resolved, reopened.due_at) == (False, minute(99))


def test_an_older_update_that_is_published_late_leaves_the_clock_to_the_newer_one() -> None:
    journal = broadcast(approve(propose(open_journal())), at=1)
    propose(journal, build_revision(draft=2))
    publish(send(broadcast(approve(journal), at=5)), due_at=minute(65), promised=True)
    journal.write(UpdateReminded(step=Step.BEFORE, due_at=minute(65)))
    straggler = SAMPLES[17].model_copy(update={"update": 1, "due_at": minute(65)})
    incident = journal.write(straggler, by=CHATOPS, at=62).incident
    assert [update.published_at for update in incident.updates] == [minute(62), minute(5)]
    assert (incident.clock_from, incident.remind_at, incident.reminded) == (minute(5), minute(65), {Step.BEFORE})


def test_deliveries_keep_where_they_stand_and_why_not() -> None:
    journal = broadcast(approve(propose(open_journal())))
    assert (state_of(journal.update, PAGE), state_of(journal.update, EMAIL)) == (
        DeliveryState.SENT,
        DeliveryState.QUEUED,
    )
    assert journal.update.is_on_page
    journal.write(DeliveryRefused(update=1, outlet=EMAIL, reason="No."))
    assert journal.update.get_delivery(EMAIL, 0).reason == "No."
    assert send(journal).update.get_delivery(EMAIL, 0).url == "https://acme.example/1"
    with pytest.raises(NotFound):
        journal.incident.get_update(2)


def test_reminders_turned_off_are_off() -> None:
    incident = open_journal().write(ReminderMoved(due_at=None, reason="Waiting.")).incident
    assert (incident.due_at, incident.remind_at) == (None, None)


def test_a_correction_is_no_newer_word_than_the_news_it_is_about() -> None:
    """Else a mail that arrives after it would leave the clock where it was."""
    journal = broadcast(approve(propose(open_journal())), at=5)
    revision = build_revision(draft=2, outlets=(PAGE,))
    about = revision.model_copy(update={"purpose": Purpose.CORRECTION, "of_update": 1, "status": Status.RESOLVED})
    broadcast(approve(propose(journal, about)), at=6)
    before = journal.incident
    publish(journal, due_at=before.due_at, at=6)
    assert (journal.incident.due_at, journal.incident.clock_from) == (before.due_at, before.clock_from)
    assert journal.incident.status is Status.INVESTIGATING
    journal.write(UpdatePublished(update=1, due_at=minute(38), promised=False), at=8)
    assert (journal.incident.due_at, journal.incident.clock_from) == (minute(38), minute(8))


def test_evolve_is_replace_and_knows_the_fields() -> None:
    incident = fold(LONG)
    assert evolve(incident, title="New", due_at=None) == replace(incident, title="New", due_at=None)
    assert fold(LONG) == incident
    with pytest.raises(TypeError, match="no name_of_it, titel"):
        evolve(incident, titel="New", name_of_it="")
    with pytest.raises(FrozenInstanceError):
        evolve(incident, title="New").title = "Newer"  # type: ignore[misc]
