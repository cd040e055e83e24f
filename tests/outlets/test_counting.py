"""How networks count: against counts made another way, for texts of every script."""

import random
import re
import time
import unicodedata

import pytest
import regex
from twitter_text import parse_tweet

from chatops.domain.errors import BadInput
from chatops.domain.ids import OutletKey
from chatops.domain.records import Sections, Status
from chatops.domain.rendering import render
from chatops.domain.wording import OutletSpec, Setting
from chatops.outlets import x
from chatops.outlets.counting import count_graphemes, count_utf16
from chatops.outlets.x_weight import X_LINK, count_x_weight, has_x_link
from chatops.sandbox.social.x_text import count_weighted
from tests.builders import build_form

SCRIPTS = [
    *("abcdefghijklm XYZ,;:'()", "äöüßéèñç ÅØ", "абвгдеё жзий", "αβγδεζ ηθ", "אבגדה וז", "ابتثج حخ", "कखगघ ङािी्"),
    *(
        "กขคงจ ฉะัาำ",
        "가나다 라마바한국어",
        "日本語漢字かなカナ、。！",
        "中文字符，。！？",
        "አቡጊ ዳሄ",
        "აბგ დევ",
        "Ḁ́ẛ̣ e\u0301o\u0302",
        "𝒜𝒷 𐍈 🄰",
    ),
]
EMOJI = ["🚒", "👨‍👩‍👧", "👍🏽", "🇩🇪", "1️⃣", "🏳️‍🌈", "❤️", "🧑🏿‍🚀"]
LINKS = ["https://acme.com/status?a=1&b=2", "https://status.acme.org/incidents/INC-12", "http://acme.de", "acme.io"]


def count_apart(text: str) -> int:
    """X's rules once more, by their text: https://docs.x.com/fundamentals/counting-characters; ours alone as links."""
    text, links = re.subn("|".join(re.escape(link) for link in LINKS), "", unicodedata.normalize("NFC", text))
    light = [(0, 4351), (8192, 8205), (8208, 8223), (8242, 8247)]
    total = links * 23
    for cluster in regex.findall(r"\X", text):
        if regex.search(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3", cluster):
            total += 2
        else:
            total += sum(1 if any(low <= ord(char) <= high for low, high in light) else 2 for char in cluster)
    return total


def write(luck: random.Random, most: int) -> str:
    """Words of one script or several, with emoji, and links that stand between blanks."""
    scripts = luck.sample(SCRIPTS, luck.randint(1, 3))
    pieces = []
    for _ in range(luck.randint(1, most)):
        kind = luck.random()
        if kind < 0.05:
            pieces.append(f" {luck.choice(LINKS)} ")
        elif kind < 0.15:
            pieces.append(luck.choice(EMOJI))
        else:
            pieces.append("".join(luck.choices(luck.choice(scripts), k=luck.randint(1, 12))))
    return "".join(pieces).strip() or "x"


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Hello", 5),
        ("Café", 4),
        ("Cafe\u0301", 4),
        ("障害", 4),
        ("👨‍👩‍👧🇩🇪", 4),
        ("see https://status.acme.com/incidents/INC-1.", 4 + 23 + 1),
        ("see acme.com now", 4 + 23 + 4),
        ("v1.2.3 e.g. 3.14", 16),
        ("http://newest.tld", 23),
        ("http://localhost:8000/incidents/INC-1", 37),
        ("a\r\nb\tc", 5),
        ("lone \ud800 half", 12),
    ],
)
def test_x_weights(text: str, weight: int) -> None:
    assert count_x_weight(text) == weight


def test_the_weight_is_that_of_the_library_word_by_word() -> None:
    luck = random.Random(5)
    signs = "ab. \n\r\t-/:@#$日。、本́é👨👩👧👍🏽🇩🇪©™1שa\u200d\ufe0f…“”"
    pieces = ["acme.com", "日本語。example.com", "foo@acme.com", "e.g.", "v1.2.3", "👨‍👩‍👧"]
    for _ in range(2000):
        text = "".join(luck.choice(signs) if luck.random() < 0.9 else luck.choice(pieces) for _ in range(30))
        if "://" not in text:
            assert count_x_weight(text) == parse_tweet(text).weightedLength, repr(text)


def test_the_weight_is_never_less_than_counts_made_another_way() -> None:
    luck = random.Random(6)
    for _ in range(2500):
        text = write(luck, 30)
        weight = count_x_weight(text)
        assert weight >= count_apart(text), repr(text)
        assert weight >= count_weighted(text), f"the stand-in counts more: {text!r}"


SPECS = [
    OutletSpec(
        key=OutletKey("x"),
        label="X",
        account="acme",
        limits=x.LIMITS,
        abilities=x.ABILITIES,
        form="short",
        link="first",
        split=split,
    )
    for split in (False, True)
]


def test_what_is_composed_for_x_is_never_over_long() -> None:
    luck, composed = random.Random(7), 0
    setting = Setting(title="API down", team="Acme", page_url=LINKS[1])
    for number in range(1000):
        sections = Sections(what_happened=write(luck, 60), what_you_should_do=write(luck, 8) if number % 3 else "")
        form = build_form(sections=sections, outlets=(OutletKey("x"),), status=Status.IDENTIFIED, promise_minutes=30)
        try:
            (words,) = render(form, (SPECS[number % 2],), setting)
        except BadInput:
            continue  # one word too long to cut; the person is told
        composed += 1
        for part in words.parts:
            assert count_apart(part) <= 280, repr(part)
            assert count_weighted(part) <= 280, repr(part)
    assert composed > 500


def test_counting_the_beginnings_of_a_long_text_is_quick() -> None:
    for text in ("It broke at eu-west-1. See https://acme.com for more. " * 110, "障害が発生しました。" * 600):
        start = time.thread_time()
        for end in range(0, 6000, 6):
            count_x_weight(text[:end])
        assert time.thread_time() - start < 5, "a thousand of them took 0.3 s when this was written"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[
            ("Mended.", False),
            ("v1.2.3 and e.g. this", False),
            ("mail us", False),
            ("acme.example is no domain", False),
        ],
        *[
            ("https://acme.com", True),
            ("See acme.com.", True),
            ("http://127.0.0.1:8000/x", True),
            ("見てacme.com", True),
        ],
    ],
)
def test_what_x_makes_a_link_of(text: str, expected: bool) -> None:
    assert has_x_link(text) is expected


def test_graphemes_and_units() -> None:
    assert [count_graphemes(text) for text in ("", "e\u0301", "👨‍👩‍👧", "🇩🇪🇫🇷", "a\r\nb", "각")] == [0, 1, 1, 2, 3, 1]
    assert [count_utf16(text) for text in ("", "é", "👍", "日本", "\ud800")] == [0, 1, 2, 2, 1]
    assert X_LINK == 23
