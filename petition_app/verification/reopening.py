"""After the decision: undo, reopen, take back; whatever had been verified is corrected in public."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from petition_app import audit, jobs
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import DECIDED
from petition_app.signatures.states import StateError, lock_signature, move
from petition_app.verification import rules
from petition_app.verification.models import Decision
from petition_app.verification.policy import in_force
from petition_app.verification.rules import RETRACTIONS, VERDICTS
from petition_app.verification.services import DecisionShapeError
from petition_app.verification.verdicts import append, verdicts_of

FRESH = timedelta(hours=1)


class NothingToUndoError(DomainError):
    """No decision that is fresh enough."""

    message = N_("There is no decision of the last hour to undo. Reopen the case instead.")


def _decided_case(signature_id: UUID, *, petition: Petition, by: Account) -> Signature:
    require_role(by, petition.id, "organizer")
    require_thawed(petition)
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    return signature


def reopen(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Check a decided signature again from the start. Reopening a verified one is a public correction.

    Raises:
        NotFoundError, StateError: it is not decided.
    """
    signature = _decided_case(signature_id, petition=petition, by=by)
    if signature.state not in DECIDED:
        raise StateError
    append(signature, outcome="reopened", by=by, at=at, correction=signature.state == "verified")
    move(signature, "checking")
    audit.record("case.reopened", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)


def undo(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Take back the latest verdict of the last hour. Where it had made the signature verified, that is corrected.

    Raises:
        NotFoundError, NothingToUndoError, StateError
    """
    signature = _decided_case(signature_id, petition=petition, by=by)
    latest = _latest_verdict(signature.id)
    if latest is None or latest.at < at - FRESH or signature.state not in (*VERDICTS, "checking", "needs_info"):
        raise NothingToUndoError
    take_back(signature, latest, petition=petition, by=by, at=at)
    audit.record("case.undone", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


def take_back(signature: Signature, verdict: Decision, *, petition: Petition, by: Account, at: datetime) -> None:
    """Take back one verdict of a locked signature; where too few agree without it, the case is open again."""
    row = append(signature, outcome="undone", by=by, at=at, supersedes_id=verdict.id)
    reviewers = in_force(petition, signature.batch_id).reviewers
    if signature.state in VERDICTS and not rules.outcome(verdicts_of(signature.id), reviewers=reviewers):
        row.correction = signature.state == "verified"
        move(signature, "checking")
    db.session.flush()


def may_undo(signature_id: UUID, *, at: datetime) -> bool:
    """Return whether the latest verdict that stands is of the last hour."""
    latest = _latest_verdict(signature_id)
    return latest is not None and latest.at >= at - FRESH


def _latest_verdict(signature_id: UUID) -> Decision | None:
    standing = rules.standing(verdicts_of(signature_id))
    return db.session.get(Decision, standing[-1].id) if standing else None


def retract(signature_id: UUID, *, reason: str, petition: Petition, by: Account, at: datetime) -> None:
    """Take a verified signature back: the count falls and a public correction tells the class of reason.

    Raises:
        NotFoundError, DecisionShapeError, StateError: it is not verified.
    """
    if reason not in RETRACTIONS:
        raise DecisionShapeError(what=N_("the reason is missing"))
    signature = _decided_case(signature_id, petition=petition, by=by)
    if signature.state != "verified":
        raise StateError
    append(signature, outcome="retracted", by=by, at=at, reason=reason, correction=True)
    move(signature, "retracted")
    jobs.mark_due(petition.id, urgent=True)
    audit.record("case.retracted", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
