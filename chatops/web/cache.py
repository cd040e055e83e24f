"""Rendered answers in memory: one rendering per change of the store, however many ask."""

import asyncio
import gzip
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from chatops.domain.errors import NotFound

log = logging.getLogger(__name__)

MAX_ENTRIES = 256
WORTH_PACKING_BYTES = 512
Stamp = tuple[int, date]
"""What the bytes depend on: the store's version and the UTC day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The bytes of one answer, packed once; the ETag is weak because both encodings share it."""

    body: bytes
    packed: bytes | None
    etag: str
    content_type: str
    status: int = 200


def pack(text: str, *, content_type: str, status: int = 200) -> Rendered:
    """Lone surrogates (Slack's JSON can hold them) become `?`: they have no UTF-8."""
    body = text.encode(errors="replace")
    # mtime 0: two processes that render the same text send the same bytes.
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= WORTH_PACKING_BYTES else None
    digest = hashlib.sha256(body).hexdigest()[:24]
    return Rendered(body=body, packed=packed, etag=f'W/"{digest}"', content_type=content_type, status=status)


class RenderCache:
    """Bounded; the least recently asked goes first. Lives on one event loop."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._kept: OrderedDict[str, tuple[Stamp, Rendered]] = OrderedDict()
        self._under_way: dict[tuple[str, Stamp], asyncio.Task[Rendered]] = {}

    async def get(self, key: str, find_stamp: Callable[[], Stamp], make: Callable[[], Awaitable[Rendered]]) -> Rendered:
        """The answer as of now; where it cannot be made (the database is away), the last one that could."""
        try:
            stamp = find_stamp()
            return self._find(key, stamp) or await self._make_once(key, stamp, make)
        except NotFound:
            # What has left the page must not come back from memory.
            self._kept.pop(key, None)
            raise
        except Exception:
            kept = self._kept.get(key)
            if kept is None:
                raise
            log.exception("rendering %s failed; its last rendering is served", key)
            return kept[1]

    def _find(self, key: str, stamp: Stamp) -> Rendered | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] != stamp:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    async def _make_once(self, key: str, stamp: Stamp, make: Callable[[], Awaitable[Rendered]]) -> Rendered:
        task = self._under_way.get((key, stamp))
        if task is None:
            task = asyncio.create_task(self._make(key, stamp, make))
            self._under_way[key, stamp] = task
            task.add_done_callback(lambda _: self._under_way.pop((key, stamp), None))
        # Shielded: whoever asked first may hang up while the others still wait.
        return await asyncio.shield(task)

    async def _make(self, key: str, stamp: Stamp, make: Callable[[], Awaitable[Rendered]]) -> Rendered:
        rendered = await make()
        self._kept[key] = (stamp, rendered)
        self._kept.move_to_end(key)
        while len(self._kept) > self._max_entries:
            self._kept.popitem(last=False)
        return rendered
