"""Mail servers for tests, on real sockets: one that behaves (aiosmtpd) and one that follows a script."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Postbox:
    """Takes every mail, except to the recipients it was told to refuse."""

    def __init__(self, refuse: dict[str, str] | None = None) -> None:
        self.mails: list[Envelope] = []
        self.were_logged_in: list[bool] = []
        self._refuse = refuse or {}

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:  # noqa: N802
        if address in self._refuse:
            return self._refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.were_logged_in.append(bool(session.authenticated))
        return "250 2.0.0 taken"

    @property
    def raw(self) -> list[bytes]:
        return [mail.original_content or b"" for mail in self.mails]


def know(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator that knows one person."""

    def authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=known, handled=False)

    return authenticate


@asynccontextmanager
async def serve(postbox: Postbox, **options: Any) -> AsyncIterator[int]:
    """A well-behaved mail server; yields its port."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(postbox, hostname="mail.test", enable_SMTPUTF8=False, **options), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


Reply = str | bytes | None
"""A line to answer with; bytes as they are; None hangs; "" closes the connection."""


@asynccontextmanager
async def follow(script: dict[str, Reply]) -> AsyncIterator[int]:
    """A server that answers a verb as the script says, else properly; "." stands for the end of a mail."""
    proper: dict[str, Reply] = {
        "CONNECT": "220 mail.test",
        "EHLO": "250 mail.test",
        "HELO": "250 mail.test",
        "DATA": "354 go on",
        ".": "250 2.0.0 taken",
        "QUIT": "221 bye",
    }
    answers = proper | script
    stop = asyncio.Event()

    async def answer(verb: str, writer: asyncio.StreamWriter) -> bool:
        reply = answers.get(verb, "250 OK")
        if reply is None:
            await stop.wait()
        if not reply:
            return False
        writer.write(reply if isinstance(reply, bytes) else f"{reply}\r\n".encode())
        await writer.drain()
        return True

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            is_open, in_data = await answer("CONNECT", writer), False
            while is_open and (line := await reader.readline()):
                if in_data and line != b".\r\n":
                    continue
                verb = "." if in_data else line.decode("latin-1").split()[0].upper()
                is_open = await answer(verb, writer)
                in_data = verb == "DATA" and str(answers["DATA"]).startswith("354")
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        stop.set()
        server.close()
        await asyncio.sleep(0)


def find_closed_port(count: int = 1) -> int:
    """The first of so many free neighbours, from below those that a system hands out by itself: somebody's connection
    takes one of those at any moment."""
    for first in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), ExitStack() as probes:
            for port in range(first, first + count):
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise RuntimeError("Not one of a hundred ports is free.")
