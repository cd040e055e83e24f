"""A process of its own: Slack's Web API as far as the bot calls it, a mail server and a webhook, noting arrivals."""

import asyncio
import json
import re
import time
from typing import Any

from aiohttp import web

from bench.payloads import CHANNEL, RESPONSE_PATH, TEAM

WEBHOOK_PATH = "/webhook"
DELAY_PATH = "/bench/delay"
ARRIVALS_PATH = "/bench/arrivals"
CALLS_PATH = "/bench/calls"
MEMBERS_PATH = "/bench/members"
TOKEN = re.compile(rb"bench\d+x")
"""Stands in the title and the words of each measured update."""
PAGE_MEMBERS = 200


class Stub:
    """`delay` holds up every call to Slack's API by so many seconds; `members` is how large the workspace is."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.members = 50
        self.calls = 0
        self.arrivals: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.calls += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        method = request.match_info["method"]
        body: dict[str, Any] = {"ok": True, "ts": f"{time.time():.6f}", "channel": CHANNEL}
        if method == "auth.test":
            body |= {"team_id": TEAM, "bot_id": "B1", "user_id": "UBOT", "team": "Bench"}
        elif method == "users.list":
            body |= self._list_members(str(request.query.get("cursor") or ""))
        elif method == "usergroups.list":
            body["usergroups"] = []
        elif method == "conversations.list":
            body["channels"] = [{"id": CHANNEL, "name": "incidents"}]
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    def _list_members(self, cursor: str) -> dict[str, Any]:
        first = int(cursor or 0)
        last = min(first + PAGE_MEMBERS, self.members)
        more = str(last) if last < self.members else ""
        listed = [build_user(number) for number in range(first + 1, last + 1)]
        return {"members": listed, "response_metadata": {"next_cursor": more}}

    async def take_webhook(self, request: web.Request) -> web.Response:
        at = time.monotonic()
        self._note("webhook", await request.read(), at)
        return web.Response(text="ok")

    async def set_delay(self, request: web.Request) -> web.Response:
        self.delay = float(request.query["seconds"])
        return web.Response(text="ok")

    async def set_members(self, request: web.Request) -> web.Response:
        self.members = int(request.query["count"])
        return web.Response(text="ok")

    async def list_arrivals(self, _: web.Request) -> web.Response:
        return web.json_response(self.arrivals)

    async def count_calls(self, _: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def receive_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SMTP, the happy path; the call begins when the connection is there."""
        at = time.monotonic()
        try:
            writer.write(b"220 bench\r\n")
            while line := (await reader.readline()).upper():
                if line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    self._note("smtp", (await reader.readuntil(b"\r\n.\r\n")).replace(b"=\r\n", b""), at)
                writer.write(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")
                if line.startswith(b"QUIT"):
                    break
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # Whoever hangs up early has no mail to note.
        finally:
            writer.close()

    def _note(self, kind: str, body: bytes, at: float) -> None:
        found = TOKEN.search(body)
        self.arrivals.append({"kind": kind, "token": found[0].decode() if found else "", "at": at})


def build_user(number: int) -> dict[str, Any]:
    name = f"Person {number}"
    profile = {"real_name": name, "email": f"p{number}@bench.example"}
    return {"id": f"U{number:05}", "team_id": TEAM, "name": f"p{number}", "profile": profile}


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def serve() -> None:
    stub = Stub()
    app = web.Application()
    app.add_routes(
        [
            web.route("*", "/api/{method}", stub.answer),
            web.post(RESPONSE_PATH, _ok),
            web.post(WEBHOOK_PATH, stub.take_webhook),
            web.post(DELAY_PATH, stub.set_delay),
            web.post(MEMBERS_PATH, stub.set_members),
            web.get(ARRIVALS_PATH, stub.list_arrivals),
            web.get(CALLS_PATH, stub.count_calls),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    mail = await asyncio.start_server(stub.receive_mail, "127.0.0.1", 0)
    ports = {"http": runner.addresses[0][1], "smtp": mail.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)  # noqa: T201 - the parent reads it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
