"""HTTP servers for tests, on real sockets: they read one request, and answer with exact bytes, badly, or never."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] | None
"""Bytes as they are; a function that writes; None never answers."""


@dataclass
class Received:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Place:
    """Where the requests arrive."""

    port: int = 0
    connections: int = 0
    requests: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    """One each; the last one stays."""


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} sesame-reason", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def answer_endlessly(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2710\r\n" + b"x" * 10000 + b"\r\n")
        await writer.drain()


async def answer_slowly(writer: asyncio.StreamWriter) -> None:
    """A byte of the head at a time: always alive, never done."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def answer_half(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    await writer.drain()


async def reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def serve(*replies: Reply, reads: bool = True, tls: ssl.SSLContext | None = None) -> AsyncIterator[Place]:
    """`reads` False: the reply comes without a look at the request."""
    place, stop = Place(replies=list(replies)), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place.connections += 1
        try:
            if reads:
                place.requests.append(await _read(reader))
            await _reply(place, writer, stop)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        stop.set()
        server.close()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Received(head[0], headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _reply(place: Place, writer: asyncio.StreamWriter, stop: asyncio.Event) -> None:
    reply = place.replies.pop(0) if len(place.replies) > 1 else place.replies[0]
    if reply is None:
        await stop.wait()
    elif callable(reply):
        until = asyncio.ensure_future(reply(writer))  # type: ignore[arg-type]
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({until, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (until, stopped):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task
    else:
        writer.write(reply)
        await writer.drain()
