"""What people type: names become mentions, the rest is escaped, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.sandbox.typed_text import escape, to_mrkdwn, to_rich_text

KNOWN = {"@belle": "U1", "#general": "C1", "@comms": "S1"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("hi @belle", "hi <@U1>"),
        ("in #general, please", "in <#C1|general>, please"),
        ("@comms look", "<!subteam^S1|@comms> look"),
        ("mail@belle", "mail@belle"),
        ("@nobody", "@nobody"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("@channel now", "<!channel> now"),
        ("see https://a.example/?x=1&y=2", "see <https://a.example/?x=1&amp;y=2>"),
        ("<@U1>", "<@U1>"),
    ],
)
def test_storing(typed: str, stored: str) -> None:
    assert to_mrkdwn(typed, KNOWN.get) == stored


def test_names_for_commands() -> None:
    assert to_mrkdwn("assign @belle", KNOWN.get, with_names=True) == "assign <@U1|belle>"


@given(st.text(alphabet=st.characters(exclude_characters="<>@#"), max_size=80).filter(lambda text: "http" not in text))
def test_plain_words_are_only_escaped(typed: str) -> None:
    assert to_mrkdwn(typed, KNOWN.get) == escape(typed)


def test_rich_text() -> None:
    elements = to_rich_text("hi @belle see https://a.example in #general @here", KNOWN.get)["elements"][0]["elements"]
    kinds = [element["type"] for element in elements if element.get("text", "x").strip()]
    assert kinds == ["text", "user", "text", "link", "text", "channel", "broadcast"]
