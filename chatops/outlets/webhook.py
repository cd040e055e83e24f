"""A partner's HTTP address, as https://www.standardwebhooks.com describes it: signed, and one id for all retries."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import OutletSettings
from chatops.outlets.http import Http, name_place, require_success
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "webhook"
LABEL = "Webhook"
LIMITS = TextLimits(max_chars=100_000)
ABILITIES = Abilities(settled_by="own_key")
"""The own key is the webhook-id: receivers take each id once."""
COST: Callable[[str], str] | None = None

TYPE = "incident.update"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how every secret begins
SECRET_BYTES = 16


def parse_secret(secret: str) -> bytes:
    """`whsec_<base64>` → its bytes; any other text of 16 characters or more → its UTF-8 bytes."""
    try:
        if secret.startswith(SECRET_PREFIX):
            text = secret.removeprefix(SECRET_PREFIX)
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        else:
            key = secret.encode()
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SECRET_BYTES:
        raise ValueError("must be like whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, or any text of 16 characters or more")
    return key


def _check_secret(secret: SecretStr) -> SecretStr:
    parse_secret(secret.get_secret_value())
    return secret


def _check_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        is_fine = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
        is_fine = is_fine and (":" in host or bool(host.encode("idna")))
    except ValueError:
        is_fine = False
    if not is_fine or "@" in parts.netloc or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must be like https://partner.example/hook, without a name or a password in it")
    return url


class Settings(OutletSettings):
    """`[outlets.webhook.NAME]`. The URL counts as a secret: many receivers put a token into it."""

    url: Annotated[SecretStr, AfterValidator(_check_url)] = Field(description='url = "https://partner.example/hook"')
    secret: Annotated[SecretStr, AfterValidator(_check_secret)] = Field(
        description="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    secret_env: str = "WEBHOOK_SECRET"  # noqa: S105 - the name of the variable
    allow_private: bool = False


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = name_account(settings.url.get_secret_value())
    return OutletSpec(
        key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, form="titled", cost=COST
    )


def name_account(url: str) -> str:
    """`partner.example/hook`; `partner.example/services/… (3f0a91c2)` where a piece may be a token.

    The fingerprint stands for what is hidden: an approval covers which address it is.
    """
    pieces = urlsplit(url).path.split("/")
    shown = [piece if re.fullmatch(r"[a-z]{0,12}|v[0-9]{1,2}", piece) else "…" for piece in pieces]
    place = f"{name_place(url)}{'/'.join(shown)}"
    if shown == pieces:
        return place
    # Slow to compute, because a token may be short.
    fingerprint = hashlib.pbkdf2_hmac("sha256", url.encode(errors="replace"), b"chatops.outlets.webhook", 100_000)
    return f"{place} ({fingerprint[:4].hex()})"


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Webhook(settings, build_spec(settings, key=key, label=label), http)


class Webhook:
    """Posts each update once; one that was perhaps taken is posted again under the same webhook-id."""

    def __init__(
        self, settings: Settings, spec: OutletSpec, http: Http, real_seconds: Callable[[], float] = time.time
    ) -> None:
        self.spec = spec
        self._settings = settings
        self._http = http
        self._place = name_place(settings.url.get_secret_value())
        self._real_seconds = real_seconds

    async def send(self, posting: Posting) -> Sent:
        try:
            body = build_body(posting)
        except ValueError:
            raise Refused("These words hold a character that no webhook can carry. Remove it and try again.") from None
        message_id = name_message(posting)
        headers = {
            "Content-Type": "application/json",
            **sign(self._settings.secret.get_secret_value(), message_id, int(self._real_seconds()), body),
        }
        url, allow_private = self._settings.url.get_secret_value(), self._settings.allow_private
        try:
            answer = await self._http.request("POST", url, headers=headers, body=body, allow_private=allow_private)
        except Uncertain:
            # It may have been taken. That is safe to repeat: the receiver knows the id.
            text = f"{self._place} did not confirm the update. It is sent again under the same webhook-id."
            raise NotSent(text) from None
        require_success(answer, self._place, honours_key=True)
        return Sent(remote_id=message_id)

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain(f"{self._place} cannot be asked what it took. Ask the people who run it.")

    async def check(self) -> str:
        is_encrypted = await self._http.connect(
            self._settings.url.get_secret_value(), allow_private=self._settings.allow_private
        )
        return (
            f"{self._place} takes connections, {'encrypted' if is_encrypted else 'not encrypted'}; nothing was posted"
        )


def name_message(posting: Posting) -> str:
    """The webhook-id: one delivery of exactly these words. It holds no dot, which the signature parts by."""
    identity = f"{posting.key}\n{posting.digest}".encode()
    return f"msg_{hashlib.sha256(identity).hexdigest()[:32]}"


def build_body(posting: Posting) -> bytes:
    """Only what is frozen goes in, so that every retry is the same bytes; raises ValueError for lone surrogates."""
    incident, update, *_ = posting.key.split("/")
    payload = {
        "type": TYPE,
        "timestamp": _format_time(posting.started_at or posting.first_tried_at),
        "data": {
            "incident": incident,
            "update": int(update),
            "title": posting.subject,
            "status": posting.status.value,
            "impact": posting.impact.value if posting.impact else None,
            "components": list(posting.components),
            "text": posting.words,
            "page_url": posting.page_url,
        },
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _format_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; the timestamp is that of the attempt, so that receivers can refuse old ones."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(parse_secret(secret), signed, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
