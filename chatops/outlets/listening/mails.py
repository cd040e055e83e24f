"""A customer's mail, from whatever arrives as one: bounded, and never an exception."""

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesFeedParser, BytesHeaderParser
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from chatops.domain.mention import Author, Mention, MentionKind
from chatops.outlets.listening.html_text import read_html
from chatops.outlets.listening.plain_text import TEXT_CHARS, clean_name, clean_text
from chatops.outlets.listening.quotes import cut_quotes

MAIL_BYTES = 1024 * 1024
MAIL_LINES = 20_000
"""The parser looks at every line once for each part that is open."""
HEAD_BYTES = 64 * 1024
HEADER_CHARS = 4_000
PART_HEADER_CHARS = 500
PARAMETERS = 12
PARTS = 60
ID_CHARS = 250
IDS = 50
LATE = timedelta(days=2)
"""A mail that says it is older than this has a wrong clock, or was held back on purpose."""
UNREADABLE = "(This mail is built in a way that cannot be shown here. Please look into the mailbox.)"
TROUBLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)
"""What the library raises for headers and bodies that are none: each has been seen in a bug report."""
SLOW_CODECS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_MACHINES = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?=$|[+@._-])", re.IGNORECASE)
_OURS = re.compile(r"<inc-\d{1,9}-u\d{1,9}\.[^@<>]{12,80}@([^<>@]+)>", re.IGNORECASE)


if TYPE_CHECKING:
    _Default = EmailPolicy[EmailMessage]
else:
    _Default = EmailPolicy  # generic for the type checker only


class _Bounded(_Default):
    """The library's default with short headers in every part: it reads a long Content-Type for minutes."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, ";".join(value[:PART_HEADER_CHARS].split(";", PARAMETERS)[:PARAMETERS])


BOUNDED = _Bounded()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """How our own mails are known: by their senders (in small letters) and by the domain in their Message-IDs."""

    addresses: frozenset[str]
    domain: str


@dataclass(frozen=True, slots=True)
class _Mail:
    """The first of each header, raw and short, by its name in small letters; and the parts that hold words."""

    headers: Mapping[str, str] = field(repr=False)
    message: EmailMessage | None = field(repr=False)

    def read(self, name: str) -> str:
        """Decoded; what cannot be is as it stands."""
        raw = self.headers.get(name, "")
        try:
            return str(policy.default.header_factory(name, raw)).strip()
        except TROUBLE:
            return raw.strip()


def read_mail(raw: bytes, *, received_at: datetime, ours: Ours) -> Mention | None:
    """None where no person waits for an answer: automatic answers, bounces, lists, and what has no sender."""
    mail = _parse(raw)
    address, name = _read_sender(mail)
    if not address or _is_automatic(mail, address):
        return None
    text = _read_words(mail)
    subject = " ".join(clean_text(mail.read("subject")).split())[:500]
    parents, ancestors = (list_ids(mail.headers.get(each, "")) for each in ("in-reply-to", "references"))
    mail_id = next(iter(list_ids(mail.headers.get("message-id", ""))), None) or _make_id(mail, text)
    parent = parents[0] if parents else (ancestors[-1] if ancestors else None)
    return Mention(
        id=mail_id,
        author=Author(id=address, handle=address, name=name),
        text=text or subject,
        posted_at=_read_date(mail, received_at),
        kind=MentionKind.MAIL,
        thread=find_thread([*ancestors, *parents], ours.domain) or mail_id,
        parent=parent,
        subject=subject or None,
        is_ours=address in ours.addresses,
    )


def list_ids(header: str) -> list[str]:
    """The Message-IDs in a header, as they stand there."""
    return re.findall(rf"<[!-;=?-~]{{3,{ID_CHARS}}}>", header)[:IDS]


def find_thread(ids: list[str], domain: str) -> str | None:
    """The first mail of an incident's that it goes back to, else the first mail of all: both stay the same."""
    updates = (each for each in ids if (match := _OURS.fullmatch(each)) and match[1].lower() == domain.lower())
    return next(updates, None) or next(iter(ids), None)


def _parse(raw: bytes) -> _Mail:
    raw = b"\n".join(raw[:MAIL_BYTES].replace(b"\r\n", b"\n").split(b"\n", MAIL_LINES)[:MAIL_LINES])
    head, _, body = raw.partition(b"\n\n")
    head = head[:HEAD_BYTES]
    headers = _list_headers(head)
    made = 0

    def make(**options: Any) -> EmailMessage:
        nonlocal made
        made += 1
        if made > PARTS:
            raise ValueError("too many parts")
        return EmailMessage(**options)

    try:
        parser: BytesFeedParser[EmailMessage] = BytesFeedParser(make, policy=BOUNDED)
        parser.feed(head + b"\n\n" + body)
        return _Mail(headers, parser.close())
    except TROUBLE:
        return _Mail(headers, None)


