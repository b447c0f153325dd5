"""An uploaded file of signatures between its upload and its use: sealed, looked at, then taken or forgotten.

The file is taken apart in memory as it arrives, and its rows are stored only sealed, under a random key of its own.
That key travels in the cookie of whoever uploaded it and stands nowhere on the server while the file waits. To be
worked off it is sealed to the worker (`messages.enqueue_sealed`): under the server's key ring, or, where the petition
is sealed, to the key of one running worker, which ends with it. A file that was forgotten cannot be read by anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select

from petition_app import vault
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db, lock
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.sheets import MEGABYTE, BadRow, Limits, Line, UnreadableFileError, read_rows
from petition_app.signatures import imports
from petition_app.signatures.import_models import Import, ImportBadRow, ImportChunk
from petition_app.signatures.lists import MEMORY
from petition_app.signatures.tables import Row, Table, check_columns, guess_columns

LIMITS = Limits(size=16 * MEGABYTE, rows=50_001)
CHUNK = imports.CHUNK
EXAMPLES, SHOWN_BAD_ROWS = 5, 10
WAITS = timedelta(days=1)
CONSENT_LENGTH = 1000


class ImportedBeforeError(DomainError):
    """The same file was imported."""

    message = N_("This file was imported before; nothing was added.")


class ImportStateError(DomainError):
    """It has gone on meanwhile."""

    message = N_("This can no longer be done: the import has been started, ended or taken back meanwhile.")


class KeyGoneError(DomainError):
    """The browser that uploaded the file is another one, or its cookie has gone."""

    message = N_("Only the browser that uploaded this file can read it. Please upload it again.")


@dataclass(frozen=True)
class Reading:
    """How a file is read: its titles, what each column is taken for, and who holds the signers' word on publishing."""

    titles: tuple[str, ...]
    columns: tuple[str, ...]
    consent: str


@dataclass(frozen=True)
class Preview:
    """What would become of a file: its good and bad rows, and some of each. `problem`: these columns cannot be read."""

    problem: DomainError | None = None
    size: int = 0
    bad: tuple[BadRow, ...] = ()
    some: tuple[Row, ...] = ()

    @property
    def some_bad(self) -> tuple[BadRow, ...]:
        """The first bad rows."""
        return self.bad[:SHOWN_BAD_ROWS]


# --- a file comes in --------------------------------------------------------------------------------------------


def upload(petition: Petition, data: bytes, *, by: Account, at: datetime) -> tuple[Import, bytes]:
    """Seal the rows of a file for their preview, with the columns guessed; return the import and the key to its rows.

    What this person had uploaded before and never started is removed.

    Raises:
        UnreadableFileError, ImportedBeforeError, ImportClosedError, NotFoundError
    """
    require_role(by, petition.id, "organizer")
    lock(Petition, petition.id)
    if petition.state == "closed":
        raise imports.ImportClosedError
    sha256 = secrets.token_bytes(32) if petition.is_sealed else hashlib.sha256(data).digest()
    _make_room(petition, sha256, by=by)
    job = Import(petition_id=petition.id, account_id=by.id, sha256=sha256, initial=False, state="waiting", at=at)
    db.session.add(job)
    db.session.flush()
    key = vault.new_key()
    titles = _keep(job, key, data)
    set_reading(job, key, Reading(tuple(titles), tuple(guess_columns(titles)), ""))
    return job, key


def _make_room(petition: Petition, sha256: bytes, *, by: Account) -> None:
    same = select(Import).where(Import.petition_id == petition.id, Import.sha256 == sha256)
    found = db.session.scalar(same)
    if found and found.state not in ("waiting", "staging"):
        raise ImportedBeforeError
    if found and found.state == "staging" and found.account_id:
        raise ImportStateError
    mine = and_(Import.account_id == by.id, Import.state == "waiting")
    old = select(Import).where(Import.petition_id == petition.id, or_(Import.sha256 == sha256, mine))
    for job in db.session.scalars(old).all():
        remove(job)


def _keep(job: Import, key: bytes, data: bytes) -> list[str]:
    """Seal the rows of a file, some at a time; return its titles. Raises: UnreadableFileError."""
    titles: list[str] = []
    rows: list[Line] = []
    number = 0
    for line, cells in _read(data):
        if not any(cell.strip() for cell in cells):
            continue
        if not titles:
            titles = [cell.strip() for cell in cells]
            continue
        rows.append((line, cells))
        if len(rows) == CHUNK:
            _seal(job, key, number, rows)
            rows, number = [], number + 1
    if not titles:
        raise UnreadableFileError(why=N_("the file is empty. Its first line must name the columns."))
    if rows:
        _seal(job, key, number, rows)
    return titles


