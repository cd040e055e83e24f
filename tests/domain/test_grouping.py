"""Near-identical questions come together; different ones stay apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.grouping import MOST_WORDS, find_gist, find_group

SAME = [
    ("is my password safe?", "@buffer Is my password still SAFE???"),
    ("are my passwords safe", "Hello, I'd like to know: is the password safe? Thanks!"),
    ("When will posting to Facebook work again?", "@acme when does posting to facebook work again"),
    ("¿Mi contraseña está segura?", "mi contraseña está segura #buffer"),
    ("パスワードは安全ですか", "パスワードは安全ですか？"),
]
DIFFERENT = [
    ("is my password safe?", "is my credit card safe?"),
    ("When will posting to Facebook work again?", "When will Twitter work again?"),
    ("my scheduled posts are gone", "my password is gone"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_question_in_other_words_is_one_group(one: str, other: str) -> None:
    assert find_group(find_gist(other), [(7, find_gist(one))]) == 7


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_question_is_another_group(one: str, other: str) -> None:
    assert find_group(find_gist(other), [(7, find_gist(one))]) is None


def test_the_most_alike_wins_and_of_equals_the_older() -> None:
    gist = frozenset({"a", "b", "c"})
    assert find_group(gist, [(1, gist | {"d"}), (2, gist), (3, gist)]) == 2


@pytest.mark.parametrize("text", ["", "help!", "@acme hello?", "!!!", "https://example.com/x", "12345 67"])
def test_what_says_too_little_is_in_no_group(text: str) -> None:
    assert find_gist(text) == frozenset()
    assert find_group(find_gist(text), [(1, frozenset())]) is None


@given(st.text(max_size=2000))
def test_any_text_has_a_gist_of_bounded_size_that_is_alike_itself(text: str) -> None:
    gist = find_gist(text)
    assert len(gist) <= MOST_WORDS
    if gist:
        assert find_group(gist, [(1, gist)]) == 1
