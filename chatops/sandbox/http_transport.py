"""Signed HTTP: deliveries as POST requests to the app's request URL."""

import hashlib
import hmac
import json
import secrets
import time
from urllib.parse import urlencode

import aiohttp

from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.wire import Json


def sign(signing_secret: str, timestamp: int, body: str) -> str:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()


def encode(delivery: Delivery) -> tuple[str, str]:
    """Body and content type: forms for commands and interactivity, JSON for events."""
    form = "application/x-www-form-urlencoded"
    if delivery.kind == "slash_commands":
        return urlencode(delivery.payload), form
    if delivery.kind == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}), form
    return json.dumps(delivery.payload), "application/json"


class HttpTransport:
    def __init__(
        self, session: aiohttp.ClientSession, request_url: str | None, signing_secret: str, ack_seconds: float
    ) -> None:
        self._session = session
        self.request_url = request_url
        self._signing_secret = signing_secret
        self._timeout = aiohttp.ClientTimeout(total=ack_seconds)

    @property
    def is_connected(self) -> bool:
        return self.request_url is not None

    async def send(self, delivery: Delivery) -> Acknowledgement:
        if self.request_url is None:
            return Acknowledgement(outcome="connection_failed")
        body, content_type = encode(delivery)
        headers = self._headers(delivery, body, content_type)
        try:
            async with self._session.post(
                self.request_url, data=body, headers=headers, timeout=self._timeout
            ) as response:
                return await _read(response)
        except TimeoutError:
            return Acknowledgement(outcome="http_timeout")
        except aiohttp.ClientError:
            return Acknowledgement(outcome="connection_failed")

    def _headers(self, delivery: Delivery, body: str, content_type: str) -> dict[str, str]:
        timestamp = int(time.time())
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": sign(self._signing_secret, timestamp, body),
        }
        if delivery.retry_num:
            headers["X-Slack-Retry-Num"] = str(delivery.retry_num)
            headers["X-Slack-Retry-Reason"] = delivery.retry_reason or "unknown_error"
        return headers

    async def verify_url(self) -> bool:
        """Slack's question when a request URL is entered: https://docs.slack.dev/reference/events/url_verification"""
        challenge = secrets.token_urlsafe(32)
        question: Json = {"type": "url_verification", "token": "legacy-token", "challenge": challenge}
        answer = await self.send(Delivery(kind="events_api", payload=question))
        given = answer.body.get("challenge") if answer.body else answer.text
        return answer.ok and given == challenge


async def _read(response: aiohttp.ClientResponse) -> Acknowledgement:
    text = await response.text()
    if not 200 <= response.status < 300:
        no_retry = response.headers.get("X-Slack-No-Retry") == "1"
        return Acknowledgement(outcome="http_error", status=response.status, text=text, stop_retrying=no_retry)
    body = None
    if text and response.content_type == "application/json":
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError:
            return Acknowledgement(outcome="http_error", status=response.status, text=text)
        body = parsed if isinstance(parsed, dict) else None
    return Acknowledgement(outcome="ok", status=response.status, body=body, text="" if body else text)
