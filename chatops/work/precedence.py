"""People first: background work takes turns, and waits while somebody's request is being answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST_WAIT_SECONDS = 0.1
"""Then background work goes on all the same: requests that never end must not starve it."""


class Precedence:
    """Of one event loop, on which requests and background work share the processor."""

    def __init__(self) -> None:
        self._requests = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around the answer to one request."""
        self._requests += 1
        self._is_quiet.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._is_quiet.set()

    async def wait_turn(self) -> None:
        """Before a piece of background work: one piece between two looks at what has arrived meanwhile."""
        async with self._turn:
            await asyncio.sleep(0)
            if self._requests:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                        await self._is_quiet.wait()
