"""Bring the database to the schema of this version, and say which one it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DatabaseError

from chatops.domain.errors import BadSettings
from chatops.store.engine import Begin, explain, find_database_file, make_engine


class SchemaState(StrEnum):
    """How the database's schema stands to the one this version wants."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def schema_state(url: str) -> SchemaState:
    """Look without changing anything; raises BadSettings where it is no database of chatops."""
    if not find_database_file(url).exists():
        return SchemaState.EMPTY
    with _connect(url, begin="BEGIN") as connection:
        return _state_of(connection)


def migrate(url: str) -> SchemaState:
    """Create or upgrade, all of it or nothing; returns what the state was before."""
    # The write lock first, so that two migrations follow each other.
    with _connect(url, begin="BEGIN IMMEDIATE") as connection:
        state = _state_of(connection)
        if state is SchemaState.NEWER:
            raise BadSettings(_NEWER)
        command.upgrade(make_config(connection), "head")
        return state


def require_schema(url: str) -> None:
    """Raises BadSettings, in one line that says what to do, unless the schema is this version's."""
    match schema_state(url):
        case SchemaState.CURRENT:
            return
        case SchemaState.NEWER:
            raise BadSettings(_NEWER)
        case SchemaState.OLDER:
            raise BadSettings("The database was made by an older chatops: run `chatops migrate`.")
        case SchemaState.EMPTY:
            raise BadSettings("There is no database yet: run `chatops migrate`.")


def make_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "chatops.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


_NEWER = "The database was made by a newer chatops: install that version again, or restore an older backup."


@contextmanager
def _connect(url: str, *, begin: Begin) -> Iterator[Connection]:
    """One transaction, with errors that can be read."""
    engine = make_engine(url, begin=begin)
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as error:
        readable = explain(error)
        if readable is not error:
            raise readable from error
        raise BadSettings(f"The database {find_database_file(url)} cannot be opened: {error.orig}.") from error
    finally:
        engine.dispose()


def _state_of(connection: Connection) -> SchemaState:
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return SchemaState.EMPTY
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise BadSettings("The database belongs to another program: it has tables, but none of chatops.")
    script = ScriptDirectory.from_config(make_config(connection))
    if revision == script.get_current_head():
        return SchemaState.CURRENT
    known = {each.revision for each in script.walk_revisions()}
    return SchemaState.OLDER if revision in known else SchemaState.NEWER
