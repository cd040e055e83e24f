"""A served page over a store of page posts."""

from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp.test_utils import TestClient, TestServer

from chatops.web.server import build_web

from .fakes import FakeStore, make_desk

HEALTH: dict[str, bool | str] = {"database": True, "slack": "connected"}


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def health() -> dict[str, bool | str]:
    return dict(HEALTH)


@pytest.fixture
async def client(store: FakeStore, health: dict[str, bool | str]) -> AsyncIterator[TestClient]:
    async def report() -> Mapping[str, bool | str]:
        return health

    app = build_web(store, make_desk(store), health=report)  # type: ignore[arg-type]
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client
