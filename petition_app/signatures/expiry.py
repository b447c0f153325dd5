"""What runs out: signatures that nobody confirmed, and the rows of their codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, select

from petition_app import audit
from petition_app.signatures import sealing
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.states import move
from petition_app.storage.db import db

UNCONFIRMED_LIFE = timedelta(days=3)


def discard_unconfirmed(petition_id: UUID, *, at: datetime, limit: int = 500) -> int:
    """Discard signatures of a petition that nobody confirmed within 72 hours (counted in days); return how many.

    Those of a group entry stay until their own codes run out.
    """
    own = stale(at).where(Signature.petition_id == petition_id)
    signatures = db.session.scalars(own.limit(limit).with_for_update(skip_locked=True)).all()
    for signature in signatures:
        discard(signature, at=at)
    return len(signatures)


def count_stale(*, at: datetime) -> int:
    """Return how many signatures nobody has confirmed in time."""
    return db.session.scalar(select(func.count()).select_from(stale(at).subquery())) or 0


def stale(at: datetime) -> Select[Signature]:
    """Select the signatures that nobody has confirmed in time."""
    invited = exists().where(
        Confirmation.signature_id == Signature.id, Confirmation.group_id.is_not(None), Confirmation.expires_at >= at
    )
    return select(Signature).where(
        Signature.state == "unconfirmed", Signature.arrived_on < (at - UNCONFIRMED_LIFE).date(), ~invited
    )


def discard(signature: Signature, *, at: datetime) -> None:
    """Discard an unconfirmed signature, locked: its keys are erased at once."""
    move(signature, "discarded")
    sealing.erase(signature)
    audit.record_signer("signature.discarded", petition_id=signature.petition_id, at=at)


def discard_invitation(row: Confirmation, signature: Signature, *, at: datetime) -> None:
    """Discard an unconfirmed signature and its code, both locked."""
    discard(signature, at=at)
    db.session.delete(row)


def forget_confirmations(*, at: datetime) -> None:
    """Remove the rows of codes that ran out a day ago; until then a form sent again is recognized."""
    db.session.execute(delete(Confirmation).where(Confirmation.expires_at < at - timedelta(days=1)))
