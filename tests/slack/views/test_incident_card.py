"""The incident card in each of its states."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Impact, IncidentResolved
from chatops.slack.views import incident_card
from tests.builders import BEN, PEOPLE, build_published_journal, open_journal, propose
from tests.slack.views.checking import NEVER, check_message, labels, press, read
from tests.slack.views.texts import LAW, incidents, members

MEMBERS = {member.id: member for member in PEOPLE}
PAGE_URL = "https://status.acme.example/incidents/INC-1"


def show(incident: Incident) -> str:
    return read(check_message(incident_card.build(incident, MEMBERS, PAGE_URL)))


def test_an_open_incident_tells_how_things_stand() -> None:
    shown = show(replace(open_journal().incident, commander=BEN.id, impact=Impact.CRITICAL))
    for words in ("🔴 INC-1 · Logins fail", "🔴 Critical", "Investigating", "API", "Ben Example", "Ana Example"):
        assert words in shown
    assert "due <!date^" in shown
    assert "Public page" not in shown
    assert "<@" not in shown
    assert not NEVER.search(shown)


def test_every_button_stands_once_and_knows_its_incident() -> None:
    blocks = check_message(incident_card.build(open_journal().incident, MEMBERS, PAGE_URL))
    assert labels(blocks) == ["Draft update", "Change impact", "Assign", "Resolve"]
    assert {press(blocks, label)["value"] for label in labels(blocks)} == {"1"}
    assert press(blocks, "Draft update")["action_id"] == incident_card.DRAFT_UPDATE


def test_a_published_incident_links_its_page() -> None:
    assert f"<{PAGE_URL}|Public page>" in show(build_published_journal().incident)


def test_a_draft_that_waits_is_named() -> None:
    assert "revision 1 is waiting for approval" in show(propose(open_journal()).incident)


def test_a_promise_to_the_public_is_named() -> None:
    assert "as promised to the public" in show(replace(open_journal().incident, is_promised=True))


def test_reminders_that_are_off_are_named() -> None:
    assert "reminders are off" in show(replace(open_journal().incident, due_at=None))


def test_a_private_incident_carries_its_lock() -> None:
    shown = show(replace(open_journal().incident, private=True))
    assert "INC-1 🔒" in shown
    assert "only the people named here" in shown


def test_a_resolved_incident_tells_how_long_it_took() -> None:
    incident = build_published_journal().write(IncidentResolved(), at=95).incident
    blocks = check_message(incident_card.build_status(incident, MEMBERS, None))
    assert "after 1 h 35 min" in read(blocks)
    assert labels(blocks) == ["Draft update"]


def test_names_nobody_knows_yet() -> None:
    assert "Somebody" in read(check_message(incident_card.build(open_journal().incident, {}, None)))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=65), "1 h 05 min"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=2, hours=4), "2 days 4 h"),
    ],
)
def test_durations_in_words(span: timedelta, words: str) -> None:
    assert incident_card.word_duration(span) == words


@LAW
@given(incident=incidents(), people=members())
def test_the_card_holds_any_words(incident: Incident, people: dict[MemberId, Member]) -> None:
    check_message(incident_card.build(incident, people, PAGE_URL))


def test_its_text_says_all_in_one_line() -> None:
    text, _ = incident_card.build(open_journal().incident, MEMBERS, None)
    assert text == "INC-1 · Logins fail — 🟡 Minor, investigating"
