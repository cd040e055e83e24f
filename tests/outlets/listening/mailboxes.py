"""The sandbox's mail servers on sockets, a customer who writes, and IMAP servers that follow a script."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chatops.outlets import email
from chatops.outlets.listening.email import EmailListener
from chatops.outlets.mail_server import Patience
from chatops.sandbox.mailbox.customers import write_letter
from chatops.sandbox.mailbox.imap import start_imap
from chatops.sandbox.mailbox.letters import Letter, Letters
from chatops.sandbox.mailbox.smtp import start_smtp

US = "status@acme.example"
SHORT = Patience(connect_seconds=0.5, command_seconds=0.5, total_seconds=1.5, quit_seconds=0.1)


@dataclass
class Post:
    """All mail of the world; `dana` writes to us."""

    letters: Letters
    smtp_port: int
    imap_port: int
    offset: timedelta = timedelta(0)

    def build_settings(self, **more: Any) -> email.Settings:
        user = US.replace("@", "%40")
        values = {
            "smtp_url": f"smtp://127.0.0.1:{self.smtp_port}",
            "imap_url": f"imap://{user}:sesame@127.0.0.1:{self.imap_port}",
            "from": f"Acme Status <{US}>",
            "to": ("customers@list.acme.example",),
        }
        return email.Settings.model_validate(values | more)

    def build_listener(self, **more: Any) -> EmailListener:
        return EmailListener(self.build_settings(**more), SHORT)

    def dana(self, text: str, *, answers: Letter | None = None, **more: Any) -> Letter:
        return write_letter(self.letters, {"text": text, "to": US, **more}, answers)

    def drop(self, raw: bytes) -> Letter:
        """A mail exactly as it is."""
        return self.letters.take(raw, "somebody@customer.example", [US])


@asynccontextmanager
async def run_post() -> AsyncIterator[Post]:
    holder: list[Post] = []

    def clock() -> float:
        return (datetime.now(UTC) + (holder[0].offset if holder else timedelta(0))).timestamp()

    letters = Letters(clock)
    smtp, imap = await start_smtp(letters, "127.0.0.1", 0), await start_imap(letters, "127.0.0.1", 0)
    holder.append(Post(letters, smtp.sockets[0].getsockname()[1], imap.sockets[0].getsockname()[1]))
    try:
        yield holder[0]
    finally:
        for server in (smtp, imap):
            server.close()
            await server.wait_closed()


PROPER = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK done",
    "LOGIN": "{tag} OK done",
    "AUTHENTICATE": "{tag} NO no",
    "EXAMINE": "* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 1]\r\n{tag} OK [READ-ONLY]",
    "UID SEARCH": "* SEARCH\r\n{tag} OK done",
    "UID FETCH": "{tag} OK done",
    "LOGOUT": "* BYE\r\n{tag} OK done",
}


@asynccontextmanager
async def follow_imap(
    script: Mapping[str, str | None],
    *,
    greeting: str | None = "* OK hello",
    tls: ssl.SSLContext | None = None,
    start_tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[int, list[str]]]:
    """Answers a command as the script says, else properly; None hangs, "" closes. Yields port and commands heard."""
    heard: list[str] = []
    stop = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if greeting is None:
                await stop.wait()
            writer.write(f"{greeting}\r\n".encode())
            while line := (await reader.readline()).decode():
                tag, _, rest = line.strip().partition(" ")
                heard.append(rest)
                words = rest.upper().split(" ")
                name = " ".join(words[:2]) if words[0] == "UID" else words[0]
                reply = (PROPER | dict(script)).get(name, "{tag} BAD bad")
                if reply is None:
                    await stop.wait()
                if not reply:
                    return
                writer.write(reply.replace("{tag}", tag).encode() + b"\r\n")
                await writer.drain()
                if name == "STARTTLS" and start_tls is not None:
                    await writer.start_tls(start_tls)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        stop.set()
        server.close()
        await asyncio.sleep(0)
