"""Letters: mail as it arrived, parsed for reading."""

import email
import email.policy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from itertools import count

from chatops.sandbox.wire import Clock, Json, new_id

LETTERS_MOST = 10_000
"""The oldest ones are dropped beyond this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`uid` rises with every letter, as IMAP wants it."""

    id: str
    uid: int
    sender: str
    recipients: list[str]
    subject: str
    date: str
    message_id: str
    in_reply_to: str
    references: str
    text: str
    html: str | None
    headers: list[tuple[str, str]]
    received_at: float
    is_from_customer: bool = False
    """Written on the mailbox's own page, not sent by the app."""
    raw: bytes = field(repr=False)

    def wire(self) -> Json:
        wire: Json = {
            "id": self.id,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject,
            "date": self.date,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "references": self.references,
            "text": self.text,
            "headers": [list(header) for header in self.headers],
            "received_at": self.received_at,
            "is_from_customer": self.is_from_customer,
        }
        return wire | ({"html": self.html} if self.html is not None else {})


class Letters:
    def __init__(self, clock: Clock = time.time, on_arrival: Callable[[str], None] | None = None) -> None:
        self._clock = clock
        self._on_arrival = on_arrival
        self._by_id: dict[str, Letter] = {}
        self._uids = count(1)

    def take(self, raw: bytes, envelope_from: str, envelope_to: list[str], *, is_from_customer: bool = False) -> Letter:
        parsed = _parse(raw, envelope_from, envelope_to, self._clock(), next(self._uids))
        letter = replace(parsed, is_from_customer=is_from_customer)
        self._by_id[letter.id] = letter
        while len(self._by_id) > LETTERS_MOST:
            del self._by_id[next(iter(self._by_id))]
        if self._on_arrival is not None:
            self._on_arrival(letter.id)
        return letter

    def newest_first(self) -> list[Letter]:
        return list(self._by_id.values())[::-1]

    @property
    def now(self) -> float:
        return self._clock()

    def list_of(self, address: str) -> list[Letter]:
        """Those that were sent to this address, oldest first."""
        wanted = address.lower()
        return [each for each in self._by_id.values() if wanted in (to.lower() for to in each.recipients)]

    def find(self, letter_id: str) -> Letter | None:
        return self._by_id.get(letter_id)


def _parse(raw: bytes, envelope_from: str, envelope_to: list[str], now: float, uid: int) -> Letter:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return Letter(
        id=new_id("M"),
        uid=uid,
        sender=str(message.get("From", envelope_from)),
        recipients=envelope_to,
        subject=str(message.get("Subject", "")),
        date=str(message.get("Date", "")),
        message_id=str(message.get("Message-ID", "")).strip(),
        in_reply_to=str(message.get("In-Reply-To", "")).strip(),
        references=str(message.get("References", "")).strip(),
        text=_body(message, "plain") or "",
        html=_body(message, "html"),
        headers=[(name, str(value)) for name, value in message.items()],
        received_at=now,
        raw=raw,
    )


def _body(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body(preferencelist=(subtype,))
    if part is None:
        return None
    content = part.get_content()
    return content if isinstance(content, str) else None
