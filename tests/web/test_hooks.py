"""The doors for networks and mail providers: who is let in, how much, and what becomes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatops.domain.errors import StorageFull
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, Mention
from chatops.usecases.mention_ports import MAIL_BYTES, Heard, Hook
from chatops.web import hooks
from chatops.web.hooks import build_hooks
from chatops.web.server import build_web

from .fakes import FakeStore, make_desk

SECRET = {"Authorization": "Bearer sesame"}


class Ear:
    """Notes what it is told; `trouble` is what it raises instead."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, list[str]]] = []
        self.trouble: Exception | None = None

    async def hear(self, outlet: OutletKey, heard: Heard) -> None:
        if self.trouble:
            raise self.trouble
        self.heard.append((outlet, [mention.text for mention in heard.mentions]))


def parse(body: bytes, content_type: str) -> Heard:
    if body == b"rubbish":
        raise ValueError("sesame")
    text = f"{body[:20].decode()} {content_type}".strip()
    author = Author(id="1", handle="dana")
    return Heard(mentions=(Mention(id="1", author=author, text=text, posted_at=datetime(2026, 11, 28, tzinfo=UTC)),))


def knows(secret: str) -> Callable[[Mapping[str, str], bytes], bool]:
    return lambda headers, _: headers.get("Authorization") == f"Bearer {secret}"


def is_signed(headers: Mapping[str, str], body: bytes) -> bool:
    return headers.get("X-Signature") == f"sum={sum(body)}"


def greet(query: Mapping[str, str]) -> str | None:
    return query.get("hub.challenge") if query.get("hub.verify_token") == "sesame" else None


MAIL = Hook(
    outlet=OutletKey("email"), path="/hooks/email", check=knows("sesame"), parse=parse, is_signed=False, max_bytes=5000
)
FACEBOOK = Hook(outlet=OutletKey("facebook"), path="/hooks/facebook", check=is_signed, parse=parse, greet=greet)


@asynccontextmanager
async def serve(ear: Ear, *served: Hook) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    store = FakeStore()

    async def health() -> Mapping[str, bool | str]:
        return {}

    app = build_web(store, make_desk(store), health=health)  # type: ignore[arg-type]
    app.add_routes(build_hooks(ear.hear, served))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def client(ear: Ear) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    async with serve(ear, MAIL, FACEBOOK) as running:
        yield running


async def test_what_is_brought_is_heard(client: TestClient, ear: Ear) -> None:  # type: ignore[type-arg]
    response = await client.post("/hooks/email", data=b"Hello", headers={**SECRET, "Content-Type": "message/rfc822"})
    assert response.status == 200
    signed = {"x-sIGNATURE": f"sum={sum(b'Hi')}", "Content-Type": "application/json"}
    assert (await client.post("/hooks/facebook", data=b"Hi", headers=signed)).status == 200
    assert ear.heard == [("email", ["Hello message/rfc822"]), ("facebook", ["Hi application/json"])]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer sesam"}, {"Authorization": "sesame"}, {"X-Signature": "sum=1"}]
)
@pytest.mark.parametrize("path", ["/hooks/email", "/hooks/facebook"])
async def test_strangers_leave_no_trace(
    client: TestClient,  # type: ignore[type-arg]
    ear: Ear,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    path: str,
) -> None:
    caplog.clear()
    response = await client.post(path, data=b"Hello", headers=headers)
    assert response.status == 401
    assert ear.heard == []
    assert "Hello" not in await response.text()
    assert [each for each in caplog.records if each.name.startswith("chatops")] == []


async def test_a_stranger_is_refused_before_anything_is_read(ear: Ear) -> None:
    read: list[bytes] = []
    watched = replace(MAIL, check=lambda headers, body: bool(read.append(body)))
    async with serve(ear, watched) as client:
        assert (await client.post("/hooks/email", data=b"x" * 4000)).status == 401
    assert read == [b""]


@pytest.mark.parametrize("length_is_told", [True, False])
async def test_too_much_is_refused(client: TestClient, ear: Ear, *, length_is_told: bool) -> None:  # type: ignore[type-arg]
    async def pour() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"x" * 100

    body = b"x" * 6000 if length_is_told else pour()
    assert (await client.post("/hooks/email", data=body, headers=SECRET)).status == 413
    assert ear.heard == []
    assert (await client.post("/hooks/email", data=b"x" * 5000, headers=SECRET)).status == 200


async def test_what_never_ends_is_refused_while_it_comes(client: TestClient, ear: Ear) -> None:  # type: ignore[type-arg]
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST /hooks/email HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n")
    writer.write(b"Authorization: Bearer sesame\r\n\r\n" + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 6)
    async with asyncio.timeout(3):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert ear.heard == []


