"""Migrations: they make what the tables say, and a database of another version is refused readably."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from chatops.domain.errors import BadSettings
from chatops.store.engine import make_engine
from chatops.store.reads import SqlReads
from chatops.store.schema import SchemaState, migrate, schema_state
from chatops.store.sqlite import open_store
from chatops.store.tables import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatops.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def run_sql(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_the_migrations_make_what_the_tables_say(url: str) -> None:
    migrate(url)
    engine = make_engine(url, begin="BEGIN")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(url: str) -> None:
    assert schema_state(url) is SchemaState.EMPTY
    assert migrate(url) is SchemaState.EMPTY
    assert schema_state(url) is SchemaState.CURRENT
    assert migrate(url) is SchemaState.CURRENT


def test_looking_makes_no_file(url: str, path: Path) -> None:
    with pytest.raises(BadSettings, match="run `chatops migrate`"):
        open_store(url)
    assert not path.exists()


def test_an_older_database_asks_for_the_migration(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(url)
    monkeypatch.setattr("alembic.script.ScriptDirectory.get_current_head", lambda _: "9999")
    assert schema_state(url) is SchemaState.OLDER
    with pytest.raises(BadSettings, match="older chatops: run `chatops migrate`"):
        open_store(url)


def test_a_newer_database_is_refused(url: str, path: Path) -> None:
    migrate(url)
    run_sql(path, "UPDATE alembic_version SET version_num = '9999'")
    assert schema_state(url) is SchemaState.NEWER
    for refused in (open_store, migrate):
        with pytest.raises(BadSettings, match="newer chatops") as caught:
            refused(url)
        assert "\n" not in str(caught.value)


def test_a_database_of_another_program_is_refused(url: str, path: Path) -> None:
    run_sql(path, "CREATE TABLE tracks (id INTEGER)")
    for refused in (open_store, migrate):
        with pytest.raises(BadSettings, match="another program"):
            refused(url)


def test_a_file_that_is_no_database_is_refused(url: str, path: Path) -> None:
    path.write_text("hello " * 500)
    with pytest.raises(BadSettings, match="cannot be opened: file is not a database"):
        schema_state(url)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("sqlite:///nowhere/chatops.db", "there is no directory nowhere"),
        ("sqlite://", "must name a file"),
        ("postgresql://ann:secret@host/db", "must begin with sqlite:///"),
        ("ann:secret", "cannot be read"),
    ],
)
def test_a_bad_url_is_named_without_its_password(bad: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says) as caught:
        open_store(bad)
    assert "secret" not in str(caught.value)


async def test_every_connection_has_the_pragmas(url: str) -> None:
    migrate(url)
    store = open_store(url)
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    def look(reads: SqlReads) -> list[object]:
        return [reads.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store.read(look) == ["wal", 2, 1, 30_000]
    assert await store.write(look) == ["wal", 2, 1, 0], "in the event loop nobody waits for another program"
    await store.close()
