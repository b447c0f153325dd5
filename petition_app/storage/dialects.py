"""What the two databases do differently, asked by whoever writes many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, any_, bindparam
from sqlalchemy.orm import InstrumentedAttribute

from petition_app.storage.db import db

Binder = Callable[[Any], Any]


def has_one_writer() -> bool:
    """Return whether one transaction writes at a time, as in SQLite, and others wait until it has ended."""
    return db.engine.dialect.name == "sqlite"


def is_copying() -> bool:
    """Return whether the database takes many rows by COPY."""
    return db.engine.dialect.name == "postgresql"


def array_type(column: Column[Any]) -> str:
    """Return what PostgreSQL calls an array of a column's values; nothing where the database knows no arrays."""
    return "" if db.engine.dialect.name == "sqlite" else f"{column.type.compile(db.engine.dialect)}[]"


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values given as `name`.

    On PostgreSQL they are one array, so that the statement is the same however many there are.
    """
    if has_one_writer():
        return column.in_(bindparam(name, expanding=True))
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def binders(columns: Sequence[Column[Any]]) -> list[Binder | None]:
    """Return what makes of each column's values what the driver takes; nothing where it takes them as they are."""
    dialect = db.engine.dialect
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
