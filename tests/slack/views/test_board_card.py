"""The board, the tally, the answer to `/incident mentions`: numbers, who waits, what many ask, what cannot be heard."""

from dataclasses import replace

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.slack.views import board_card, home
from chatops.slack.views.board_card import format_group, parse_group
from chatops.slack.views.building import Message
from chatops.usecases.customer_snapshots import BoardSnapshot
from chatops.usecases.mention_ports import Listening, Tally
from chatops.usecases.reading import HomeSnapshot
from tests.builders import ANA, BEN, minute, open_journal
from tests.slack.views.checking import NEVER, Json, check_message, check_screen, labels, press, read
from tests.slack.views.customers import (
    DIGEST,
    MASTODON,
    NOW,
    SPECS,
    TALLY,
    boards,
    build_answer,
    build_board,
    build_group,
    build_row,
)
from tests.slack.views.test_lists import build_row as build_incident_row
from tests.slack.views.texts import LAW


def show(message: Message) -> list[Json]:
    blocks = check_message(message)
    assert not NEVER.search(read(blocks))
    return blocks


def test_the_board_says_how_it_goes_and_who_waits_longest() -> None:
    blocks = show(board_card.build(build_board(), SPECS))
    text = read(blocks)
    assert text.startswith("👥 Customers · INC-1 · Logins fail")
    assert (
        "*12 customers wait* (3 of them in hand) · 60 posts in 40 conversations · 26 answered by 4 members · "
        "2 needed no reply"
    ) in text
    assert "⏳ The longest wait began <!date^" in text
    assert "Half were answered within 6 min, nine of ten within 21 min" in text
    assert labels(blocks) == ["Next one", "Brief", *["Reply"] * 5]
    assert "… and 4 more. `Next one` takes the longest waiting." in text
    assert press(blocks, "Next one")["value"] == "1"


def test_where_nobody_waits_there_is_no_next_one() -> None:
    quiet = Tally(received=1, conversations=1, answered=1, people=1)
    blocks = show(board_card.build(build_board(tally=quiet, waiting=()), SPECS))
    assert "*Nobody waits* · 1 post in 1 conversation · 1 answered by 1 member" in read(blocks)
    assert labels(blocks) == ["Brief"]
    assert board_card.word_tally(Tally()) == "Nobody has written yet."


def test_few_answers_have_no_median_worth_telling() -> None:
    text = read(show(board_card.build(build_board(tally=replace(TALLY, answered=2)), SPECS)))
    assert "The answers took up to 21 min" in text
    assert "Half" not in text


def test_what_cannot_be_heard_and_what_hearing_costs_is_said() -> None:
    listenings = (
        Listening(outlet=MASTODON, trouble="The token was revoked <x>."),
        Listening(outlet=SPECS[1].key, paid_reads=412),
    )
    text = read(show(board_card.build(build_board(listenings=listenings, paused="Legal reads."), SPECS)))
    assert "⚠️ *Mastodon cannot be heard at the moment:* The token was revoked &lt;x&gt;." in text
    assert "X: 412 of 500 reads used today" in text
    assert "⏸️ *All replying is paused:* Legal reads. · `/incident mentions resume` ends it" in text


def test_what_many_ask_shows_the_state_of_the_answer() -> None:
    groups = (build_group(1, 50), build_group(2, 40), build_group(3, 37))
    answers = (build_answer(group=2), build_answer(group=3, approved_by=BEN.id))
    incident = replace(open_journal().incident, answers=answers)
    blocks = show(board_card.build(build_board(groups=groups, incident=incident, waiting=()), SPECS))
    text = read(blocks)
    assert "*50 ask:* “is my password safe?”\n" in text
    assert "👀 Answer by Ana Example, somebody else has to approve it: “Passwords are not touched.”" in text
    assert "✅ Answer by Ana Example, approved by Ben Example: “Passwords are not touched.”" in text
    assert labels(blocks) == ["Next one", "Brief", "Team answer", "Approve answer", "Team answer", "Team answer"]
    assert press(blocks, "Approve answer")["value"] == f"1:2:{DIGEST}"


def test_whoever_asks_sees_their_own_first() -> None:
    mine = (build_row(99, claimed_until=minute(25)),)
    follow_ups = tuple(build_row(number, waiting_since=None) for number in range(30, 42))
    board = build_board(mine=mine, follow_ups=follow_ups)
    text = read(show(board_card.build_for_one(board, SPECS)))
    assert text.index("You have claimed") < text.index("✋ Yours until <!date^") < text.index("Waiting longest")
    assert "📌 *We promised to come back to 12 customers*" in text
    assert "… and 2 more" in text
    assert "12 customers wait for us to come back" in read(show(board_card.build(board, SPECS)))
    text, blocks = board_card.build_follow_ups(build_board(), SPECS)
    assert text == "Nobody waits for us to come back in INC-1."
    assert len(blocks) == 1


def test_the_tally_has_the_same_numbers_and_no_buttons() -> None:
    blocks = show(board_card.build_tally(build_board()))
    assert "👥 *Customers* *12 customers wait*" in read(blocks)
    assert labels(blocks) == []


def test_the_board_does_not_change_by_the_mere_passing_of_time() -> None:
    """Its digest decides whether Slack is called."""
    one, other = build_board(), build_board(now=minute(21))
    assert str(board_card.build(one, SPECS)) is not None
    assert [block.to_dict() for block in board_card.build(one, SPECS)[1]] == [
        block.to_dict() for block in board_card.build(other, SPECS)[1]
    ]


def test_the_app_home_has_a_section_of_each_incident() -> None:
    snapshot = HomeSnapshot(incidents=(build_incident_row(),), drafts=(), page_url=None)
    mine = (build_row(99, claimed_by=ANA.id, claimed_until=minute(25)),)
    screen = check_screen(home.build(snapshot, NOW, (build_board(mine=mine),), SPECS))
    text = read(screen["blocks"])
    assert "Customers waiting" in text
    assert "*INC-1 Logins fail*\n*12 customers wait*" in text
    assert labels(screen["blocks"]).count("Reply") == 6
    assert "Customers waiting" not in read(check_screen(home.build(snapshot, NOW))["blocks"])
    rows = tuple(build_incident_row(number) for number in range(1, 60))
    many = [build_board(tally=TALLY, mine=tuple(build_row(number) for number in range(12)))] * 9
    crowded = HomeSnapshot(incidents=rows, drafts=rows, page_url="https://status.acme.example")
    assert "… and more: `/incident mentions`" in read(check_screen(home.build(crowded, NOW, many, SPECS))["blocks"])


def test_a_group_survives_its_button_and_nonsense_is_refused() -> None:
    assert parse_group(format_group(1, 3)) == (1, 3, "")
    assert parse_group(format_group(1, 3, DIGEST)) == (1, 3, DIGEST)
    for value in ("", "1", "1:", "1:2:xyz", "1:2:3:4", f"1:2:{DIGEST}0"):
        with pytest.raises(BadInput, match="points nowhere"):
            parse_group(value)


@LAW
@given(board=boards())
def test_the_board_holds_any_words(board: BoardSnapshot) -> None:
    check_message(board_card.build(board, SPECS))
    check_message(board_card.build_for_one(board, SPECS))
    check_message(board_card.build_tally(board))
    check_screen(home.build(HomeSnapshot(incidents=(), drafts=(), page_url=None), NOW, [board] * 4, SPECS))
