"""The modal “Assign”."""

from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.slack.views import assign_modal
from chatops.slack.views.assign_modal import Assignment
from tests.builders import BEN, CLEO, open_journal
from tests.slack.views.checking import check_screen, field_labels, submit
from tests.slack.views.texts import LAW, long_text

INCIDENT = open_journal(commander=BEN.id, comms_lead=CLEO.id).incident
MEMBERS = {BEN.id: BEN, CLEO.id: CLEO}


def test_it_begins_with_who_holds_the_roles() -> None:
    screen = check_screen(assign_modal.build(INCIDENT, MEMBERS))
    assert screen["title"]["text"] == "Assign"
    assert field_labels(screen) == ["Commander", "Comms lead"]
    assert assign_modal.parse(submit(screen)) == Assignment(INCIDENT.number, "UBEN", "UCLEO")
    assert assign_modal.parse(submit(screen, {"Comms lead": "UANA"})).comms_lead == "UANA"


def test_people_nobody_knows_yet_leave_the_field_open() -> None:
    screen = check_screen(assign_modal.build(INCIDENT, {}))
    assert assign_modal.parse(submit(screen)) == Assignment(INCIDENT.number, None, None)


def test_errors_stand_at_their_field() -> None:
    assert assign_modal.field_block_id("comms_lead") == "comms_lead"
    assert assign_modal.field_block_id(None) == "commander"


def test_a_form_that_is_not_ours_is_refused() -> None:
    with pytest.raises(BadInput):
        assign_modal.parse({"private_metadata": "{}"})


@LAW
@given(title=long_text())
def test_it_holds_any_title(title: str) -> None:
    check_screen(assign_modal.build(replace(INCIDENT, title=title), MEMBERS))
