"""Inserting: many rows of several tables in one statement, and a row that another request may insert as well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import JSON, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from petition_app.storage.db import Base, Row, db
from petition_app.storage.dialects import Binder, array_type, binders

Rows = list[dict[str, Any]]


def insert_together(parcels: Sequence[tuple[type[Base], Rows]]) -> None:
    """Insert the rows of each table, given as dictionaries of columns; all of a table have the same ones.

    On PostgreSQL that is one round trip, however many there are. A table may point to those before it. What a row
    leaves out is filled in as its model says.

    Raises:
        IntegrityError: nothing of it is stored.
    """
    tables = [(cast(Table, model.__table__), rows) for model, rows in parcels if rows]
    if not tables:
        return
    connection = db.session.connection()
    full = [(table, _complete(table, rows)) for table, rows in tables]
    if array_type(tables[0][0].columns[0]):
        shape = tuple((table, tuple(rows[0])) for table, rows in full)
        values = tuple([row[name] for row in rows] for table, rows in full for name in rows[0])
        connection.exec_driver_sql(_statement(shape), _driven(shape, values))
        return
    for table, rows in full:
        names = tuple(rows[0])
        columns = [
            [row[name] for row in rows] if bind is None else [bind(row[name]) for row in rows]
            for name, bind in zip(names, _binders(table, names), strict=True)
        ]
        connection.exec_driver_sql(_insertion(table, names), list(zip(*columns, strict=True)))


def insert_alone(row: Base) -> bool:
    """Insert a row; return whether it is stored, and not another one with the same unique values.

    Two that are inserted at one moment do not see each other: the second waits until the first is stored.
    """
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        if _is_double(error):
            return False
        raise
    return True


def put(row: Row) -> Row:
    """Store a row in the place of the one with its key, if there is one; of two at one moment the later stands."""
    try:
        with db.session.begin_nested():
            return db.session.merge(row)
    except IntegrityError as error:
        if not _is_double(error):
            raise
        stored = db.session.merge(row)
        db.session.flush()
        return stored


def _is_double(error: IntegrityError) -> bool:
    """Return whether it was refused because such a row exists, and for no other reason."""
    told = (getattr(error.orig, "sqlstate", ""), getattr(error.orig, "sqlite_errorname", ""))
    return bool({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"} & set(told))


def _complete(table: Table, rows: Rows) -> Rows:
    """Return the rows with what is made for each anew: keys, times."""
    made: dict[str, Any] = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in rows[0] and isinstance(column.default, CallableColumnDefault)
    }
    return [row | {name: make(None) for name, make in made.items()} for row in rows] if made else rows


def _constants(table: Table, names: tuple[str, ...]) -> dict[str, str]:
    """Return what rows leave out and have all alike, as SQL: a number, yes or no."""
    return {
        column.name: json.dumps(column.default.arg)
        for column in table.columns
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    }


def _driven(shape: tuple[tuple[Table, tuple[str, ...]], ...], values: tuple[list[Any], ...]) -> tuple[list[Any], ...]:
    """Return the values as the driver takes them: JSON as text."""
    columns = [table.columns[name] for table, names in shape for name in names]
    return tuple(
        [None if one is None else json.dumps(one) for one in found] if isinstance(column.type, JSON) else found
        for column, found in zip(columns, values, strict=True)
    )


@lru_cache(maxsize=64)
def _statement(shape: tuple[tuple[Table, tuple[str, ...]], ...]) -> str:
    """Return one statement: a common table expression for each table, filled from one array a column."""
    inserts = []
    for table, names in shape:
        arrays = ", ".join(f"%b::{array_type(table.columns[name])}" for name in names)
        alike = _constants(table, names)
        into, chosen = ", ".join((*names, *alike)), ", ".join(("*", *alike.values()))
        inserts.append(f"INSERT INTO {table.name} ({into}) SELECT {chosen} FROM unnest({arrays})")  # noqa: S608 -- names of our models.
    *first, last = inserts
    named = ", ".join(f"i{number} AS ({insert})" for number, insert in enumerate(first))
    return f"WITH {named} {last}" if first else last


@lru_cache(maxsize=64)
def _insertion(table: Table, names: tuple[str, ...]) -> str:
    """Return a statement for one row."""
    alike = _constants(table, names)
    marks = ", ".join((*("?" for _ in names), *alike.values()))
    return f"INSERT INTO {table.name} ({', '.join((*names, *alike))}) VALUES ({marks})"  # noqa: S608 -- names of our models.


@lru_cache(maxsize=64)
def _binders(table: Table, names: tuple[str, ...]) -> list[Binder | None]:
    return binders([table.columns[name] for name in names])
