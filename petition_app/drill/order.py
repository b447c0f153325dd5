"""Finds what the place of a row tells: row numbers that grow, transactions, places in tables, places on pages."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, inspect, text

from petition_app.drill.links import Link
from petition_app.drill.seized_data import as_uuid
from petition_app.retention.row_order import OF_STAFF
from petition_app.storage import completions
from petition_app.storage.engines import NUMBERED, has_log

LEAST_ROW = 1 << 40  # Numbers below were counted, not drawn: of drawn ones one in eight million is so small.
GAP = 64  # Numbers that follow each other so closely were counted on.
FEWEST, IN_ORDER = 8, 0.75  # Rows of which an order can be told, and the share of neighbours that makes one.
_ID = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True)
class _Round:
    """The last round of reordering: when it ended, and what it noted of itself (nothing where there was none)."""

    last: datetime | None
    mark: int | None
    is_late: bool

    def rounds_since(self, day: date) -> int:
        """Return how many rounds may have left rows of a day apart: one on each later day, since rows change."""
        return max(1, (self.last.date() - day).days) if self.last else 1


def in_order(connection: Connection, *, files: Sequence[Path], at: datetime) -> Iterator[Link]:
    """Look at where rows of signatures lie; those of today, or written since the last round, are not in order yet.

    That there was a round is not believed: on PostgreSQL whatever is older than its note has to be in order, on SQLite
    it has to have noted as many rows as there are.
    """
    days = {
        signature_id: date.fromisoformat(str(day))
        for one, day in connection.execute(text("SELECT id, arrived_on FROM signatures"))
        if (signature_id := as_uuid(one))
    }
    done = _last_round(connection, at)
    before = min(done.last.date(), at.date()) if done.last and not done.is_late else at.date()
    old = {one: day for one, day in days.items() if day < before}
    columns = {table: {one["name"] for one in inspect(connection).get_columns(table)} for table in _names(connection)}
    found = list(_tables(columns))
    if has_log():
        is_told = done.is_late or (done.mark or 0) < sum(_count(connection, *one, old) for one in found)
        for table, key in found:
            is_numbered = table in NUMBERED and table != "signatures"  # Later parts come with numbers that grow.
            if is_told or not is_numbered:
                yield from _numbers(connection, table, key, old if table in NUMBERED else days)
            if is_told:
                yield from _pages(connection, table, old, files)
    else:
        for table, key in found:
            yield from _versions(connection, table, key, old, done)


def _last_round(connection: Connection, at: datetime) -> _Round:
    query = text("SELECT at, mark FROM completions WHERE name = :name")
    done = connection.execute(query, {"name": completions.ROW_ORDER}).one_or_none()
    if done is None:
        return _Round(None, None, is_late=True)
    last = datetime.fromisoformat(str(done.at)).replace(tzinfo=None)
    return _Round(last, done.mark, at.replace(tzinfo=None) - last > completions.LATEST[completions.ROW_ORDER])


def _names(connection: Connection) -> list[str]:
    return sorted(inspect(connection).get_table_names())


def _tables(columns: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    for table, names in columns.items():
        if table == "signatures" or ("signature_id" in names and table not in OF_STAFF):
            yield table, "id" if table == "signatures" else "signature_id"


# --- SQLite -----------------------------------------------------------------------------------------------------


def _count(connection: Connection, table: str, key: str, old: dict[UUID, date]) -> int:
    query = f'SELECT "{key}" FROM "{table}"'  # noqa: S608 -- a table's own name.
    return sum(as_uuid(one) in old for (one,) in connection.exec_driver_sql(query))


def _numbers(connection: Connection, table: str, key: str, days: dict[UUID, date]) -> Iterator[Link]:
    made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table}).scalar()
    if re.search(r"WITHOUT\s+ROWID", str(made), re.IGNORECASE):
        return
    query = f'SELECT "{key}", rowid FROM "{table}" ORDER BY rowid'  # noqa: S608 -- a table's own name.
    rows = [(signature, number) for one, number in connection.exec_driver_sql(query) if (signature := as_uuid(one))]
    after = (later - number <= GAP for (_, number), (_, later) in pairwise(rows))
    follows = [False, *after, False]
    for (signature, number), before, behind in zip(rows, follows, follows[1:], strict=False):
        if signature in days and (0 <= number <= LEAST_ROW or before or behind):
            yield Link("a row number that grows", f"{table}.rowid", signature)


def _pages(connection: Connection, table: str, old: dict[UUID, date], files: Sequence[Path]) -> Iterator[Link]:
    query = text("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = :table")
    root = connection.execute(query, {"table": table}).scalar()
    if not files or not root or not old:
        return
    steps, signatures = list[bool](), set[UUID]()
    for cells in leaves(files[0].read_bytes(), root):
        known = [(place, found) for place, cell in cells if (found := old.keys() & set(_signatures(cell)))]
        steps += [after < before for (before, _), (after, _) in pairwise(known)]
        signatures = signatures.union(*(found for _, found in known))
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


@dataclass(frozen=True)
class _Version:
    """A row: whose it is, how many transactions ago it was written, and its place."""

    signature: UUID
    age: int
    place: tuple[int, ...]


def _versions(connection: Connection, table: str, key: str, old: dict[UUID, date], done: _Round) -> Iterator[Link]:
    by_day: dict[date, list[_Version]] = defaultdict(list)
    for one in _list_versions(connection, table, key, done):
        if one.signature in old:
            by_day[old[one.signature]].append(one)
    for day, rows in by_day.items():
        # In the order of their ids, each round writes ever later transactions.
        is_apart = _count_chains([-one.age for one in rows]) > done.rounds_since(day)
        if is_apart:
            yield from (Link("the transaction that wrote it", f"{table}.xmin", one.signature) for one in rows)
        together = [[one.place for one in rows]] if is_apart else _by_transaction(rows)
        steps = [after > before for places in together for before, after in pairwise(places)]
        if len(steps) >= FEWEST and sum(steps) < IN_ORDER * len(steps):
            yield from (Link("its place in the table", f"{table}.ctid", one.signature) for one in rows)


def _list_versions(connection: Connection, table: str, key: str, done: _Round) -> Iterator[_Version]:
    """Give the rows of a table in the order of their signatures; those before the last round unless it is late.

    The note is a row, too: what was written before it says so by its own transaction.
    """
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"] or [key]
    order = ", ".join(f'"{name}"' for name in dict.fromkeys((key, *keys)))
    noted = "SELECT age(xmin) FROM completions WHERE name = :name"
    bound = None if done.is_late else connection.execute(text(noted), {"name": completions.ROW_ORDER}).scalar()
    query = f'SELECT "{key}", age(xmin), ctid::text FROM "{table}" ORDER BY {order}'  # noqa: S608 -- its own names.
    for one, age, place in connection.exec_driver_sql(query):
        if (signature := as_uuid(one)) and (bound is None or age > bound):
            yield _Version(signature, age, _place(place))


def _by_transaction(rows: Sequence[_Version]) -> list[list[tuple[int, ...]]]:
    together: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for one in rows:
        together[one.age].append(one.place)
    return list(together.values())


def _count_chains(numbers: Sequence[int]) -> int:
    """Return into how few rising rows a row of numbers can be taken apart: as long as its longest falling one is."""
    falling = list[int]()
    for number in numbers:
        place = bisect_left(falling, -number)
        falling[place : place + 1] = [-number]
    return len(falling)


def _place(written: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", str(written)))
