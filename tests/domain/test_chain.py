"""The hash chain: whole logs verify, erased ones too, and no mutation of what is stored goes unseen."""

import hashlib
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.chain import GENESIS, canonical_data, canonical_fields, canonical_json, format_at, link, verify
from chatops.domain.errors import BrokenChain
from chatops.domain.ids import MemberId, Stream
from chatops.domain.records import IncidentResolved, Record, parse_data
from tests.builders import ANA, OPENED_AT, SAMPLES, Journal, minute

TEXT = st.characters(exclude_categories=("Cs",))
LOG = Journal().write(*SAMPLES).records


def erase(record: Record) -> Record:
    return replace(record, text=None, data=None, salt=None)


def test_a_log_as_it_was_written_verifies_and_names_its_head() -> None:
    assert verify(LOG) is LOG[-1]
    assert verify([]) is None
    assert (LOG[0].seq, LOG[0].prev) == (1, GENESIS)
    assert LOG[0].anchor == LOG[0].hash[:16]


@given(st.sets(st.sampled_from(range(len(LOG)))))
def test_a_log_verifies_whatever_was_erased_of_it(erased: set[int]) -> None:
    assert verify([erase(record) if index in erased else record for index, record in enumerate(LOG)]) is not None


MUTATIONS: dict[str, Any] = {
    "stream": lambda record: replace(record, stream=Stream("incident:2")),
    "seq": lambda record: replace(record, seq=record.seq + 1),
    "at": lambda record: replace(record, at=record.at + timedelta(microseconds=1)),
    "actor": lambda record: replace(record, actor=MemberId("m-other")),
    "kind": lambda record: replace(record, kind="incident_closed"),
    "text": lambda record: replace(record, text=record.text[:-1] + " }"),
    "salt": lambda record: replace(record, salt=bytes([record.salt[0] ^ 1]) + record.salt[1:]),
    "salt alone erased": lambda record: replace(record, salt=None),
    "text alone erased": lambda record: replace(record, text=None),
    "data_digest": lambda record: replace(record, data_digest="0" * 64),
    "prev": lambda record: replace(record, prev="1" * 64),
    "hash": lambda record: replace(record, hash="1" * 64),
}


@given(index=st.integers(0, len(LOG) - 1), change=st.sampled_from(sorted(MUTATIONS)), erased=st.booleans())
@settings(max_examples=300)
def test_any_mutation_is_found_at_its_record(index: int, change: str, erased: bool) -> None:
    if erased and change in ("text", "salt", "salt alone erased", "text alone erased"):
        return
    changed = MUTATIONS[change](erase(LOG[index]) if erased else LOG[index])
    with pytest.raises(BrokenChain) as broken:
        verify([*LOG[:index], changed, *LOG[index + 1 :]])
    assert broken.value.seq == changed.seq
    assert broken.value.stream == changed.stream


@given(st.integers(0, len(LOG) - 2))
def test_a_record_taken_out_or_swapped_is_found(index: int) -> None:
    with pytest.raises(BrokenChain, match="missing"):
        verify([*LOG[:index], *LOG[index + 1 :]])
    with pytest.raises(BrokenChain):
        verify([*LOG[:index], LOG[index + 1], LOG[index], *LOG[index + 2 :]])


def test_a_whole_rewritten_tail_needs_an_anchor_outside_to_be_found() -> None:
    forged = link(LOG[-2], stream=LOG[0].stream, at=minute(0), actor=ANA.id, data=IncidentResolved(), salt=b"x")
    head = verify([*LOG[:-1], forged])
    assert head is not None
    assert head.hash != LOG[-1].hash


def test_one_record_relinked_alone_breaks_the_next_one() -> None:
    forged = link(LOG[2], stream=LOG[0].stream, at=minute(0), actor=ANA.id, data=IncidentResolved(), salt=b"x")
    with pytest.raises(BrokenChain, match="does not follow") as broken:
        verify([*LOG[:3], forged, *LOG[4:]])
    assert broken.value.seq == 5


def test_one_moment_has_one_text_whatever_zone_it_came_in() -> None:
    assert format_at(OPENED_AT) == "2026-11-24T03:00:00.000000Z"
    assert format_at(OPENED_AT.astimezone(timezone(timedelta(hours=5, minutes=30)))) == format_at(OPENED_AT)


@given(st.dictionaries(st.text(TEXT), st.integers() | st.text() | st.none()))
def test_one_value_has_one_canonical_text(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(backwards)


@given(st.dictionaries(st.text(TEXT), st.integers(-(2**63), 2**63 - 1) | st.text(TEXT) | st.none() | st.booleans()))
def test_the_quick_way_writes_the_same_text(fields: dict[str, Any]) -> None:
    assert canonical_fields(**dict(sorted(fields.items()))).decode() == canonical_json(fields)


def test_the_hash_is_of_the_canonical_envelope() -> None:
    for record in LOG:
        covered = ("stream", "seq", "actor", "kind", "data_digest", "prev")
        envelope = {name: getattr(record, name) for name in covered} | {"v": 1, "at": format_at(record.at)}
        assert record.hash == hashlib.sha256(canonical_json(envelope).encode()).hexdigest()


@pytest.mark.parametrize("data", SAMPLES, ids=lambda data: data.kind)
def test_the_data_of_every_kind_has_canonical_text(data: Any) -> None:
    fields = data.model_dump(mode="json")
    assert canonical_data(data) == canonical_json(fields)
    assert canonical_data(type(data)(**dict(reversed(fields.items())))) == canonical_json(fields)


@pytest.mark.parametrize("data", SAMPLES, ids=lambda data: data.kind)
def test_what_is_stored_reads_back_as_the_same_text(data: Any) -> None:
    text = canonical_data(data)
    assert canonical_data(parse_data(text)) == text
