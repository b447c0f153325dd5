"""Making a backup of one moment, removing old key streams, and restoring into an empty database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from petition_app.backup import age, streams
from petition_app.backup.streams import DATA, KEYS, STREAMS, Row
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.storage.db import Base, db, snapshot
from petition_app.storage.engines import migration

FORMAT = "countersign-backup/1"
KEYS_LIFE = timedelta(days=7)
STAMP = "%Y%m%dT%H%M%SZ"
CHUNK = 500


class NotEmptyError(DomainError):
    """There is something in the database."""

    message = N_("The database is not empty. A backup is restored into a new one: run `flask db upgrade` on it first.")


class VersionError(DomainError):
    """Made by another version."""

    message = N_(
        "The backup was made at migration %(backup)s, the database is at %(database)s. Bring the database to the "
        "backup's migration first, and upgrade afterwards."
    )


class PairError(DomainError):
    """Two files of different backups, or the same stream twice."""

    message = N_("These two files are not the data and the keys of one backup.")


class NotABackupError(DomainError):
    """Something else."""

    message = N_("%(file)s is no backup of Countersign.")


@dataclass(frozen=True)
class Made:
    """The two files of a backup, how many rows they hold, how many old key streams were removed.

    `trail` is the length of the trail of staff acts at that moment, and its newest link in hex.
    """

    files: tuple[Path, ...]
    rows: int
    removed: int
    trail: tuple[int, str] = (0, "")


# --- making -----------------------------------------------------------------------------------------------------


def make(folder: Path, recipients: Sequence[str], *, at: datetime) -> Made:
    """Write both streams of one moment into a folder, whole or not at all, and remove old key streams.

    Raises:
        RecipientError, OSError
    """
    readers = [age.read_recipient(text) for text in recipients]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_half_written(folder)
    backup_id, rows = secrets.token_hex(8), 0
    name = f"countersign-{at.astimezone(UTC).strftime(STAMP)}-{backup_id}"
    done: list[tuple[Path, Path]] = []
    try:
        with snapshot() as connection:
            trail = _trail(connection)
            for stream in STREAMS:
                head = {"format": FORMAT, "stream": stream, "backup": backup_id, "migration": migration(connection)}
                written = _Counted(connection, stream, head)
                part, path = (folder / f"{name}.{stream}.age{ending}" for ending in (".part", ""))
                age.write_sealed(part, written.lines(), readers)
                done.append((part, path))
                rows += written.rows
    except BaseException:
        for part, _ in done:
            part.unlink(missing_ok=True)
        raise
    for part, path in done:
        part.replace(path)
    return Made(tuple(path for _, path in done), rows, remove_old_keys(folder, at=at), trail)


def _trail(connection: Connection) -> tuple[int, str]:
    """Return the end of the trail, so that whoever keeps the backup can tell when it is cut off."""
    events = Base.metadata.tables["audit_events"].c
    newest = select(events.position, events.link).where(events.position.is_not(None))
    found = connection.execute(newest.order_by(events.position.desc()).limit(1)).first()
    return (found[0], bytes(found[1]).hex()) if found else (0, "")


class _Counted:
    """The lines of one stream, and how many rows they hold."""

    def __init__(self, connection: Connection, stream: str, head: Row) -> None:
        self._connection, self._stream, self._head, self.rows = connection, stream, head, 0

    def lines(self) -> Iterator[bytes]:
        """Give the head, every row, and the number of rows, without which the file is cut off."""
        yield streams.write_line("head", self._head)
        for table in _tables(self._stream):
            names = streams.columns(table, self._stream)
            # In the order of their ids: how they lie in the database could tell in which order they came.
            query = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
            query = query.execution_options(yield_per=CHUNK)
            for row in self._connection.execute(query):
                values = dict(zip(names, row, strict=True))
                if table.name == "jobs" and values["courier_id"]:
                    continue  # Only the process that holds its key could do it.
                self.rows += 1
                yield streams.write_line(table.name, values)
        yield streams.write_line("end", {"rows": self.rows})


def _tables(stream: str) -> list[Table]:
    """Return what travels in a stream; with the keys also the tables of which erasure empties columns."""
    own = streams.tables(stream)
    return own if stream == DATA else [*(Base.metadata.tables[name] for name in streams.ERASED_COLUMNS), *own]


def remove_old_keys(folder: Path, *, at: datetime) -> int:
    """Remove key streams older than seven days; return how many."""
    removed = 0
    for path in folder.glob(f"countersign-*.{KEYS}.age"):
        with suppress(ValueError):
            made = datetime.strptime(path.name.split("-")[1], STAMP).replace(tzinfo=UTC)
            if made < at - KEYS_LIFE:
                path.unlink()
                removed += 1
    return removed


def _remove_half_written(folder: Path) -> None:
    for path in folder.glob("countersign-*.age.part"):
        path.unlink()


# --- restoring --------------------------------------------------------------------------------------------------


def restore(data: Path, keys: Path | None, identity: Path) -> int:
    """Bring a backup into an empty, migrated database, inside the caller's transaction; return the number of rows.

    Without its keys stream everything comes back but what erasure must reach: sealed parts stay unreadable for good.

    Raises:
        NotEmptyError, VersionError, PairError, NotABackupError, IdentityFileError, WrongIdentityError, DamagedError,
        OSError
    """
    identities = age.read_identities(identity)
    for table in Base.metadata.sorted_tables:
        if db.session.execute(select(table).limit(1)).first():
            raise NotEmptyError
    rows, backups = 0, set()
    for stream, path in ((DATA, data), (KEYS, keys)):
        if path:
            reader = _Reader(stream, path.name)
            age.read_sealed(path, identities, reader.take)
            reader.end()
            rows += reader.rows
            backups.add(reader.backup)
    if len(backups) > 1:
        raise PairError
    return rows


class _Reader:
    """Takes the lines of one stream and writes their rows."""

    def __init__(self, stream: str, file: str) -> None:
        self._stream, self._file, self._ended = stream, file, False
        self._table, self._waiting, self._later = "", list[Row](), list[tuple[Table, Row]]()
        self._tables = {table.name: table for table in _tables(stream)}
        self.rows, self.backup = 0, ""

    def take(self, line: bytes) -> None:
        """Take one line. Raises: VersionError, PairError, NotABackupError, DamagedError."""
        try:
            kind, row = streams.read_line(line)
            if not self.backup:
                self._begin(kind, row)
            elif kind == "end":
                self._ended = row["rows"] == self.rows
            else:
                self._row(kind, row)
        except (ValueError, KeyError, TypeError):
            raise (age.DamagedError if self.backup else NotABackupError)(file=self._file) from None

    def _begin(self, kind: str, head: Row) -> None:
        if kind != "head" or head["format"] != FORMAT:
            raise NotABackupError(file=self._file)
        if head["stream"] != self._stream:
            raise PairError
        here = migration(db.session.connection())
        if head["migration"] != here:
            raise VersionError(backup=head["migration"], database=here)
        self.backup = head["backup"]

    def _row(self, name: str, row: Row) -> None:
        if name != self._table or len(self._waiting) >= CHUNK:
            self._write()
            self._table = name
        self._waiting.append(streams.typed(self._tables[name], row))
        self.rows += 1

    def _write(self) -> None:
        if not self._waiting:
            return
        table, rows = self._tables[self._table], self._waiting
        self._waiting = []
        if self._stream == KEYS and table.name in streams.ERASED_COLUMNS:
            self._later += [(table, row) for row in rows if len(row) > len(table.primary_key)]
            return
        links = streams.own_links(table)
        self._later += [(table, row) for row in rows if any(link in row for link in links)]
        for some in streams.groups([{name: row[name] for name in row if name not in links} for row in rows]):
            db.session.execute(insert(table), some)

    def end(self) -> None:
        """Write the rest, and fill in what could not be written at once. Raises: DamagedError."""
        self._write()
        for table, row in self._later:
            keys = [column.name for column in table.primary_key]
            links = streams.own_links(table) if self._stream == DATA else tuple(row)
            values = {name: row[name] for name in row if name in links and name not in keys}
            query: Any = update(table).values(values)
            for key in keys:
                query = query.where(table.c[key] == row[key])
            db.session.execute(query)
        if not self._ended:
            raise age.DamagedError(file=self._file)
