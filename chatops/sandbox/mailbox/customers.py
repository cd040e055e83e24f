"""Customers at their mail programs: they answer what they got, quoted below, or write on their own."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from chatops.sandbox.mailbox.letters import Letter, Letters
from chatops.sandbox.wire import Refused, new_id

TEXT_CHARS_MOST = 100_000
CUSTOMER = "Dana Doe <dana@customer.example>"


def write_letter(letters: Letters, wish: dict[str, Any], answered: Letter | None) -> Letter:
    """Put into the mailbox of whom it is for, as SMTP would; raises Refused in words for people."""
    text = str(wish.get("text") or "").strip()
    if not text or len(text) > TEXT_CHARS_MOST:
        raise Refused("Write something first." if not text else "That is too long for a letter.")
    sender = _parse_address(str(wish.get("from") or CUSTOMER))
    receiver = _parse_address(str(wish.get("to") or (_find_answer_address(answered) if answered else "")))
    now = datetime.fromtimestamp(letters.now, UTC)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, receiver
    subject = " ".join(str(wish.get("subject") or "").split())[:300]
    message["Subject"] = subject or (_answer_subject(answered.subject) if answered else "(no subject)")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{new_id('C', 16).lower()}@{sender.domain}>"
    if answered is not None and answered.message_id:
        message["In-Reply-To"] = answered.message_id
        message["References"] = _list_ancestors(answered)
    message.set_content(f"{text}\n\n{_quote(answered)}\n" if answered else f"{text}\n", cte="quoted-printable")
    return letters.take(message.as_bytes(), sender.addr_spec, [receiver.addr_spec], is_from_customer=True)


def _find_answer_address(letter: Letter) -> str:
    """Where the letter asks for answers: Reply-To before From (RFC 5322, 3.6.3)."""
    named = {name.lower(): value for name, value in letter.headers}
    return named.get("reply-to") or letter.sender


def _parse_address(text: str) -> Address:
    name, spec = parseaddr(text)
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+", spec) or not text.isprintable():
        raise Refused("An address looks like Dana Doe <dana@customer.example>.")
    try:
        return Address(display_name=name, addr_spec=spec)
    except ValueError:
        raise Refused("An address looks like Dana Doe <dana@customer.example>.") from None


def _answer_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _list_ancestors(letter: Letter) -> str:
    """RFC 5322, 3.6.4: the ancestors' ids and the id of what is answered."""
    ids = re.findall(r"<[^<>\s]+>", f"{letter.references or letter.in_reply_to} {letter.message_id}")
    kept = list(dict.fromkeys(ids))
    # A header line must stay below 998 characters; the first and the latest keep a thread together.
    return " ".join(kept if len(kept) <= 10 else [kept[0], *kept[-9:]])


def _quote(letter: Letter) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in letter.text.strip().splitlines())
    return f"On {letter.date}, {letter.sender} wrote:\n{lines}"
