"""Statements of SQLAlchemy Core, compiled once and run on the driver: its own way of executing costs ten times that."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache, cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import Any, cast

from pydantic_core import from_json, to_json
from sqlalchemy import JSON, Select, Table, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine


def _write_json(value: Any) -> str:
    return to_json(value).decode()


_DIALECT = SQLiteDialect_pysqlite(json_serializer=_write_json, json_deserializer=from_json)


class Prepared:
    """One statement whose text never changes; values are bound and read by the types of the columns."""

    def __init__(self, statement: Any, columns: Iterable[str] | None = None) -> None:
        """`columns`: those that an insert fills; all of them where nothing is said."""
        names = list(columns) if columns is not None else None
        compiled = cast(SQLCompiler, statement.compile(dialect=_DIALECT, column_keys=names))
        self._text = compiled.string
        self._names = list(compiled.positiontup or ())
        binds = [(name, compiled.binds[name]) for name in self._names]
        writers = [_find_writer(bind.type) for _, bind in binds]
        self._writers = [(place, write) for place, write in enumerate(writers) if write]
        """Of the values that do not go to the driver as they are."""
        self._constants = {name: bind.effective_value for name, bind in binds if not bind.required}
        self._columns = [
            (key, column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
            for key, column in statement.exported_columns.items()
        ]

    def run(self, connection: sqlite3.Connection, values: Mapping[str, Any] = MappingProxyType({})) -> int:
        """Returns how many rows it touched."""
        count: int = self._execute(connection, values).rowcount
        return count

    def run_many(self, connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.executemany(self._text, [self._bind(row) for row in rows])

    def save_all(self, connection: sqlite3.Connection, values: Sequence[object]) -> None:
        """Values whose attributes are named as the columns are; there must be two columns at least."""
        if values:
            connection.executemany(self._text, [self._write(list(self._pick(each))) for each in values])

    def rows(self, connection: sqlite3.Connection, **values: Any) -> list[dict[str, Any]]:
        return [self._read(row) for row in self._execute(connection, values).fetchall()]

    def first(self, connection: sqlite3.Connection, **values: Any) -> dict[str, Any] | None:
        row = self._execute(connection, values).fetchone()
        return None if row is None else self._read(row)

    def column(self, connection: sqlite3.Connection, **values: Any) -> list[Any]:
        """The first column of each row."""
        _, process = self._columns[0]
        found = [row[0] for row in self._execute(connection, values).fetchall()]
        return [process(value) for value in found] if process else found

    def scalar(self, connection: sqlite3.Connection, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        found = self._execute(connection, values).fetchall()
        if not found:
            return None
        _, process = self._columns[0]
        return process(found[0][0]) if process else found[0][0]

    @cached_property
    def _pick(self) -> Callable[[object], tuple[Any, ...]]:
        return attrgetter(*self._names)

    def _execute(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> Any:
        return connection.execute(self._text, self._bind(values))

    def _bind(self, values: Mapping[str, Any]) -> list[Any]:
        given = {**self._constants, **values} if self._constants else values
        return self._write([given[name] for name in self._names])

    def _write(self, bound: list[Any]) -> list[Any]:
        for place, write in self._writers:
            bound[place] = write(bound[place])
        return bound

    def _read(self, row: Sequence[Any]) -> dict[str, Any]:
        pairs = zip(self._columns, row, strict=True)
        return {name: process(value) if process else value for (name, process), value in pairs}


def _find_writer(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What a value goes through on its way to the driver; JSON needs nothing of what SQLAlchemy puts around it."""
    return _write_json if isinstance(kind, JSON) else kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


@cache
def prepare_upsert(table: Table) -> Prepared:
    """Insert, or replace the row with the same primary key."""
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in names_of(table) if name not in keys}
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def names_of(table: Table) -> list[str]:
    return [column.name for column in table.c]


def fields_of(value: Any) -> dict[str, Any]:
    """A flat dataclass as a row; `asdict` would copy every value."""
    return {name: getattr(value, name) for name in _list_fields(value.__class__)}


@cache
def _list_fields(shape: type) -> list[str]:
    return [each.name for each in fields(shape)]


def each_of(name: str) -> Select[Any]:
    """A list as one parameter, for `column.in_(each_of("ids"))`: the text stays the same however long it is."""
    return select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value)
