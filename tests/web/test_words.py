"""What people type becomes text, links and line ends, never other markup."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.web.words import render_content, render_words, split_links

TAGS = re.compile(r"<[^>]*>")


@given(st.text(alphabet=st.characters(exclude_characters="\r"), max_size=200))
def test_without_its_tags_the_text_is_the_typed_one(text: str) -> None:
    assert html.unescape(TAGS.sub("", render_words(text))) == html.unescape(html.escape(text))


@given(st.lists(st.sampled_from(["http://", "https://", "a", ".", ")", "(", "<", '"', "'", "&", "\n", " ", "\u202e"])))
def test_links_lose_no_character_and_hold_no_quote_or_bracket(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = split_links(text)
    assert "".join(piece for piece, _ in found) == text
    assert not any(set(piece) & set('<>"\n \u202e') for piece, is_link in found if is_link)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</p></main><style>*{display:none}</style>",
        '"><svg onload=alert(1)>',
        "https://acme.example/<script>alert(1)</script>",
        'https://acme.example/"onmouseover="alert(1)',
        "https://acme.example/'onmouseover='alert(1)",
    ],
)
def test_markup_stays_text(text: str) -> None:
    rendered = render_words(text)
    assert {tag.split()[0] for tag in TAGS.findall(rendered)} <= {"<p", "</p>", "<a", "</a>"}
    assert all("onmouse" not in tag or "&#39;onmouse" in tag for tag in TAGS.findall(rendered))
    assert html.unescape(TAGS.sub("", rendered)) == text


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "https://", "http:// x"]
)
def test_only_http_addresses_become_links(text: str) -> None:
    assert "<a" not in render_words(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://a.example/x.", "https://a.example/x"),
        ("(see https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y), and", "https://a.example/x_(y)"),
        ("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"),
        ("HTTPS://A.example!", "HTTPS://A.example"),
        ("https://a.example/\u202egpj.exe", "https://a.example/"),
        ("https://bücher.example/ü", "https://bücher.example/ü"),
    ],
)
def test_addresses_end_where_a_reader_would_end_them(text: str, address: str) -> None:
    assert [piece for piece, is_link in split_links(text) if is_link] == [address]
    assert f'href="{html.escape(address)}" rel="noopener nofollow"' in render_words(text)


def test_paragraphs_and_line_ends_are_kept() -> None:
    assert render_words("One\ntwo\n\nThree") == '<p dir="auto">One<br>\ntwo</p>\n\n<p dir="auto">Three</p>'


def test_quotes_stand_as_typed_in_content() -> None:
    assert render_content('We\'re "back" & <well>') == 'We\'re "back" &amp; &lt;well&gt;'


def test_hostile_length_is_quick() -> None:
    assert render_words("x" * 10_000).count("x") == 10_000
    assert render_words("https://a" + ")" * 12_000).count(")") == 12_000
    assert render_words("\n" * 12_000) == "\n" * 12_000
