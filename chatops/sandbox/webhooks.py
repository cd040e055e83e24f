"""A partner who takes webhooks: keeps what arrives, checks it by the Standard Webhooks rules, misbehaves on request."""

import asyncio
import base64
import binascii
import hmac
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from aiohttp import web

from chatops.sandbox.mailbox.reader import SAFETY, STYLE
from chatops.sandbox.wire import Clock, Json, new_id

ARRIVALS_MOST = 2_000
"""The oldest ones are dropped beyond this."""
TOLERANCE_SECONDS = 300
"""As in the libraries of standardwebhooks.com: older ones may be replays of somebody who listened."""
ENDLESS_CHUNK = b"and so on " * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`is_repeat`: its webhook-id was here before, at the same name."""

    id: str
    name: str
    webhook_id: str
    headers: list[tuple[str, str]]
    body: str
    is_verified: bool
    is_repeat: bool
    behaviour: str
    received_at: float

    def wire(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "webhook_id": self.webhook_id,
            "headers": [list(header) for header in self.headers],
            "body": self.body,
            "json": _parse_json(self.body),
            "is_verified": self.is_verified,
            "is_repeat": self.is_repeat,
            "behaviour": self.behaviour,
            "received_at": self.received_at,
        }


@dataclass(slots=True)
class Behaviour:
    """How one name answers; `remaining` None: until told otherwise."""

    kind: str = "take"
    remaining: int | None = None
    seconds: float = 2.0
    retry_after: str | None = None

    def wire(self) -> Json:
        return {
            "behave": self.kind,
            "remaining": self.remaining,
            "seconds": self.seconds,
            "retry_after": self.retry_after,
        }


@dataclass(slots=True)
class Receiver:
    """One name: whoever posts to /webhooks/NAME."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    seen: set[str] = field(default_factory=set)

    def take_behaviour(self) -> Behaviour:
        """A counted behaviour is used up by this; then all is well again."""
        now = self.behaviour
        if now.remaining is not None:
            now.remaining -= 1
            if now.remaining <= 0:
                self.behaviour = Behaviour()
        return now


