"""Reminders: whom they name on each rung, and what they say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.ids import CHATOPS, MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import DraftChased, IncidentResolved, Step, UpdateReminded
from chatops.slack.views import incident_card, reminder_card
from tests.builders import (
    BEN,
    CLEO,
    PEOPLE,
    POLICY,
    Journal,
    approve,
    build_published_journal,
    build_revision,
    minute,
    open_journal,
    propose,
)
from tests.slack.views.checking import NEVER, check_message, labels, press
from tests.slack.views.texts import LAW, incidents, members, record_of

MEMBERS = {member.id: member for member in PEOPLE}


def remind(journal: Journal, step: Step, at: float) -> str:
    journal.write(UpdateReminded(step=step, due_at=minute(60)), by=CHATOPS, at=at)
    text, _ = message = reminder_card.build(journal.incident, journal.records[-1], MEMBERS, POLICY)
    check_message(message)
    assert not NEVER.search(text)
    return text


def chase(journal: Journal, round_: int = 1, revision: int = 1, policy: Policy = POLICY) -> str:
    journal.write(DraftChased(draft=1, revision=revision, round=round_), by=CHATOPS, at=20)
    text, _ = message = reminder_card.build(journal.incident, journal.records[-1], MEMBERS, policy)
    check_message(message)
    return text


def test_before_it_is_due_the_comms_lead_is_named() -> None:
    text = remind(open_journal(comms_lead=CLEO.id), Step.BEFORE, at=55)
    assert text.startswith("<@UCLEO>, the next update of *INC-1* Logins fail is due <!date^")
    assert "in about 5 min." in text
    assert "<@UANA>" not in text


def test_at_the_moment_the_silence_is_told() -> None:
    text = remind(open_journal(), Step.DUE, at=60)
    assert "is due now" in text
    assert "The public has heard nothing for 1 h." in text


def test_then_the_commander_is_named_too() -> None:
    text = remind(open_journal(commander=BEN.id), Step.COMMANDER, at=70)
    assert text.startswith("⏰ <@UBEN> and <@UANA>, the update of")
    alone = remind(open_journal(), Step.COMMANDER, at=70)
    assert alone.count("<@UANA>") == 1


def test_at_last_everybody_is_told_who_it_is() -> None:
    text = remind(build_published_journal(commander=BEN.id), Step.CHANNEL, at=80)
    assert "To everybody here" in text
    assert "Commander is <@UBEN>, comms lead is <@UANA>." in text
    assert "No update for 1 h 10 min." in text
    assert "<!" not in text.replace("<!date", "")


def test_a_promise_weighs_more() -> None:
    journal = open_journal()
    record = record_of(UpdateReminded(step=Step.DUE, due_at=minute(60)), at=60)
    promised = replace(journal.incident, is_promised=True)
    text, _ = reminder_card.build(promised, record, MEMBERS, POLICY)
    assert "We promised the public that time." in text


def test_a_draft_that_waits_is_named() -> None:
    assert "Draft 1, revision 1, waits for approval" in remind(propose(open_journal()), Step.DUE, at=60)


def test_its_buttons() -> None:
    record = record_of(UpdateReminded(step=Step.DUE, due_at=minute(60)))
    blocks = check_message(reminder_card.build(open_journal().incident, record, MEMBERS, POLICY))
    assert labels(blocks) == ["Draft update", "Snooze 15 min"]
    assert press(blocks, "Draft update")["action_id"] == incident_card.DRAFT_UPDATE
    assert press(blocks, "Snooze 15 min")["value"] == "1"


def test_a_waiting_draft_is_chased_with_what_is_missing() -> None:
    text = chase(propose(open_journal(commander=BEN.id)))
    assert text.startswith("⏳ <@UANA>: revision 1 of draft 1 of *INC-1* Logins fail waits for 1 more approval.")
    assert "Anyone in this workspace may approve, but not Ana Example" in text


def test_the_second_time_the_commander_is_named() -> None:
    assert chase(propose(open_journal(commander=BEN.id)), round_=2).startswith("⏳ <@UANA>, <@UBEN>: ")


def test_named_approvers_are_mentioned() -> None:
    policy = Policy(approvers=("UBEN", "UCLEO", "UANA"))
    assert "<@UBEN>, <@UCLEO>: please read it above" in chase(propose(open_journal()), policy=policy)


def test_several_approvals_may_be_missing() -> None:
    policy = Policy(approvals=dict.fromkeys(POLICY.approvals, 2))
    assert "waits for 2 more approvals." in chase(propose(open_journal()), policy=policy)


def test_an_approved_draft_waits_for_its_button() -> None:
    text = chase(approve(propose(open_journal())), policy=Policy(publish="manual"))
    assert "is approved and waits for somebody to press `Publish`" in text


def test_a_chase_that_comes_late_says_so() -> None:
    journal = propose(propose(open_journal()), build_revision(2))
    assert "that is settled" in chase(journal, revision=1)


def test_people_nobody_knows_yet() -> None:
    record = record_of(UpdateReminded(step=Step.BEFORE, due_at=minute(60)))
    text, _ = reminder_card.build(open_journal().incident, record, {}, POLICY)
    assert text.startswith("Somebody, the next update")


def test_another_record_makes_a_plain_reminder() -> None:
    text, _ = reminder_card.build(open_journal().incident, record_of(IncidentResolved()), MEMBERS, POLICY)
    assert text == "An update of *INC-1* Logins fail may be due."


@LAW
@given(
    incident=incidents(),
    people=members(),
    data=st.one_of(
        st.builds(UpdateReminded, step=st.sampled_from(Step), due_at=st.just(minute(30))),
        st.builds(DraftChased, draft=st.just(1), revision=st.integers(1, 2), round=st.integers(1, 2)),
    ),
    approvers=st.sampled_from([(), ("UBEN",), ("UANA", "UBEN", "UCLEO")]),
)
def test_the_card_holds_any_words(
    incident: Incident,
    people: dict[MemberId, Member],
    data: UpdateReminded | DraftChased,
    approvers: tuple[str, ...],
) -> None:
    record = record_of(data, by=CHATOPS, at=35)
    check_message(reminder_card.build(incident, record, people, Policy(approvers=approvers)))


@pytest.mark.parametrize("step", Step)
def test_no_reminder_pings_more_than_the_people_in_charge(step: Step) -> None:
    text = remind(open_journal(commander=BEN.id, comms_lead=CLEO.id), step, at=60)
    assert text.count("<@") <= 2