def _read(data: bytes) -> Iterator[Line]:
    if len(data) > LIMITS.size:
        raise UnreadableFileError(why=N_("it is too large."))
    with tempfile.NamedTemporaryFile(dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.write(data)
        file.flush()
        yield from read_rows(Path(file.name), LIMITS)


def _seal(job: Import, key: bytes, number: int, rows: Sequence[Line]) -> None:
    box = vault.encrypt(key, json.dumps(rows).encode(), _bound(job, str(number)))
    db.session.add(ImportChunk(import_id=job.id, number=number, box=box))
    db.session.flush()


def _bound(job: Import, what: str) -> bytes:
    return f"import/v1|{job.petition_id}|{job.id}|{what}".encode()


# --- it waits ---------------------------------------------------------------------------------------------------


def get_import(import_id: UUID, *, petition: Petition, by: Account) -> Import:
    """Return an import of this petition; a file that waits is there for its uploader only. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    job = db.session.get(Import, import_id)
    if job is None or job.petition_id != petition.id or (job.state == "waiting" and job.account_id != by.id):
        raise NotFoundError
    return job


def list_imports(petition: Petition, *, by: Account, limit: int = 50) -> list[Import]:
    """Return the latest imports that were started, newest first. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    started = select(Import).where(Import.petition_id == petition.id, Import.state != "waiting")
    return list(db.session.scalars(started.order_by(Import.at.desc()).limit(limit)))


def list_bad_rows(job: Import) -> list[BadRow]:
    """Return the lines and reasons of the rows that were not taken."""
    rows = select(ImportBadRow).where(ImportBadRow.import_id == job.id).order_by(ImportBadRow.line)
    return [BadRow(row.line, row.reason) for row in db.session.scalars(rows)]


def get_reading(job: Import, key: bytes) -> Reading:
    """Return how a file is read. Raises: KeyGoneError, ImportStateError."""
    if job.box is None:
        raise ImportStateError
    told: dict[str, Any] = json.loads(_open(job, key, job.box, "reading"))
    return Reading(tuple(told["titles"]), tuple(job.columns or ()), told["consent"])


def set_reading(job: Import, key: bytes, reading: Reading) -> None:
    """Read a file in this way from now on."""
    told = {"titles": reading.titles, "consent": reading.consent.strip()[:CONSENT_LENGTH]}
    job.box = vault.encrypt(key, json.dumps(told).encode(), _bound(job, "reading"))
    job.columns = list(reading.columns)
    db.session.flush()


def choose(job: Import, key: bytes, *, columns: Sequence[str], consent: str, initial: bool, by: Account) -> None:
    """Read a waiting file with these columns, this word on consent, and as initial signatories or not.

    Raises:
        UnreadableFileError, ImportStateError, KeyGoneError
    """
    if job.state != "waiting" or job.account_id != by.id:
        raise ImportStateError
    titles = get_reading(job, key).titles
    job.initial = initial
    set_reading(job, key, Reading(titles, tuple(columns), consent))
    check_columns(columns, titles)


def preview(job: Import, key: bytes) -> Preview:
    """Read a waiting file to its end and change nothing. Raises: ImportStateError, KeyGoneError."""
    reading = get_reading(job, key)
    try:
        check_columns(reading.columns, reading.titles)
    except UnreadableFileError as error:
        return Preview(problem=error)
    size, bad, some = 0, list[BadRow](), list[Row]()
    for row in read_table(reading, open_rows(job, key)).rows():
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        size += 1
        if size <= EXAMPLES:
            some.append(row)
    return Preview(size=size, bad=tuple(bad), some=tuple(some))


def read_table(reading: Reading, rows: Iterator[Line]) -> Table:
    """Read rows with the columns of a file."""
    return Table(list(reading.columns), [], rows, bool(reading.consent))


def open_rows(job: Import, key: bytes) -> Iterator[Line]:
    """Open the rows of a file, some at a time. Raises: KeyGoneError."""
    chunks = select(ImportChunk.number).where(ImportChunk.import_id == job.id).order_by(ImportChunk.number)
    for number in db.session.scalars(chunks).all():
        yield from open_chunk(job, key, db.session.get_one(ImportChunk, (job.id, number)))


def open_chunk(job: Import, key: bytes, chunk: ImportChunk) -> list[Line]:
    """Open some rows of a file. Raises: KeyGoneError."""
    rows: list[Line] = json.loads(_open(job, key, chunk.box, str(chunk.number)))
    return rows


def _open(job: Import, key: bytes, box: bytes, what: str) -> bytes:
    try:
        return vault.decrypt(key, box, _bound(job, what))
    except (vault.UnreadableError, ValueError):
        raise KeyGoneError from None


# --- it is forgotten --------------------------------------------------------------------------------------------


def remove(job: Import) -> None:
    """Remove a file that was never started, or one that a command was cut off from."""
    imports.let_go(job)
    db.session.execute(delete(Import).where(Import.id == job.id))


def halt(job: Import) -> None:
    """End an import before anything became a signature: its rows go, its bad rows and its place in the list stay."""
    bad = list_bad_rows(job)
    total = job.total
    imports.let_go(job)
    imports.keep_bad_rows(job, bad)
    job.state, job.total, job.sha256 = "stopped", total, secrets.token_bytes(32)
    db.session.flush()


def list_old(*, at: datetime) -> list[UUID]:
    """Return the files that were uploaded more than a day ago and are still waiting, or stand still half way."""
    old = select(Import.id).where(Import.account_id.is_not(None), Import.at < at - WAITS)
    return list(db.session.scalars(old.where(Import.state.in_(("waiting", "staging")))))


def forget(import_id: UUID) -> None:
    """Remove a file that was never started, or end one that has stood still."""
    job = lock(Import, import_id)
    if job and job.state == "waiting":
        remove(job)
    elif job and job.state == "staging":
        halt(job)
