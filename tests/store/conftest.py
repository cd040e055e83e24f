"""A migrated database in a file of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatops.store.sqlite import SqliteStore
from tests.store.building import open_new_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = open_new_store(tmp_path)
    yield store
    await store.close()
