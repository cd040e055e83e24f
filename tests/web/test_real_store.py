"""The page over the real SQLite store: what its reads promise is what the page needs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.records import Impact, Status
from chatops.store.schema import migrate
from chatops.store.sqlite import SqliteStore, open_store
from chatops.usecases.ports import PagePost
from chatops.web.server import build_web

from .fakes import NOW, make_desk, make_post


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    url = f"sqlite:///{tmp_path / 'page.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    await store.close()


def make_incident(number: int, *, resolved: bool) -> Incident:
    return Incident(
        number=IncidentNumber(number),
        workspace="T1",
        title="Secret inner title",
        impact=Impact.MAJOR,
        commander=MemberId("m1"),
        comms_lead=MemberId("m1"),
        opened_by=MemberId("m1"),
        opened_at=NOW - timedelta(days=1),
        resolved_at=NOW if resolved else None,
        due_at=None,
        clock_from=NOW,
        remind_at=None,
        head_seq=1,
        head_hash="0" * 64,
    )


async def save(store: SqliteStore, number: int, *posts: PagePost, resolved: bool = False) -> None:
    def body(transaction) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        transaction.save_incident(make_incident(number, resolved=resolved))
        for post in posts:
            transaction.save_page_post(post)

    await store.write(body)


async def test_every_view_over_the_real_store(store: SqliteStore) -> None:
    async def health() -> dict[str, bool | str]:
        return {"database": True}

    await save(store, 1, make_post(1, 1, "Looking."), make_post(1, 2, "Found.", status=Status.IDENTIFIED, at=NOW))
    await save(store, 2)
    app = build_web(store, make_desk(store), health=health)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        page = await (await client.get("/")).text()
        assert "Major disruption" in page
        assert page.index("Found.") < page.index("Looking.")
        assert "Secret inner title" not in page
        assert (await client.get("/incidents/INC-1")).status == 200
        assert (await client.get("/incidents/INC-2")).status == 404
        await save(store, 1, make_post(1, 3, "Over.", status=Status.RESOLVED, at=NOW), resolved=True)
        page = await (await client.get("/")).text()
        assert "All systems operational" in page
        assert "Over." in page
        for path in ("/history", "/history?month=2999-12", "/history.atom", "/updates.atom", "/api/v2/summary.json"):
            answer = await client.get(path)
            assert answer.status == 200, path
        assert "Over." in await (await client.get("/history")).text()


async def test_resolved_in_public_while_another_outlet_is_awaited(store: SqliteStore) -> None:
    async def health() -> dict[str, bool | str]:
        return {"database": True}

    await save(store, 1, make_post(1, 1), make_post(1, 2, "Over.", status=Status.RESOLVED, at=NOW))
    app = build_web(store, make_desk(store), health=health)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        page = await (await client.get("/")).text()
        assert "All systems operational" in page
        assert "Over." in page
