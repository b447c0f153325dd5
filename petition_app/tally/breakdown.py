"""What is told of those who let their role and region be published, without a name: merged numbers and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from petition_app.petitions.models import Petition
from petition_app.petitions.services import list_public
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.storage.multi_insert import put
from petition_app.tally.models import Breakdown
from petition_app.tally.names import may_open
from petition_app.tally.rules import FEW, merge_small
from petition_app.verification.cases.open_keys_access import OpenKeysAccess

CHUNK = 500


def refresh(petition: Petition, *, at: datetime) -> Breakdown | None:
    """Count roles and places anew among the verified whose consent is 1, and keep the merged numbers alone.

    In sealed mode an organizer must have the keys open; else what was counted last stands. Fewer than five are not
    told of at all. Raises: StorageSealedError.
    """
    if petition.frozen_at or (petition.is_sealed and not may_open(petition.id, OpenKeysAccess())):
        return get_breakdown(petition.id)
    agreed = Signature.petition_id == petition.id, Signature.state == "verified", Signature.publication_tier == 1
    ids = db.session.scalars(select(Signature.id).where(*agreed)).all()
    if len(ids) < FEW:
        forget(petition.id)
        return None
    roles, places, read = Counter[str](), Counter[str](), 0
    for start in range(0, len(ids), CHUNK):
        for identity, _ in open_many(petition, ids[start : start + CHUNK]).values():
            roles[identity.role] += 1
            places[identity.place] += 1
            read += 1
    shares = {"roles": list(merge_small(roles)), "places": list(merge_small(places))}
    return put(Breakdown(petition_id=petition.id, as_of=at, total=read, **shares))


def list_countable() -> list[UUID]:
    """Return the petitions that the server itself may read; sealed ones wait for an organizer who publishes."""
    return [petition.id for petition in list_public() if not petition.is_sealed]


def refresh_one(petition_id: UUID, *, at: datetime) -> None:
    """Count anew for one petition. Raises: StorageSealedError."""
    refresh(db.session.get_one(Petition, petition_id), at=at)


def forget(petition_id: UUID) -> None:
    """Take the numbers by role and place from the public."""
    db.session.execute(delete(Breakdown).where(Breakdown.petition_id == petition_id))


def get_breakdown(petition_id: UUID) -> Breakdown | None:
    """Return what was counted last."""
    return db.session.get(Breakdown, petition_id)
