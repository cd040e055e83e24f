"""Plain text of hostile posts: what people read, nothing hidden, and never slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.outlets.listening.plain_text import (
    HTML_CHARS,
    NAME_CHARS,
    TEXT_CHARS,
    clean_link,
    clean_name,
    clean_text,
    read_html,
    write_link,
)

LONG = "https://status.example/incidents/12?from=mail&x=1"
MENTION = '<span class="h-card"><a href="https://m.example/@acme" class="u-url mention">@<span>acme</span></a></span>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<p>{MENTION} is it &lt;down&gt; &amp; out?</p>", "@acme is it <down> & out?"),
        ("<p>one<br />two<br>three</p><p>four</p>", "one\ntwo\nthree\n\nfour"),
        ("<p>one\n  two</p>\n\n<p> three </p>", "one two\n\nthree"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("a<b", "a<b"),
        ("", ""),
        (
            '<a href="https://status.example/incidents/12?from=mail&amp;x=1"><span class="invisible">https://</span>'
            '<span class="ellipsis">status.example/incidents/12?f</span>'
            '<span class="invisible">rom=mail&amp;x=1</span></a>',
            LONG,
        ),
        (f'<a href="{LONG}">status.example/inc…</a>', LONG),
        ('<a href="https://evil.example/">our bank</a>', "our bank (https://evil.example/)"),
        ('<a href="https://bank.example.evil.example/">https://bank.example</a>', "https://bank.example.evil.example/"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<a href='https://a.example'>", "https://a.example"),
        ('<a href="https://a.example">a.example', "https://a.example"),
        ('<a class="mention hashtag" href="https://m.example/tags/down">#<span>down</span></a>', "#down"),
        ("one<script>alert('<p>two</p>')</script> three", "one three"),
        ("one<style>p { color: red }</style> two", "one two"),
        ("one<!-- <p>two</p> --> three", "one three"),
        ("one<!-- two", "one"),
        ("<!DOCTYPE html><?php x ?>one", "one"),
        ('<p class="quote-inline">RE: <a href="https://m.example/1">m.example/1</a></p><p>look</p>', "look"),
        ('look<span class="quote-inline"><br>RE: <span>x</span> y</span>', "look"),
        ('<p data-class="quote-inline">shown</p>', "shown"),
        ("&#x1F692; &eacute; &nbsp;x &notanentity;", "🚒 é \xa0x ¬anentity;"),
    ],
)
def test_html_as_people_read_it(html: str, text: str) -> None:
    assert read_html(html) == text


@given(
    st.lists(st.sampled_from(["<", ">", "/", "a", "p", " ", "<a href=", '"', "'", "!--", "-->", "&#", "class=", "\n"]))
)
def test_any_html_ends(pieces: list[str]) -> None:
    assert len(read_html("".join(pieces))) <= TEXT_CHARS


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a/", "<a", "<", "</", "<!--", "<!", "<?", "a", '<a href="', "<a =", "<p>", "<script>", " ", "\n ", "&#x"],
)
def test_hostile_html_is_read_in_no_time(piece: str) -> None:
    """html.parser needs more than a minute for the first of them."""
    hostile = f"<{piece}{piece * (HTML_CHARS // len(piece))}"
    began = time.process_time()
    read_html(hostile)
    clean_text(hostile)
    assert time.process_time() - began < 2


def test_sizes_are_bounded_and_nothing_unprintable_is_kept() -> None:
    assert len(clean_text("x" * 50_000)) == TEXT_CHARS
    assert clean_text("a\x00b\r\nc\rd\ud83d\x1b[31m") == "ab\nc\nd[31m"
    assert clean_text("  one \n\n\n\n two\t\n ") == "one\n\n two"
    assert clean_name(" Cy \n\u0000 the\tfirst ") == "Cy the first"
    assert len(clean_name("x" * 5_000)) == NAME_CHARS


@pytest.mark.parametrize(
    "url",
    [
        None,
        5,
        "",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://a b",
        "https://a\n",
        "https://" + "x" * 2_000,
    ],
)
def test_what_no_browser_opens_as_a_page_is_no_link(url: object) -> None:
    assert clean_link(url) is None


def test_a_link_says_where_it_leads() -> None:
    assert write_link("WWW.Example.com/A…", "https://example.com/about") == "https://example.com/about"
    assert write_link("…", "https://example.com/about") == "… (https://example.com/about)"
    assert write_link("", "https://example.com/about") == "https://example.com/about"
    assert write_link("kept", None) == "kept"
