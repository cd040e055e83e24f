"""Bluesky's tokens: signed, expiring, one kind for calls and one for new tokens. https://atproto.com/specs/xrpc"""

import base64
import hmac
import json
import secrets

from chatops.sandbox.social.call import Refusal
from chatops.sandbox.wire import Clock, Json

REFRESH_SECONDS = 90 * 86_400
ACCESS = "com.atproto.appPass"
REFRESH = "com.atproto.refresh"


def refuse(status: int, error: str, message: str) -> Refusal:
    return Refusal(status, {"error": error, "message": message})


class Sessions:
    def __init__(self, did: str, access_seconds: float, clock: Clock) -> None:
        self._did = did
        self._access_seconds = access_seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._ended: set[str] = set()

    def make_pair(self) -> Json:
        return {
            "accessJwt": self._make(ACCESS, self._access_seconds),
            "refreshJwt": self._make(REFRESH, REFRESH_SECONDS),
        }

    def _make(self, scope: str, seconds: float) -> str:
        now = self._clock()
        claims = {
            "scope": scope,
            "sub": self._did,
            "iat": int(now),
            "exp": int(now + seconds),
            "aud": "did:web:sandbox",
        }
        payload = f"{_pack({'typ': 'at+jwt', 'alg': 'HS256'})}.{_pack(claims | {'jti': secrets.token_urlsafe(16)})}"
        return f"{payload}.{self._sign(payload)}"

    def _sign(self, payload: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, payload.encode(), "sha256")).decode().rstrip("=")

    def require(self, token: str | None, scope: str) -> str:
        """Returns the token's id; the refusals are those of a PDS."""
        if token is None:
            raise refuse(401, "AuthMissing", "Authentication Required")
        payload, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(payload).encode(), signature.encode()):
            raise refuse(400, "InvalidToken", "Token could not be verified")
        claims = _unpack(payload.partition(".")[2])
        if claims["scope"] != scope:
            raise refuse(400, "InvalidToken", "Bad token scope")
        if claims["exp"] <= self._clock():
            raise refuse(400, "ExpiredToken", "Token has expired")
        if claims["jti"] in self._ended:
            raise refuse(400, "ExpiredToken", "Token has been revoked")
        return str(claims["jti"])

    def end(self, token_id: str) -> None:
        self._ended.add(token_id)


def _pack(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _unpack(text: str) -> Json:
    unpacked: Json = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return unpacked