def _list_headers(head: bytes) -> dict[str, str]:
    try:
        found = BytesHeaderParser(policy=policy.compat32).parsebytes(head + b"\n\n").raw_items()
    except TROUBLE:
        return {}
    headers: dict[str, str] = {}
    for name, value in found:
        unfolded = re.sub(r"[\r\n]+", "", str(value)[: 2 * HEADER_CHARS])
        plain = unfolded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        headers.setdefault(name.lower(), plain[:HEADER_CHARS])
    return headers


def _read_sender(mail: _Mail) -> tuple[str, str]:
    """Address in small letters and name; ("", "") where none can be answered."""
    raw = mail.headers.get("from", "")[:1000]
    name, spec = "", ""
    try:
        found = getattr(policy.default.header_factory("from", raw), "addresses", ())
        name, spec = (found[0].display_name, found[0].addr_spec) if found else ("", "")
    except TROUBLE:
        found = ()
    if not spec and (match := re.search(r"[^@\s<>\"(),:;]{1,64}@[\w.-]{1,190}", raw)):
        spec = match[0]
    spec = spec.strip().lower()
    if not re.fullmatch(r"[^@\s<>\"(),:;\\]{1,64}@[a-z0-9.-]{1,190}", spec) or not spec.isascii():
        return "", ""
    try:
        Address(addr_spec=spec)
    except TROUBLE:
        return "", ""
    return spec, clean_name(name)


def _is_automatic(mail: _Mail, address: str) -> bool:
    """RFC 3834, and what mail programs did before it. Nobody waits for an answer, and an answer might start a loop."""
    headers = mail.headers
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or headers.get("precedence", "").strip().lower() in ("bulk", "list", "junk", "auto_reply", "auto-reply")
        or headers.get("return-path", "").strip() == "<>"
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "list-id"))
        or headers.get("content-type", "").strip().lower().startswith("multipart/report")
        or _MACHINES.match(address) is not None
    )


def _read_date(mail: _Mail, received_at: datetime) -> datetime:
    """As the mail says where that can be true: its clock is the customer's own."""
    try:
        said = parsedate_to_datetime(mail.headers.get("date", ""))
        said = said if said.tzinfo else said.replace(tzinfo=UTC)
        is_likely = received_at - LATE <= said <= received_at
    except (*TROUBLE, OverflowError):
        return received_at
    return said if is_likely else received_at


def _make_id(mail: _Mail, text: str) -> str:
    """For a mail without one: the same on whatever way it comes."""
    shown = "\n".join((*(mail.headers.get(name, "") for name in ("from", "date", "subject")), text))
    return f"digest:{hashlib.sha256(shown.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _read_words(mail: _Mail) -> str:
    if mail.message is None:
        return UNREADABLE
    parts = list(_list_parts(mail.message))
    plain = _join(part for kind, part in parts if kind == "text/plain")
    shown = plain if plain.strip() else read_html(_join(part for kind, part in parts if kind == "text/html"))
    return clean_text(cut_quotes(shown[: 10 * TEXT_CHARS]))


def _join(parts: Iterator[EmailMessage]) -> str:
    return "\n".join(text for part in parts if (text := _decode(part)))


def _list_parts(message: EmailMessage) -> Iterator[tuple[str, EmailMessage]]:
    """What is to be read: no attachments, and no mails within the mail."""
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop(0)
        try:
            kind, is_list = part.get_content_type(), part.is_multipart()
            is_attached = part.get_content_disposition() == "attachment" or part.get_filename() is not None
        except TROUBLE:
            continue
        if is_list:
            waiting = ([] if kind.startswith("message/") else list(part.get_payload())) + waiting
        elif kind in ("text/plain", "text/html") and not is_attached:
            yield kind, part


def _decode(part: EmailMessage) -> str:
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset("utf-8")
    except TROUBLE:
        return ""
    if not isinstance(payload, bytes):
        return ""
    try:
        known = codecs.lookup(charset).name
        return payload.decode("utf-8" if known in SLOW_CODECS else known, "replace")
    except TROUBLE:  # a charset that nobody knows, or that is no charset
        return payload.decode("utf-8", "replace")
