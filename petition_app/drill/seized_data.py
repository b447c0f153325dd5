"""What was seized: the rows of the database and of its copies, and every file, as they lie there."""

from __future__ import annotations

import bz2
import email
import email.policy
import gzip
import io
import json
import lzma
import re
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, inspect

SQLITE = b"SQLite format 3\x00"
BLOCK = 2000
DEEPEST = 3
LARGEST = 1 << 30
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")

Row = Sequence[Any]


@dataclass(frozen=True)
class RowBlock:
    """Some rows of one table."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Database:
    """A database that can be read row by row: the one in use (`copy` is empty), or a copy found in a file."""

    copy: str
    blocks: Callable[[], Iterator[RowBlock]]

    def dicts(self, table: str) -> Iterator[dict[str, Any]]:
        """Go through one table, if there is such a table."""
        for block in self.blocks():
            if block.table == table:
                yield from (dict(zip(block.columns, row, strict=True)) for row in block.rows)


@dataclass(frozen=True)
class ByteSource:
    """The bytes of one file. `database` says that they are a database's own, or a dump of one."""

    where: str
    data: bytes
    database: bool = False


# --- rows -------------------------------------------------------------------------------------------------------


def live(connection: Connection) -> Database:
    """Return the database in use as it is at one moment, read as its driver gives it: no column is overlooked."""

    def blocks() -> Iterator[RowBlock]:
        for table in sorted(inspect(connection).get_table_names()):
            found = connection.exec_driver_sql(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 -- a table's own name.
            columns = tuple(found.keys())
            while rows := found.fetchmany(BLOCK):
                yield RowBlock(table, columns, rows)

    return Database("", blocks)


def _quoted(table: str) -> str:
    return '"' + table.replace('"', '""') + '"'


def copy_of(path: Path, where: str) -> Database:
    """Return a SQLite file as a database; nothing is written to it."""

    def blocks() -> Iterator[RowBlock]:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            try:
                tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in sorted(tables):
                    found = connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 -- a table's own name.
                    columns = tuple(column[0] for column in found.description)
                    while rows := found.fetchmany(BLOCK):
                        yield RowBlock(table, columns, rows)
            except sqlite3.DatabaseError:
                return  # Half a file; its bytes are searched all the same.

    return Database(where, blocks)


def as_uuid(value: Any) -> UUID | None:
    """Return a cell as an id, however the database writes ids."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and len(value) in (32, 36) and _UUID.fullmatch(value):
        return UUID(value)
    return UUID(bytes=bytes(value)) if isinstance(value, bytes | memoryview) and len(value) == 16 else None


def as_bytes(value: Any) -> bytes:
    """Return a cell as bytes, for searching."""
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, UUID):
        return value.hex.encode() + b"\x00" + str(value).encode()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).encode()
    return b"" if value is None else str(value).encode()


def as_moment(value: Any) -> datetime | None:
    """Return a cell as a time of day, if it tells one: a moment, its text, or seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date | bool):
        return None
    if isinstance(value, int | float) and 1_500_000_000 < value < 2_500_000_000:
        return datetime.fromtimestamp(value)  # noqa: DTZ006 -- only its minute and second matter.
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    return None


# --- files ------------------------------------------------------------------------------------------------------


def list_files(folders: Iterable[Path], *, leave_out: Iterable[Path] = ()) -> list[Path]:
    """Return every file under some folders, each once."""
    left_out = {path.resolve() for path in leave_out}
    found: dict[Path, Path] = {}
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if path.is_file() and path.resolve() not in left_out:
                found.setdefault(path.resolve(), path)
    return list(found.values())


def read_heaps(path: Path, where: str, *, database: bool = False) -> Iterator[ByteSource]:
    """Give the bytes of a file, and those of whatever is packed or encoded in it. Raises: OSError."""
    yield from _unpack(path.read_bytes(), where, database=database, depth=0)


def _unpack(data: bytes, where: str, *, database: bool, depth: int) -> Iterator[ByteSource]:
    is_database = database or data.startswith(SQLITE) or b"roster_entries" in data
    yield ByteSource(where, data, is_database)
    if not is_database:
        yield ByteSource(where, re.sub(rb"[\r\n]+[ \t]*", b"", data))  # What was folded into lines, such as base64.
    if depth < DEEPEST:
        for name, inner in _inner(data, where):
            yield from _unpack(inner, f"{where} → {name}" if name else where, database=False, depth=depth + 1)


def _inner(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    try:
        for magic, opener in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ\x00", lzma)):
            if data.startswith(magic):
                yield "", opener.open(io.BytesIO(data)).read(LARGEST)
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir() and entry.file_size < LARGEST:
                        yield entry.filename, archive.read(entry)
        if data[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive.getmembers():
                    if file := archive.extractfile(member) if member.isfile() else None:
                        yield member.name, file.read(LARGEST)
        if where.endswith(".eml"):
            message = email.message_from_bytes(data, policy=email.policy.default)
            headers = "\n".join(f"{name}: {value}" for name, value in message.items())
            parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
            yield "", b"\n".join([headers.encode(), *(part for part in parts if isinstance(part, bytes))])
    except (
        OSError,
        EOFError,
        ValueError,
        LookupError,
        RuntimeError,
        zipfile.BadZipFile,
        tarfile.TarError,
        lzma.LZMAError,
    ):
        return  # Not what it seemed to be, or damaged: its bytes were searched as they are.
