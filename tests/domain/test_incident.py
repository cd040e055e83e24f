"""Open, amend, assign, change impact: what the moves record and what they refuse."""

from dataclasses import replace

import pytest

from chatops.domain.errors import BadInput, IllegalMove
from chatops.domain.incident import (
    COMPONENT_STATES,
    TITLE_CHARS,
    Incident,
    OpenForm,
    amend,
    assign,
    change_impact,
    check_title,
    open_incident,
    snooze,
)
from chatops.domain.records import Impact, IncidentResolved, Role, RoleAssigned
from tests.builders import ANA, BEN, OPENED_AT, POLICY, WORKSPACE, build_published_journal, minute, open_journal

FORM = OpenForm(
    title="Logins fail",
    impact=Impact.MINOR,
    components=("API",),
    commander=ANA.id,
    comms_lead=ANA.id,
    private=False,
    slack_channel="C1",
)


def build_resolved() -> Incident:
    return build_published_journal().write(IncidentResolved()).incident


@pytest.mark.parametrize(("impact", "due"), [(Impact.NONE, 120), (Impact.MINOR, 60), (Impact.CRITICAL, 30)])
def test_the_first_update_is_due_by_the_cadence_of_the_impact(impact: Impact, due: int) -> None:
    opened = open_incident(replace(FORM, impact=impact), workspace=WORKSPACE, now=OPENED_AT, policy=POLICY)
    assert opened.due_at == minute(due)
    assert opened.slack_channel == "C1"


def test_a_title_is_there_and_short() -> None:
    assert check_title("x" * TITLE_CHARS)
    for title in ("", "x" * (TITLE_CHARS + 1)):
        with pytest.raises(BadInput) as refused:
            open_incident(replace(FORM, title=title), workspace=WORKSPACE, now=OPENED_AT, policy=POLICY)
        assert refused.value.field == "title"


def test_amending_records_only_a_difference() -> None:
    incident = open_journal().incident
    assert amend(incident, FORM, policy=POLICY) is None
    amended = amend(incident, replace(FORM, title="Slow", impact=Impact.MAJOR), policy=POLICY)
    assert amended is not None
    assert (amended.title, amended.due_at) == ("Slow", minute(30))


def test_a_role_is_assigned_once() -> None:
    incident = open_journal().incident
    assert assign(incident, Role.COMMANDER, ANA.id) is None
    assert assign(incident, Role.COMMS_LEAD, BEN.id) == RoleAssigned(role=Role.COMMS_LEAD, member=BEN.id)


def test_the_same_impact_again_is_no_change_and_reminders_that_are_off_stay_off() -> None:
    incident = open_journal().incident
    assert change_impact(incident, Impact.MINOR, policy=POLICY) is None
    change = change_impact(replace(incident, due_at=None), Impact.MAJOR, policy=POLICY)
    assert change is not None
    assert change.due_at is None


def test_a_resolved_incident_cannot_be_changed() -> None:
    incident = build_resolved()
    moves = (
        lambda: amend(incident, FORM, policy=POLICY),
        lambda: assign(incident, Role.COMMANDER, BEN.id),
        lambda: change_impact(incident, Impact.MAJOR, policy=POLICY),
        lambda: snooze(incident, OPENED_AT),
    )
    for move in moves:
        with pytest.raises(IllegalMove, match="already resolved"):
            move()


def test_components_are_as_bad_as_the_impact_until_the_incident_is_resolved() -> None:
    assert open_journal(impact=Impact.CRITICAL).incident.component_state == "major_outage"
    assert build_resolved().component_state == "operational"
    assert set(COMPONENT_STATES) == set(Impact)
