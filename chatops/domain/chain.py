"""Link records to a hash chain and verify it.

`hash` covers the envelope and `data_digest = SHA-256(salt ‖ data)`: data and salt of a record can be erased
together, and the chain still verifies. Format version 1.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import to_json

from chatops.domain.errors import BrokenChain
from chatops.domain.ids import MemberId, Stream
from chatops.domain.records import AnyData, Record

FORMAT_VERSION = 1
GENESIS = "0" * 64
SALT_BYTES = 16
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, UTF-8 as is: one text for one value."""
    return _ENCODER.encode(value)


def canonical_fields(**fields: object) -> bytes:
    """As `canonical_json`, in UTF-8 and quicker, of fields that are named in alphabetical order.

    Values are plain ones, data of records, or sequences of either.
    """
    return to_json(fields)


def canonical_data(data: AnyData) -> str:
    return data.model_dump_json()


def digest_data(text: str, salt: bytes) -> str:
    return hashlib.sha256(salt + text.encode()).hexdigest()


def format_at(at: datetime) -> str:
    """Aware time → UTC with microseconds and Z, the form that the hash covers."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def hash_envelope(*, stream: str, seq: int, at: datetime, actor: str, kind: str, data_digest: str, prev: str) -> str:
    envelope = canonical_fields(
        actor=actor,
        at=format_at(at),
        data_digest=data_digest,
        kind=kind,
        prev=prev,
        seq=seq,
        stream=stream,
        v=FORMAT_VERSION,
    )
    return hashlib.sha256(envelope).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """All that the next record needs of the last one."""

    seq: int
    hash: str


def link(
    previous: Record | Head | None, *, stream: Stream, at: datetime, actor: MemberId, data: AnyData, salt: bytes
) -> Record:
    """The record that follows `previous` in `stream`."""
    seq = previous.seq + 1 if previous else 1
    prev = previous.hash if previous else GENESIS
    text = canonical_data(data)
    data_digest = digest_data(text, salt)
    return Record(
        stream=stream,
        seq=seq,
        at=at,
        actor=actor,
        kind=data.kind,
        text=text,
        data=data,
        salt=salt,
        data_digest=data_digest,
        prev=prev,
        hash=hash_envelope(
            stream=stream, seq=seq, at=at, actor=actor, kind=data.kind, data_digest=data_digest, prev=prev
        ),
    )


def verify(records: Iterable[Record]) -> Record | None:
    """Walk one stream from its first record; returns the last one, raises BrokenChain at the first broken one."""
    previous: Record | None = None
    for record in records:
        reason = _find_break(previous, record)
        if reason:
            raise BrokenChain(f"{record.stream} record {record.seq}: {reason}.", stream=record.stream, seq=record.seq)
        previous = record
    return previous


def _find_break(previous: Record | None, record: Record) -> str | None:
    if record.seq != (previous.seq + 1 if previous else 1):
        return "a record is missing before it"
    if record.prev != (previous.hash if previous else GENESIS):
        return "it does not follow the record before it"
    if (record.text is None) != (record.salt is None):
        return "data and salt must be erased together"
    if record.text is not None and record.salt is not None:
        if digest_data(record.text, record.salt) != record.data_digest:
            return "its data was changed"
        if record.data is None or record.data.kind != record.kind:
            return "its kind was changed"
    expected = hash_envelope(
        stream=record.stream,
        seq=record.seq,
        at=record.at,
        actor=record.actor,
        kind=record.kind,
        data_digest=record.data_digest,
        prev=record.prev,
    )
    return None if expected == record.hash else "its hash does not match"
