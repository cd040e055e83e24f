"""Each test has its own database file and a team of people who are known to it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatops.store.schema import migrate
from tests.usecases.scene import Scene, build_scene


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; a copy of it is quicker than a migration of its own for each test."""
    path = tmp_path_factory.mktemp("empty") / "chatops.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
async def scene(tmp_path: Path, empty_database: Path) -> AsyncIterator[Scene]:
    path = shutil.copy(empty_database, tmp_path / "chatops.db")
    scene = await build_scene(f"sqlite:///{path}")
    yield scene
    await scene.store.close()
