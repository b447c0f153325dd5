"""Many cases in one act: chosen by a filter, seen beforehand, run in slices, cancelled, taken back.

A bulk verdict is one reviewer's verdict on each case, given through the same door as any other. Which cases are
chosen never depends on what other reviewers decided.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Uuid, case, delete, exists, func, insert, literal, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.verification.bulk.choice import Filter, chosen_ids
from petition_app.verification.bulk.left_out import count_left_out, count_unmatched
from petition_app.verification.cases import stored_matches
from petition_app.verification.cases.stored_matches import StoredCandidate
from petition_app.verification.models import Bulk, BulkCase, Decision, Evidence
from petition_app.verification.rules import VERDICTS, case_number

EXAMPLES = 10
SHOWN_FOR = timedelta(minutes=10)
CAN_UNDO = ("done", "cancelled")
TAKEN_BACK_FROM = (*VERDICTS, "checking", "needs_info")


class NothingChosenError(DomainError):
    """The filter fits no case."""

    message = N_("No case fits this filter, so there is nothing to do.")


class SealedBulkError(DomainError):
    """In a sealed petition nobody opens many cases at once."""

    message = N_("This petition is sealed: its cases are opened one at a time, by two people, and never in bulk.")


class BulkStateError(DomainError):
    """It has gone on meanwhile."""

    message = N_("This can no longer be done: it has been started, ended or taken back meanwhile.")


class LookedTooLongAgoError(DomainError):
    """The number and the examples are old."""

    message = N_("More than ten minutes have passed since these cases were chosen. Please choose them again.")


class StillMatchingError(DomainError):
    """Some cases are not matched yet: one of them may be the same person's as a chosen one, and nobody knows it."""

    message = N_(
        "Nothing was started: cases are still being matched with the roster (%(number)s left), and one of them may be "
        "the same person's as one of these. Choose again when that is done."
    )


