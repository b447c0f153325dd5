"""Checking against a roster from now on: whoever was verified without an entry, but not finally, is asked about again.

A verdict without an entry and one with an entry would never agree, so that a third person, then a fourth, had to look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.petitions import policies
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Policy
from petition_app.signatures.models import Signature
from petition_app.signatures.services import has_any
from petition_app.signatures.states import lock_signature
from petition_app.storage.db import db, get_for_update
from petition_app.verification.cases.decision_log import append
from petition_app.verification.models import Decision

OPEN = ("checking", "needs_info")


def use(
    petition: Petition, *, by: Account, at: datetime, has_signed: Callable[[UUID], bool] = has_any
) -> int:  # fmt: skip
    """Check the signatures of a petition against its roster from now on; return how many cases are asked about again.

    Raises:
        FrozenError, NotFoundError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id, alone=True)  # Nobody signs meanwhile, so that the answer holds until the end.
    require_thawed(petition)
    policies.change(
        petition, replace(Policy.of(petition), roster=True), signed=has_signed(petition.id), by=by, at=at
    )  # fmt: skip
    return ask_again(petition, by=by, at=at)


def ask_again(petition: Petition, *, by: Account, at: datetime) -> int:
    """Begin the check anew of each open case that a reviewer verified without an entry; return how many.

    Does nothing where cases are not checked against a roster.
    """
    if not petition.roster:
        return 0
    return sum(_begin_anew(signature_id, by=by, at=at) for signature_id in _without_entry(petition))


def count_without_entry(petition: Petition) -> int:
    """Return how many open cases a reviewer verified without an entry, while no roster was in use."""
    return len(_without_entry(petition))


def _without_entry(petition: Petition) -> list[UUID]:
    later, undone = aliased(Decision), aliased(Decision)
    query = (
        select(Signature.id)
        .join(Decision, Decision.signature_id == Signature.id)
        .where(
            Signature.petition_id == petition.id,
            Signature.state.in_(OPEN),
            Decision.outcome == "verified",
            Decision.eligible.is_(None),
            ~exists().where(
                later.signature_id == Signature.id, later.position > Decision.position, later.outcome == "reopened"
            ),
            ~exists().where(undone.supersedes_id == Decision.id),
        )
        .distinct()
        .order_by(Signature.id)
    )
    return list(db.session.scalars(query))


def _begin_anew(signature_id: UUID, *, by: Account, at: datetime) -> bool:
    signature = lock_signature(signature_id)
    if signature is None or signature.state not in OPEN:
        return False
    append(signature, outcome="reopened", by=by, at=at)
    signature.awaiting_enactment = False
    audit.record("case.reopened", by=by.id, petition_id=signature.petition_id, object_id=signature.id, at=at)
    db.session.flush()
    return True
