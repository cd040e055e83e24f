"""Mastodon's length of a text: against its own expressions, written down here once more."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from twitter_text.regexp.valid_cctld import valid_cctld
from twitter_text.regexp.valid_domain import valid_domain
from twitter_text.regexp.valid_gtld import valid_gtld

from chatops.outlets.mastodon import _TLDS, LIMITS, build_limits


def test_limits_are_the_servers() -> None:
    limits = build_limits(1000, 10)
    assert limits.count("https://acme.com/a-rather-long-path ok") == 13
    assert limits.fit("x" * 1000)
    assert build_limits(500, 23) is LIMITS


@pytest.mark.parametrize(
    ("text", "chars"),
    [
        ("", 0),
        ("It broke.", 9),
        ("https://acme.com", 23),
        ("See https://status.acme.com/incidents/INC-12#u3?x=1.", 4 + 23 + 1),
        ('(https://acme.com/x) "https://acme.com/y"', 2 + 23 + 2 + 23 + 1),
        ("https://acme.com and http://b.co.uk:8080/x/?y=1&z=2", 23 + 5 + 23),
        ("@ops@mastodon.example, hello", 4 + 7),
        ("@ops hello", 10),
        ("http://127.0.0.1:8000/incidents/INC-1", 37),
        ("http://localhost:8000/", 22),
        ("👨‍👩‍👧‍👦🇩🇪é", 3),
        ("क्षि", 2),
    ],
)
def test_it_counts_as_mastodon_does(text: str, chars: int) -> None:
    assert LIMITS.count(text) == count_as_mastodon(text) == chars


@pytest.mark.parametrize(
    "text",
    [
        "acme.com/status:https://acme.com/a-very-long-way-to-go",
        'acme.com/"https://acme.com/a-very-long-way-to-go"',
        "https://t.co/abc/and-a-very-long-way-to-go-behind-it",
        "https://acme.com@ops@acme.social",
        "https://acme.com+a-very-long-way-to-go",
        "https://acme.com:80@ops@acme.social",
        "http://a.co,and-more",
        "gopher://a.co",
        f"https://{'a' * 70}.com/",
        "https://acme.com.example/a-very-long-way-to-go",
        "@ops@acme.social://x",
        "https://acme.com/x.?a-very-long-way-to-go",
    ],
)
def test_what_only_looks_like_a_link_is_not_counted_as_one(text: str) -> None:
    assert LIMITS.count(text) >= count_as_mastodon(text)


def test_every_ending_of_ours_is_one_of_mastodons() -> None:
    endings = f"(?:{valid_gtld.pattern}|{valid_cctld.pattern})"
    assert [each for each in _TLDS.split("|") if not regex.fullmatch(endings, each)] == []


# Mastodon's own way, in its own expressions: config/initializers/twitter_regex.rb, app/lib/extractor.rb,
# app/validators/status_length_validator.rb; domains are those of twitter-text.
_PATH = r"[^\s<>()?]"
_PARENS = rf"\((?:{_PATH}+|(?:{_PATH}*\({_PATH}+\){_PATH}*))\)"
_PATH_END = rf"(?:[^\s()?!*\"'「」<>;:=,.$%\[\]~&|@]|(?:{_PARENS}))"
_QUERY = r"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\U00010000-\U0001FFFD]"
_QUERY_END = r"[a-z0-9_&=#/\-\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\U00010000-\U0001FFFD]"
_FULL_PATH = rf"(?:(?:{_PATH}*(?:{_PARENS}{_PATH}*)*{_PATH_END})|(?:{_PATH}+/))"
_URL = regex.compile(
    r"(?:[^A-Z0-9@＠$#＃\uFFFE\uFEFF\uFFFF]|^)(?P<url>(?P<protocol>(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://)?"
    rf"{valid_domain.pattern}(?::[0-9]+)?(?:/{_FULL_PATH}*)?(?:\?{_QUERY}*{_QUERY_END})?)",
    regex.IGNORECASE,
)
_MENTION = regex.compile(
    r"(?<![=/\w])@(?P<user>[a-z0-9_]+([.-]+[a-z0-9_]+)*)(?:@\w+(?:[.-]+\w+)*)?(?!@|＠|[À-ÖØ-öø-ÿ]|://)",
    regex.IGNORECASE,
)


def count_as_mastodon(text: str) -> int:
    urls = [(each.start("url"), each.end(), "x" * 23) for each in _URL.finditer(text) if each["protocol"]]
    names = [(each.start(), each.end(), f"@{each['user']}") for each in _MENTION.finditer(text)]
    pieces, last = [], 0
    for start, end, instead in sorted(urls + names):
        if start >= last:
            pieces += [text[last:start], instead]
            last = end
    counted = "".join([*pieces, text[last:]])
    # Rubies before 3.4 know no Indic conjuncts.
    return sum(1 + len(regex.findall(r"(?<=[\p{M}\u200d])\p{Lo}", each)) for each in regex.findall(r"\X", counted))


PIECES = [
    *" \n.,;:!?()\"'/@#-_=&~%+|*$“”–aZ9",
    *["https://", "http://", "gopher://", "ftp://", "acme.com", "a.co", "b.example", "t.co", "x.y.z.io", "müller.de"],
    *["127.0.0.1", "localhost", ":80", "/path", "/a_(b)", "?q=1", "#top", "@ops", "@ops@acme.social", "www."],
    *[
        "障害",
        "は",
        "é",
        "e\u0301",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "🏳️‍🌈",
        "1️⃣",
        "क्षि",
        "நி",
        "ที่",
        "عربي",
        "한국",
        "\u200d",
        "\u00a0",
        "…",
    ],
    "https://status.acme.com/incidents/INC-12",
]


@settings(max_examples=3000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_it_never_counts_less_than_mastodon(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert LIMITS.count(text) >= count_as_mastodon(text)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=200))
def test_plain_text_counts_the_same(text: str) -> None:
    assert LIMITS.count(text) >= count_as_mastodon(text)
    assert LIMITS.count(text) <= len(text) + 23


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(["It broke. ", "https://status.acme.com/x ", "👨‍👩‍👧‍👦", "é", "障害", "\n", "@ops "]),
        max_size=60,
    )
)
def test_usual_text_counts_exactly(pieces: list[str]) -> None:
    text = " ".join(pieces)
    assert LIMITS.count(text) == count_as_mastodon(text)
