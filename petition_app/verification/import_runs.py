"""Importing an uploaded file: started by an organizer, worked off by the worker in slices, taken back as a whole.

Each slice is one transaction together with the removal of its rows from the file, so that a kill loses and repeats
nothing. The signatures come into being at the end, all at once.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from petition_app import audit, jobs
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db, lock, note_erasure
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures import import_files as files
from petition_app.signatures import imports, messages, sealing
from petition_app.signatures.import_files import ImportStateError
from petition_app.signatures.import_models import Import, ImportBadRow, ImportChunk, ImportedRef, ImportMember
from petition_app.signatures.models import NearKey, SealedKey, SealedPart, SecondCode, Signature
from petition_app.signatures.states import count
from petition_app.signatures.tables import Row
from petition_app.verification import batches
from petition_app.verification.models import (
    Batch,
    BulkCase,
    ContactRequest,
    Decision,
    Evidence,
    Lease,
    Question,
    SecondLook,
)
from petition_app.verification.sampling_models import Recheck

SLICE = 500
FROZEN = timedelta(minutes=5)  # After which it is looked whether a freeze has ended.
# What staff have done about a signature: with any of it, the signature stays.
ACTS = (Decision, Evidence, ContactRequest, Question, SecondLook, Recheck)
# What goes with a signature, each before what it points to.
GOES = (SealedKey, SealedPart, NearKey, SecondCode, Lease, BulkCase, ImportMember)


class NothingToImportError(DomainError):
    """No row can be taken."""

    message = N_("No row of this file can be taken, so there is nothing to import.")


class CannotUndoError(DomainError):
    """Its signatures are part of a batch, or staff have worked on them."""

    message = N_("This import cannot be taken back any more: its signatures were sealed into a batch, or checked.")


@dataclass(frozen=True)
class Undoing:
    """What taking an import back would remove: its signatures, and how many of them their signers have withdrawn."""

    size: int
    withdrawn: int


# --- doing it ---------------------------------------------------------------------------------------------------


def start(import_id: UUID, key: bytes, *, petition: Petition, by: Account, at: datetime) -> Import:
    """Begin to import a file that was looked at; the worker does it. What runs already is woken once more.

    Its bad rows are written down first, as the preview showed them, so that what runs afterwards takes exactly the
    others.

    Raises:
        ImportStateError, KeyGoneError, UnreadableFileError, NothingToImportError, ImportClosedError,
        InitialClosedError, FrozenError, NotFoundError
        StorageSealedError: no key or no worker is there, so nothing may be stored.
    """
    job = _locked(import_id, petition=petition, by=by)
    files.get_reading(job, key)
    if job.state == "waiting":
        _check(job, petition)
        found = files.preview(job, key)
        if found.problem:
            raise found.problem
        if not found.size:
            raise NothingToImportError
        job.state, job.total, job.at = "staging", found.size, at
        imports.keep_bad_rows(job, found.bad)
        _record("import.started", job, by=by.id, number=job.total, at=at)
    elif job.state != "staging":
        raise ImportStateError
    _go_on(job, key, petition, at=at)
    return job


def _check(job: Import, petition: Petition) -> None:
    require_thawed(petition)
    sealing.lock_for(petition)
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
        lock(Petition, found.petition_id)
    job = lock(Import, import_id)
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
                batches.admit_import(job.id, by=by, at=at)
            job.box = None
    except (DomainError, NotFoundError):
        files.halt(job)
        _record("import.stopped", job, by=None, number=0, at=at)
    db.session.flush()


def _stage(job: Import, key: bytes, chunk: ImportChunk) -> None:
    """Seal the good rows among these, and remove them from the file."""
    reading, lines = files.get_reading(job, key), files.open_chunk(job, key, chunk)
    first, last = lines[0][0], lines[-1][0]
    within = (ImportBadRow.import_id == job.id, ImportBadRow.line >= first, ImportBadRow.line <= last)
    bad = set(db.session.scalars(select(ImportBadRow.line).where(*within)))
    rows = files.read_table(reading, iter(lines)).rows()
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
    job = _locked(import_id, petition=petition, by=by)
    if job.state == "waiting":
        files.remove(job)
    elif job.state == "staging" and job.account_id:
        files.halt(job)
        _record("import.stopped", job, by=by.id, number=0, at=at)
    else:
        raise ImportStateError


# --- taking it back ---------------------------------------------------------------------------------------------


def list_undoable(found: list[Import]) -> set[UUID]:
    """Return which of some imports can still be taken back."""
    return {job.id for job in found if job.state == "done" and _is_whole(job)}


def look_at_undo(job: Import) -> Undoing:
    """Return what taking an import back would remove. Raises: CannotUndoError."""
    if job.state != "done" or not _is_whole(job):
        raise CannotUndoError
    gone = _count(_members(job).join(Signature).where(Signature.state == "withdrawn"))
    return Undoing(size=job.added, withdrawn=gone)


def _members(job: Import) -> Select[UUID]:
    return select(ImportMember.signature_id).where(ImportMember.import_id == job.id)


def _is_whole(job: Import) -> bool:
    """Return whether none of its signatures is in a sealed batch, and staff have not worked on any.

    Sealing a batch lets go of what came with which import: then there are no members any more. Initial signatories
    stand in batch 0, which is open until then; a decision or a piece of evidence on one of them keeps all.
    """
    if not job.added or _count(_members(job)) != job.added:
        return False
    members = _members(job)
    touched = (select(table.signature_id).where(table.signature_id.in_(members)).limit(1) for table in ACTS)
    named = select(Decision.id).where(Decision.duplicate_of_id.in_(members)).limit(1)
    return all(db.session.scalar(query) is None for query in (*touched, named))


def _count(query: Select[UUID]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def undo(import_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Import:
    """Take back every signature of an import that is in no sealed batch; the worker does it.

    Raises:
        CannotUndoError, FrozenError, NotFoundError
    """
    require_thawed(petition)
    job = _locked(import_id, petition=petition, by=by)
    look_at_undo(job)
    job.state = "undoing"
    jobs.enqueue("verification.undo_import", {"import_id": str(job.id), "by": str(by.id)}, at=at)
    db.session.flush()
    return job


def run_undo(import_id: UUID, *, by: UUID, at: datetime) -> None:
    """Remove the signatures of an import with all that belongs to them, in one transaction. May be repeated.

    What arrived leaves as it came: each state it had, and the number of arrivals, by the opposite delta. Where a batch
    was sealed or a case decided meanwhile, the import stays. While the petition is frozen it waits, and is not dropped.
    """
    found = db.session.get(Import, import_id)
    petition = lock(Petition, found.petition_id) if found else None
    job = lock(Import, import_id)
    if job is None or petition is None or job.state != "undoing":
        return
    if petition.frozen_at:
        jobs.enqueue("verification.undo_import", {"import_id": str(job.id), "by": str(by)}, at=at + FROZEN)
        return
    if not _is_whole(job):
        job.state = "done"
        return
    left: Counter[tuple[UUID | None, str]] = Counter()
    while taken := db.session.execute(_next(job)).all():
        left.update((row.batch_id, row.state) for row in taken)
        ids = [row.id for row in taken]
        for table in GOES:
            _delete(table, table.signature_id.in_(ids))
        _delete(Signature, Signature.id.in_(ids))
    _count_out(job, left)
    _delete(ImportedRef, ImportedRef.import_id == job.id)
    job.state, job.undone_at, job.sha256 = "undone", at, secrets.token_bytes(32)
    note_erasure()
    jobs.mark_due(petition.id)
    _record("signatures.import_undone", job, by=by, number=job.added, at=at)
    db.session.flush()


def _next(job: Import) -> Select[UUID, UUID | None, str]:
    """Select the next signatures of an import, kept from their signers meanwhile."""
    rows = select(Signature.id, Signature.batch_id, Signature.state).where(Signature.id.in_(_members(job)))
    return rows.order_by(Signature.id).limit(SLICE).with_for_update()


def _count_out(job: Import, left: Counter[tuple[UUID | None, str]]) -> None:
    for (batch_id, state), number in left.items():
        count(job.petition_id, batch_id, arrived=-number, **{state: -number})
        if batch_id:
            db.session.get_one(Batch, batch_id).size -= number


def _delete(table: Any, condition: Any) -> None:
    db.session.execute(delete(table).where(condition).execution_options(synchronize_session=False))


def _locked(import_id: UUID, *, petition: Petition, by: Account) -> Import:
    files.get_import(import_id, petition=petition, by=by)
    job = lock(Import, import_id)
    if job is None:
        raise NotFoundError
    return job


def _record(act: str, job: Import, *, by: UUID | None, number: int, at: datetime) -> None:
    audit.record(act, by=by, petition_id=job.petition_id, object_id=job.id, number=number, at=at)
    db.session.flush()
