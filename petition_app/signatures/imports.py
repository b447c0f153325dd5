"""Importing a file of signatures: rows are sealed and staged, then become signatures all at once."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select

from petition_app import jobs, vault
from petition_app.db import db, lock, note_erasure
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.security import fingerprint, hash_secret, new_secret_code
from petition_app.sheets import BadRow
from petition_app.signatures import sealing
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
from petition_app.signatures.tables import Row

CHUNK = 500


class ImportClosedError(DomainError):
    """The petition is closed."""

    message = N_("The petition is closed; nothing can be imported any more.")


def file_hash(path: Path) -> bytes:
    """Return SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def begin(petition: Petition, *, sha256: bytes, initial: bool, at: datetime, known: UUID | None = None) -> Import:
    """Begin the import of a file, or return the one that was done; an import that was cut off starts anew.

    In sealed mode no hash of the file is kept, since a short file could be guessed: it is `known` by the random id of
    an earlier try, which is written beside it.

    Raises:
        ImportClosedError
    """
    lock(Petition, petition.id)
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
    if found:
        let_go(found)
        found.state, found.account_id = "staging", None
        found.initial, found.at = initial, at
    else:
        found = Import(petition_id=petition.id, sha256=sha256, initial=initial, at=at)
        db.session.add(found)
    db.session.flush()
    return found


def let_go(job: Import) -> None:
    """Remove every row of a file that has not become a signature, and its bad rows."""
    for table in (ImportChunk, StagedRow, ImportBadRow):
        db.session.execute(delete(table).where(table.import_id == job.id))
    job.box = job.columns = None
    job.total = job.staged = job.bad = 0
    note_erasure()


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


def stage(job: Import, rows: Iterable[Row], *, consent_held: str, codes: bool) -> dict[int, str]:
    """Seal some rows of a file and keep them for later; return the secret codes made, by line.

    A row whose `ref` was imported before is passed over; in sealed mode no `ref` is remembered.
    """
    made: dict[int, str] = {}
    petition = db.session.get_one(Petition, job.petition_id)
    seal_lock, remembers = sealing.lock_for(petition), not petition.is_sealed
    for row in rows:
        ref = fingerprint("ref", job.petition_id, row.ref) if row.ref and remembers else None
        if ref and db.session.get(ImportedRef, ref):
            continue
        case = {"kind": "imported", "on": job.at.date().isoformat(), "text": consent_held if row.consent else ""}
        sealed = sealing.seal(seal_lock, petition_id=job.petition_id, identity=row.identity, email=row.email, case=case)
        record = _record(sealed, language=row.language, consent=row.consent, ref=ref)
        if codes:
            secret_code, entropy = new_secret_code(row.language)
            made[row.line] = secret_code
            signer_key = vault.signer_keys(entropy, job.petition_id).public_key().public_bytes_raw()
            record["code_hash"], record["signer_key"] = _text(hash_secret("my/v1", entropy)), _text(signer_key)
        db.session.add(StagedRow(import_id=job.id, line=row.line, record=json.dumps(record).encode()))
    db.session.flush()
    return made


def admit(job: Import, *, batch_id: UUID | None, at: datetime) -> int:
    """Turn all staged rows of a file into signatures at once; return how many.

    Initial signatories go into batch 0 (`batch_id`) and are checked there; others are received.
    """
    petition = lock(Petition, job.petition_id)
    if petition is None:
        raise ImportClosedError
    require_thawed(petition)
    lock(Import, job.id)
    state, number = ("checking" if batch_id else "received"), 0
    shared = {
        "petition_id": petition.id,
        "text_version_id": petition.text.id,
        "batch_id": batch_id,
        "state": state,
        "arrived_on": at.date(),
    }
    while staged := db.session.scalars(select(StagedRow).where(StagedRow.import_id == job.id).limit(CHUNK)).all():
        _insert([json.loads(row.record) for row in staged], shared, job.id)
        for row in staged:
            db.session.delete(row)
        db.session.flush()
        number += len(staged)
    if number:
        count(petition.id, batch_id, arrived=number, **{state: number})
        jobs.mark_due(petition.id)
    job.state, job.added, job.at = "done", number, at
    db.session.flush()
    return number


def _record(sealed: sealing.SealedSignature, *, language: str, consent: int, ref: bytes | None) -> dict[str, Any]:
    parts = {part: [_text(new.sealed.box), _text(new.sealed.wrapped_key)] for part, new in sealed.parts.items()}
    return {
        "id": str(sealed.signature_id),
        "commitment": _text(sealed.commitment),
        "name_index": _text(sealed.name_index) if sealed.name_index else None,
        "mailbox_index": _text(sealed.mailbox_index) if sealed.mailbox_index else None,
        "key": [sealed.key.key_id, _text(sealed.key.box)],
        "parts": parts,
        "language": language,
        "consent": consent,
        "ref": _text(ref) if ref else None,
    }


def _insert(records: list[dict[str, Any]], shared: dict[str, UUID | str | date | None], import_id: UUID) -> None:
    signatures, parts, keys, refs = [], [], [], []
    for record in records:
        signature_id = UUID(record["id"])
        signatures.append(
            {
                **shared,
                "id": signature_id,
                "language": record["language"],
                "consent": record["consent"],
                "commitment": _bytes(record["commitment"]),
                "name_index": _bytes(record.get("name_index")),
                "mailbox_index": _bytes(record["mailbox_index"]),
                "code_hash": _bytes(record.get("code_hash")),
                "signer_key": _bytes(record.get("signer_key")),
                "names_due": False,
            }
        )
        key_id, box = record["key"]
        keys.append(
            {"id": uuid4(), "signature_id": signature_id, "part_id": None, "key_id": key_id, "box": _bytes(box)}
        )
        for part, (part_box, part_key) in record["parts"].items():
            part_id = uuid4()
            parts.append({"id": part_id, "signature_id": signature_id, "part": part, "box": _bytes(part_box)})
            keys.append(
                {
                    "id": uuid4(),
                    "signature_id": signature_id,
                    "part_id": part_id,
                    "key_id": None,
                    "box": _bytes(part_key),
                }
            )
        if record["ref"]:
            refs.append({"ref_index": _bytes(record["ref"]), "import_id": import_id})
    db.session.execute(insert(Signature), signatures)
    db.session.execute(
        insert(ImportMember), [{"signature_id": one["id"], "import_id": import_id} for one in signatures]
    )
    db.session.execute(insert(SealedPart), parts)
    db.session.execute(insert(SealedKey), keys)
    if refs:
        db.session.execute(insert(ImportedRef), refs)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(value: str | None) -> bytes | None:
    return base64.b64decode(value) if value else None
