"""Which rows go into which stream, and how a row is written as a line and read again.

The keys stream holds whatever an erasure takes away: wrapped keys, indexes of people, published names, and what waits
with an address in it. It is kept for seven days only. The data stream holds the rest, and without keys it names nobody.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, Table, TypeDecorator

from petition_app.storage.db import Base

DATA, KEYS = "data", "keys"
STREAMS = (DATA, KEYS)
KEY_TABLES = frozenset(
    (
        "sealed_keys", "near_keys", "import_chunks", "import_members", "staged_rows", "jobs",
        "published_names", "published_places", "account_keys", "petition_keys", "key_wraps",
    )
)  # fmt: skip
# Sessions, open keys, leases, and what a single running process knows: another server could not go on with them.
LEFT_OUT = frozenset(
    (
        "account_sessions", "unlocks", "couriers", "knocks", "leases", "match_leases", "worker_beats",
        "pending_checkpoints", "completions", "task_failures",
    )
)  # fmt: skip
# Columns that erasure empties, in rows that stay: they travel with the keys and are filled in afterwards.
ERASED_COLUMNS = {"signatures": ("name_index", "mailbox_index", "match_index", "match_class", "entry_index")}

Row = dict[str, Any]


def tables(stream: str) -> list[Table]:
    """Return the tables of a stream, each after those it points to."""
    kept = (table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT)
    return [table for table in kept if (table.name in KEY_TABLES) == (stream == KEYS)]


def columns(table: Table, stream: str) -> list[str]:
    """Return the columns of a table that travel in a stream; of a table of the other stream, those erasure empties."""
    erased = ERASED_COLUMNS.get(table.name, ())
    if stream == KEYS and table.name not in KEY_TABLES:
        return [*(column.name for column in table.primary_key), *erased] if erased else []
    return [column.name for column in table.columns if column.name not in erased]


def write_line(kind: str, row: Row) -> bytes:
    """Write one row; what is empty is left out."""
    values = {name: _written(value) for name, value in row.items() if value is not None}
    return json.dumps([kind, values], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_line(line: bytes) -> tuple[str, Row]:
    """Read one row, its values still as they were written."""
    kind, values = json.loads(line)
    return kind, values


def typed(table: Table, row: Row) -> Row:
    """Return a row with its values as this table's columns have them.

    Raises:
        ValueError, KeyError: the row does not fit.
    """
    return {name: _read(value, _kind(table.c[name])) for name, value in row.items()}


def own_links(table: Table) -> tuple[str, ...]:
    """Return the columns that point into the same table, and are filled in after all of its rows are there."""
    return tuple(key.parent.name for key in table.foreign_keys if key.column.table is table)


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _kind(column: Column[Any]) -> type[Any]:
    inner: Any = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return cast(type[Any], inner.python_type)


def _read(value: Any, kind: type[Any]) -> Any:
    if kind is bytes:
        return base64.b64decode(value)
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    return UUID(value) if kind is UUID else value


def groups(rows: Collection[Row]) -> Iterator[list[Row]]:
    """Put rows with the same columns together, as one statement can take them."""
    found: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        found.setdefault(frozenset(row), []).append(row)
    yield from found.values()
