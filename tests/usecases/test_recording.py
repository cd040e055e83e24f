"""Writing the log is the only way to make something happen, and the read tables are what the log makes of them."""

from typing import Any

import pytest
from sqlalchemy import select

from chatops.domain.chain import verify
from chatops.domain.errors import NotFound, Refused
from chatops.domain.fold import fold
from chatops.domain.ids import CHATOPS
from chatops.domain.records import Impact, Role, Status
from chatops.store.prepared import Prepared
from chatops.store.reads import SqlReads
from chatops.store.tables import READ_TABLES
from chatops.usecases import incidents
from chatops.usecases.ports import Transaction
from chatops.usecases.recording import record, save_views
from tests.builders import ANA, BEN, build_form
from tests.usecases.scene import INC, Scene


async def play(scene: Scene) -> None:
    """Two incidents with a bit of everything."""
    await scene.open(first_words="Logins fail.", impact=Impact.MAJOR)
    await scene.open(view_id="V2", title="Breach", private=True, first_words="We look into it.")
    await scene.edit("Sign-ins fail.", by=BEN)
    await scene.approve(by=ANA, revision=2)
    scene.email.follow(Refused("No such account."))
    await scene.work_for(minutes=40)
    await incidents.assign(scene.desk, scene.command(), INC, Role.COMMS_LEAD, BEN.slack_id)
    await incidents.change_impact(scene.desk, scene.command(), INC, Impact.CRITICAL)
    await scene.requeue(again=False)
    await scene.publish_update(build_form("Over.", status=Status.RESOLVED))
    await scene.work_for(minutes=10)


def read_tables(reads: SqlReads) -> dict[str, set[Any]]:
    return {table.name: set(map(repr, Prepared(select(table)).rows(reads.connection))) for table in READ_TABLES}


def rebuild(tx: Transaction) -> None:
    tx.clear_read_tables()
    for stream in tx.list_streams():
        save_views(tx, fold(tx.load(stream)), None)


async def test_read_tables_rebuilt_from_the_log_equal_the_originals(scene: Scene) -> None:
    await play(scene)
    before = await scene.store.read(read_tables)
    assert all(before.values())
    await scene.store.write(rebuild)
    assert await scene.store.read(read_tables) == before


async def test_what_happened_verifies(scene: Scene) -> None:
    await play(scene)
    for number in (1, 2):
        records = await scene.records(number)
        assert verify(records) == records[-1]


async def test_an_empty_record_is_refused(scene: Scene) -> None:
    with pytest.raises(NotFound, match="no such incident"):
        await scene.store.write(lambda tx: record(tx, scene.desk, INC, None, CHATOPS, []))
