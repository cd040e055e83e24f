"""OAuth 1.0a as X takes it: HMAC-SHA1 over method, address and query; a JSON body is not signed.

https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature and RFC 5849
"""

import base64
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from chatops.sandbox.social.call import Call
from chatops.sandbox.wire import Clock

TOLERANCE_SECONDS = 300
NONCES_MOST = 10_000
DEFAULT_PORTS = {"http": 80, "https": 443}


class BadSignature(Exception):
    """The text says what is wrong; X itself never tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_secret: str


def encode(text: str) -> str:
    return quote(text, safe="-._~")


def parse_header(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise BadSignature("no OAuth header")
    parameters: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or len(value) < 2 or value[0] != '"' or value[-1] != '"' or name in parameters:
            raise BadSignature(f"cannot be read: {part.strip()}")
        parameters[unquote(name)] = unquote(value[1:-1])
    return parameters


def sign(keys: Keys, method: str, url: str, parameters: dict[str, str], form: dict[str, str]) -> str:
    """`parameters` are those of the header, without realm and signature."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    address = f"{parts.scheme}://{host}{port}{parts.path or '/'}"
    signed = [*parameters.items(), *parse_qsl(parts.query, keep_blank_values=True), *form.items()]
    pairs = sorted((encode(name), encode(value)) for name, value in signed)
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join([method.upper(), encode(address), encode(normal)])
    key = f"{encode(keys.consumer_secret)}&{encode(keys.access_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()


class Verifier:
    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._nonces: OrderedDict[tuple[str, str], None] = OrderedDict()

    def require_signature(self, call: Call) -> None:
        given = parse_header(call.headers.get("Authorization", ""))
        signature = given.pop("oauth_signature", "")
        given.pop("realm", None)
        if given.get("oauth_consumer_key") != self._keys.consumer_key:
            raise BadSignature("another consumer key")
        if given.get("oauth_token") != self._keys.access_token:
            raise BadSignature("another access token")
        if given.get("oauth_signature_method") != "HMAC-SHA1" or given.get("oauth_version", "1.0") != "1.0":
            raise BadSignature("another method or version")
        form = {name: str(value) for name, value in (call.body or {}).items()} if call.is_form else {}
        if not hmac.compare_digest(sign(self._keys, call.method, call.url, given, form), signature):
            raise BadSignature("another signature")
        self._require_fresh(given.get("oauth_timestamp", ""), given.get("oauth_nonce", ""))

    def _require_fresh(self, timestamp: str, nonce: str) -> None:
        if not timestamp.isdecimal() or abs(self._clock() - int(timestamp)) > TOLERANCE_SECONDS:
            raise BadSignature("the timestamp is too old or too new")
        if not nonce or (timestamp, nonce) in self._nonces:
            raise BadSignature("the nonce was used before")
        self._nonces[timestamp, nonce] = None
        while len(self._nonces) > NONCES_MOST:
            self._nonces.popitem(last=False)
