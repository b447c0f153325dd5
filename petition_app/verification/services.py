"""Deciding: leases, decisions, questions, reopening, undoing, retracting; every act is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import DECIDED
from petition_app.signatures.states import StateError, lock_signature, move
from petition_app.verification import rules
from petition_app.verification.models import Decision, Lease
from petition_app.verification.rules import CONTACTS, REASONS, RETRACTIONS, VERDICTS, Verdict

LEASE = timedelta(minutes=10)
FRESH = timedelta(hours=1)
TEXT_LENGTH = 2000


class NotYoursError(DomainError):
    """The case is not held by this reviewer."""

    message = N_("This case is not yours any more: ten minutes have passed, or it was put back. Take the next one.")


class DecisionShapeError(DomainError):
    """The decision lacks what its outcome needs."""

    message = N_("This decision is not complete: %(what)s.")


class DecidedAlreadyError(DomainError):
    """The same reviewer cannot decide twice in a round."""

    message = N_("You have decided this case already; another reviewer must see it.")


class NothingToUndoError(DomainError):
    """No decision that is fresh enough."""

    message = N_("There is no decision of the last hour to undo. Reopen the case instead.")


@dataclass(frozen=True)
class NewDecision:
    """A verdict as a reviewer gives it. `contact` says how the person was reached and `contacted_on` on which day;
    without them a verified name is not published. `note` is sealed with the case.
    """

    outcome: str
    reason: str | None = None
    duplicate_of: UUID | None = None
    contact: str | None = None
    contacted_on: date | None = None
    note: str = ""


# --- the decision -----------------------------------------------------------------------------------------------


def decide(
    signature_id: UUID, new: NewDecision, *, petition: Petition, by: Account, at: datetime
) -> tuple[Decision, str]:
    """Record a reviewer's verdict and, when as many as the policy asks for agree, carry it out.

    Returns the decision and the state of the signature after it.

    Raises:
        NotFoundError, NotYoursError, DecidedAlreadyError, DecisionShapeError,
        StateError: the signature was withdrawn or decided meanwhile.
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    _check_shape(signature, new, at=at)
    if any(verdict.reviewer == by.id for verdict in rules.standing(verdicts_of(signature.id))):
        raise DecidedAlreadyError
    decision = _append(
        signature,
        outcome=new.outcome,
        by=by,
        at=at,
        reason=new.reason if new.outcome == "rejected" else None,
        duplicate_of_id=new.duplicate_of if new.outcome == "duplicate" else None,
        contact=new.contact if new.outcome == "verified" else None,
        contacted_on=new.contacted_on if new.outcome == "verified" and new.contact else None,
    )
    if new.note:
        sealing.add_to_case(signature, {"kind": "note", "by": by.name, "on": at.date().isoformat(), "text": new.note})
    agreed = rules.outcome(verdicts_of(signature.id), reviewers=petition.reviewers)
    if agreed:
        move(signature, agreed[0])
    free(signature.id)
    audit.record(f"case.decided_{new.outcome}", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return decision, signature.state


def _check_shape(signature: Signature, new: NewDecision, *, at: datetime) -> None:
    if new.outcome not in VERDICTS:
        raise DecisionShapeError(what=N_("there is no such outcome"))
    if new.outcome == "rejected" and new.reason not in REASONS:
        raise DecisionShapeError(what=N_("the reason is missing"))
    if new.outcome == "verified" and new.contact and new.contact not in CONTACTS:
        raise DecisionShapeError(what=N_("there is no such way of reaching a person"))
    if new.outcome == "verified" and new.contact and (not new.contacted_on or new.contacted_on > at.date()):
        raise DecisionShapeError(what=N_("the day on which the person was reached is missing or lies ahead"))
    if len(new.note) > TEXT_LENGTH:
        raise DecisionShapeError(what=N_("the note is too long"))
    if new.outcome == "duplicate":
        original = db.session.get(Signature, new.duplicate_of) if new.duplicate_of else None
        known = original is not None and original.petition_id == signature.petition_id and original.id != signature.id
        if not known or original is None or original.state not in ("checking", "needs_info", "verified"):
            raise DecisionShapeError(what=N_("choose the signature that it repeats"))


def verdicts_of(signature_id: UUID) -> list[Verdict]:
    """Return a signature's decisions in their order, as the rules read them."""
    rows = db.session.scalars(
        select(Decision).where(Decision.signature_id == signature_id).order_by(Decision.position)
    ).all()
    return [
        Verdict(
            row.id, row.account_id, row.outcome, row.duplicate_of_id, row.contact, row.supersedes_id, row.entry_mark
        )
        for row in rows
    ]


def _append(signature: Signature, *, outcome: str, by: Account, at: datetime, **fields: object) -> Decision:
    latest = db.session.scalar(
        select(Decision.position)
        .where(Decision.signature_id == signature.id)
        .order_by(Decision.position.desc())
        .limit(1)
    )
    decision = Decision(
        signature_id=signature.id,
        petition_id=signature.petition_id,
        position=(latest or 0) + 1,
        account_id=by.id,
        outcome=outcome,
        at=at,
        **fields,
    )
    db.session.add(decision)
    db.session.flush()
    return decision


# --- holding a case ---------------------------------------------------------------------------------------------


def held_case(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Signature:
    """Return a case that this reviewer holds and that is still open, locked.

    Raises:
        NotFoundError, NotYoursError, StateError
    """
    require_role(by, petition.id, "reviewer", "organizer")
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    if not holds(signature_id, by=by, at=at):
        raise NotYoursError
    if signature.state not in ("checking", "needs_info"):
        raise StateError
    return signature


def holds(signature_id: UUID, *, by: Account, at: datetime) -> bool:
    """Return whether this reviewer holds the case now."""
    lease = db.session.get(Lease, signature_id, populate_existing=True)
    return lease is not None and lease.account_id == by.id and lease.until > at


def put_back(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Free a case without deciding it. Raises: NotFoundError."""
    require_role(by, petition.id, "reviewer", "organizer")
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    if holds(signature_id, by=by, at=at):
        free(signature_id)
        audit.record("case.put_back", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)


def free(signature_id: UUID) -> None:
    """End the lease of a case."""
    db.session.execute(delete(Lease).where(Lease.signature_id == signature_id))


# --- after the decision -----------------------------------------------------------------------------------------


def _decided_case(signature_id: UUID, *, petition: Petition, by: Account) -> Signature:
    require_role(by, petition.id, "organizer")
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
    _append(signature, outcome="reopened", by=by, at=at, correction=signature.state == "verified")
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
    was = signature.state
    row = _append(signature, outcome="undone", by=by, at=at, supersedes_id=latest.id)
    agreed = rules.outcome(verdicts_of(signature.id), reviewers=petition.reviewers)
    if agreed is None and was in VERDICTS:
        row.correction = was == "verified"
        move(signature, "checking")
    audit.record("case.undone", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
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
    _append(signature, outcome="retracted", by=by, at=at, reason=reason, correction=True)
    move(signature, "retracted")
    audit.record("case.retracted", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
