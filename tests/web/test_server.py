"""The routes as a browser, a crawler and an attacker meet them."""

import asyncio
import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatops.domain.records import Impact, Status
from chatops.web.server import build_web

from .fakes import NOW, FakeStore, make_desk, make_post

PLAIN = {"Accept-Encoding": "identity"}


async def read(client: TestClient, path: str) -> str:
    answer = await client.get(path, headers=PLAIN)
    assert answer.status == 200, path
    return await answer.text()


async def test_the_page_shows_the_words_of_every_update_newest_first(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, 1, "We're looking into it."), make_post(1, 2, "Found it.", status=Status.IDENTIFIED))
    for path in ("/", "/incidents/INC-1"):
        page = await read(client, path)
        assert page.index("Identified</strong>") < page.index("Investigating</strong>")
        assert page.index("Found it.") < page.index("We're looking into it.")
    assert 'id="update-2"' in await read(client, "/incidents/INC-1")
    assert 'href="/incidents/INC-1#update-2"' in await read(client, "/")


async def test_what_is_typed_is_never_markup(client: TestClient, store: FakeStore) -> None:
    evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;"
    store.put(make_post(1, 1, evil, title=evil, components=(evil,)))
    store.put(make_post(2, 1, evil, title=evil, components=(evil,), status=Status.RESOLVED))
    for path in ("/", "/incidents/INC-1", "/history"):
        page = await read(client, path)
        assert "<script>" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        for attribute in re.findall(r'(?:content|data-headline)="([^"]*)"', page):
            assert "<" not in attribute


async def test_a_lone_surrogate_breaks_nothing(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, 1, "half a smile \ud83d", title="\ud83d"))
    for path in ("/", "/incidents/INC-1", "/history", "/history.atom", "/updates.atom", "/api/v2/summary.json"):
        await read(client, path)


async def test_right_to_left_words_choose_their_direction(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, 1, "نحن نحقق في الأمر", title="تعذر"))
    page = await read(client, "/incidents/INC-1")
    assert '<p dir="auto">نحن نحقق في الأمر</p>' in page
    assert '<h1 dir="auto">تعذر</h1>' in page


async def test_the_next_update_is_promised_only_by_the_latest(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, 1, next_due_at=NOW + timedelta(minutes=30)))
    assert "Next update by" in await read(client, "/")
    assert "23 Nov 2026, 14:30 UTC" in await read(client, "/incidents/INC-1")
    store.put(make_post(1, 2, at=NOW, status=Status.MONITORING))
    assert "Next update by" not in await read(client, "/")


async def test_hidden_incidents_stay_hidden(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1))
    for path in ("/incidents/INC-2", "/incidents/INC-999999999", "/incidents/INC-", "/incidents/INC-1x", "/incidents/"):
        answer = await client.get(path)
        assert answer.status == 404, path
    assert "INC-2" not in await read(client, "/history")


async def test_what_left_the_page_does_not_come_back_from_memory(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1))
    await read(client, "/incidents/INC-1")
    store.posts.clear()
    store.stamp += 1
    assert (await client.get("/incidents/INC-1")).status == 404


async def test_sloppy_addresses_lead_to_the_right_one(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1))
    answer = await client.get("/incidents/inc-01", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (301, "/incidents/INC-1")


async def test_history_goes_by_month(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, at=datetime(2026, 9, 3, tzinfo=UTC), title="In September", status=Status.RESOLVED))
    store.put(make_post(2, title="In November"))
    page = await read(client, "/history")
    assert "In November" in page
    assert "In September" not in page
    assert 'rel="prev" href="/history?month=2026-09"' in page
    earlier = await read(client, "/history?month=2026-09")
    assert "In September" in earlier
    assert 'rel="next" href="/history?month=2026-11"' in earlier
    assert "No incidents reported this month." in await read(client, "/history?month=2020-01")


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "0000-01", "x", "", "2026-1", "２０２６-11", "9999-12"])
async def test_an_odd_month_is_no_error_of_ours(client: TestClient, month: str) -> None:
    assert (await client.get("/history", params={"month": month})).status == 404


