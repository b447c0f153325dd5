"""Rows as plain JSON values and back, for what travels between a server and a reviewer's own machine."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.types import TypeEngine

from petition_app.storage.db import Base, Moment

Row = TypeVar("Row", bound=Base)


def pack(row: Base, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the columns of a row as JSON values."""
    names = [column.key for column in inspect(type(row)).column_attrs if column.key not in without]
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def unpack(model: type[Row], values: Mapping[str, Any], **changes: Any) -> Row:
    """Return a new row with the columns that were packed. Raises: ValueError, KeyError, TypeError: not such a row."""
    columns = {attr.key: _kind(attr.columns[0].type) for attr in inspect(model).column_attrs}
    return model(**{name: _rich(value, columns[name]) for name, value in values.items()}, **changes)


def _kind(column: TypeEngine[Any]) -> type:
    return datetime if isinstance(column, Moment) else column.python_type


def _rich(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is bytes:
        return base64.b64decode(value)
    if kind is UUID:
        return UUID(value)
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    return value
