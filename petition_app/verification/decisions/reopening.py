"""After the decision: undo, reopen, take back; whatever had been verified is corrected in public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import DECIDED
from petition_app.signatures.states import StateError, lock_signature, move
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.verification import rules
from petition_app.verification.cases.decision_log import append, list_decisions, verdicts_of
from petition_app.verification.decisions.policy import in_force
from petition_app.verification.decisions.services import DecisionShapeError
from petition_app.verification.models import Decision
from petition_app.verification.rules import RETRACTIONS, VERDICTS

FRESH = timedelta(hours=1)
LastPublished = Callable[[], datetime | None]
SLIP = timedelta(minutes=1)  # For which a reviewer can take their own verdict back.


@dataclass(frozen=True)
class Slip:
    """A verdict that its reviewer can still take back: the signature, and whether that is a public correction."""

    signature_id: UUID
    is_correction: bool


class NothingToUndoError(DomainError):
    """No decision that is fresh enough."""

    message = N_("There is no decision of the last hour to undo. Reopen the case instead.")


class TooLateError(DomainError):
    """A slip of more than a minute ago, or one that others have built on."""

    message = N_(
        "This decision can no longer be taken back from here: a minute has passed, somebody has acted on it since, or "
        "the letter is sealed and it counts already. An organizer can reopen the case under Decided."
    )


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


# --- a slip of one's own ------------------------------------------------------------------------------------------


def latest_own(petition: Petition, *, by: Account, at: datetime, published: LastPublished) -> Slip | None:
    """Return what a reviewer has just said and can still take back, if there is such a thing.

    `published` says when the numbers of the petition were published last.
    """
    known = {"petition": petition.id, "by": by.id, "since": at - SLIP}
    row = db.session.execute(_newest_own(), known).first()
    if row is None:
        return None
    last, signature, is_followed = row
    if is_followed or not _may_take_back(last, signature, petition, at=at):
        return None
    return Slip(signature.id, _is_correction(signature, last, published=published))


@cache
def _newest_own() -> Select[Decision, Signature, bool]:
    """Write the query for somebody's newest verdict, and whether another decision followed it.

    It is asked for with every page of the desk, so it is written once.
    """
    later = aliased(Decision)
    was_followed = exists().where(later.signature_id == Decision.signature_id, later.position > Decision.position)
    query = (
        select(Decision, Signature, was_followed)
        .join(Signature, Signature.id == Decision.signature_id)
        .where(
            Decision.petition_id == bindparam("petition"),
            Decision.at > bindparam("since"),
            Decision.account_id == bindparam("by"),
            Decision.outcome.in_(VERDICTS),
            Decision.bulk_id.is_(None),
        )
    )
    return query.order_by(Decision.at.desc()).limit(1)


def undo_own(
    signature_id: UUID, *, petition: Petition, by: Account, at: datetime, published: LastPublished
) -> tuple[Signature, bool]:
    """Take back one's own verdict of the last minute; return its signature, open again, and whether it is corrected.

    Where one reviewer decides, a verdict is published at once. Whoever sees the slip first takes it back, lest somebody
    who did not sign stays published until an organizer comes; that a verified signature was published and is no longer
    is told in public. Not once anybody has done something to the case since, nor where another signature was verified
    because this one was not; in sealed mode not once it was carried out. `published` says when the numbers were
    published last; nothing is published meanwhile, since the petition is locked.

    Raises:
        NotFoundError, TooLateError, FrozenError
    """
    require_role(by, petition.id, "reviewer", "organizer")
    require_thawed(petition)
    get_for_update(Petition, petition.id)
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    latest = list_decisions(signature_id)[-1:]
    if not latest or latest[0].account_id != by.id or latest[0].outcome not in VERDICTS:
        raise TooLateError
    if not _may_take_back(latest[0], signature, petition, at=at):
        raise TooLateError
    is_corrected = _is_correction(signature, latest[0], published=published)
    append(signature, outcome="undone", by=by, at=at, supersedes_id=latest[0].id, correction=is_corrected)
    if signature.state in VERDICTS:
        move(signature, "checking")
    audit.record("case.undone", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return signature, is_corrected


def _is_correction(signature: Signature, verdict: Decision, *, published: LastPublished) -> bool:
    """Return whether a signature counts by this verdict in numbers that are public, so far as can be told."""
    if signature.state != "verified":
        return False
    last = published()
    return not jobs.count_due(signature.petition_id) or bool(last and last >= verdict.at)


def _may_take_back(verdict: Decision, signature: Signature, petition: Petition, *, at: datetime) -> bool:
    """Return whether a verdict that no other decision has followed can still be taken back."""
    if verdict.at <= at - SLIP or verdict.bulk_id:
        return False
    if signature.state in ("checking", "needs_info"):
        return not signature.awaiting_enactment
    if petition.is_sealed:  # Names may have been opened since, apart from any publication of numbers.
        return False
    if not verdict.enacted:
        return False
    if verdict.outcome == "verified":
        return not _is_original(signature)
    return not _stands_instead(signature)


def _is_original(signature: Signature) -> bool:
    """Return whether somebody has said that another signature repeats this one."""
    repeats = select(Decision.id).where(Decision.duplicate_of_id == signature.id)
    return db.session.scalar(repeats.limit(1)) is not None


def _stands_instead(signature: Signature) -> bool:
    """Return whether a verified signature stands for the person whom this one matched best."""
    if signature.match_index is None:
        return False
    other = select(Signature.id).where(Signature.entry_index == signature.match_index, Signature.id != signature.id)
    return db.session.scalar(other.limit(1)) is not None


def _latest_verdict(signature_id: UUID) -> Decision | None:
    standing = rules.effective_verdicts(verdicts_of(signature_id))
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
