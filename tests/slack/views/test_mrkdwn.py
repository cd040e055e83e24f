"""Escaping and cutting hold for any text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.ids import CHATOPS, MemberId
from chatops.slack.mrkdwn import code, cut, escape, link, mention, naming, plain_name, quote, read_typed, slack_date
from tests.builders import ANA
from tests.slack.views.checking import check_markup
from tests.slack.views.texts import LAW, long_text


@LAW
@given(text=long_text())
def test_escaped_text_holds_no_markup(text: str) -> None:
    check_markup(escape(text))
    assert escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@LAW
@given(text=long_text(), most=st.integers(1, 400))
def test_cutting_keeps_entities_whole(text: str, most: int) -> None:
    shorter = cut(escape(text), most)
    assert len(shorter) <= most
    check_markup(shorter)


@LAW
@given(text=long_text())
def test_links_and_code_hold_typed_text(text: str) -> None:
    check_markup(link(f"https://example.com/{text}", text))
    assert code(text).count("`") == 2


def test_a_short_text_is_not_cut() -> None:
    assert cut("as it is", 8) == "as it is"
    assert cut("as it is", 7) == "as it…"


def test_a_link_is_never_cut_in_half() -> None:
    assert cut(f"see {link('https://example.com', 'this')}", 20) == "see…"


@LAW
@given(text=long_text())
def test_escaped_text_is_read_back_as_it_was_typed(text: str) -> None:
    assert read_typed(escape(text)) == text


def test_what_slack_made_of_typed_words_is_read_as_it_looked() -> None:
    text = "<@U1> told <@U2|ben> in <#C1|general>: <!here> see <https://a.example|this>, <mailto:a@b.example>"
    assert read_typed(text, {"U1": "ana"}) == "@ana told @ben in #general: @here see this, a@b.example"


def test_quoting_marks_every_line() -> None:
    assert quote("one\ntwo") == "> one\n> two"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_a_moment_carries_a_fallback_in_utc(zone: timezone) -> None:
    at = datetime(2026, 11, 24, 3, 5, tzinfo=UTC).astimezone(zone)
    assert slack_date(at) == "<!date^1795489500^{date_short_pretty} at {time}|24 Nov 03:05 UTC>"
    assert slack_date(at, "time") == "<!date^1795489500^{time}|24 Nov 03:05 UTC>"


def test_names_are_plain() -> None:
    members = {ANA.id: replace(ANA, name=" Ana\n Example ")}
    assert plain_name(ANA.id, members) == "Ana Example"
    assert plain_name(MemberId("m-gone"), members) == "Somebody"
    assert plain_name(ANA.id, {ANA.id: replace(ANA, name=" ")}) == "Somebody"
    assert naming(members)(CHATOPS) == "chatops"


def test_a_mention_pings_only_by_a_real_slack_id() -> None:
    assert mention(ANA) == "<@UANA>"
    assert mention(replace(ANA, slack_id="!channel", name="<!here>")) == "&lt;!here&gt;"
