"""What lies on the disk of each database: its files, a log that may keep what was erased, tables that are rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from petition_app.db import db


def database_files() -> list[Path]:
    """Return the files in which the database lies on this machine: SQLite's, with its logs; of PostgreSQL none."""
    if not has_log() or not db.engine.url.database:
        return []
    endings = ("", "-wal", "-shm", "-journal")
    return [path for ending in endings if (path := Path(db.engine.url.database + ending)).is_file()]


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
