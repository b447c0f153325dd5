"""Importing a file of signatures: rows are sealed and staged, then become signatures all at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, delete, false, func, insert, literal, null, select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.imports import staging
from petition_app.imports.staging import RowSealer, SealedRow
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.file_reader import Row
from petition_app.signatures.import_models import (
    Import,
    ImportBadRow,
    ImportChunk,
    ImportedRef,
    ImportMember,
    StagedRow,
)
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.states import count
from petition_app.storage import jobs
from petition_app.storage.db import Base, db, get_for_update, note_erasure
from petition_app.storage.spreadsheets import BadRow

CHUNK = 500
SLICE = 20_000  # Of lines that become signatures by one statement.


class ImportClosedError(DomainError):
    """The petition is closed."""

    message = N_("The petition is closed; nothing can be imported any more.")


class ImportBrokenError(DomainError):
    """Another run imports the same file, or the keys were changed meanwhile."""

    message = N_("The same file is being imported by another command, or the keys were changed. Please start it again.")


def file_hash(path: Path) -> bytes:
    """Return SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def begin(
    petition: Petition,
    *,
    sha256: bytes,
    initial: bool,
    at: datetime,
    known: UUID | None = None,
    terms: Sequence[str] = (),
) -> Import:
    """Begin the import of a file, or return the one that was done, or was cut off and can go on.

    It goes on only with the same `terms` (the words that change what is sealed); else it starts anew. In sealed mode no
    hash of the file is kept, since a short file could be guessed: it is `known` by the random id of an earlier try,
    which is written beside it, and its terms must tell a file that was changed since.

    Raises:
        ImportClosedError, FrozenError
    """
    get_for_update(Petition, petition.id)
    if petition.is_sealed:
        sha256 = secrets.token_bytes(32)
        same = Import.id == known
    else:
        same = Import.sha256 == sha256
    found = db.session.scalar(select(Import).where(Import.petition_id == petition.id, same))
    if found and found.state in ("done", "undoing"):
        return found
    if petition.state == "closed":
        raise ImportClosedError
    require_thawed(petition)
    told = fingerprint("import", petition.id, str(initial), *terms) if terms else None
    if found and found.state == "staging" and told and found.terms == told:
        return found
    if found:
        discard_staged(found)
        found.state, found.account_id = "staging", None
        found.initial, found.at, found.terms = initial, at, told
    else:
        found = Import(petition_id=petition.id, sha256=sha256, initial=initial, at=at, terms=told)
        db.session.add(found)
    db.session.flush()
    return found


def discard_staged(job: Import) -> None:
    """Remove every row of a file that has not become a signature, and its bad rows."""
    _drop(select(StagedRow.id).where(StagedRow.import_id == job.id).scalar_subquery())
    for table in (ImportChunk, ImportBadRow):
        db.session.execute(delete(table).where(table.import_id == job.id))
    job.box = job.columns = job.terms = None
    job.total = job.staged = job.bad = 0
    note_erasure()


def start_over(job: Import) -> None:
    """Forget what is staged of an import that was cut off; it begins with the first row again."""
    terms = job.terms
    discard_staged(job)
    job.terms = terms
    db.session.flush()


def _drop(staged: ScalarSelect[UUID]) -> None:
    """Remove staged rows with all that is sealed for them."""
    for table in (SealedKey, SealedPart):
        db.session.execute(delete(table).where(table.signature_id.in_(staged)), execution_options=_AS_IT_IS)
    db.session.execute(delete(StagedRow).where(StagedRow.id.in_(staged)), execution_options=_AS_IT_IS)


def keep_bad_rows(job: Import, bad: Sequence[BadRow]) -> None:
    """Keep the lines and reasons of the rows that are not taken."""
    job.bad = len(bad)
    if bad:
        rows = [{"import_id": job.id, "line": row.line, "reason": row.reason} for row in bad]
        db.session.execute(insert(ImportBadRow), rows)


def get(import_id: UUID) -> Import:
    """Return an import that was begun. Raises: NotFoundError."""
    job = db.session.get(Import, import_id)
    if job is None:
        raise NotFoundError
    return job


# --- staging ----------------------------------------------------------------------------------------------------


def recipe(job: Import, *, consent_held: str, codes: bool) -> RowSealer:
    """Return what the rows of a file are sealed with. Raises: StorageSealedError."""
    petition = db.session.get_one(Petition, job.petition_id)
    return RowSealer(
        sealing.sealing_key_for(petition), petition_id=petition.id, import_id=job.id, on=job.at.date(),
        consent_held=consent_held, codes=codes,
    )  # fmt: skip