class Webhooks:
    """All that arrived, newest last, and how each name behaves."""

    def __init__(self, secret: str, clock: Clock = time.time) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._clock = clock
        self._receivers: dict[str, Receiver] = {}
        self.arrivals: deque[Arrival] = deque(maxlen=ARRIVALS_MOST)

    def get_receiver(self, name: str) -> Receiver:
        return self._receivers.setdefault(name, Receiver())

    def list_behaviours(self) -> dict[str, Json]:
        return {name: receiver.behaviour.wire() for name, receiver in sorted(self._receivers.items())}

    def take(self, name: str, headers: list[tuple[str, str]], body: bytes) -> Behaviour:
        receiver, now = self.get_receiver(name), self._clock()
        behaviour = receiver.take_behaviour()
        found = {key.lower(): value for key, value in headers}
        webhook_id = found.get("webhook-id", "")
        arrival = Arrival(
            id=new_id("W"),
            name=name,
            webhook_id=webhook_id,
            headers=headers,
            body=body.decode(errors="replace"),
            is_verified=self._verify(found, body, now),
            is_repeat=webhook_id in receiver.seen,
            behaviour=behaviour.kind,
            received_at=now,
        )
        self.arrivals.append(arrival)
        receiver.seen.add(webhook_id)
        return behaviour

    def _verify(self, headers: dict[str, str], body: bytes, now: float) -> bool:
        """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
        webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not webhook_id or not timestamp.isdecimal() or len(timestamp) > 12:
            return False
        if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
            return False
        wanted = hmac.digest(self._key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
        return any(_matches(part, wanted) for part in headers.get("webhook-signature", "").split())


def _matches(part: str, wanted: bytes) -> bool:
    version, _, signature = part.partition(",")
    try:
        return version == "v1" and hmac.compare_digest(base64.b64decode(signature, validate=True), wanted)
    except (binascii.Error, ValueError):
        return False


def _parse_json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def _say(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    del request
    if behaviour.kind == "take":
        return web.Response(status=204)
    headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
    return web.Response(status=int(behaviour.kind), text="The partner says no.", headers=headers)


async def _wait(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    del request
    await asyncio.sleep(behaviour.seconds)
    return web.Response(status=204)


async def _never(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    """Until the other side gives up."""
    del behaviour
    while request.transport is not None:  # noqa: ASYNC110 - the end of a connection is no event here
        await asyncio.sleep(0.05)
    return web.Response()


async def _endless(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    del behaviour
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(ENDLESS_CHUNK)
        await asyncio.sleep(0)


async def _drop(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    """Taken, and the connection closes without an answer."""
    del behaviour
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


BEHAVIOURS: dict[str, Callable[[web.Request, Behaviour], Awaitable[web.StreamResponse]]] = {
    "take": _say,
    "410": _say,
    "429": _say,
    "500": _say,
    "503": _say,
    "slow": _wait,
    "never": _never,
    "endless": _endless,
    "drop": _drop,
}


class WebhookPages:
    """The receiver and its pages."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/webhooks", self.list)
        router.add_get("/webhooks/messages", self.list_json)
        router.add_post("/webhooks/{name}", self.receive)
        router.add_post("/webhooks/{name}/behave", self.behave)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        behaviour = self._webhooks.take(request.match_info["name"], list(request.headers.items()), body)
        return await BEHAVIOURS[behaviour.kind](request, behaviour)

    async def behave(self, request: web.Request) -> web.Response:
        # Only JSON is taken, so that no form on another site can act here.
        if request.content_type != "application/json":
            return _refuse("Send JSON.", status=415)
        wish = _parse_json(await request.text())
        if not isinstance(wish, dict) or str(wish.get("behave")) not in BEHAVIOURS:
            return _refuse(f"Say how with `behave`: {', '.join(BEHAVIOURS)}.", status=400)
        remaining = wish.get("remaining")
        try:
            behaviour = Behaviour(
                kind=str(wish["behave"]),
                remaining=None if remaining is None else int(remaining),
                seconds=float(wish.get("seconds", 2.0)),
                retry_after=str(wish["retry_after"]) if wish.get("retry_after") is not None else None,
            )
        except (TypeError, ValueError):
            return _refuse("`remaining` and `seconds` are numbers.", status=400)
        self._webhooks.get_receiver(request.match_info["name"]).behaviour = behaviour
        return web.json_response({"ok": True, **behaviour.wire()})

    async def list_json(self, request: web.Request) -> web.Response:
        del request
        messages = [arrival.wire() for arrival in reversed(self._webhooks.arrivals)]
        return web.json_response({"messages": messages, "behaviours": self._webhooks.list_behaviours()})

    async def list(self, request: web.Request) -> web.Response:
        del request
        rows = "".join(_show(arrival) for arrival in reversed(self._webhooks.arrivals))
        empty = '<p class="empty">No webhook yet. Whatever is posted to /webhooks/NAME shows here.</p>'
        document = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Webhooks</title>'
            '<meta name="viewport" content="width=device-width">'
            f"<style>{STYLE}article+article{{margin-top:1rem}}</style></head>"
            f"<body><main><h1>Webhooks <span class='meta'>{len(self._webhooks.arrivals)}</span></h1>"
            f"{rows or empty}</main></body></html>"
        )
        return web.Response(text=document, content_type="text/html", headers=SAFETY)


def _show(arrival: Arrival) -> str:
    words = _parse_json(arrival.body)
    shown = json.dumps(words, ensure_ascii=False, indent=2) if words is not None else arrival.body
    signature = "signature verified ✓" if arrival.is_verified else "signature NOT verified ✗"
    repeat = " · repeat of the same webhook-id" if arrival.is_repeat else ""
    at = datetime.fromtimestamp(arrival.received_at, UTC).strftime("%d %b %Y, %H:%M:%S UTC")
    headers = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in arrival.headers)
    return (
        f"<article><h2>{escape(arrival.name)}</h2>"
        f'<p class="meta">{at} · {signature}{repeat} · behaved: {escape(arrival.behaviour)}</p>'
        f"<pre>{escape(shown)}</pre><details><summary>All headers</summary><dl>{headers}</dl></details></article>"
    )


def _refuse(text: str, *, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": text}, status=status)
