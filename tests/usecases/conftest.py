"""Each test has its own database file and a team of people who are known to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.usecases.scene import Scene, build_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await build_scene(tmp_path)
    yield scene
    await scene.store.close()
