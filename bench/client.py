"""The load client: signed requests over keep-alive connections, with as little work of its own as possible."""

import asyncio
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

SECRET = "bench-signing-secret"  # noqa: S105 - guards nothing but this run
SLACK_PATH = "/slack/events"
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted to the bot; signed only when it is sent, because a signature is dated."""

    body: bytes
    content_type: str = "application/x-www-form-urlencoded"

    def sign(self) -> bytes:
        stamp = str(int(time.time()))
        digest = hmac.new(SECRET.encode(), b"v0:%s:%s" % (stamp.encode(), self.body), sha256).hexdigest()
        head = (
            f"POST {SLACK_PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\nX-Slack-Request-Timestamp: {stamp}\r\n"
            f"X-Slack-Signature: v0={digest}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float
    sent_at: float
    """On the monotonic clock, which all processes of a machine share."""


class Connection(asyncio.Protocol):
    """One request at a time; the answer must have a Content-Length, as every answer of aiohttp to us has."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(END_OF_HEAD)
        if not found:
            return
        length = _read_length(head)
        if len(rest) >= length and self._waiting is not None and not self._waiting.done():
            self._buffer = b""
            self._waiting.set_result((int(head[9:12]), rest[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("The connection was closed."))

    async def ask(self, raw: bytes) -> Answer:
        if self._transport is None:
            raise ConnectionError("Not connected.")
        self._waiting = asyncio.get_running_loop().create_future()
        sent_at = time.monotonic()
        self._transport.write(raw)
        status, body = await self._waiting
        return Answer(status, body, time.monotonic() - sent_at, sent_at)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Client:
    """Connections to one port, opened before anything is timed."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections

    @classmethod
    async def open(cls, port: int, connections: int) -> "Client":
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(connections)]
        return cls([protocol for _, protocol in made])

    async def post(self, requests: Sequence[Request], *, at_once: int, pause: float = 0.0) -> list[Answer]:
        """All of them, `at_once` under way at any time; raises where one is not acknowledged."""
        answers: list[Answer] = []
        queue = iter(requests)

        async def work(connection: Connection) -> None:
            for request in queue:
                answer = await connection.ask(request.sign())
                _require_acknowledged(answer)
                answers.append(answer)
                if pause:
                    await asyncio.sleep(pause)

        await asyncio.gather(*(work(each) for each in self._connections[:at_once]))
        return answers

    async def get(self, path: str) -> Answer:
        return await self._connections[0].ask(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    async def ask_line(self, line: str) -> bytes:
        """`POST /path`, without a body."""
        raw = f"{line} HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n"
        return (await self._connections[0].ask(raw.encode())).body

    def close(self) -> None:
        for each in self._connections:
            each.close()


def _read_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _require_acknowledged(answer: Answer) -> None:
    """A refusal is quick and proves nothing: with words for the person (⚠️) or under a field it does not count."""
    if answer.status != 200 or "⚠️".encode() in answer.body or b"\\u26a0" in answer.body or b'"errors"' in answer.body:
        raise RuntimeError(f"Not acknowledged: {answer.status} {answer.body.decode(errors='replace')[:300]}")
