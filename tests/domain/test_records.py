"""The vocabulary is complete: every kind is in the union, round-trips, has a sentence and its place in the fold."""

import re

import pytest
from pydantic import ValidationError

from chatops.domain import conversation, fold, report
from chatops.domain.chain import canonical_data
from chatops.domain.mention_records import (
    ConversationErased,
    ConversationOpened,
    MentionEscalated,
    ReplyingPaused,
    ReplyingResumed,
)
from chatops.domain.records import (
    AnyData,
    ApprovalBypassed,
    CommentAdded,
    Data,
    Impact,
    IncidentOpened,
    OutletPaused,
    OutletResumed,
    OutletWords,
    Sections,
    parse_data,
)
from tests.builders import SAMPLES

PARTS = {Sections, OutletWords}
"""Values inside records, not records."""
ONLY_TOLD = {
    ConversationErased,
    CommentAdded,
    ApprovalBypassed,
    OutletPaused,
    OutletResumed,
    MentionEscalated,
    ReplyingPaused,
    ReplyingResumed,
}
"""A comment is talk, a bypass is followed by the broadcast with its reason, pauses have a fold of their own, a call for
the commander is kept by the conversation, and what was erased is simply not there."""
KINDS = set(Data.__subclasses__()) - PARTS


def test_there_is_a_sample_of_every_kind() -> None:
    assert {type(data) for data in SAMPLES} == KINDS


@pytest.mark.parametrize("data", SAMPLES, ids=lambda data: data.kind)
def test_every_kind_round_trips_as_json(data: AnyData) -> None:
    parsed = parse_data(canonical_data(data))
    assert parsed == data
    assert type(parsed) is type(data)


def test_every_kind_is_named_after_its_class() -> None:
    for data in SAMPLES:
        assert data.kind == re.sub(r"(?<!^)(?=[A-Z])", "_", type(data).__name__).lower()


def test_every_kind_has_a_sentence() -> None:
    assert set(report._SENTENCES) == KINDS


def test_every_kind_that_changes_state_has_its_function_in_the_fold() -> None:
    changes = set(fold._CHANGES) | set(conversation._CHANGES)
    assert changes == KINDS - ONLY_TOLD - {IncidentOpened, ConversationOpened}


def test_a_kind_nobody_knows_is_refused_and_so_is_an_unknown_field() -> None:
    for text in ('{"kind":"incident_frozen"}', '{"kind":"incident_resolved","by":"x"}', "[]"):
        with pytest.raises(ValidationError):
            parse_data(text)


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValidationError):
        parse_data('{"kind":"incident_reopened","due_at":"2026-11-24T03:00:00"}')


def test_impacts_are_ranked_from_none_to_critical() -> None:
    assert [impact.rank for impact in Impact] == [0, 1, 2, 3]