async def test_not_modified_until_something_changes(client: TestClient, store: FakeStore) -> None:
    first = await client.get("/")
    assert "stale-if-error" in first.headers["Cache-Control"]
    assert first.headers["Vary"] == "Accept-Encoding"
    known = {"If-None-Match": f'"other", {first.headers["ETag"]}'}
    again = await client.get("/", headers=known)
    assert (again.status, await again.read()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    store.stamp += 1
    assert (await client.get("/", headers=known)).status == 304, "a commit that the public does not see"
    store.put(make_post(1))
    assert (await client.get("/", headers=known)).status == 200


async def test_packed_only_for_who_takes_it(client: TestClient, store: FakeStore) -> None:
    packed = await client.get("/", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    plain = await client.get("/", headers={"Accept-Encoding": "gzip;q=0, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(await packed.read()) == await plain.read()


@pytest.mark.parametrize("path", ["/", "/history", "/healthz", "/favicon.svg", "/badge.svg", "/history.atom"])
async def test_head_has_the_headers_of_get(client: TestClient, path: str) -> None:
    head, get = await client.head(path), await client.get(path)
    assert (head.status, await head.read()) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


async def test_a_flood_renders_once_for_each_version(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1))
    answers = await asyncio.gather(*(client.get("/") for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert store.reads == 1
    await client.get("/?utm=1")
    assert store.reads == 1
    store.put(make_post(1, 2))
    await asyncio.gather(*(client.get("/") for _ in range(50)))
    assert store.reads == 2


async def test_a_store_that_is_away_leaves_the_last_page_standing(client: TestClient, store: FakeStore) -> None:
    store.put(make_post(1, title="Standing words"))
    await read(client, "/")
    store.stamp, store.broken = 99, True
    assert "Standing words" in await read(client, "/")
    broken = await client.get("/history", headers=PLAIN)
    text = await broken.text()
    assert broken.status == 500
    assert "secret" not in text
    assert "Traceback" not in text
    assert "Something went wrong on our side" in text
    assert broken.headers["Cache-Control"] == "no-store"
    assert (await client.get("/healthz")).status == 200


async def test_problems_read_well(client: TestClient) -> None:
    missing = await client.get("/nope/<script>", headers=PLAIN)
    assert missing.status == 404
    assert "There is nothing here" in await missing.text()
    assert "nope" not in await missing.text()
    refused = await client.post("/")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")
    assert "This page can only be read." in await refused.text()


@pytest.mark.parametrize("path", ["/", "/nope", "/healthz", "/api/v2/summary.json", "/history?month=x"])
async def test_every_answer_is_guarded(client: TestClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" in headers
    assert headers["Server"] == "chatops"
    assert "Set-Cookie" not in headers


async def test_the_frame_around_the_page_is_a_setting_and_other_routes_fit_in(store: FakeStore) -> None:
    async def health() -> dict[str, bool | str]:
        return {"database": True}

    async def events(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    async def fail(request: web.Request) -> web.Response:
        raise OSError("secret")

    app = build_web(store, make_desk(store), health=health, frame_ancestors="http://127.0.0.1:8100")  # type: ignore[arg-type]
    app.router.add_post("/slack/events", events)
    app.router.add_post("/slack/broken", fail)
    async with TestClient(TestServer(app)) as client:
        headers = (await client.get("/")).headers
        assert "frame-ancestors http://127.0.0.1:8100" in headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in headers
        assert await (await client.post("/slack/events", data="hello")).text() == "hello"
        broken = await client.post("/slack/broken")
        assert broken.status == 500
        assert "secret" not in await broken.text()


async def test_slack_is_reported_but_never_decisive(client: TestClient, health: dict[str, bool | str]) -> None:
    assert await (await client.get("/healthz")).text() == "ok"
    health["slack"] = "not connected"
    ready = await client.get("/readyz")
    assert (ready.status, await ready.json()) == (200, {"ready": True, "database": True, "slack": "not connected"})
    health["database"] = False
    assert (await client.get("/readyz")).status == 503


async def test_the_script_is_named_by_its_content(client: TestClient) -> None:
    page = await read(client, "/")
    path = re.search(r'<script src="([^"]+)" defer>', page)
    assert path
    script = await client.get(path[1])
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert page.count("<script") == 1
    assert " style=" not in page
    assert 'aria-live="polite"' in page


@pytest.mark.parametrize("impact", list(Impact))
async def test_state_is_told_in_words_and_shapes(client: TestClient, store: FakeStore, impact: Impact) -> None:
    store.put(make_post(1, impact=impact))
    page = await read(client, "/")
    assert f"{impact.value.capitalize() if impact is not Impact.NONE else 'No'} impact" in page
    assert f"/favicon.svg?is={impact.value}" in page
