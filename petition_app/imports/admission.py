"""A staged file becomes signatures: initial signatories join batch 0."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.imports import services
from petition_app.petitions.models import Petition
from petition_app.signatures.import_models import Import
from petition_app.storage.db import db, get_for_update
from petition_app.verification.batches.services import open_initial_batch


def admit_import(
    import_id: UUID, *, by: Account | None, at: datetime, told: Callable[[int], None] = lambda _number: None
) -> int:
    """Turn a staged file into signatures; initial signatories join batch 0. Returns how many.

    Raises:
        InitialClosedError: batch 1 is sealed.
        ImportBrokenError: it is not staged any more.
    """
    job = db.session.get(Import, import_id)
    if job is None:
        raise services.ImportBrokenError
    petition = get_for_update(Petition, job.petition_id)
    get_for_update(Import, import_id)
    batch = open_initial_batch(petition, at=at) if petition and job.initial else None
    number = services.admit(job, batch_id=batch.id if batch else None, at=at, told=told)
    if batch:
        batch.size += number
    audit.record(
        "signatures.imported",
        by=by.id if by else None,
        petition_id=job.petition_id,
        object_id=job.id,
        number=number,
        at=at,
    )
    db.session.flush()
    return number
