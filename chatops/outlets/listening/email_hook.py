"""Mails that a provider brings to `POST /hooks/email`: whole mails, or forms with the whole mail in a field.

SendGrid's Inbound Parse with “POST the raw, full MIME message” has it in `email`
(https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook), Mailgun's
routes to an address that ends in `mime` in `body-mime`
(https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import unquote_to_bytes

from chatops.domain.ids import OutletKey
from chatops.outlets.email import Settings
from chatops.outlets.listening.email import name_ours
from chatops.outlets.listening.mails import read_mail
from chatops.usecases.mention_ports import MAIL_BYTES, Heard, Hook

FIELDS = (b"email", b"body-mime")
MOST_FIELDS = 500
WHOLE = ("message/rfc822", "application/octet-stream", "text/plain", "")


def build_hooks(settings: Settings, *, key: OutletKey) -> tuple[Hook, ...]:
    """`POST /hooks/email`, where its secret is set; Mailgun brings whole mails only to addresses that end in `mime`."""
    if settings.inbound_secret is None:
        return ()
    hook = Hook(
        outlet=key,
        path="/hooks/email",
        check=lambda headers, _: check_secret(settings, headers),
        parse=partial(parse_inbound, settings),
        is_signed=False,
        max_bytes=MAIL_BYTES,
    )
    return (hook, replace(hook, path=f"{hook.path}/mime"))


def check_secret(settings: Settings, headers: Mapping[str, str]) -> bool:
    """`Authorization: Bearer SECRET`, or the password of Basic: providers take that in the address of the hook."""
    if settings.inbound_secret is None:
        return False
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, rest = given.partition(" ")
    shown = rest.strip().encode("utf-8", "replace")
    if scheme.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(shown, settings.inbound_secret.get_secret_value().encode())


def parse_inbound(settings: Settings, body: bytes, content_type: str) -> Heard:
    """The mail in it, where a person wrote one. Raises ValueError where no mail is in it."""
    raw = _find_mail(body, content_type)
    if b":" not in raw[:1000]:
        raise ValueError("no mail")
    mention = read_mail(raw, received_at=datetime.now(UTC), ours=name_ours(settings))
    return Heard(mentions=(mention,) if mention else ())


def _find_mail(body: bytes, content_type: str) -> bytes:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in WHOLE:
        return body
    if kind == "application/x-www-form-urlencoded":
        fields = _list_plain_fields(body)
    elif kind == "multipart/form-data":
        fields = _list_parts(body, content_type)
    else:
        raise ValueError("neither a mail nor a form")
    found = next((value for name, value in fields if name in FIELDS), None)
    if found is None:
        raise ValueError("no field with the whole mail")
    return found


def _list_plain_fields(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """By hand: the library's own takes bytes only where they are ASCII."""
    for pair in body.split(b"&", MOST_FIELDS)[:MOST_FIELDS]:
        name, _, value = pair.partition(b"=")
        yield unquote_to_bytes(name), unquote_to_bytes(value.replace(b"+", b" "))


def _list_parts(body: bytes, content_type: str) -> Iterator[tuple[bytes, bytes]]:
    """RFC 7578. The mail stays byte for byte: a mail parser would take it apart as well."""
    match = re.search(r'boundary="?([^\s";,]{1,200})"?', content_type, re.IGNORECASE)
    if match is None:
        raise ValueError("no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + match[1].encode("utf-8", "replace"), MOST_FIELDS)
    for piece in pieces[1:]:
        head, _, value = piece.partition(b"\r\n\r\n")
        name = re.search(rb'content-disposition:[^\r\n]*?\bname="([^"\r\n]{1,100})"', head[:2000], re.IGNORECASE)
        if name is not None:
            yield name[1], value
