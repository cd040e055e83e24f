"""Customers' answers to our mails: read from the mailbox in which they arrive, answered by mail."""

import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from chatops.domain.errors import Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import KeptMention, Mention
from chatops.outlets.email import Settings, build_server, flatten, parse_address
from chatops.outlets.http import Http
from chatops.outlets.imap import Delivered, MailboxReader, Mark
from chatops.outlets.listening.kept import recall
from chatops.outlets.listening.mails import Ours, list_ids, read_mail
from chatops.outlets.mail_headers import MAIL_POLICY
from chatops.outlets.mail_server import PATIENCE, Patience
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

ANCESTORS = 10
"""RFC 5322 wants the whole line of ancestors; the first and the latest keep a thread together in any reader."""


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    return EmailListener(settings)


def name_ours(settings: Settings) -> Ours:
    return Ours(addresses=settings.list_own_addresses(), domain=parse_address(settings.sender).domain)


class EmailListener:
    """Without `imap_url` it reads nothing: then the mails come by the web hook only."""

    def __init__(self, settings: Settings, patience: Patience = PATIENCE) -> None:
        self._settings = settings
        self._ours = name_ours(settings)
        self._server = build_server(settings, patience)
        mailbox = settings.find_mailbox()
        self._reader = MailboxReader(mailbox) if mailbox else None

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        if self._reader is None:
            return Heard(cursor=cursor)
        delivered = await self._reader.read(_parse_cursor(cursor), since=since)
        # In a thread: a mail may be long, and Slack waits for its answers meanwhile.
        mentions = await asyncio.to_thread(self._read_all, delivered)
        mark = json.dumps({"validity": delivered.mark.validity, "uid": delivered.mark.uid})
        return Heard(mentions=mentions, cursor=mark, is_more=delivered.is_more)

    def _read_all(self, delivered: Delivered) -> tuple[Mention, ...]:
        now = datetime.now(UTC)
        read = (
            read_mail(each.raw, received_at=min(each.received_at or now, now), ours=self._ours)
            for each in delivered.mails
        )
        return tuple(mention for mention in read if mention is not None)

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:  # noqa: ARG002 - the port's
        """A mail stands as it came, and nobody can be asked who else has answered it."""
        return ThreadNow(mention=recall(mention), ours=None)

    def _write(self, posting: ReplyPosting) -> tuple[EmailMessage, bytes]:
        message = build_reply(posting, self._settings)
        return message, message.as_bytes()

    async def reply(self, posting: ReplyPosting) -> Replied:
        try:
            message, raw = await asyncio.to_thread(self._write, posting)
        except ValueError:
            raise Refused("These words hold a character that no e-mail can carry. Remove it and try again.") from None
        await self._server.hand_over(raw, (str(message["To"].addresses[0].addr_spec),))
        return Replied(remote_id=str(message["Message-ID"]))

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("A mail server cannot be asked what it delivered. Look into the folder of sent mails.")


def build_reply(posting: ReplyPosting, settings: Settings) -> EmailMessage:
    """The same bytes for the same posting, so that a repeat is one. Raises ValueError, also for UTF-8."""
    author = _parse_author(posting)
    sender = parse_address(settings.sender)
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = sender
    if settings.reply_to:
        message["Reply-To"] = parse_address(settings.reply_to)
    message["To"] = author
    subject = flatten(posting.subject or "Your message")
    message["Subject"] = subject if re.match(r"(re|aw|sv|vs|ref)\s*:", subject, re.IGNORECASE) else f"Re: {subject}"
    message["Date"] = format_datetime(posting.first_tried_at)
    message["Message-ID"] = name_reply(posting, sender.domain)
    if ids := list_ids(posting.answers):
        message["In-Reply-To"] = ids[0]
        first = list_ids(posting.thread or "")[:1]
        message["References"] = " ".join(dict.fromkeys((*first, *_list_own(posting), ids[0])))
    message.set_content(posting.words, cte="quoted-printable")
    return message


def _parse_author(posting: ReplyPosting) -> Address:
    """One address and nothing more: the library takes the first of several."""
    try:
        author = parse_address(posting.author.handle)
    except ValueError:
        author = None
    if author is None or author.addr_spec.lower() != posting.author.handle.lower():
        raise Refused("No mail can be sent to the customer's address. Please answer in another way.")
    return author


def _list_own(posting: ReplyPosting) -> list[str]:
    return [found for each in posting.own[-ANCESTORS:] for found in list_ids(each)[:1]]


def name_reply(posting: ReplyPosting, domain: str) -> str:
    """`<mention-17-1.0123456789ab@acme.example>`: a new database that counts from 1 again makes others."""
    shown = "\n".join((posting.key, posting.answers, posting.words))
    digest = hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:12]
    return f"<{re.sub(r'[^a-z0-9]+', '-', posting.key.lower()).strip('-')}.{digest}@{domain}>"


def _parse_cursor(cursor: str | None) -> Mark | None:
    """Ours, from the ledger; None where it cannot be read, which only makes us read again."""
    try:
        said = json.loads(cursor or "null")
        return Mark(validity=int(said["validity"]), uid=int(said["uid"])) if said else None
    except (ValueError, KeyError, TypeError):
        return None
