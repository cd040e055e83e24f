"""Each test has its own database file and a team of people who are known to it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatops.store.schema import migrate
from tests.builders import MASTODON, build_spec
from tests.usecases.crowd import HEARS, Crowd, FakeListener
from tests.usecases.fakes import FakeOutlet
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


@pytest.fixture
async def crowd(scene: Scene) -> Crowd:
    """An open incident, and a network on which customers are heard."""
    listener = FakeListener()
    scene.mastodon = FakeOutlet(build_spec("mastodon", abilities=HEARS, form="short"))
    scene.listeners = {MASTODON: listener}
    await scene.open()
    await scene.work()
    return Crowd(scene=scene, listener=listener)
