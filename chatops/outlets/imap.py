"""A mailbox read by IMAP: what arrived after a mark, looked at without changing anything in it.

https://www.rfc-editor.org/rfc/rfc3501; the standard library's client runs in a thread.
"""

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from chatops.domain.errors import DeliveryError, NotSent, Refused

T = TypeVar("T")

CONNECT_SECONDS = 8
COMMAND_SECONDS = 20
TOTAL_SECONDS = 120
AFTER_WRONG_LOGIN = timedelta(minutes=2)
"""Not sooner: servers lock an account after quick wrong logins."""
MAILS_PER_LOOK = 50
MAIL_BYTES = 1024 * 1024
"""The rest of a longer mail is attachments, and stays where it is."""
TROUBLE = (imaplib.IMAP4.error, OSError, ValueError, EOFError)
"""What talking to a mail server raises; ValueError comes from host names that cannot be encoded."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox as its URL names it. `variable` is the environment variable that it stands in, for the errors."""

    host: str
    port: int
    implicit_tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    folder: str = "INBOX"
    variable: str = "IMAP_URL"

    @property
    def place(self) -> str:
        return f"mailbox at {self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Up to where a mailbox was read: `validity` changes when the server numbers its mails anew (RFC 3501, 2.3.1.1)."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One mail as the server holds it; `raw` is cut after MAIL_BYTES."""

    uid: int
    received_at: datetime | None
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one look brought, and where the next one begins."""

    mails: tuple[Arrived, ...]
    mark: Mark
    is_more: bool


def parse_mailbox(url: str, *, folder: str = "INBOX", variable: str = "IMAP_URL") -> Mailbox:
    """`imaps://user:password@host:993`, `imap://…`; raises ValueError whose text never repeats the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        is_fine = parts.scheme in ("imap", "imaps") and bool(host) and bool(host.encode("idna")) and port != 0
    except ValueError:
        is_fine = False
    if not is_fine or parts.path not in ("", "/") or parts.query or parts.fragment:
        is_fine = False
    user, password = (unquote(parts.username or ""), unquote(parts.password or "")) if is_fine else ("", "")
    if not user or not password or not user.isprintable() or not password.isprintable():
        raise ValueError(
            "must be like imaps://user:password@host:993; in name and password write % # / ? @ : as "
            "%25 %23 %2F %3F %40 %3A"
        )
    implicit = parts.scheme == "imaps"
    return Mailbox(
        host=host,
        port=port or (993 if implicit else 143),
        implicit_tls=implicit,
        user=user,
        password=password,
        folder=folder,
        variable=variable,
    )


def check_folder(name: str) -> str:
    if not name or not name.isascii() or not name.isprintable():
        raise ValueError('must be the name of a folder as the server lists it, like "INBOX"')
    return name


class MailboxReader:
    """Opens the folder for reading only: no mail is marked, moved or deleted."""

    def __init__(self, mailbox: Mailbox, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._mailbox = mailbox
        self._total_seconds = total_seconds

    async def read(self, mark: Mark | None, *, since: datetime, most: int = MAILS_PER_LOOK) -> Delivered:
        """What arrived after the mark and since that moment; from the moment on where there is no mark, or where the
        server numbers anew."""
        return await self._run(lambda session: session.read(mark, since=since, most=most))

    async def check(self) -> str:
        """Log in and open the folder."""
        await self._run(lambda session: session.open_folder())
        return f"{self._mailbox.place} lets us read {self._mailbox.folder}"

    async def _run(self, work: Callable[["_Session"], T]) -> T:
        session = _Session(self._mailbox)
        running = asyncio.ensure_future(asyncio.to_thread(session.run, work))
        try:
            async with asyncio.timeout(self._total_seconds):
                return await asyncio.shield(running)
        except TimeoutError:
            raise NotSent(f"The {self._mailbox.place} does not answer in time.") from None
        finally:
            # A thread cannot be cancelled, but it ends as soon as its connection does.
            session.hang_up()
            running.cancel()


class _Session:
    """One connection, from login to logout; all but `hang_up` in its own thread."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._client: imaplib.IMAP4 | None = None
        self._is_over = False

    def run(self, work: Callable[["_Session"], T]) -> T:
        try:
            with self._connect() as client:
                self._log_in(client)
                return work(self)
        except DeliveryError:
            raise
        except TROUBLE as error:
            raise self._explain(error) from None

    def hang_up(self) -> None:
        self._is_over = True
        client = self._client
        if client is not None:
            with suppress(OSError):
                client.socket().shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _connect(self) -> Iterator[imaplib.IMAP4]:
        mailbox = self._mailbox
        context = _build_tls(is_local=mailbox.is_local)
        client: imaplib.IMAP4
        if mailbox.implicit_tls:
            client = imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=CONNECT_SECONDS)
        else:
            client = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=CONNECT_SECONDS)
        self._client = client
        try:
            self._require_client()
            if not mailbox.implicit_tls:
                self._encrypt(client, context)
            client.socket().settimeout(COMMAND_SECONDS)
            yield client
            with suppress(*TROUBLE):
                client.logout()
        finally:
            with suppress(*TROUBLE):
                client.shutdown()

    def _encrypt(self, client: imaplib.IMAP4, context: ssl.SSLContext) -> None:
        """Without encryption a password only travels inside this machine."""
        if "STARTTLS" in client.capabilities:
            client.starttls(context)
        elif not self._mailbox.is_local:
            raise NotSent(
                f"The {self._mailbox.place} offers no encryption, so the password was not sent. "
                f"Use a server with TLS (imaps://…) in {self._mailbox.variable}.",
                retry_after=AFTER_WRONG_LOGIN,
                needs_person=True,
            )

    def _log_in(self, client: imaplib.IMAP4) -> None:
        user, password = self._mailbox.user, self._mailbox.password
        try:
            if user.isascii() and password.isascii() and "LOGINDISABLED" not in client.capabilities:
                client.login(_quote(user), password)
            else:
                # RFC 4616: LOGIN knows only ASCII.
                client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        except imaplib.IMAP4.abort:  # the connection broke, which says nothing about the password
            raise
        except imaplib.IMAP4.error:
            raise NotSent(
                f"The {self._mailbox.place} refused the login. Check user and password in {self._mailbox.variable}.",
                retry_after=AFTER_WRONG_LOGIN,
                needs_person=True,
            ) from None

    def open_folder(self) -> int:
        """EXAMINE: the server itself then refuses every change. Returns the UIDVALIDITY."""
        client = self._require_client()
        done, _ = client.select(_quote(self._mailbox.folder), readonly=True)
        if done != "OK":
            raise Refused(f"The {self._mailbox.place} has no folder {self._mailbox.folder} that we may read.")
        said = client.response("UIDVALIDITY")[1]
        return _read_number(said[-1] if said else None)

    def read(self, mark: Mark | None, *, since: datetime, most: int) -> Delivered:
        validity = self.open_folder()
        known = mark.uid if mark is not None and mark.validity == validity else None
        uids = self._search(known, since)
        chosen = uids[:most]
        mails = tuple(mail for mail in map(self._fetch, chosen) if mail is not None)
        last = max([known or 0, *chosen])
        # By day the search is coarse, and by the server's own clock.
        mails = tuple(mail for mail in mails if mail.received_at is None or mail.received_at >= since)
        return Delivered(mails=mails, mark=Mark(validity=validity, uid=last), is_more=len(uids) > most)

    def _search(self, known: int | None, since: datetime) -> list[int]:
        day = since.astimezone(UTC) - timedelta(days=1)
        criteria = ["SINCE", f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"]
        if known is not None:
            criteria = ["UID", f"{known + 1}:*", *criteria]
        done, said = self._require_client().uid("SEARCH", *criteria)
        if done != "OK":
            raise NotSent(f"The {self._mailbox.place} could not search now.")
        # `*` is the last mail, however small its number (RFC 3501, 6.4.8).
        return sorted(number for number in _read_numbers(said) if number > (known or 0))

    def _fetch(self, uid: int) -> Arrived | None:
        """None: somebody removed it meanwhile. PEEK leaves it unread."""
        wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{MAIL_BYTES}>)"
        done, said = self._require_client().uid("FETCH", str(uid), wanted)
        if done != "OK":
            raise NotSent(f"The {self._mailbox.place} could not show a mail now.")
        return _read_fetched(uid, said)

    def _require_client(self) -> imaplib.IMAP4:
        if self._client is None or self._is_over:
            raise NotSent(f"The {self._mailbox.place} does not answer in time.")
        return self._client

    def _explain(self, error: Exception) -> NotSent:
        """Never in the words of the server or the library."""
        place, variable = self._mailbox.place, self._mailbox.variable
        if isinstance(error, ssl.SSLError):
            return NotSent(f"The {place} offers no encryption that can be trusted. Check {variable}.")
        if isinstance(error, TimeoutError):
            return NotSent(f"The {place} does not answer in time.")
        if isinstance(error, imaplib.IMAP4.error | EOFError):
            return NotSent(f"The {place} gave an answer that cannot be read.")
        return NotSent(f"The {place} cannot be reached. Check the address in {variable}.")


