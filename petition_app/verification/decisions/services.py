"""Deciding: leases and verdicts; every act is recorded."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.states import StateError, lock_signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.cases import judged_names
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.decision_log import append, list_decisions, read
from petition_app.verification.cases.judged_names import Grounds
from petition_app.verification.decisions import enactment, policy
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.models import Decision, Evidence, Lease, MatchLease
from petition_app.verification.rules import CONTACTS, ELIGIBLE, REASONS, VERDICTS

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


class OwnWordError(DomainError):
    """Who vouched does not decide."""

    message = N_("You gave your own word for this person, so another reviewer must decide.")


# --- the decision -----------------------------------------------------------------------------------------------


def decide(
    signature_id: UUID, new: NewDecision, *, access: CaseAccess, petition: Petition, by: Account, at: datetime
) -> tuple[Decision, str]:
    """Record a reviewer's verdict and, when as many as the policy asks for agree, carry it out.

    Returns the decision and the state of the signature after it.

    Raises:
        NotFoundError, NotYoursError, DecidedAlreadyError, OwnWordError, DecisionShapeError,
        PolicyError, ConflictError, EntryTakenError: see `policy.check_verified`.
        StateError: the signature was withdrawn or decided meanwhile.
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    decision = record_verdict(signature, new, access=access, petition=petition, by=by, at=at)
    free(signature.id)
    return decision, signature.state


def record_verdict(
    signature: Signature,
    new: NewDecision,
    *,
    access: CaseAccess,
    petition: Petition,
    by: Account,
    at: datetime,
    bulk_id: UUID | None = None,
) -> Decision:
    """Record a verdict on a locked signature and carry it out when enough reviewers agree. Raises: as `decide`."""
    require_thawed(petition)
    _check_shape(signature, new, at=at)
    decisions = list_decisions(signature.id)
    if any(verdict.reviewer == by.id for verdict in rules.effective_verdicts(read(decisions))):
        raise DecidedAlreadyError
    found = db.session.scalars(select(Evidence).where(Evidence.signature_id == signature.id)).all()
    if any(row.own_word and row.account_id == by.id for row in found):  # Be it taken back or not.
        raise OwnWordError
    verified = new.outcome == "verified"
    if verified:
        standing = [(row.kind, row.strength) for row in found if row.removed_on is None]
        policy.check_verified(signature, new, standing, access=access, petition=petition, by=by)
    reached = bool(new.contact) or any(row.kind in rules.REACHED and row.removed_on is None for row in found)
    needed = policy.in_force(petition, signature.batch_id).reviewers
    grounds = Grounds(by.id, judged_names.rounds(decisions), needed, new.contact, reached)
    decision = append(
        signature,
        outcome=new.outcome,
        by=by,
        at=at,
        reason=new.reason if new.outcome == "rejected" else None,
        duplicate_of_id=new.duplicate_of if new.outcome == "duplicate" else None,
        contact=new.contact if verified else None,
        contacted_on=new.contacted_on if verified and new.contact else None,
        eligible=new.eligible if verified else None,
        entry_mark=access.mark(signature, petition, new.entry) if verified and new.entry else None,
        judged=access.prove(signature, grounds) if verified else None,
        roster_number=policy.roster_number(petition),
        bulk_id=bulk_id,
    )
    for kind, text in (("note", new.note), ("grounds", new.grounds if verified else "")):
        if text:
            access.append(signature, {"kind": kind, "by": by.name, "on": at.date().isoformat(), "text": text})
    enactment.enact(signature, petition, [*decisions, decision], access=access)
    if petition.is_sealed:
        jobs.mark_due(petition.id)
    audit.record(f"case.decided_{new.outcome}", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return decision


def _check_shape(signature: Signature, new: NewDecision, *, at: datetime) -> None:
    if new.outcome not in VERDICTS:
        raise DecisionShapeError(what=N_("there is no such outcome"))
    if new.outcome == "rejected" and new.reason not in REASONS:
        raise DecisionShapeError(what=N_("the reason is missing"))
    if new.outcome == "verified" and new.contact and new.contact not in CONTACTS:
        raise DecisionShapeError(what=N_("there is no such way of reaching a person"))
    if new.outcome == "verified" and new.contact and (not new.contacted_on or new.contacted_on > at.date()):
        raise DecisionShapeError(what=N_("the day on which the person was reached is missing or lies ahead"))
    if max(len(new.note), len(new.grounds)) > TEXT_LENGTH:
        raise DecisionShapeError(what=N_("the note is too long"))
    if new.outcome == "verified" and new.eligible not in (None, *ELIGIBLE):
        raise DecisionShapeError(what=N_("there is no such answer"))
    if new.outcome == "verified" and not new.agrees:
        raise DecisionShapeError(what=N_("who does not agree cannot be verified; choose Not verified and say why"))
    if new.outcome == "duplicate":
        original = db.session.get(Signature, new.duplicate_of) if new.duplicate_of else None
        known = original is not None and original.petition_id == signature.petition_id and original.id != signature.id
        if not known or original is None or original.state not in ("checking", "needs_info", "verified"):
            raise DecisionShapeError(what=N_("choose the signature that it repeats"))


# --- holding a case ---------------------------------------------------------------------------------------------


def held_case(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Signature:
    """Return a case that this reviewer holds and that is still open, locked.

    Raises:
        NotFoundError, NotYoursError, StateError, FrozenError
    """
    require_role(by, petition.id, "reviewer", "organizer")
    require_thawed(petition)
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
    return held_until(signature_id, by=by, at=at) is not None


def held_until(signature_id: UUID, *, by: Account, at: datetime) -> datetime | None:
    """Return until when this reviewer holds the case, or nothing."""
    lease = db.session.get(Lease, signature_id, populate_existing=True)
    return lease.until if lease and lease.account_id == by.id and lease.until > at else None


def put_back(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Free a case without deciding it. Raises: NotFoundError."""
    require_role(by, petition.id, "reviewer", "organizer")
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    if holds(signature_id, by=by, at=at):
        free(signature_id)
        audit.record("case.put_back", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)


def free_all(petition: Petition, _at: datetime) -> None:
    """End every lease on a petition's cases, and that on its list."""
    db.session.execute(delete(MatchLease).where(MatchLease.petition_id == petition.id))
    cases = select(Signature.id).where(Signature.petition_id == petition.id)
    held = delete(Lease).where(Lease.signature_id.in_(cases))
    db.session.execute(held.execution_options(synchronize_session=False))


def free(signature_id: UUID) -> None:
    """End the lease of a case."""
    db.session.execute(delete(Lease).where(Lease.signature_id == signature_id))
