"""The list, the picker, the App Home, the timeline: many incidents at once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import BadInput
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.policy import Member
from chatops.domain.records import CommentAdded, Impact, Record, Status
from chatops.slack.views import home, incident_card, incident_list, picker, timeline
from chatops.slack.views.picker import Pick
from chatops.usecases.ports import IncidentRow
from chatops.usecases.reading import HomeSnapshot
from tests.builders import ANA, WORKSPACE, build_published_journal, minute, open_journal
from tests.slack.views.checking import NEVER, check_message, check_screen, find_all, labels, read
from tests.slack.views.texts import LAW, long_text, members, record_of, records

NOW = minute(50)


def build_row(number: int = 1, **changes: Any) -> IncidentRow:
    row = IncidentRow(
        number=IncidentNumber(number),
        workspace=WORKSPACE,
        title="Logins fail",
        impact=Impact.MAJOR,
        status=Status.IDENTIFIED,
        private=False,
        slack_channel="C1",
        opened_at=minute(0),
        resolved_at=None,
        due_at=minute(60),
        comms_lead=ANA.id,
        commander=ANA.id,
        head_seq=1,
    )
    return replace(row, **changes)


def many_rows() -> st.SearchStrategy[list[IncidentRow]]:
    row = st.builds(
        lambda title, private, due, draft: build_row(title=title, private=private, due_at=due, has_open_draft=draft),
        long_text(3000),
        st.booleans(),
        st.sampled_from([None, minute(10), minute(60)]),
        st.booleans(),
    )
    return st.lists(row, max_size=50).map(
        lambda rows: [replace(each, number=IncidentNumber(number + 1)) for number, each in enumerate(rows)]
    )


def test_the_list_tells_when_the_public_hears_next() -> None:
    rows = [build_row(2), build_row(1, title="<b>", private=True, has_open_draft=True, due_at=minute(20))]
    shown = read(check_message(incident_list.build(rows, NOW)))
    assert "2 incidents are open" in shown
    assert "🟠 *INC-2* Logins fail\nMajor, identified · next update due <!date^" in shown
    assert "in 10 min" in shown
    assert "*INC-1* 🔒 &lt;b&gt;" in shown
    assert "update overdue for 30 min" in shown
    assert "a draft waits for approval" in shown
    assert not NEVER.search(shown)


def test_an_empty_list_says_how_to_start() -> None:
    assert "/incident open" in read(check_message(incident_list.build([], NOW)))


def test_a_list_without_reminders() -> None:
    shown = read(check_message(incident_list.build([build_row(due_at=None)], NOW)))
    assert "1 incident is open" in shown
    assert "reminders are off" in shown


@LAW
@given(rows=many_rows())
def test_the_list_holds_any_incidents(rows: list[IncidentRow]) -> None:
    shown = read(check_message(incident_list.build(rows, NOW)))
    assert ("more. `/incident status" in shown) == (len(rows) > incident_list.MOST)


def test_more_incidents_than_fit_are_counted() -> None:
    rows = [build_row(number) for number in range(1, 41)]
    assert "and 15 more" in read(check_message(incident_list.build(rows, NOW)))
    blocks = check_message(picker.build(rows, "update", ""))
    assert len(labels(blocks)) == 20
    assert "20 more are open. Name one of them, like `/incident update INC-12`." in read(blocks)


def test_words_too_long_for_a_button_are_cut() -> None:
    value = picker.format_pick(Pick(subcommand="update", rest='"' * 3000, incident=IncidentNumber(1)))
    assert 1990 < len(value) <= picker.VALUE_CHARS
    assert set(picker.parse(value).rest) == {'"'}


def test_the_picker_has_a_button_for_each() -> None:
    blocks = check_message(picker.build([build_row(2), build_row(1)], "update", "it is *slow*"))
    first, second = find_all(blocks, "button")
    assert "Which incident?" in read(blocks)
    assert (first["text"]["text"], first["action_id"]) == ("🟠 INC-2 Logins fail", "pick:update:2")
    assert json.loads(first["value"]) == {"subcommand": "update", "rest": "it is *slow*", "incident": 2}
    assert picker.parse(second["value"]) == Pick(subcommand="update", rest="it is *slow*", incident=IncidentNumber(1))


@LAW
@given(rows=many_rows().filter(bool), subcommand=st.sampled_from(["update", "status"]), rest=long_text())
def test_the_picker_holds_any_incidents(rows: list[IncidentRow], subcommand: str, rest: str) -> None:
    blocks = check_message(picker.build(rows, subcommand, rest))
    for row, button in zip(rows, find_all(blocks, "button"), strict=False):
        pick = picker.parse(button["value"])
        assert (pick.subcommand, pick.incident) == (subcommand, row.number)
        assert rest.startswith(pick.rest)
        assert pick.rest == rest or len(button["value"]) > 1990


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"subcommand": "a", "rest": "", "incident": "x"}', "{"])
def test_the_picker_refuses_nonsense(value: str) -> None:
    with pytest.raises(BadInput):
        picker.parse(value)


def test_the_home_says_how_to_start_and_what_waits() -> None:
    snapshot = HomeSnapshot(
        incidents=(build_row(2), build_row(1)), drafts=(build_row(1),), page_url="https://acme.example"
    )
    screen = check_screen(home.build(snapshot, NOW))
    shown = read(screen["blocks"])
    assert labels(screen["blocks"]) == ["Open an incident", "Draft update", "Draft update"]
    actions = [button["action_id"] for button in find_all(screen, "button")]
    assert actions == [home.OPEN_INCIDENT, incident_card.DRAFT_UPDATE, incident_card.DRAFT_UPDATE]
    assert "Drafts waiting for you" in shown
    assert "<https://acme.example|Public page>" in shown


def test_a_quiet_home() -> None:
    screen = check_screen(home.build(HomeSnapshot(incidents=(), drafts=(), page_url=None), NOW))
    assert "All is quiet" in read(screen["blocks"])
    assert labels(screen["blocks"]) == ["Open an incident"]


@LAW
@given(rows=many_rows(), drafts=many_rows())
def test_the_home_holds_any_incidents(rows: list[IncidentRow], drafts: list[IncidentRow]) -> None:
    snapshot = HomeSnapshot(incidents=tuple(rows), drafts=tuple(drafts), page_url="https://acme.example")
    check_screen(home.build(snapshot, NOW))


def test_the_timeline_shows_the_end_and_says_where_the_rest_is() -> None:
    journal = build_published_journal()
    text, _ = message = timeline.build(journal.incident, journal.records, {ANA.id: ANA}, limit=3)
    shown = read(check_message(message))
    assert f"The last 3 of {len(journal.records)} records." in shown
    assert "/incident export INC-1" in shown
    assert journal.records[-1].anchor in shown
    assert journal.records[0].anchor not in shown
    assert text.startswith("INC-1 · Logins fail")


def test_a_short_timeline_is_whole() -> None:
    journal = open_journal()
    assert "All of them" not in read(check_message(timeline.build(journal.incident, journal.records, {})))
    check_message(timeline.build(journal.incident, [], {}))


@LAW
@given(group=st.lists(records(), max_size=45), people=members(), title=long_text())
def test_the_timeline_holds_any_words(group: Sequence[Record], people: dict[MemberId, Member], title: str) -> None:
    check_message(timeline.build(replace(open_journal().incident, title=title), group, people))


def test_the_timeline_holds_any_number_of_records() -> None:
    group = [record_of(CommentAdded(draft=1, revision=1, text="&" * 4000))] * 500
    check_message(timeline.build(open_journal().incident, group, {}, limit=500))
