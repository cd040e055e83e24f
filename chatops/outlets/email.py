"""E-mail by SMTP to fixed recipients: one transaction per update, one thread per incident."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPResponseException,
)
from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import OutletSettings
from chatops.outlets.http import Http
from chatops.outlets.mail_headers import MAIL_POLICY
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "email"
LABEL = "E-mail"
LIMITS = TextLimits(max_chars=100_000)
ABILITIES = Abilities(thread=True, settled_by="own_key")
"""The own key is the Message-ID: a mail that was perhaps sent goes out again under the same one."""
COST: Callable[[str], str] | None = None

MAX_RECIPIENTS = 100
"""RFC 5321, 4.5.3.1.8: what every server takes in one transaction. A mailing list's address serves more."""
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


def parse_address(text: str) -> Address:
    """`Acme Status <status@acme.example>`; raises ValueError whose text says what is wrong."""
    name, spec = parseaddr(text)
    local, _, domain = spec.rpartition("@")
    if not local or not domain or not text.isprintable():
        raise ValueError("must hold e-mail addresses like status@acme.example")
    try:
        ascii_spec = f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
        return Address(display_name=name, addr_spec=ascii_spec)
    except (ValueError, HeaderParseError):
        raise ValueError("must hold e-mail addresses like status@acme.example") from None


def _check_server(url: SecretStr) -> SecretStr:
    parse_server(url.get_secret_value())
    return url


def _check_sender(text: str) -> str:
    parse_address(text)
    return text


def _check_recipients(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse_address(text).addr_spec for text in texts))


class Settings(OutletSettings):
    """`[outlets.email]`."""

    smtp_url: Annotated[SecretStr, AfterValidator(_check_server)] = Field(description="smtp://user:password@host:587")
    smtp_url_env: str = "SMTP_URL"
    sender: Annotated[str, AfterValidator(_check_sender)] = Field(
        alias="from", description='from = "Acme Status <status@acme.example>"'
    )
    to: Annotated[tuple[str, ...], AfterValidator(_check_recipients)] = Field(
        min_length=1, max_length=MAX_RECIPIENTS, description='to = ["customers@list.acme.example"]'
    )


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = f"{parse_address(settings.sender).addr_spec} → {_name_recipients(settings.to)}"
    return OutletSpec(key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Email(settings, build_spec(settings, key=key, label=label))


def _name_recipients(to: tuple[str, ...]) -> str:
    """All of them where they are few; else a fingerprint stands for the rest, since an approval covers them too."""
    if len(to) <= 3:
        return ", ".join(to)
    fingerprint = hashlib.sha256("\n".join(to).encode()).hexdigest()[:8]
    return f"{', '.join(to[:2])} and {len(to) - 2} more (list {fingerprint})"


class Email:
    """Sends to the fixed recipients; a mail in flight may repeat, always under the same Message-ID."""

    def __init__(self, settings: Settings, spec: OutletSpec, patience: Patience = PATIENCE) -> None:
        self.spec = spec
        self._settings = settings
        self._server = parse_server(settings.smtp_url.get_secret_value())
        self._sender = parse_address(settings.sender)
        self._patience = patience

    def _write(self, posting: Posting) -> tuple[EmailMessage, bytes]:
        message = build_message(posting, self._sender, self._settings.to)
        return message, message.as_bytes()

    async def send(self, posting: Posting) -> Sent:
        try:
            # In a thread: the library parses each header it writes, which holds up the event loop for milliseconds.
            message, raw = await asyncio.to_thread(self._write, posting)
        except ValueError:
            raise Refused("These words hold a character that no e-mail can carry. Remove it and try again.") from None
        client = self._build_client()
        try:
            note = await self._transact(client, raw)
            with suppress(*TROUBLE):
                await client.quit(timeout=self._patience.quit_seconds)
        finally:
            client.close()
        return Sent(remote_id=str(message["Message-ID"]), note=note)

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("A mail server cannot be asked what it delivered. Look into the mailbox of a recipient.")

    async def check(self) -> str:
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
        return f"{self._place} answers, {how}, {login}; {len(self._settings.to)} fixed recipients"

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

    async def _transact(self, client: SMTP, raw: bytes) -> str | None:
        """One SMTP transaction; returns a note about recipients that were not taken."""
        is_handed_over = False
        try:
            async with asyncio.timeout(self._patience.total_seconds):
                await self._open(client)
                await client.mail(self._sender.addr_spec)
                missed = await self._list_missed(client)
                is_handed_over = True
                # No time limit but the total: servers scan a mail before they take it, and giving up early doubles it.
                await client.data(raw, timeout=None)
        except TROUBLE as error:
            raise self._explain(error, is_handed_over=is_handed_over) from None
        return _note(missed, len(self._settings.to))

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
                f"Use a server with TLS (smtps://…) in {self._settings.smtp_url_env}.",
                retry_after=AFTER_WRONG_LOGIN,
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
            f"The {self._place} refused the login ({why}). Check user and password in {self._settings.smtp_url_env}.",
            retry_after=AFTER_WRONG_LOGIN,
        )

    async def _list_missed(self, client: SMTP) -> list[SMTPRecipientRefused]:
        """Name each recipient; raises where none was taken."""
        missed: list[SMTPRecipientRefused] = []
        for recipient in self._settings.to:
            try:
                await client.rcpt(recipient)
            except SMTPRecipientRefused as error:
                missed.append(error)
        if len(missed) < len(self._settings.to):
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
        return NotSent(f"The {self._place} cannot be reached. Check the address in {self._settings.smtp_url_env}.")


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


