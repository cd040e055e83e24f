"""Cards in the incident thread about customers: whom they name, what they offer."""

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.domain.ids import CHATOPS, MemberId
from chatops.domain.incident import Incident
from chatops.domain.mention_records import FloodForeseen, MentionEscalated
from chatops.domain.policy import Member
from chatops.slack.views import customer_reminder, mention_card
from tests.builders import BEN, CLEO, MASTODON, open_journal
from tests.slack.views.checking import NEVER, check_message, labels, press, read
from tests.slack.views.customers import MEMBERS, SPECS
from tests.slack.views.texts import LAW, incidents, long_text, members, record_of

FLOOD = FloodForeseen(backlog=40, minutes=150)


def test_a_flood_names_the_comms_lead_and_offers_the_words() -> None:
    record = record_of(FLOOD, by=CHATOPS)
    incident = open_journal(comms_lead=CLEO.id).incident
    blocks = check_message(customer_reminder.build_flood(incident, record, FLOOD, MEMBERS))
    text = read(blocks)
    assert text.startswith("🌊 <@UCLEO>, *40 customers wait* for an answer")
    assert "may wait up to *3 hours*" in text
    assert "begins with: “Many of you are writing to us" in text
    assert record.anchor in text
    assert labels(blocks) == ["Draft update", "Next one"]
    assert customer_reminder.parse_flood(press(blocks, "Draft update")["value"]) == (1, 150)
    assert not NEVER.search(text)


def test_a_call_names_the_commander_who_called_and_why() -> None:
    data = MentionEscalated(conversation=17, outlet=MASTODON, reason="A <journalist>.")
    record = record_of(data, by=BEN.id)
    incident = open_journal(commander=CLEO.id).incident
    blocks = check_message(customer_reminder.build_escalation(incident, record, data, MEMBERS, SPECS))
    text = read(blocks)
    assert "🚨 <@UCLEO>, Ben Example calls you to a customer on Mastodon: A &lt;journalist&gt;." in text
    assert labels(blocks) == ["Reply"]
    assert press(blocks, "Reply")["action_id"] == mention_card.REPLY
    assert press(blocks, "Reply")["value"] == "17"
    assert record.anchor in text


@pytest.mark.parametrize("value", ["", "1", "1:", "a:b", "1:2:3", f"1:{'9' * 8}"])
def test_nonsense_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="points nowhere"):
        customer_reminder.parse_flood(value)


@LAW
@given(incident=incidents(), people=members(), reason=long_text())
def test_the_cards_hold_any_words(incident: Incident, people: dict[MemberId, Member], reason: str) -> None:
    check_message(customer_reminder.build_flood(incident, record_of(FLOOD), FLOOD, people))
    data = MentionEscalated(conversation=17, outlet=MASTODON, reason=reason)
    check_message(customer_reminder.build_escalation(incident, record_of(data), data, people, SPECS))
