"""The team's answer: four eyes on the very words."""

import pytest

from chatops.domain.errors import BadInput, IllegalMove, NotAllowed, NotFound
from chatops.domain.ids import MemberId
from chatops.domain.team_answer import TeamAnswer, approve_answer, propose_answer, with_approved, with_proposed

ANA, BEN = MemberId("a"), MemberId("b")


def answers(words: str = "Yes.") -> tuple[TeamAnswer, ...]:
    return with_proposed((), propose_answer(1, words), ANA)


def test_proposed_and_approved_by_another() -> None:
    known = answers()
    data = approve_answer(known, 1, known[0].digest, BEN)
    assert with_approved(known, data, BEN)[0].approved_by == BEN


def test_not_by_its_author() -> None:
    with pytest.raises(NotAllowed, match="somebody else"):
        approve_answer(answers(), 1, answers()[0].digest, ANA)


def test_not_other_words_than_were_read() -> None:
    changed = with_proposed(answers(), propose_answer(1, "No."), ANA)
    with pytest.raises(IllegalMove, match="changed since"):
        approve_answer(changed, 1, answers()[0].digest, BEN)
    assert len(changed) == 1


def test_not_twice_and_not_where_there_is_none() -> None:
    known = answers()
    approved = with_approved(known, approve_answer(known, 1, known[0].digest, BEN), BEN)
    with pytest.raises(IllegalMove, match="already"):
        approve_answer(approved, 1, known[0].digest, BEN)
    with pytest.raises(NotFound):
        approve_answer(known, 2, known[0].digest, BEN)


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_words_that_cannot_be_an_answer(words: str) -> None:
    with pytest.raises(BadInput):
        propose_answer(1, words)
