"""What an operator does: verify the chain, rebuild the read tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chatops.domain.chain import verify
from chatops.domain.conversation import fold_conversation
from chatops.domain.errors import BrokenChain, NotFound
from chatops.domain.fold import fold
from chatops.domain.ids import Stream, is_conversation_stream, is_incident_stream
from chatops.usecases.ports import Desk, Reads, Store, Transaction
from chatops.usecases.recording import save_views

Progress = Callable[[int, int], None]
"""Called with (done, of)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One stream whose chain holds."""

    stream: Stream
    records: int
    head: str


async def verify_stream(store: Store, stream: Stream, *, head: str | None = None) -> Verified:
    """Raises BrokenChain at the first broken record; with a known `head` (a hash or its first digits) also where the
    tail was cut: the head must stand in the chain."""

    def body(reads: Reads) -> Verified:
        records = reads.load(stream)
        last = verify(records)
        if last is None:
            raise NotFound(f"There are no records of {stream.replace('incident:', 'INC-')}.")
        if head and not any(record.hash.startswith(head.lower()) for record in records):
            raise BrokenChain(
                f"{stream}: no record has the hash {head}; the chain was cut after record {last.seq} or rewritten.",
                stream=stream,
                seq=last.seq,
            )
        return Verified(stream=stream, records=len(records), head=last.hash)

    return await store.read(body)


async def list_streams(store: Store) -> list[Stream]:
    return await store.read(lambda reads: reads.list_streams())


def word_streams(streams: Sequence[Stream]) -> str:
    """`12 incidents, outlets`: the pauses of outlets have a log of their own."""
    count = sum(map(is_incident_stream, streams))
    others = sorted({stream.partition(":")[0] for stream in streams if not is_incident_stream(stream)})
    return ", ".join([f"{count} incident{'' if count == 1 else 's'}", *others])


async def rebuild(desk: Desk, progress: Progress) -> int:
    """All read tables anew from the log, in one transaction; returns how many incidents."""

    def body(tx: Transaction) -> int:
        everything = tx.list_streams()
        streams = [stream for stream in everything if is_incident_stream(stream)]
        tx.clear_read_tables()
        for done in _save_all(tx, streams):
            progress(done, len(streams))
        for stream in everything:
            if is_conversation_stream(stream):
                tx.settle_conversation(fold_conversation(tx.load(stream)))
        return len(streams)

    return await desk.store.write(body)


def _save_all(tx: Transaction, streams: list[Stream]) -> Iterator[int]:
    for done, stream in enumerate(streams, start=1):
        save_views(tx, fold(tx.load(stream)), None)
        yield done