def _build_tls(*, is_local: bool) -> ssl.SSLContext:
    """A server on this machine seldom has a certificate that anybody vouches for."""
    context = ssl.create_default_context()
    if is_local:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _quote(text: str) -> str:
    """The library quotes the password only."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read_number(said: object) -> int:
    return int(said) if isinstance(said, bytes) and said.isdigit() else 0


def _read_numbers(said: list[Any]) -> set[int]:
    return {int(word) for line in said if isinstance(line, bytes) for word in line.split() if word.isdigit()}


def _read_fetched(uid: int, said: list[Any]) -> Arrived | None:
    """The literal is the mail; what stands around it may be split before and after it."""
    pieces = [each for each in said if isinstance(each, tuple) and b"BODY[" in each[0].upper()]
    if not pieces:
        return None
    around = b" ".join(each if isinstance(each, bytes) else each[0] for each in said if each)
    match = re.search(rb'INTERNALDATE "([^"]{1,40})"', around, re.IGNORECASE)
    return Arrived(uid=uid, received_at=_read_date(match[1]) if match else None, raw=pieces[0][1])


def _read_date(text: bytes) -> datetime | None:
    """` 7-Nov-2026 03:04:05 +0100` (RFC 3501, `date-time`)."""
    match = re.fullmatch(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)", text.strip())
    if match is None or match[2].decode().title() not in MONTHS:
        return None
    month = MONTHS.index(match[2].decode().title()) + 1
    zone = f"{match[7].decode()}:{match[8].decode()}"
    try:
        clock = f"{match[4].decode()}:{match[5].decode()}:{match[6].decode()}"
        return datetime.fromisoformat(f"{match[3].decode()}-{month:02}-{int(match[1]):02}T{clock}{zone}")
    except ValueError:
        return None
