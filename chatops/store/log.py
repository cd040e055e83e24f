"""The log: append linked records to a stream, load a stream."""

import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import BigInteger, bindparam, insert, select, type_coerce

from chatops.domain.chain import SALT_BYTES, Head, digest_data, link, verify
from chatops.domain.errors import BrokenChain, UnreadableRecord
from chatops.domain.ids import MemberId, Stream
from chatops.domain.records import AnyData, Record, parse_data
from chatops.store.prepared import Prepared
from chatops.store.tables import EPOCH, records

_COLUMNS = [
    records.c.stream,
    records.c.seq,
    # Raw, so that a time that was tampered with is reported with its record.
    type_coerce(records.c.at, BigInteger).label("at"),
    records.c.actor,
    records.c.kind,
    records.c.text,
    records.c.salt,
    records.c.data_digest,
    records.c.prev,
    records.c.hash,
]

_LOAD = Prepared(select(*_COLUMNS).where(records.c.stream == bindparam("stream")).order_by(records.c.seq))
_FIND_HEAD = Prepared(
    select(records.c.seq, records.c.hash)
    .where(records.c.stream == bindparam("stream"))
    .order_by(records.c.seq.desc())
    .limit(1)
)
_LIST_STREAMS = Prepared(select(records.c.stream).distinct())
_APPEND = Prepared(insert(records))


def load(connection: sqlite3.Connection, stream: Stream) -> list[Record]:
    """All records of a stream; raises BrokenChain or UnreadableRecord at one that cannot be read."""
    loaded: list[Record] = []
    for row in _LOAD.rows(connection, stream=stream):
        try:
            loaded.append(_record_from(row))
        except (BrokenChain, UnreadableRecord):
            verify(loaded)  # An earlier break is the one to name.
            raise
    return loaded


def link_all(
    head: Record | Head | None, stream: Stream, at: datetime, actor: MemberId, data: Sequence[AnyData]
) -> list[Record]:
    """The records that follow `head`, not stored yet."""
    added: list[Record] = []
    for each in data:
        head = link(head, stream=stream, at=at, actor=actor, data=each, salt=secrets.token_bytes(SALT_BYTES))
        added.append(head)
    return added


def append(connection: sqlite3.Connection, linked: Sequence[Record]) -> None:
    _APPEND.save_all(connection, linked)


def list_streams(connection: sqlite3.Connection) -> list[Stream]:
    """Every stream, `incident:2` before `incident:10`."""
    found: list[Stream] = _LIST_STREAMS.column(connection)
    return sorted(found, key=lambda name: (name.partition(":")[0], len(name), name))


def find_head(connection: sqlite3.Connection, stream: Stream) -> Head | None:
    row = _FIND_HEAD.first(connection, stream=stream)
    return None if row is None else Head(**row)


def _record_from(row: dict[str, Any]) -> Record:
    return Record(**{**row, "at": _read_at(row), "data": _read_data(row)})


def _read_at(row: dict[str, Any]) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=row["at"])
    except (OverflowError, TypeError):
        raise BrokenChain(f"{_name(row)}: its time was changed.", stream=row["stream"], seq=row["seq"]) from None


def _read_data(row: dict[str, Any]) -> AnyData | None:
    if row["text"] is None:
        return None
    try:
        return parse_data(row["text"])
    except ValidationError:
        # The words of the error would repeat what was typed, which may be personal.
        if row["salt"] is None or digest_data(row["text"], row["salt"]) != row["data_digest"]:
            raise BrokenChain(f"{_name(row)}: its data was changed.", stream=row["stream"], seq=row["seq"]) from None
        raise UnreadableRecord(f"{_name(row)} was written by a newer chatops: install that version again.") from None


def _name(row: dict[str, Any]) -> str:
    return "{stream} record {seq} ({kind})".format_map(row)
