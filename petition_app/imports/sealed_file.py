"""The rows of an uploaded file, sealed under a key that is kept nowhere on the server, some at a time.

A text, and a spreadsheet with several sheets, is kept as it came beside its rows, sealed as they are, so that it can be
read in another encoding, with another delimiter, or of another sheet; it goes with the start of the import.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, delete, select

from petition_app.crypto import vault
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.imports import services as imports
from petition_app.signatures.import_models import Import, ImportChunk
from petition_app.signatures.name_lists import MEMORY
from petition_app.storage import spreadsheets
from petition_app.storage.db import db, note_erasure
from petition_app.storage.spreadsheets import MEGABYTE, REASONS, About, Limits, Line, UnreadableFileError
from petition_app.tables.layout import SAMPLE


class KeyGoneError(DomainError):
    """The browser that uploaded the file is another one, or its cookie has gone."""

    message = N_("Only the browser that uploaded this file can read it. Please upload it again.")


def keep(job: Import, key: bytes, data: bytes, *, limits: Limits, sheet: str = "") -> tuple[About, list[Line]]:
    """Seal the rows of a file; return what it is, and its first lines. Raises: UnreadableFileError."""
    about, sample = _keep_rows(job, key, data, limits=limits, sheet=sheet)
    if about.encoding or len(about.sheet_names) > 1:
        for number, first in enumerate(range(0, len(data), MEGABYTE), start=1):
            _add(job, key, -number, data[first : first + MEGABYTE])
    return about, sample


def list_sheets(data: bytes, *, limits: Limits) -> tuple[str, ...]:
    """Return the names of the sheets of a file that are shown; none of a text. Raises: UnreadableFileError."""
    with tempfile.NamedTemporaryFile(dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.write(data)
        file.flush()
        about, rows = spreadsheets.open_rows(Path(file.name), limits)
        rows.close()
    return about.sheet_names


def read_again(
    job: Import, key: bytes, *, encoding: str, delimiter: str, sheet: str, limits: Limits
) -> tuple[About, list[Line]]:  # fmt: skip
    """Read a file in another way, in place of the rows there are; "" leaves it to be found.

    Raises:
        UnreadableFileError, KeyGoneError
    """
    data = read_whole(job, key)
    _forget(job, ImportChunk.number >= 0)
    return _keep_rows(job, key, data, limits=limits, encoding=encoding, delimiter=delimiter, sheet=sheet)


def read_whole(job: Import, key: bytes) -> bytes:
    """Return a file as it came, where it is kept. Raises: KeyGoneError."""
    numbers = select(ImportChunk.number).where(ImportChunk.import_id == job.id, ImportChunk.number < 0)
    pieces = db.session.scalars(numbers.order_by(ImportChunk.number.desc())).all()
    return b"".join(_open(job, key, db.session.get_one(ImportChunk, (job.id, number))) for number in pieces)


def forget_whole(job: Import) -> None:
    """Remove a file as it came; its rows stay."""
    _forget(job, ImportChunk.number < 0)


def _forget(job: Import, which: ColumnElement[bool]) -> None:
    db.session.execute(delete(ImportChunk).where(ImportChunk.import_id == job.id, which))
    note_erasure()


def _keep_rows(
    job: Import, key: bytes, data: bytes, *, limits: Limits, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> tuple[About, list[Line]]:
    if len(data) > limits.size:
        raise UnreadableFileError(why=REASONS["large"])
    sample, rows, number = list[Line](), list[Line](), 0
    with tempfile.NamedTemporaryFile(dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.write(data)
        file.flush()
        how = {"encoding": encoding, "delimiter": delimiter, "sheet": sheet}
        about, lines = spreadsheets.open_rows(Path(file.name), limits, **how)
        for line in lines:
            if not line.flag and not any(cell.strip() for cell in line.cells):
                continue
            if len(sample) < SAMPLE:
                sample.append(line)
            rows.append(line)
            if len(rows) == imports.CHUNK:
                _add(job, key, number, json.dumps(rows).encode())
                rows, number = [], number + 1
    if rows:
        _add(job, key, number, json.dumps(rows).encode())
    return about, sample


def _add(job: Import, key: bytes, number: int, content: bytes) -> None:
    db.session.add(ImportChunk(import_id=job.id, number=number, box=seal_box(job, key, content, str(number))))
    db.session.flush()


def open_rows(job: Import, key: bytes) -> Iterator[Line]:
    """Open the rows of a file, some at a time. Raises: KeyGoneError."""
    numbers = select(ImportChunk.number).where(ImportChunk.import_id == job.id, ImportChunk.number >= 0)
    for number in db.session.scalars(numbers.order_by(ImportChunk.number)).all():
        yield from open_chunk(job, key, db.session.get_one(ImportChunk, (job.id, number)))


def open_chunk(job: Import, key: bytes, chunk: ImportChunk) -> Sequence[Line]:
    """Open some rows of a file. Raises: KeyGoneError."""
    return [Line(*row) for row in json.loads(_open(job, key, chunk))]


def _open(job: Import, key: bytes, chunk: ImportChunk) -> bytes:
    return open_box(job, key, chunk.box, str(chunk.number))


def seal_box(job: Import, key: bytes, content: bytes, what: str) -> bytes:
    """Seal something of a file, bound to what it is."""
    return vault.encrypt(key, content, _bound(job, what))


def open_box(job: Import, key: bytes, box: bytes, what: str) -> bytes:
    """Open something of a file. Raises: KeyGoneError."""
    try:
        return vault.decrypt(key, box, _bound(job, what))
    except (vault.UnreadableError, ValueError):
        raise KeyGoneError from None


def _bound(job: Import, what: str) -> bytes:
    return f"import/v1|{job.petition_id}|{job.id}|{what}".encode()
