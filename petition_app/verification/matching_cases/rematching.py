"""A newer roster: what was not found on an older one comes back to the desk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.states import lock_signature, move
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.verification.cases.decision_log import append
from petition_app.verification.models import Decision


def rematch_later(petition: Petition, at: datetime) -> None:
    """Ask for what a roster taken into use during a freeze would have brought back."""
    jobs.enqueue("verification.rematch", {"petition_id": str(petition.id)}, at=at)


def bring_back_not_found(petition_id: UUID, *, at: datetime) -> int:
    """Put back what was "not found" on an older roster than the current one, and nothing else; return how many.

    A frozen petition is left as it is; the end of the freeze asks for it again.
    """
    version = rosters.current(petition_id)
    if version is None or db.session.get_one(Petition, petition_id).frozen_at:
        return 0
    later = aliased(Decision)
    missed = db.session.scalars(
        select(Decision.signature_id)
        .join(Signature, Signature.id == Decision.signature_id)
        .where(
            Decision.petition_id == petition_id,
            Decision.enacted,
            Decision.reason == "not_found",
            Decision.roster_number < version.number,
            Signature.state == "rejected",
            ~exists().where(
                later.signature_id == Decision.signature_id,
                later.position > Decision.position,
                later.outcome == "reopened",
            ),
        )
        .order_by(Decision.signature_id)
    ).all()
    return sum(_bring_back(signature_id, at=at) for signature_id in missed)


def _bring_back(signature_id: UUID, *, at: datetime) -> int:
    signature = lock_signature(signature_id)
    if signature is None or signature.state != "rejected" or not sealing.is_readable(signature):
        return 0
    append(signature, outcome="reopened", by=None, at=at)
    move(signature, "checking")
    audit.record("case.brought_back", petition_id=signature.petition_id, object_id=signature.id, at=at)
    return 1
