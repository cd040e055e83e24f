"""E-mail by SMTP to fixed recipients: one transaction per update, one thread per incident."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import OutletSettings
from chatops.outlets.http import Http
from chatops.outlets.imap import Mailbox, MailboxReader, check_folder, parse_mailbox
from chatops.outlets.mail_headers import MAIL_POLICY
from chatops.outlets.mail_server import PATIENCE, MailServer, Patience, parse_server
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "email"
LABEL = "E-mail"
LIMITS = TextLimits(max_chars=100_000)
ABILITIES = Abilities(thread=True, settled_by="own_key", mentions=True, reply=True, replies_settled_by="own_key")
"""The own key is the Message-ID: a mail that was perhaps sent goes out again under the same one."""
COST: Callable[[str], str] | None = None

MAX_RECIPIENTS = 100
"""RFC 5321, 4.5.3.1.8: what every server takes in one transaction. A mailing list's address serves more."""
LISTEN_EVERY_SECONDS = 60
"""A login each time, and providers count those."""
SECRET_CHARS = 16


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


def _check_reply_to(text: str | None) -> str | None:
    return text if text is None else _check_sender(text)


def _check_recipients(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse_address(text).addr_spec for text in texts))


def _check_mailbox(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        parse_mailbox(url.get_secret_value())
    return url


def _check_inbound(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and len(secret.get_secret_value()) < SECRET_CHARS:
        raise ValueError(f"must be a secret of at least {SECRET_CHARS} characters that nobody can guess")
    return secret


class Settings(OutletSettings):
    """`[outlets.email]`. With one of `imap_url` and `inbound_secret` the answers of customers are heard."""

    smtp_url: Annotated[SecretStr, AfterValidator(_check_server)] = Field(description="smtp://user:password@host:587")
    smtp_url_env: str = "SMTP_URL"
    sender: Annotated[str, AfterValidator(_check_sender)] = Field(
        alias="from", description='from = "Acme Status <status@acme.example>"'
    )
    to: Annotated[tuple[str, ...], AfterValidator(_check_recipients)] = Field(
        min_length=1, max_length=MAX_RECIPIENTS, description='to = ["customers@list.acme.example"]'
    )
    reply_to: Annotated[str | None, AfterValidator(_check_reply_to)] = Field(
        None, description="where customers' answers go, if not to `from`"
    )
    imap_url: Annotated[SecretStr | None, AfterValidator(_check_mailbox)] = Field(
        None, description="imaps://user:password@host:993, the mailbox in which customers' answers arrive"
    )
    imap_url_env: str = "IMAP_URL"
    folder: Annotated[str, AfterValidator(check_folder)] = Field("INBOX", description="the folder of that mailbox")
    inbound_secret: Annotated[SecretStr | None, AfterValidator(_check_inbound)] = Field(
        None, description="a long random text, for a mail provider that brings answers to POST /hooks/email"
    )
    inbound_secret_env: str = "EMAIL_INBOUND_SECRET"  # noqa: S105 - the name of the variable

    def list_own_addresses(self) -> frozenset[str]:
        """Small letters: mails from these are our own."""
        own = (self.sender, self.reply_to) if self.reply_to else (self.sender,)
        return frozenset(parse_address(each).addr_spec.lower() for each in own)

    def find_mailbox(self) -> Mailbox | None:
        if self.imap_url is None:
            return None
        return parse_mailbox(self.imap_url.get_secret_value(), folder=self.folder, variable=self.imap_url_env)


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = f"{parse_address(settings.sender).addr_spec} → {_name_recipients(settings.to)}"
    mailbox = settings.find_mailbox()
    hears = mailbox is not None or settings.inbound_secret is not None
    return OutletSpec(
        key=key,
        label=label,
        account=account,
        limits=LIMITS,
        abilities=ABILITIES if hears else replace(ABILITIES, mentions=False, reply=False),
        cost=COST,
        listen_every_seconds=LISTEN_EVERY_SECONDS,
    )


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
        self._sender = parse_address(settings.sender)
        self._server = build_server(settings, patience)

    def _write(self, posting: Posting) -> tuple[EmailMessage, bytes]:
        message = build_message(posting, self._sender, self._settings.to, reply_to=self._settings.reply_to)
        return message, message.as_bytes()

    async def send(self, posting: Posting) -> Sent:
        try:
            # In a thread: the library parses each header it writes, which holds up the event loop for milliseconds.
            message, raw = await asyncio.to_thread(self._write, posting)
        except ValueError:
            raise Refused("These words hold a character that no e-mail can carry. Remove it and try again.") from None
        note = await self._server.hand_over(raw, self._settings.to)
        return Sent(remote_id=str(message["Message-ID"]), note=note)

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("A mail server cannot be asked what it delivered. Look into the mailbox of a recipient.")

    async def check(self) -> str:
        said = f"{await self._server.check()}; {len(self._settings.to)} fixed recipients"
        mailbox = self._settings.find_mailbox()
        return f"{said}; {await MailboxReader(mailbox).check()}" if mailbox else said


def build_server(settings: Settings, patience: Patience = PATIENCE) -> MailServer:
    return MailServer(
        settings.smtp_url.get_secret_value(),
        sender=parse_address(settings.sender),
        variable=settings.smtp_url_env,
        patience=patience,
    )


def build_message(
    posting: Posting, sender: Address, to: tuple[str, ...], *, reply_to: str | None = None
) -> EmailMessage:
    """The mail; the same bytes for the same posting, so that a repeat is one. Raises ValueError, also for UTF-8."""
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = sender
    if reply_to:
        message["Reply-To"] = parse_address(reply_to)
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
