"""One mail server reached by SMTP: hands over a mail in one transaction, and says what its trouble means."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from chatops.domain.errors import NotSent, Refused

TROUBLE = (SMTPException, OSError, ValueError)
"""What talking to a mail server raises; ValueError comes from host names that cannot be encoded."""
AFTER_DEFERRAL = timedelta(minutes=1)
AFTER_WRONG_LOGIN = timedelta(minutes=2)
"""Not sooner: servers lock an account after quick wrong logins."""
AFTER_LOST_HANDOVER = timedelta(minutes=5)
"""Not sooner: the server may still be working on a mail that it will take."""
LOGIN_CODES = (530, 534, 535, 538)
"""RFC 4954: the server wants a login, or a better one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server as its URL names it."""

    host: str
    port: int
    implicit_tls: bool
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @property
    def is_local(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds: for a connection, for a command's answer, for the whole."""

    connect_seconds: float = 10
    command_seconds: float = 30
    total_seconds: float = 60
    quit_seconds: float = 2


PATIENCE = Patience()


def parse_server(url: str) -> Server:
    """`smtp://user:password@host:587`, `smtps://…`; raises ValueError whose text never repeats the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        is_fine = parts.scheme in ("smtp", "smtps") and bool(host) and bool(host.encode("idna")) and port != 0
    except ValueError:
        is_fine = False
    if not is_fine or parts.path not in ("", "/") or parts.query or parts.fragment or not _has_whole_login(parts):
        raise ValueError(
            "must be like smtp://user:password@host:587; in the password write % # / ? @ : as %25 %23 %2F %3F %40 %3A"
        )
    implicit = parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    usual = 465 if implicit else 587 if user else 25
    return Server(
        host=host, port=port or usual, implicit_tls=implicit, user=user, password=unquote(parts.password or "")
    )


def _has_whole_login(parts: SplitResult) -> bool:
    return bool(parts.username) == bool(parts.password)


class MailServer:
    """Sends for one sender; a mail in flight may repeat, always under the same Message-ID.

    `variable` is the environment variable that its address stands in, for the errors.
    """

    def __init__(self, url: str, *, sender: Address, variable: str, patience: Patience = PATIENCE) -> None:
        self._server = parse_server(url)
        self._sender = sender
        self._variable = variable
        self._patience = patience

    async def hand_over(self, raw: bytes, recipients: tuple[str, ...]) -> str | None:
        """One transaction; returns a note about recipients that were not taken."""
        client = self._build_client()
        try:
            note = await self._transact(client, raw, recipients)
            with suppress(*TROUBLE):
                await client.quit(timeout=self._patience.quit_seconds)
        finally:
            client.close()
        return note

    async def check(self) -> str:
        """Connects and logs in, sends nothing."""
        client = self._build_client()
        try:
            async with asyncio.timeout(self._patience.total_seconds):
                await self._open(client)
                await client.noop()
                how = "encrypted" if client.get_transport_info("sslcontext") else "not encrypted"
        except TROUBLE as error:
            raise self._explain(error, is_handed_over=False) from None
        finally:
            client.close()
        login = "logged in" if self._server.user else "no login"
        return f"{self._place} answers, {how}, {login}"

    @property
    def _place(self) -> str:
        return f"mail server {self._server.host}:{self._server.port}"

    def _build_client(self) -> SMTP:
        """Certificates count where a password is at stake; STARTTLS without one is better than nothing either way."""
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.implicit_tls,
            start_tls=False,  # done in _open, to say clearly what is missing
            validate_certs=not server.is_local and (server.implicit_tls or server.user is not None),
            local_hostname=self._sender.domain,  # the default asks the DNS, which may hang
            timeout=self._patience.command_seconds,
        )

    async def _transact(self, client: SMTP, raw: bytes, recipients: tuple[str, ...]) -> str | None:
        is_handed_over = False
        try:
            async with asyncio.timeout(self._patience.total_seconds):
                await self._open(client)
                await client.mail(self._sender.addr_spec)
                missed = await self._list_missed(client, recipients)
                is_handed_over = True
                # No time limit but the total: servers scan a mail before they take it, and giving up early doubles it.
                await client.data(raw, timeout=None)
        except TROUBLE as error:
            raise self._explain(error, is_handed_over=is_handed_over) from None
        return _note(missed, len(recipients))

    async def _open(self, client: SMTP) -> None:
        """Connect, encrypt, log in. Without encryption a password only travels inside this machine."""
        server = self._server
        await client.connect(timeout=self._patience.connect_seconds)
        await _greet(client)
        if not server.implicit_tls and client.supports_extension("starttls"):
            await client.starttls()
            await _greet(client)
        elif server.user and not server.implicit_tls and not server.is_local:
            raise NotSent(
                f"The {self._place} offers no encryption, so the password was not sent. "
                f"Use a server with TLS (smtps://…) in {self._variable}.",
                retry_after=AFTER_WRONG_LOGIN,
                needs_person=True,
            )
        if server.user:
            await self._log_in(client, server.user, server.password)

    async def _log_in(self, client: SMTP, user: str, password: str) -> None:
        try:
            await client.login(user, password)
        except (SMTPResponseException, UnicodeError) as error:
            raise self._wrong_login(_name_code(error)) from None
        except SMTPException as error:
            if isinstance(error, OSError):  # lost or late, which says nothing about the password
                raise
            raise self._wrong_login("it offers none that we can use") from None

    def _wrong_login(self, why: str) -> NotSent:
        return NotSent(
            f"The {self._place} refused the login ({why}). Check user and password in {self._variable}.",
            retry_after=AFTER_WRONG_LOGIN,
            needs_person=True,
        )

    async def _list_missed(self, client: SMTP, recipients: tuple[str, ...]) -> list[SMTPRecipientRefused]:
        """Name each recipient; raises where none was taken."""
        missed: list[SMTPRecipientRefused] = []
        for recipient in recipients:
            try:
                await client.rcpt(recipient)
            except SMTPRecipientRefused as error:
                missed.append(error)
        if len(missed) < len(recipients):
            return missed
        # One that may be taken later is reason enough to try again: nobody has got anything yet.
        raise next((error for error in missed if 400 <= error.code < 500), missed[0])

    def _explain(self, error: Exception, *, is_handed_over: bool) -> NotSent | Refused:
        """What a mail server's trouble means for the delivery; says the codes, never the server's own words."""
        if not isinstance(error, SMTPResponseException):
            return self._explain_silence(error, is_handed_over=is_handed_over)
        if error.code in LOGIN_CODES:
            return self._wrong_login(_name_code(error))
        if 400 <= error.code < 500:
            return NotSent(f"The {self._place} put us off ({_name_code(error)}).", retry_after=AFTER_DEFERRAL)
        if 500 <= error.code < 600 and not isinstance(error, SMTPConnectResponseError | SMTPHeloError):
            is_recipient = isinstance(error, SMTPRecipientRefused)
            what = "the message" if is_handed_over else "every recipient" if is_recipient else "the sender"
            return Refused(f"The {self._place} refused {what} ({_name_code(error)}).")
        return self._explain_silence(error, is_handed_over=is_handed_over)

    def _explain_silence(self, error: Exception, *, is_handed_over: bool) -> NotSent:
        if is_handed_over:
            # By the letter it may have been sent. For mail that is safe to repeat: the Message-ID is the same, and a
            # mail twice is a lesser evil than a customer who never hears.
            text = f"The {self._place} did not confirm the mail. It is sent again under the same Message-ID."
            return NotSent(text, retry_after=AFTER_LOST_HANDOVER)
        if isinstance(error, TimeoutError):
            return NotSent(f"The {self._place} does not answer in time.")
        if isinstance(error, SMTPResponseException):
            return NotSent(f"The {self._place} is not ready for mail ({_name_code(error)}).")
        return NotSent(f"The {self._place} cannot be reached. Check the address in {self._variable}.")


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


def _name_code(error: Exception) -> str:
    """`550 5.1.1`: the two codes are all that is repeated of a server's answer."""
    if not isinstance(error, SMTPResponseException) or error.code < 0:
        return "no code"
    enhanced = re.match(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b", str(error.message))
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)


def _note(missed: list[SMTPRecipientRefused], total: int) -> str | None:
    if not missed:
        return None
    named = ", ".join(f"{error.recipient} ({_name_code(error)})" for error in missed[:5])
    rest = f" and {len(missed) - 5} more" if len(missed) > 5 else ""
    return f"{len(missed)} of {total} recipients not taken: {named}{rest}"