class Act(Protocol):
    """Something done to a bulk act."""

    def __call__(self, bulk_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Bulk:
        """Do it."""


@dataclass(frozen=True)
class Example:
    """One chosen case: what was submitted, the roster entry it would be verified as, and the evidence."""

    number: str
    name: str
    role: str
    place: str
    match: str
    entry: StoredCandidate | None
    evidence: list[tuple[str, int]]


@dataclass(frozen=True)
class Progress:
    """How far a bulk act is: of all chosen, how many have each result (`waiting`: none yet)."""

    total: int
    results: dict[str, int]

    @property
    def done(self) -> int:
        """Return how many verdicts were given, taken back or not."""
        return sum(self.results.get(result, 0) for result in ("done", "undone", "kept"))

    @property
    def waiting(self) -> int:
        """Return how many are still to come."""
        return self.results.get("waiting", 0)

    @property
    def taken_back(self) -> int:
        """Return how many verdicts were looked at again by the taking back."""
        return self.results.get("undone", 0) + self.results.get("kept", 0)


# --- looking first ----------------------------------------------------------------------------------------------


def prepare(chosen: Filter, *, petition: Petition, by: Account, at: datetime) -> Bulk:
    """Choose the cases, freeze which they are, and open ten of them at random to be looked at, which is recorded.

    What this person had chosen before and never started is forgotten.

    Raises:
        NotFoundError, NothingChosenError, SealedBulkError
    """
    require_role(by, petition.id, "organizer")
    if petition.is_sealed:
        raise SealedBulkError
    _forget_waiting(petition, by=by)
    bulk = Bulk(petition_id=petition.id, account_id=by.id, chosen=asdict(chosen), at=at)
    db.session.add(bulk)
    db.session.flush()
    found = chosen_ids(chosen, petition=petition, by=by, at=at).add_columns(literal(bulk.id, Uuid()))
    db.session.execute(insert(BulkCase).from_select(["signature_id", "bulk_id"], found))
    bulk.total = progress(bulk).waiting
    bulk.left_out = count_left_out(chosen, petition=petition, by=by, at=at)
    if not bulk.total:
        raise NothingChosenError
    for signature_id in _drawn(bulk):
        audit.record("case.opened", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)
    db.session.flush()
    return bulk


def _forget_waiting(petition: Petition, *, by: Account) -> None:
    old = select(Bulk.id).where(Bulk.petition_id == petition.id, Bulk.account_id == by.id, Bulk.state == "waiting")
    ids = list(db.session.scalars(old))
    db.session.execute(delete(BulkCase).where(BulkCase.bulk_id.in_(ids)))
    db.session.execute(delete(Bulk).where(Bulk.id.in_(ids)))


def _drawn(bulk: Bulk, number: int = EXAMPLES) -> list[UUID]:
    """Draw examples: ids are random, and so is the place in their circle at which the drawing begins."""
    ids = select(BulkCase.signature_id).where(BulkCase.bulk_id == bulk.id).order_by(BulkCase.signature_id)
    ahead = list(db.session.scalars(ids.where(BulkCase.signature_id >= bulk.id).limit(number)))
    around = ids.where(BulkCase.signature_id < bulk.id).limit(number - len(ahead))
    return [*ahead, *db.session.scalars(around)]


def is_fresh(bulk: Bulk, *, at: datetime) -> bool:
    """Return whether it waits for its start and was chosen in the last ten minutes."""
    return bulk.state == "waiting" and at <= bulk.at + SHOWN_FOR


def draw_examples(bulk: Bulk, *, by: Account, at: datetime) -> list[Example]:
    """Open the ten examples to the one who chose, for ten minutes and before the start; else there are none."""
    if bulk.account_id != by.id or not is_fresh(bulk, at=at):
        return []
    signatures = db.session.scalars(select(Signature).where(Signature.id.in_(_drawn(bulk))).order_by(Signature.id))
    return [_example(signature) for signature in signatures if sealing.is_readable(signature)]


def _example(signature: Signature) -> Example:
    identity, match = sealing.open_identity(signature), stored_matches.latest(signature)
    evidence = db.session.execute(
        select(Evidence.kind, Evidence.strength)
        .where(Evidence.signature_id == signature.id, Evidence.removed_on.is_(None))
        .order_by(Evidence.strength.desc(), Evidence.kind)
    )
    return Example(
        number=case_number(signature.id),
        name=identity.name,
        role=identity.role,
        place=identity.place,
        match=signature.match_class or "none",
        entry=match.candidates[0] if match and match.candidates else None,
        evidence=[(kind, strength) for kind, strength in evidence],
    )


# --- the act ----------------------------------------------------------------------------------------------------


def get_bulk(bulk_id: UUID, *, petition: Petition, by: Account) -> Bulk:
    """Return a bulk act of this petition. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    bulk = db.session.get(Bulk, bulk_id)
    if bulk is None or bulk.petition_id != petition.id or (bulk.state == "waiting" and bulk.account_id != by.id):
        raise NotFoundError
    return bulk


def list_bulks(petition: Petition, *, by: Account, limit: int = 20) -> list[tuple[Bulk, Progress]]:
    """Return the latest bulk acts that were started, newest first. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    started = select(Bulk).where(Bulk.petition_id == petition.id, Bulk.state != "waiting")
    return [(bulk, progress(bulk)) for bulk in db.session.scalars(started.order_by(Bulk.at.desc()).limit(limit))]


def progress(bulk: Bulk) -> Progress:
    """Return how far it is."""
    counted = select(BulkCase.result, func.count()).where(BulkCase.bulk_id == bulk.id).group_by(BulkCase.result)
    return Progress(bulk.total, {result or "waiting": number for result, number in db.session.execute(counted)})


def start(bulk_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Bulk:
    """Begin to give the verdict to every chosen case; the worker does it. What runs already is woken once more.

    Raises:
        NotFoundError, BulkStateError, LookedTooLongAgoError, StillMatchingError
    """
    bulk = _locked(bulk_id, petition=petition, by=by)
    if bulk.state not in ("waiting", "running", "undoing"):
        raise BulkStateError
    if bulk.state == "waiting":
        if not is_fresh(bulk, at=at):
            raise LookedTooLongAgoError
        if unmatched := count_unmatched(petition):
            raise StillMatchingError(number=unmatched)
        bulk.state, bulk.at = "running", at
        _record("started", bulk, by=by, number=bulk.total, at=at)
    go_on(bulk, by=by.id, at=at)
    return bulk


def cancel(bulk_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Bulk:
    """Stop after the slice under way; what is decided stays so and can be taken back. Raises: as `start`."""
    bulk = _locked(bulk_id, petition=petition, by=by)
    if bulk.state != "running":
        raise BulkStateError
    bulk.state = "cancelled"
    _record("cancelled", bulk, by=by, number=progress(bulk).done, at=at)
    return bulk


def count_standing(bulk: Bulk) -> tuple[int, int]:
    """Return how many of its verdicts still stand, and on how many signatures that count now and then would not.

    Each of the latter would be a public correction.
    """
    later, undone = aliased(Decision), aliased(Decision)
    reopened = exists().where(
        later.signature_id == Decision.signature_id, later.position > Decision.position, later.outcome == "reopened"
    )
    verified = func.sum(case((Signature.state == "verified", 1), else_=0))
    standing = (
        select(func.count(), func.coalesce(verified, 0))
        .select_from(Decision)
        .join(Signature, Signature.id == Decision.signature_id)
        .where(Decision.bulk_id == bulk.id, Decision.outcome == "verified", Signature.state.in_(TAKEN_BACK_FROM))
        .where(~reopened, ~exists().where(undone.supersedes_id == Decision.id))
    )
    verdicts, counted = db.session.execute(standing).one()
    return verdicts, counted


def undo(bulk_id: UUID, *, petition: Petition, by: Account, at: datetime) -> Bulk:
    """Take back, as one act, every verdict of it that still stands; the worker does it. Raises: as `start`."""
    bulk = _locked(bulk_id, petition=petition, by=by)
    if bulk.state not in CAN_UNDO:
        raise BulkStateError
    bulk.state = "undoing"
    _record("undone", bulk, by=by, number=progress(bulk).done, at=at)
    go_on(bulk, by=by.id, at=at)
    return bulk


def go_on(bulk: Bulk, *, by: UUID, at: datetime) -> None:
    """Ask the worker for the next slice."""
    jobs.enqueue("verification.bulk", {"bulk_id": str(bulk.id), "by": str(by)}, at=at)


def _locked(bulk_id: UUID, *, petition: Petition, by: Account) -> Bulk:
    get_bulk(bulk_id, petition=petition, by=by)
    bulk = get_for_update(Bulk, bulk_id)
    if bulk is None:
        raise NotFoundError
    return bulk


def _record(act: str, bulk: Bulk, *, by: Account, number: int, at: datetime) -> None:
    audit.record(f"bulk.{act}", by=by.id, petition_id=bulk.petition_id, object_id=bulk.id, number=number, at=at)
    db.session.flush()