async def test_a_mail_may_be_long_and_other_things_may_not(ear: Ear) -> None:
    async with serve(ear, replace(MAIL, max_bytes=MAIL_BYTES), FACEBOOK) as client:
        assert (await client.post("/hooks/email", data=BytesIO(b"x" * (9 * 1024 * 1024)), headers=SECRET)).status == 200
        assert (
            await client.post("/hooks/email", data=BytesIO(b"x" * (10 * 1024 * 1024 + 1)), headers=SECRET)
        ).status == 413
        assert (await client.post("/hooks/facebook", data=BytesIO(b"x" * (1024 * 1024 + 1)))).status == 413


async def test_rubbish_is_said_without_its_words(client: TestClient, ear: Ear) -> None:  # type: ignore[type-arg]
    response = await client.post("/hooks/email", data=b"rubbish", headers=SECRET)
    assert response.status == 400
    assert "sesame" not in await response.text()
    assert ear.heard == []


async def test_a_full_disk_asks_to_come_again(client: TestClient, ear: Ear) -> None:  # type: ignore[type-arg]
    ear.trouble = StorageFull("full")
    response = await client.post("/hooks/email", data=b"Hello", headers=SECRET)
    assert (response.status, response.headers["Retry-After"]) == (503, "60")
    ear.trouble = RuntimeError("sesame")
    response = await client.post("/hooks/email", data=b"Hello", headers=SECRET)
    assert response.status == 500
    assert "sesame" not in await response.text()


async def test_a_request_that_never_ends_is_given_up(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "READ_SECONDS", 0.2)
    stop = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        yield b"Hel"
        await stop.wait()

    async with serve(ear, MAIL) as client:
        response = await client.post("/hooks/email", data=drip(), headers=SECRET)
        assert response.status == 408
        stop.set()
    assert ear.heard == []


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": "sesame", "hub.challenge": "1158201444"}, 200, "1158201444"),
        ({"hub.mode": "subscribe", "hub.verify_token": "sesam", "hub.challenge": "1158201444"}, 403, None),
        ({"hub.verify_token": "sesame", "hub.challenge": "<script>"}, 403, None),
        ({"hub.verify_token": "sesame", "hub.challenge": "x" * 2000}, 403, None),
        ({"hub.verify_token": "sesame"}, 403, None),
        ({}, 403, None),
    ],
)
async def test_a_network_makes_sure_of_the_address(
    client: TestClient,  # type: ignore[type-arg]
    query: dict[str, str],
    status: int,
    said: str | None,
) -> None:
    response = await client.get("/hooks/facebook", params=query)
    assert response.status == status
    assert response.content_type == "text/plain"
    text = await response.text()
    assert text == said if said else "script" not in text


async def test_other_methods_and_paths_are_none(client: TestClient) -> None:  # type: ignore[type-arg]
    assert (await client.get("/hooks/email")).status == 405
    assert (await client.put("/hooks/facebook")).status == 405
    assert (await client.post("/hooks/other", headers=SECRET)).status == 404


async def test_two_outlets_of_a_kind_share_a_path(ear: Ear) -> None:
    other = replace(MAIL, outlet=OutletKey("email.big"), check=knows("other"))
    pages = replace(FACEBOOK, path="/hooks/email", outlet=OutletKey("facebook"))
    async with serve(ear, MAIL, other, pages) as client:
        for headers in (SECRET, {"Authorization": "Bearer other"}, {"X-Signature": f"sum={sum(b'Hello')}"}, {}):
            await client.post("/hooks/email", data=b"Hello", headers=headers, skip_auto_headers=["Content-Type"])
    assert [outlet for outlet, _ in ear.heard] == ["email", "email.big", "facebook"]


async def test_many_at_once_are_all_taken(ear: Ear) -> None:
    async with serve(ear, MAIL) as client:
        answers = await asyncio.gather(*(client.post("/hooks/email", data=b"Hello", headers=SECRET) for _ in range(40)))
    assert {answer.status for answer in answers} == {200}
    assert len(ear.heard) == 40


def test_the_routes_are_those_of_the_hooks() -> None:
    routes = build_hooks(Ear().hear, [MAIL, FACEBOOK])
    assert {(route.method, route.path) for route in routes if isinstance(route, web.RouteDef)} == {
        ("POST", "/hooks/email"),
        ("POST", "/hooks/facebook"),
        ("GET", "/hooks/facebook"),
    }
