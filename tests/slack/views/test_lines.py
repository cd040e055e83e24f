"""The audit lines: every record says what it was, and its hash is always there to read."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.ids import MemberId
from chatops.domain.policy import Member
from chatops.domain.records import AnyData, CommentAdded, Record, RevisionApproved
from chatops.domain.report import describe
from chatops.slack.mrkdwn import naming
from chatops.slack.views import lines
from tests.builders import ANA, BEN, SAMPLES
from tests.slack.views.checking import check_markup, check_message, read
from tests.slack.views.texts import LAW, long_text, members, record_of, records

PEOPLE = {ANA.id: ANA, BEN.id: BEN}
LINE = re.compile(r"`\d\d:\d\d:\d\d` \*.*\* .+ · `[0-9a-f]{16}`")


def test_a_line_says_when_who_what_and_its_hash() -> None:
    record = record_of(RevisionApproved(draft=1, revision=1, digest="d" * 64), by=BEN.id, at=2)
    line = lines.build_line(record, PEOPLE)
    words = describe(record, naming(PEOPLE))
    assert line == f"`03:02:00` *Ben Example* {words} · `{record.anchor}`"


@pytest.mark.parametrize("data", SAMPLES, ids=lambda data: str(data.kind))
def test_every_kind_of_record_has_its_line(data: AnyData) -> None:
    assert LINE.fullmatch(lines.build_line(record_of(data), PEOPLE))


def test_an_erased_record_still_shows_its_hash() -> None:
    record = replace(record_of(SAMPLES[0]), data=None, text=None)
    assert "content was erased" in lines.build_line(record, PEOPLE)
    assert record.anchor in lines.build_line(record, PEOPLE)


@LAW
@given(record=records(), people=members(), most=st.integers(120, 700))
def test_any_words_stay_on_one_line_with_the_hash_at_its_end(
    record: Record, people: dict[MemberId, Member], most: int
) -> None:
    line = lines.build_line(record, people, most)
    assert len(line) <= most
    assert len(line.splitlines()) == 1
    assert line.endswith(f"· `{record.anchor}`")
    assert line.count("`") == 4
    check_markup(line)


@LAW
@given(group=st.lists(records(), min_size=1, max_size=15), people=members(), repeat=st.booleans())
def test_a_group_keeps_every_hash_in_text_and_blocks(
    group: Sequence[Record], people: dict[MemberId, Member], repeat: bool
) -> None:
    message = lines.build(group, people, is_repeat=repeat)
    shown = read(check_message(message))
    assert all(record.anchor in shown and record.anchor in message[0] for record in group)
    assert ("may stand here twice" in shown) == repeat


def test_the_hashes_are_read_back_and_nothing_that_looks_like_one() -> None:
    words = "see span deadbeefdeadbeef · `0123456789abcdef`\n`03:00:00` *Ana* · `fedcba9876543210`"
    group = [record_of(CommentAdded(draft=1, revision=1, text=words)), record_of(SAMPLES[0], at=1)]
    text, blocks = lines.build(group, PEOPLE)
    anchors = {record.anchor for record in group}
    assert lines.find_anchors(text) == anchors
    assert lines.find_anchors(f"{words.splitlines()[0]} {[block.to_dict() for block in blocks]}") == anchors


def test_very_many_lines_say_how_many_are_left_out() -> None:
    group = [record_of(CommentAdded(draft=1, revision=1, text="x" * 4000))] * 300
    text, _ = message = lines.build(group, PEOPLE)
    check_message(message)
    assert "earlier lines left out" in text


@LAW
@given(text=long_text())
def test_a_backtick_cannot_swallow_the_hash(text: str) -> None:
    record = record_of(CommentAdded(draft=1, revision=1, text=f"`{text}"))
    assert lines.build_line(record, {}).count("`") == 4
