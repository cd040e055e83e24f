"""Open connections to the SQLite file: its pragmas, when a transaction takes the write lock, readable errors."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from chatops.domain.errors import BadSettings, ChatopsError, Conflict, StorageFull

BUSY_MILLISECONDS = 30_000
PRIMARY_CODE = 0xFF
"""Of an error: the bits above it say more (https://sqlite.org/rescode.html)."""
WAL_TRIES = 100
WAL_PAUSE_SECONDS = 0.02
Begin = Literal["BEGIN", "BEGIN IMMEDIATE"]
"""IMMEDIATE takes the write lock at once."""
_PRAGMAS = (
    f"busy_timeout={BUSY_MILLISECONDS}",
    "synchronous=FULL",
    # What was erased is overwritten, not only forgotten.
    "secure_delete=ON",
    "foreign_keys=ON",
)


def find_database_file(url: str) -> Path:
    """The file behind `sqlite:///…`; raises BadSettings where there cannot be one."""
    parsed = _parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise BadSettings(f"The database URL must begin with sqlite:///, this one begins with {parsed.drivername}.")
    if not parsed.database or parsed.database == ":memory:":
        raise BadSettings("The database URL must name a file, for example sqlite:///chatops.db.")
    path = Path(parsed.database)
    if not path.parent.is_dir():
        raise BadSettings(f"The database {path} cannot be opened: there is no directory {path.parent}.")
    return path


def make_engine(url: str, *, begin: Begin) -> Engine:
    """For migrations: an engine with one connection, whose transactions all start with `begin`."""
    find_database_file(url)
    engine = create_engine(url, pool_size=1, max_overflow=0)

    @event.listens_for(engine, "connect")
    def set_up(dbapi_connection: sqlite3.Connection, _: Any) -> None:
        _set_up(dbapi_connection)

    # The driver's own BEGIN comes late and is never IMMEDIATE: two transactions that read, then write, would lose
    # updates without an error (docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable).
    @event.listens_for(engine, "begin")
    def emit_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def open_connection(path: Path) -> sqlite3.Connection:
    """For one thread at a time, whichever."""
    connection = sqlite3.connect(path, check_same_thread=False)
    _set_up(connection)
    return connection


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read within it is of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        roll_back(connection)


def open_writing_connection(path: Path) -> sqlite3.Connection:
    """As `open_connection`, but it waits for nobody, except in `begin_patiently`."""
    connection = open_connection(path)
    _be_patient(connection, 0)
    return connection


def begin_at_once(connection: sqlite3.Connection) -> bool:
    """Take the write lock; False where another program has it."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def begin_patiently(connection: sqlite3.Connection) -> None:
    """Take the write lock once it is free; blocks until then, and raises after BUSY_MILLISECONDS."""
    _be_patient(connection, BUSY_MILLISECONDS)
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        _be_patient(connection, 0)


def commit(connection: sqlite3.Connection) -> None:
    """Blocks until the disk has it."""
    connection.execute("COMMIT")


def roll_back(connection: sqlite3.Connection) -> None:
    # SQLite has rolled back by itself where the disk is full.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _be_patient(connection: sqlite3.Connection, milliseconds: int) -> None:
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")


def explain(error: BaseException) -> BaseException:
    """The driver's error as one of ours, where a person can do something about it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.OperationalError):
        return error
    text = str(cause)
    readable: ChatopsError
    if "disk is full" in text:
        readable = StorageFull("Nothing was saved: the disk of the database is full. Make room and try again.")
    elif "database is locked" in text:
        readable = Conflict("Nothing was saved: another program holds the database. Please try again.")
    else:
        return error
    readable.__cause__ = error
    return readable


def _parse_url(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        # The text may hold a password, so it is not repeated.
        raise BadSettings("The database URL cannot be read. Write it like sqlite:///chatops.db.") from None


def _set_up(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None
    # A byte that is no UTF-8 was changed by somebody: read it as something else, so that `verify` can name the record.
    connection.text_factory = _read_text
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Two that open a new file at once collide here, and SQLite does not wait by itself at this place."""
    for _ in range(WAL_TRIES - 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _read_text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
