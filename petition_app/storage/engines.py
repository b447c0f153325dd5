"""What lies on the disk of each database: its files, a log that may keep what was erased, tables that are rebuilt."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from petition_app.storage.db import Base, db

PATIENCE = 100  # Milliseconds for which the order of rows waits for others: less than any of them waits for it.
# Their rows are too long, or in too many indexes, to lie in the order of their keys: SQLite numbers them as they come,
# each one more than the largest there is, until a round gives them numbers drawn beside those of the same signature.
CHANCE = 33  # Bits of a drawn number that nothing determines.
NUMBERED = {"sealed_parts": "signature_id", "questions": "signature_id", "signatures": "id"}
# Of a migration on PostgreSQL: how long it waits for a lock, and how long one statement may take.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "'5s'", "'15min'"


def database_files() -> list[Path]:
    """Return the files in which the database lies on this machine: SQLite's, with its logs; of PostgreSQL none."""
    if not has_log() or not db.engine.url.database:
        return []
    endings = ("", "-wal", "-shm", "-journal")
    return [path for ending in endings if (path := Path(db.engine.url.database + ending)).is_file()]


def put(table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows by their `id`, or write over those that are there."""
    insert: Any = (sqlite if has_log() else postgresql).insert(table.__table__)
    others = {name: insert.excluded[name] for name in rows[0] if name != "id"}
    db.session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=others), rows)


def put_where(table: type[Base], row: dict[str, Any], free: ColumnElement[bool]) -> bool:
    """Insert a row by its primary key, or write over the one that is there where that is `free`; return whether so."""
    insert: Any = (sqlite if has_log() else postgresql).insert(table.__table__).values(row)
    keys = list(table.__table__.primary_key)
    others = {name: insert.excluded[name] for name in row if name not in {key.name for key in keys}}
    written = insert.on_conflict_do_update(index_elements=keys, set_=others, where=free)
    return db.session.execute(written.returning(keys[0])).first() is not None


def has_log() -> bool:
    """Return whether the database keeps a write-ahead log that this product has to empty: SQLite does."""
    return db.engine.dialect.name == "sqlite"


def empty_log(*, patience: float) -> bool:
    """Bring all of SQLite's write-ahead log to its places and cut it to nothing; return whether that is done.

    While others write or read what is older, they are waited for, `patience` seconds long; writers wait meanwhile.
    """
    connection = db.engine.raw_connection()
    try:
        connection.execute(f"PRAGMA busy_timeout={round(1000 * patience)}")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("PRAGMA busy_timeout=30000")
    finally:
        connection.close()
    return not busy


# --- the order of rows on the disk ------------------------------------------------------------------------------


def near(id_: str) -> str:
    """Return a row number below nought as SQL: 30 bits of the first digits of an id, 33 bits of chance."""
    return f"-1 - (({_digits(id_)} << {CHANCE}) | (random() & {(1 << CHANCE) - 1}))"


def _digits(id_: str) -> str:
    return f"({' | '.join(f'(unicode(substr({id_}, {place}, 1)) - 48 << {30 - 6 * place})' for place in range(1, 6))})"


def list_counted(table: Table, first: Any, last: Any) -> list[int]:
    """Return the numbers in a range of a table of SQLite that rows came with, in the order of their signatures.

    A drawn number begins with the digits of its row's id; where all are drawn, SQLite counts on from the last of them.
    """
    key = NUMBERED[table.name]
    query = (
        f"SELECT rowid FROM {table.name} WHERE (?1 IS NULL OR rowid > ?1) AND (?2 IS NULL OR rowid <= ?2) "  # noqa: S608 -- a model's.
        f"AND (-1 - rowid) >> {CHANCE} <> {_digits(key)} ORDER BY {key}"
    )
    with _plainly() as connection:
        return [number for (number,) in connection.execute(query, (first, last))]


def renumber(table: Table, numbers: Sequence[int]) -> None:
    """Give rows of a table of SQLite other numbers. A row keeps every byte."""
    some = ", ".join(map(str, numbers))
    query = f"UPDATE {table.name} SET rowid = {near(NUMBERED[table.name])} WHERE rowid IN ({some})"  # noqa: S608 -- a model's name.
    with _plainly() as connection:
        connection.execute(query)


def list_ranges(table: Table, size: int) -> Iterator[tuple[Any, Any]]:
    """Give ranges of about so many rows in the order in which SQLite keeps them: after the first, up to the last."""
    key = _place_of(table)
    query = f"SELECT {key} FROM {table.name} WHERE ?1 IS NULL OR {key} > ?1 ORDER BY {key} LIMIT 1 OFFSET {size - 1}"  # noqa: S608 -- names of ours.
    first = None
    while True:
        with _plainly() as connection:
            found = connection.execute(query, (first,)).fetchone()
        yield first, found[0] if found else None
        if found is None:
            return
        first = found[0]


def rewrite_range(table: Table, first: Any, last: Any) -> int:
    """Take the rows of a range out of a table of SQLite and put them back in the order of their keys; return how many.

    A row keeps every byte; only where it lies changes. That is no change of data, and so no transaction of the owner's.
    """
    key = _place_of(table)
    names = ", ".join([*(() if key != "rowid" else ("rowid",)), *(f'"{column.name}"' for column in table.columns)])
    within = f"FROM {table.name} WHERE (?1 IS NULL OR {key} > ?1) AND (?2 IS NULL OR {key} <= ?2)"
    with _plainly() as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        try:
            connection.execute("BEGIN IMMEDIATE")
            keys = "rowid" if key == "rowid" else ", ".join(column.name for column in table.primary_key)
            rows = connection.execute(f"SELECT {names} {within} ORDER BY {keys}", (first, last)).fetchall()
            connection.execute(f"DELETE {within}", (first, last))
            marks = ", ".join("?" * (names.count(",") + 1))
            connection.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 -- a model's name.
            connection.execute("COMMIT")
            return len(rows)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _plainly() -> Iterator[Any]:
    connection = db.engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


def _place_of(table: Table) -> str:
    """Return the column in whose order SQLite keeps a table."""
    numbered = table.dialect_options["sqlite"]["with_rowid"]
    return "rowid" if numbered else next(iter(table.primary_key)).name


def oldest_transaction() -> int:
    """Return the number of the oldest transaction of PostgreSQL that may still write."""
    query = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return int(db.session.execute(text(query)).scalar_one())


def list_changed(table: Table, mark: int | None, written: Collection[str], *, arrived_by: date) -> list[UUID]:
    """Return the signatures that have rows in a table of PostgreSQL which were written since `mark`, in order.

    Left out are rows of the transactions in `written`, and signatures that arrived later than `arrived_by`.
    """
    key = _signature_of(table)
    query = (
        f"SELECT DISTINCT {key} FROM {table.name} WHERE "  # noqa: S608 -- names of ours.
        "(CAST(:mark AS bigint) IS NULL "
        "OR age(xmin) <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint - CAST(:mark AS bigint)) "
        "AND xmin::text <> ALL(:written) "
        f"AND {key} NOT IN (SELECT id FROM signatures WHERE arrived_on > :day) ORDER BY {key}"
    )
    values = {"mark": mark, "written": list(written), "day": arrived_by}
    return list(db.session.execute(text(query), values).scalars())


def rewrite_rows(table: Table, ids: Sequence[UUID]) -> str | None:
    """Take the rows of signatures out of a table of PostgreSQL and put them back in the order of the signatures' ids.

    Returns the number of the transaction, or nothing where somebody holds the table: then it is to be discarded. Others
    who write to the table wait meanwhile, since they could not find a row again that was put back; readers do not.
    """
    key = _signature_of(table)
    order = ", ".join((key, *(column.name for column in table.primary_key if column.name != key)))
    rewrite = (
        f"WITH gone AS (DELETE FROM {table.name} WHERE {key} = ANY(:ids) RETURNING *) "  # noqa: S608 -- names of ours.
        f"INSERT INTO {table.name} SELECT * FROM gone ORDER BY {order}"
    )
    try:
        db.session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}ms'"))
        db.session.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))
        db.session.execute(text(rewrite), {"ids": list(ids)})
        return str(db.session.execute(text("SELECT pg_current_xact_id()::xid::text")).scalar_one())
    except OperationalError:
        return None


def _signature_of(table: Table) -> str:
    return "id" if table.name == "signatures" else "signature_id"


@contextmanager
def rebuilding(connection: Connection) -> Iterator[None]:
    """Let a migration put tables in the place of older ones: SQLite checks no references meanwhile, and all after."""
    if connection.dialect.name != "sqlite":
        yield
        return
    plain: Any = connection.connection.dbapi_connection
    plain.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = plain.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        plain.execute("PRAGMA foreign_keys=ON")
    if broken:
        raise RuntimeError(f"The migration left {len(broken)} rows that point to nothing.")


@contextmanager
def patient(connection: Connection) -> Iterator[None]:
    """Let no migration on PostgreSQL wait for a table for long: all who come after would wait behind it."""
    if connection.dialect.name == "sqlite":
        yield
        return
    plain: Any = connection.connection.dbapi_connection
    _set(plain, lock_timeout=LOCK_TIMEOUT, statement_timeout=STATEMENT_TIMEOUT)
    try:
        yield
    finally:
        plain.rollback()
        _set(plain, lock_timeout="DEFAULT", statement_timeout="DEFAULT")


def _set(plain: Any, **values: str) -> None:
    """Set what holds for a connection of PostgreSQL, outside of any transaction."""
    plain.autocommit = True
    for name, value in values.items():
        plain.execute(f"SET {name} = {value}")
    plain.autocommit = False


def migration(connection: Connection) -> str:
    """Return the migration at which a database is, or nothing where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")