def stage(job: Import, rows: Iterable[Row], *, consent_held: str, codes: bool) -> dict[int, str]:
    """Seal some rows of a file and keep them for later; return the secret codes made, by line.

    A row whose `ref` was imported before is passed over; in sealed mode no `ref` is remembered.
    """
    seal = recipe(job, consent_held=consent_held, codes=codes).seal
    return {row.line: row.code for row in keep(job, [seal(row) for row in rows]) if codes}


def keep(job: Import, rows: Sequence[SealedRow]) -> list[SealedRow]:
    """Keep sealed rows for later; return those that were not passed over for their `ref`."""
    refs = [row.ref for row in rows if row.ref]
    known = (
        set(db.session.scalars(select(ImportedRef.ref_index).where(ImportedRef.ref_index.in_(refs)))) if refs else ()
    )
    taken = [row for row in rows if row.ref not in known]
    staging.load(taken)
    return taken


def keep_next(import_id: UUID, rows: Sequence[SealedRow], *, using: RowSealer, staged: int) -> list[SealedRow]:
    """Keep the next sealed rows of a file of which `staged` rows are kept; return those that were not passed over.

    Raises:
        ImportBrokenError: another run has kept rows of it, or the keys are not those the rows are sealed with.
    """
    job = get_for_update(Import, import_id)
    if job is None or job.state != "staging" or job.staged != staged:
        raise ImportBrokenError
    if using.lock != sealing.sealing_key_for(db.session.get_one(Petition, job.petition_id)):
        raise ImportBrokenError
    taken = keep(job, rows)
    job.staged += len(taken)
    return taken


def last_staged(job: Import) -> int:
    """Return the last line of a file that is staged, 0 where none is."""
    return db.session.scalar(select(func.max(StagedRow.line)).where(StagedRow.import_id == job.id)) or 0


# --- admission --------------------------------------------------------------------------------------------------


def admit(
    job: Import, *, batch_id: UUID | None, at: datetime, told: Callable[[int], None] = lambda _number: None
) -> int:
    """Turn all staged rows of a file into signatures at once; return how many. `told` hears how far it is.

    Initial signatories go into batch 0 (`batch_id`) and are checked there; others are received. What is sealed stands
    where it belongs already; here the database itself makes the signatures of the staged rows.

    Raises:
        ImportBrokenError: it is not staged any more: another run has admitted, ended or taken it back.
    """
    petition = get_for_update(Petition, job.petition_id)
    if petition is None:
        raise ImportClosedError
    require_thawed(petition)
    if (now := get_for_update(Import, job.id)) is None or now.state != "staging":
        raise ImportBrokenError
    known = select(ImportedRef.ref_index)
    mine = StagedRow.import_id == job.id
    _drop(select(StagedRow.id).where(mine, StagedRow.ref_index.in_(known)).scalar_subquery())
    state, number = ("checking" if batch_id else "received"), 0
    columns = {
        "petition_id": literal(petition.id),
        "text_version_id": literal(petition.text.id),
        "batch_id": literal(batch_id) if batch_id else null(),
        "state": literal(state),
        "arrived_on": literal(at.date()),
        "names_stale": false(),
        "awaiting_enactment": false(),
    }
    secrets = ("commitment", "code_hash", "signer_key", "agreement_box", "name_index", "mailbox_index")
    same = ("id", "language", "publication_tier", *secrets)
    own = [getattr(StagedRow, name) for name in same]
    for first in range(0, last_staged(job) + 1, SLICE):
        here = (mine, StagedRow.line >= first, StagedRow.line < first + SLICE)
        made = select(*own, *columns.values()).where(*here)
        _fill(Signature, [*same, *columns], made)
        members, refs = select(StagedRow.id, StagedRow.import_id), select(StagedRow.ref_index, StagedRow.import_id)
        _fill(ImportMember, ["signature_id", "import_id"], members.where(*here))
        _fill(ImportedRef, ["ref_index", "import_id"], refs.where(*here, StagedRow.ref_index.is_not(None)))
        number += db.session.scalar(select(func.count()).select_from(StagedRow).where(*here)) or 0
        told(number)
    db.session.execute(delete(StagedRow).where(mine), execution_options=_AS_IT_IS)
    if number:
        count(petition.id, batch_id, arrived=number, **{state: number})
        jobs.mark_due(petition.id)
    job.state, job.added, job.at, job.terms = "done", number, at, None
    db.session.flush()
    return number


def _fill(table: type[Base], columns: list[str], rows: Select[*tuple[Any, ...]]) -> None:
    db.session.execute(insert(table).from_select(columns, rows, include_defaults=False))


_AS_IT_IS = {"synchronize_session": False}
