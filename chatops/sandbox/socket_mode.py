"""Socket Mode: the app connects to us, and deliveries travel as envelopes over its websocket."""

import asyncio
import json
import secrets
import uuid

from aiohttp import WSMsgType, web

from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.wire import Json

CONNECTIONS_MOST = 10
"""https://docs.slack.dev/apis/events-api/using-socket-mode: up to ten connections per app."""
TICKET_SECONDS = 30.0


class SocketMode:
    def __init__(self, app_id: str, ack_seconds: float) -> None:
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._tickets: dict[str, asyncio.TimerHandle] = {}
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._turn = 0

    @property
    def is_connected(self) -> bool:
        return bool(self._connections)

    def new_ticket(self) -> str:
        """A websocket address is good for one connection, for a short while."""
        ticket = secrets.token_urlsafe(24)
        loop = asyncio.get_running_loop()
        self._tickets[ticket] = loop.call_later(TICKET_SECONDS, self._tickets.pop, ticket, None)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        expiry = self._tickets.pop(request.query.get("ticket", ""), None)
        if expiry is None:
            raise web.HTTPUnauthorized(text="This address was used or has expired.")
        expiry.cancel()
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        if len(self._connections) >= CONNECTIONS_MOST:
            await self._disconnect(socket, "too_many_websockets")
            return socket
        await self._serve(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        self._connections.append(socket)
        try:
            await socket.send_json(self._hello())
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take_acknowledgement(message.data)
        finally:
            self._connections.remove(socket)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _take_acknowledgement(self, text: str) -> None:
        message = json.loads(text)
        waiting = self._waiting.pop(message.get("envelope_id", ""), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message.get("payload"))

    async def send(self, delivery: Delivery) -> Acknowledgement:
        """Each envelope goes to one of the connections, in turn."""
        if not self._connections:
            return Acknowledgement(outcome="connection_failed")
        self._turn += 1
        socket = self._connections[self._turn % len(self._connections)]
        envelope = _envelope(delivery)
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        try:
            await socket.send_json(envelope)
            payload = await asyncio.wait_for(waiting, self._ack_seconds)
        except TimeoutError:
            return Acknowledgement(outcome="http_timeout")
        except ConnectionError:
            return Acknowledgement(outcome="connection_failed")
        finally:
            self._waiting.pop(envelope["envelope_id"], None)
        return _acknowledged(payload)

    async def disconnect_all(self, reason: str) -> None:
        """Reasons: warning, refresh_requested, link_disabled."""
        for socket in list(self._connections):
            await self._disconnect(socket, reason)

    async def _disconnect(self, socket: web.WebSocketResponse, reason: str) -> None:
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}})
        if reason != "warning":
            await socket.close()

    def drop_all(self) -> None:
        """Cut the connections without a word, as an outage does."""
        for socket in self._connections:
            transport = socket._req.transport if socket._req is not None else None  # noqa: SLF001 - no public way to abort
            if transport is not None:
                transport.abort()


def _envelope(delivery: Delivery) -> Json:
    envelope: Json = {
        "envelope_id": str(uuid.uuid4()),
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        envelope |= {"retry_attempt": delivery.retry_num, "retry_reason": delivery.retry_reason or ""}
    return envelope


def _acknowledged(payload: object) -> Acknowledgement:
    return Acknowledgement(outcome="ok", body=payload if isinstance(payload, dict) and payload else None)
