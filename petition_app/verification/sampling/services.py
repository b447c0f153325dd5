"""Re-checks of finished work: commit to a sample while a batch is checked, and draw it once it is decided."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import exists, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto import vault
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.verification.models import Batch
from petition_app.verification.sampling.models import Recheck, Sample
from petition_app.verification.sampling.rules import LARGEST_SAMPLE, POPULATIONS, SEED_BYTES, draw, seed_hash


class BatchDecidedError(DomainError):
    """The batch is decided; a sample of it could be chosen by its result."""

    message = N_("This batch is decided already. A sample is committed to while its cases are being checked.")


class BatchOpenError(DomainError):
    """The batch is not decided yet."""

    message = N_("This batch is still being checked. The sample is drawn once every case of it is decided.")


class NoSampleError(DomainError):
    """No sample was committed to."""

    message = N_("No sample was committed to for this batch.")


class SampleShapeError(DomainError):
    """The sample cannot be made."""

    message = N_("There is a sample of this batch already, or its size is not a number from 1 to 10,000.")


# --- committing and drawing -------------------------------------------------------------------------------------


def commit_to(
    petition: Petition, *, number: int, population: str, size: int, by: Account | None, at: datetime
) -> Sample:
    """Commit to a sample of a batch that is being decided: its seed is made and sealed, and its hash published.

    Raises:
        NotFoundError, BatchDecidedError, SampleShapeError, StorageSealedError
    """
    require_role(by, petition.id, "auditor")
    batch = locked_batch(petition, number)
    if batch is None or by is None:
        raise NotFoundError
    if is_closed(batch):
        raise BatchDecidedError
    if population not in POPULATIONS or not 1 <= size <= LARGEST_SAMPLE or sample_of(batch):
        raise SampleShapeError
    seed, ring, sample_id = secrets.token_bytes(SEED_BYTES), vault.key_ring(), uuid4()
    sample = Sample(
        id=sample_id, petition_id=petition.id, batch_id=batch.id, population=population, size=size,
        key_id=ring.newest, seed_box=ring.close(seed, bound_of(sample_id)), seed_hash=seed_hash(seed),
        committed_by_id=by.id, committed_at=at,
    )  # fmt: skip
    db.session.add(sample)
    audit.record("sample.committed", by=by.id, petition_id=petition.id, object_id=sample.id, number=size, at=at)
    jobs.mark_due(petition.id)
    db.session.flush()
    return sample


def draw_sample(petition: Petition, *, number: int, by: Account | None, at: datetime) -> Sample:
    """Reveal the seed of a batch that is decided, and draw the sample that follows from it.

    Raises:
        NoSampleError, BatchOpenError, UnreadableError, StorageSealedError
    """
    require_role(by, petition.id, "auditor")
    batch = locked_batch(petition, number)
    sample = sample_of(batch) if batch else None
    if batch is None or sample is None:
        raise NoSampleError
    if not is_closed(batch):
        raise BatchOpenError
    if sample.seed is not None:
        return sample
    seed = vault.key_ring().open(sample.key_id, sample.seed_box, bound_of(sample.id))
    rows = select(Signature.commitment, Signature.id).where(
        Signature.batch_id == batch.id, Signature.state.in_(POPULATIONS[sample.population])
    )
    members = {row.commitment: row.id for row in db.session.execute(rows)}
    sample.seed, sample.drawn_at, sample.members = seed, at, len(members)
    drawn = draw(seed, members, sample.size)
    db.session.add_all(
        Recheck(sample_id=sample.id, signature_id=members[commitment], position=position)
        for position, commitment in enumerate(drawn, 1)
    )
    audit.record(
        "sample.drawn", by=by.id if by else None, petition_id=petition.id, object_id=sample.id, number=len(drawn), at=at
    )
    jobs.mark_due(petition.id)
    db.session.flush()
    return sample


def is_closed(batch: Batch) -> bool:
    """Return whether the batch is sealed and every case of it decided."""
    waits = exists().where(Signature.batch_id == batch.id, Signature.state.in_(("checking", "needs_info")))
    return batch.sealed_at is not None and not db.session.scalar(select(waits))


def bound_of(sample_id: UUID) -> bytes:
    """Return where the seed of a sample is stored, as the vault binds it."""
    return b"sample/v1|" + str(sample_id).encode()


def locked_batch(petition: Petition, number: int) -> Batch | None:
    """Return a batch by its number, locked."""
    found = select(Batch.id).where(Batch.petition_id == petition.id, Batch.number == number)
    batch_id = db.session.scalar(found)
    return get_for_update(Batch, batch_id) if batch_id else None


def sample_of(batch: Batch) -> Sample | None:
    """Return the sample of a batch."""
    return db.session.scalar(select(Sample).where(Sample.batch_id == batch.id))
