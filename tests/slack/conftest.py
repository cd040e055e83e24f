"""Houses for tests: the sandbox, the real bot, and its people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.slack.house import House, Plan, Transport, stand


@pytest.fixture(params=["http", "socket"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Signed HTTP, and Socket Mode."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def plan(transport: Transport) -> Plan:
    """What the house is built from; a module that needs another one says so."""
    return Plan(transport=transport)


@pytest.fixture
async def house(tmp_path: Path, plan: Plan) -> AsyncIterator[House]:
    async with stand(tmp_path, plan) as standing:
        yield standing
