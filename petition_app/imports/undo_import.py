"""Taking an import back as a whole, while nobody has worked on any of its signatures."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Select, delete, func, select

from petition_app.accounts.models import Account
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.imports.runs import lock_import, record
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.import_models import Import, ImportedRef, ImportMember
from petition_app.signatures.models import DuressCode, NearKey, SealedKey, SealedPart, Signature
from petition_app.signatures.states import count
from petition_app.storage import jobs
from petition_app.storage.db import Base, db, get_for_update, note_erasure
from petition_app.verification.models import (
    Batch,
    BulkCase,
    Lease,
)

SLICE = 500  # Signatures that are removed by one statement.
FROZEN = timedelta(minutes=5)  # After which it is looked whether a freeze has ended.
# What came with a signature and goes with it, each before what it points to. Whatever else points to a signature, as
# the tables' own keys say, is work on it: with any of it the import stays, also with what a new table holds.
DEPENDENT_TABLES = (SealedKey, SealedPart, NearKey, DuressCode, Lease, BulkCase, ImportMember)


class CannotUndoError(DomainError):
    """Its signatures are part of a batch, or staff have worked on them."""

    message = N_("This import cannot be taken back any more: its signatures were sealed into a batch, or checked.")


@dataclass(frozen=True)
class UndoPreview:
    """What taking an import back would remove: its signatures, and how many of them their signers have withdrawn."""

    size: int
    withdrawn: int


def list_undoable(found: list[Import]) -> set[UUID]:
    """Return which of some imports can still be taken back."""
    return {job.id for job in found if job.state == "done" and _is_whole(job)}


def look_at_undo(job: Import) -> UndoPreview:
    """Return what taking an import back would remove. Raises: CannotUndoError."""
    if job.state != "done" or not _is_whole(job):
        raise CannotUndoError
    gone = _count(_members(job).join(Signature).where(Signature.state == "withdrawn"))
    return UndoPreview(size=job.added, withdrawn=gone)


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
    return all(db.session.scalar(select(one).where(one.in_(members)).limit(1)) is None for one in _blocking())


def _blocking() -> list[Column[Any]]:
    """Return the columns by which something points to a signature that does not go with it."""
    dependent = {model.__table__ for model in DEPENDENT_TABLES}
    keys = (key for table in Base.metadata.sorted_tables if table not in dependent for key in table.foreign_keys)
    return [key.parent for key in keys if key.column.table is Signature.__table__]


def _count(query: Select[UUID]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def undo(import_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Import:
    """Take back every signature of an import that is in no sealed batch; the worker does it.

    Raises:
        CannotUndoError, FrozenError, NotFoundError
    """
    require_thawed(petition)
    job = lock_import(import_id, petition=petition, by=by)
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
    petition = get_for_update(Petition, found.petition_id) if found else None
    job = get_for_update(Import, import_id)
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
        for table in DEPENDENT_TABLES:
            _delete(table, table.signature_id.in_(ids))
        _delete(Signature, Signature.id.in_(ids))
    _count_out(job, left)
    _delete(ImportedRef, ImportedRef.import_id == job.id)
    job.state, job.undone_at, job.sha256 = "undone", at, secrets.token_bytes(32)
    note_erasure()
    jobs.mark_due(petition.id)
    record("signatures.import_undone", job, by=by, number=job.added, at=at)
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
