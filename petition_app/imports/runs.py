"""Importing an uploaded file: started by an organizer, worked off by the worker in slices.

Each slice is one transaction together with the removal of its rows from the file, so that a kill loses and repeats
nothing. The signatures come into being at the end, all at once.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.imports import admission, files, sealed_file
from petition_app.imports import services as imports
from petition_app.imports.files import ImportStateError
from petition_app.imports.preview import preview
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures import messages, sealing
from petition_app.signatures.file_reader import Row, Table
from petition_app.signatures.import_models import Import, ImportBadRow, ImportChunk
from petition_app.storage.db import db, get_for_update, note_erasure
from petition_app.verification.batches import services as batches

SLICE = 500


class NothingToImportError(DomainError):
    """No row can be taken."""

    message = N_("No row of this file can be taken, so there is nothing to import.")


def start(import_id: UUID, key: bytes, *, petition: Petition, by: Account, at: datetime) -> Import:
    """Begin to import a file that was looked at; the worker does it. What runs already is woken once more.

    Its bad rows are written down first, as the preview showed them, so that what runs afterwards takes exactly the
    others.

    Raises:
        ImportStateError, KeyGoneError, ColumnsError, NothingToImportError, ImportClosedError,
        InitialClosedError, FrozenError, NotFoundError
        StorageSealedError: no key or no worker is there, so nothing may be stored.
    """
    job = lock_import(import_id, petition=petition, by=by)
    files.get_reading(job, key)
    if job.state == "waiting":
        _check(job, petition)
        found = preview(job, key)
        if found.problem:
            raise found.problem
        if not found.size:
            raise NothingToImportError
        job.state, job.total, job.at = "staging", found.size, at
        imports.keep_bad_rows(job, found.bad)
        sealed_file.forget_whole(job)
        record("import.started", job, by=by.id, number=job.total, at=at)
    elif job.state != "staging":
        raise ImportStateError
    _go_on(job, key, petition, at=at)
    return job


def _check(job: Import, petition: Petition) -> None:
    require_thawed(petition)
    sealing.sealing_key_for(petition)
    if petition.state == "closed":
        raise imports.ImportClosedError
    if job.initial:
        batches.check_initial_open(petition.id)


def _go_on(job: Import, key: bytes, petition: Petition, *, at: datetime) -> None:
    told = {"import_id": str(job.id), "key": base64.b64encode(key).decode()}
    messages.enqueue_sealed("verification.import", json.dumps(told).encode(), petition, at=at)


def run_slice(payload: dict[str, Any], *, at: datetime) -> None:
    """Seal the next rows of a file; after the last ones, turn all into signatures. May be repeated.

    An import that may no longer go on (the petition was frozen or closed, or batch 1 sealed) ends with nothing added.
    """
    told = json.loads(messages.open_for_worker(payload))
    import_id = UUID(told["import_id"])
    next_rows = select(ImportChunk).where(ImportChunk.import_id == import_id).order_by(ImportChunk.number).limit(1)
    found = db.session.get(Import, import_id)
    is_read = db.session.scalar(next_rows) is None
    if found and is_read:  # What follows changes the petition, which is locked before; see `db.lock`.
        get_for_update(Petition, found.petition_id)
    job = get_for_update(Import, import_id)
    if job is None or job.state != "staging" or job.box is None:
        return
    petition, key = db.session.get_one(Petition, job.petition_id), base64.b64decode(told["key"])
    try:
        by = db.session.get_one(Account, job.account_id)
        require_role(by, petition.id, "organizer")
        _check(job, petition)
        if chunk := db.session.scalar(next_rows):
            _stage(job, key, chunk)
            _go_on(job, key, petition, at=at)
        elif is_read:
            with db.session.begin_nested():
                admission.admit_import(job.id, by=by, at=at)
            job.box = None
    except (DomainError, NotFoundError):
        files.halt(job)
        record("import.stopped", job, by=None, number=0, at=at)
    db.session.flush()


def _stage(job: Import, key: bytes, chunk: ImportChunk) -> None:
    """Seal the good rows among these, and remove them from the file."""
    reading, lines = files.get_reading(job, key), sealed_file.open_chunk(job, key, chunk)
    first, last = lines[0].number, lines[-1].number
    within = (ImportBadRow.import_id == job.id, ImportBadRow.line >= first, ImportBadRow.line <= last)
    bad = set(db.session.scalars(select(ImportBadRow.line).where(*within)))
    rows = Table(reading.layout, iter(lines), bool(reading.consent)).rows()
    good = [row for row in rows if isinstance(row, Row) and row.line not in bad]
    imports.stage(job, good, consent_held=reading.consent, codes=False)
    job.staged += len(good)
    db.session.delete(chunk)
    note_erasure()


def stop(import_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Remove a file that waits, or end an import before anything became a signature.

    Raises:
        ImportStateError, NotFoundError
    """
    job = lock_import(import_id, petition=petition, by=by)
    if job.state == "waiting":
        files.remove(job)
    elif job.state == "staging" and job.account_id:
        files.halt(job)
        record("import.stopped", job, by=by.id, number=0, at=at)
    else:
        raise ImportStateError


def lock_import(import_id: UUID, *, petition: Petition, by: Account) -> Import:
    """Return an import of a petition, locked. Raises: NotFoundError."""
    files.get_import(import_id, petition=petition, by=by)
    job = get_for_update(Import, import_id)
    if job is None:
        raise NotFoundError
    return job


def record(act: str, job: Import, *, by: UUID | None, number: int, at: datetime) -> None:
    """Write down in the trail what was done with an import."""
    audit.record(act, by=by, petition_id=job.petition_id, object_id=job.id, number=number, at=at)
    db.session.flush()
