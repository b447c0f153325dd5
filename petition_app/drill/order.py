"""Finds what the place of a row tells: row numbers that grow, transactions, places in tables, places on pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, inspect, text

from petition_app import completions
from petition_app.drill.links import Link
from petition_app.drill.takings import as_uuid
from petition_app.row_order import OF_STAFF
from petition_app.storage import NUMBERED, has_log

LEAST_ROW = 1 << 40  # Numbers below were counted, not drawn: of drawn ones one in eight million is so small.
FEWEST, IN_ORDER = 8, 0.75  # Rows of which an order can be told, and the share of neighbours that makes one.
_ID = re.compile(rb"[0-9a-f]{32}")


def in_order(connection: Connection, *, files: Sequence[Path], at: datetime) -> Iterator[Link]:
    """Look at where rows of signatures lie; those of today, or since the last round, are not in order yet."""
    days = {
        signature_id: date.fromisoformat(str(day))
        for one, day in connection.execute(text("SELECT id, arrived_on FROM signatures"))
        if (signature_id := as_uuid(one))
    }
    done = connection.execute(
        text("SELECT at FROM completions WHERE name = :name"), {"name": completions.ROW_ORDER}
    ).scalar()
    last = datetime.fromisoformat(str(done)) if done else None
    is_late = last is None or at.replace(tzinfo=None) - last.replace(tzinfo=None) > completions.LATEST["order"]
    old = {one: day for one, day in days.items() if is_late and day < at.date()}
    columns = {table: {one["name"] for one in inspect(connection).get_columns(table)} for table in _names(connection)}
    for table, key in _tables(columns):
        if has_log():
            yield from _numbers(connection, table, key, old if table in NUMBERED else days)
            yield from _pages(connection, table, old, files)
        else:
            yield from _versions(connection, table, key, old)


def _names(connection: Connection) -> list[str]:
    return sorted(inspect(connection).get_table_names())


def _tables(columns: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    for table, names in columns.items():
        if table == "signatures" or ("signature_id" in names and table not in OF_STAFF):
            yield table, "id" if table == "signatures" else "signature_id"


# --- SQLite -----------------------------------------------------------------------------------------------------


def _numbers(connection: Connection, table: str, key: str, days: dict[UUID, date]) -> Iterator[Link]:
    made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table}).scalar()
    if re.search(r"WITHOUT\s+ROWID", str(made), re.IGNORECASE):
        return
    small = f'SELECT "{key}" FROM "{table}" WHERE rowid BETWEEN 0 AND {LEAST_ROW}'  # noqa: S608 -- a table's own name.
    for (one,) in connection.exec_driver_sql(small):
        if (signature := as_uuid(one)) in days:
            yield Link("a row number that grows", f"{table}.rowid", signature)


def _pages(connection: Connection, table: str, old: dict[UUID, date], files: Sequence[Path]) -> Iterator[Link]:
    query = text("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = :table")
    root = connection.execute(query, {"table": table}).scalar()
    if not files or not root or not old:
        return
    steps, signatures = list[bool](), set[UUID]()
    for cells in leaves(files[0].read_bytes(), root):
        steps += [after < before for (before, _), (after, _) in pairwise(cells)]
        signatures |= {one for _, cell in cells for one in _signatures(cell) if one in old}
    if len(steps) >= FEWEST and sum(steps) < IN_ORDER * len(steps):
        yield from (Link("its place on a page", table, signature) for signature in signatures)


def _signatures(cell: bytes) -> Iterator[UUID]:
    for found in _ID.findall(cell[:200]):
        yield UUID(found.decode())


def leaves(data: bytes, page: int) -> Iterator[list[tuple[int, bytes]]]:
    """Give the rows of each page of a table of SQLite in the order of their keys: where each begins, and its bytes.

    Source: the file format, section 1.6, https://www.sqlite.org/fileformat2.html
    """
    size = int.from_bytes(data[16:18]) if data[16:18] != b"\x00\x01" else 65536
    body = data[(page - 1) * size : page * size]
    head = 100 if page == 1 else 0
    if len(body) < size:
        return  # Not in the file yet.
    is_leaf = body[head] in (10, 13)
    first = head + (8 if is_leaf else 12)
    number = int.from_bytes(body[head + 3 : head + 5])
    places = [int.from_bytes(body[first + 2 * one : first + 2 * one + 2]) for one in range(number)]
    if is_leaf:
        yield [(place, body[place : place + 400]) for place in places]
        return
    children = [int.from_bytes(body[place : place + 4]) for place in places]
    for child in (*children, int.from_bytes(body[head + 8 : head + 12])):
        yield from leaves(data, child)


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def _versions(connection: Connection, table: str, key: str, old: dict[UUID, date]) -> Iterator[Link]:
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"] or [key]
    order = ", ".join(f'"{name}"' for name in keys)
    query = f'SELECT "{key}", xmin::text, ctid::text FROM "{table}" ORDER BY {order}'  # noqa: S608 -- its own names.
    by_day: dict[date, list[tuple[UUID, str, tuple[int, ...]]]] = defaultdict(list)
    for one, transaction, place in connection.exec_driver_sql(query):
        if (signature := as_uuid(one)) in old:
            assert signature  # noqa: S101 -- for the type checker.
            by_day[old[signature]].append((signature, transaction, _place(place)))
    for rows in by_day.values():
        if len({transaction for _, transaction, _ in rows}) > 1:
            yield from (Link("the transaction that wrote it", f"{table}.xmin", signature) for signature, *_ in rows)
        steps = [after > before for (*_, before), (*_, after) in pairwise(rows)]
        if len(steps) >= FEWEST and sum(steps) < IN_ORDER * len(steps):
            yield from (Link("its place in the table", f"{table}.ctid", signature) for signature, *_ in rows)


def _place(written: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", str(written)))
