"""Grapheme clusters, held against another implementation."""

import random

import pytest

from chatops.sandbox.social.graphemes import count_graphemes, split_graphemes

# Without Indic conjuncts and prepended marks, which are left out on purpose.
PIECES = [
    "a", " ", "é", "e\u0301", "👍", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🇫", "한", "ᄒ", "ᅡ", "ᆫ", "\r\n", "\n", "\r", "字", "☎️",
    "1️⃣", "❤️‍🔥", "\u200d", "ท", "ำ", "©", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ñ",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), ("👨‍👩‍👧‍👦🇩🇪", 2), ("e\u0301", 1), ("\r\n", 1), ("한국어", 3), ("🇩🇪🇫🇷", 2)]
)
def test_counts(text: str, count: int) -> None:
    assert count_graphemes(text) == count


def test_agrees_with_regex() -> None:
    regex = pytest.importorskip("regex")
    chance = random.Random(1)
    for _ in range(1500):
        text = "".join(chance.choice(PIECES) for _ in range(8))
        assert split_graphemes(text) == regex.findall(r"\X", text), text.encode("unicode_escape")