def build_message(posting: Posting, sender: Address, to: tuple[str, ...]) -> EmailMessage:
    """The mail; the same bytes for the same posting, so that a repeat is one. Raises ValueError, also for UTF-8."""
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = sender
    message["To"] = to[0] if len(to) == 1 else "undisclosed-recipients:;"
    subject = flatten(posting.subject or "Status update")
    message["Subject"] = f"Re: {subject}" if posting.earlier else subject
    message["Date"] = format_datetime(posting.first_tried_at)
    message["Message-ID"] = build_message_id(posting, sender.domain)
    if posting.earlier:
        message["In-Reply-To"] = posting.earlier[-1]
        # RFC 5322 wants the whole line of ancestors; the first and the latest keep a thread together in any reader.
        message["References"] = " ".join(dict.fromkeys((posting.earlier[0], *posting.earlier[-9:])))
    message["List-Id"] = f"<updates.{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(posting.words, cte="quoted-printable")
    message.add_alternative(build_html(posting.words), subtype="html", cte="quoted-printable")
    # A boundary by chance would make the repeat differ; "=_" never occurs in quoted-printable text.
    message.set_boundary(f"=_{posting.digest[:32]}")
    return message


def build_message_id(posting: Posting, domain: str) -> str:
    """`<inc-3-u2.0123456789ab@acme.example>`; a named outlet and a later part are told apart."""
    incident, update, outlet, part = posting.key.split("/")
    name = f".{outlet.partition('.')[2]}" if "." in outlet else ""
    nth = f".{part}" if part != "0" else ""
    return f"<{incident.lower()}-u{update}.{posting.digest[:12]}{name}{nth}@{domain}>"


def build_html(words: str) -> str:
    """The same words for readers that show HTML first; each paragraph finds its own direction of writing."""
    paragraphs = (f'<p dir="auto" style="white-space:pre-wrap">{escape(each)}</p>' for each in words.split("\n\n"))
    head = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n'
    return f"{head}{''.join(paragraphs)}\n</body></html>\n"


def flatten(subject: str) -> str:
    """One line without control characters: nothing in a title can become a header."""
    return "".join(char for char in " ".join(subject.split()) if char >= " " and char != "\x7f")
