"""A bot that starts while its disk is full serves the page, and does the rest once there is room."""

from itertools import count
from typing import Any

import pytest

from chatops.domain.errors import StorageFull
from chatops.store.sqlite import SqliteStore
from tests.slack.house import House, Plan

REFUSED = 3
"""One write each of those that begin with the bot: to listen, to forget, to know who it is."""


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    write, writes = SqliteStore.write, count(1)

    async def write_with_luck(store: SqliteStore, body: Any, *, is_urgent: bool = False) -> Any:
        if next(writes) <= REFUSED:
            raise StorageFull("Nothing was saved: the disk of the database is full.")
        return await write(store, body, is_urgent=is_urgent)

    monkeypatch.setattr(SqliteStore, "write", write_with_luck)
    return Plan(transport="socket")


async def test_a_bot_that_starts_on_a_full_disk_begins_its_work_once_there_is_room(house: House) -> None:
    case = await house.open(house.belle)
    await house.propose(house.belle, case)
    assert await house.kinds(1) == ["incident_opened", "revision_proposed"]
