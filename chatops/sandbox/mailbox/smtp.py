"""The SMTP side: takes every mail from anyone, with or without a login, and delivers none of it further."""

import asyncio

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from chatops.sandbox.mailbox.letters import Letters

MAIL_BYTES_MOST = 25 * 1024 * 1024


class _Sink:
    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._letters.take(raw, envelope.mail_from or "", list(envelope.rcpt_tos))
        return "250 OK: kept in the sandbox's mailbox"


def _welcome_anyone(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object
) -> AuthResult:
    """AUTH PLAIN and LOGIN succeed with any name and password."""
    del server, session, envelope, mechanism, auth_data
    return AuthResult(success=True)


async def start_smtp(letters: Letters, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            _Sink(letters),
            hostname="sandbox.example",
            data_size_limit=MAIL_BYTES_MOST,
            authenticator=_welcome_anyone,
            # The sandbox speaks no TLS, so logins must be allowed without it.
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    return await loop.create_server(protocol, host, port)
