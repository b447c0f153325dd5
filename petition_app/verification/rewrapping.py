"""Putting everything that lies under an older key of the server's ring under the newest one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from petition_app import audit, vault
from petition_app.db import db
from petition_app.petitions import signing
from petition_app.signatures.import_models import Import, StagedRow
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.vault import KeyRing, Place, WrappedKey
from petition_app.verification.sampling import bound_of
from petition_app.verification.sampling_models import Sample

SLICE = 500


def rewrap_slice(*, at: datetime) -> int:
    """Rewrap the next slice of wrapped keys, sealed seeds and signing keys; return how many, none when all is done.

    Raises:
        StorageSealedError, UnreadableError: the ring lacks a key that is still in use.
    """
    ring = vault.key_ring()
    older = [key_id for key_id in ring.keys if key_id != ring.newest]
    rows = db.session.execute(
        select(SealedKey, func.coalesce(Signature.petition_id, Import.petition_id), SealedPart.part)
        .outerjoin(Signature, Signature.id == SealedKey.signature_id)
        .outerjoin(StagedRow, StagedRow.id == SealedKey.signature_id)
        .outerjoin(Import, Import.id == StagedRow.import_id)
        .outerjoin(SealedPart, SealedPart.id == SealedKey.part_id)
        .where(SealedKey.key_id.in_(older))
        .limit(SLICE)
        .with_for_update(of=SealedKey)
    ).all()
    for row, petition_id, part in rows:
        _rewrap(row, petition_id, part or "key", ring)
    samples = db.session.scalars(select(Sample).where(Sample.key_id.in_(older)).limit(SLICE).with_for_update()).all()
    for sample in samples:
        seed = ring.open(sample.key_id, sample.seed_box, bound_of(sample.id))
        sample.key_id, sample.seed_box = ring.newest, ring.close(seed, bound_of(sample.id))
    if number := len(rows) + len(samples) + signing.rewrap_all():
        audit.record("keys.rewrapped", number=number, at=at)
    db.session.flush()
    return number


def _rewrap(row: SealedKey, petition_id: UUID, part: str, ring: KeyRing) -> None:
    place = Place(petition_id, row.signature_id, part)
    wrapped = ring.wrap(ring.unwrap(WrappedKey(row.key_id or "", row.box), place), place)
    row.key_id, row.box = wrapped.key_id, wrapped.box
