"""The worker's part of a bulk act: one slice in one transaction, so that a kill loses and repeats nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import NotFoundError
from petition_app.petitions.freezing import FrozenError, require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.states import StateError
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.verification import rules
from petition_app.verification.bulk.choice import Filter, chosen_ids
from petition_app.verification.bulk.services import TAKEN_BACK_FROM, go_on
from petition_app.verification.cases.decision_log import verdicts_of
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.decisions.policy import ConflictError, EntryTakenError, NewDecision, PolicyError
from petition_app.verification.decisions.reopening import take_back
from petition_app.verification.decisions.services import DecidedAlreadyError, OwnWordError, record_verdict
from petition_app.verification.matching_cases.candidates import list_candidates
from petition_app.verification.models import Bulk, BulkCase, Decision, Lease

SLICE = 100


def run_slice(bulk_id: UUID, *, access: OpenKeysAccess, by: UUID, at: datetime) -> None:
    """Do the next hundred cases of a bulk act, or take their verdicts back, and ask for the slice after it.

    A freeze stops it, and so does it when whoever started it has lost the right to. A slice that was done already
    finds nothing left of itself.
    """
    bulk = get_for_update(Bulk, bulk_id)
    account = db.session.get(Account, by)
    if bulk is None or account is None or bulk.state not in ("running", "undoing"):
        return
    petition = db.session.get_one(Petition, bulk.petition_id)
    try:
        require_role(account, petition.id, "organizer")
        require_thawed(petition)
    except (NotFoundError, FrozenError):
        bulk.state = "cancelled"
        audit.record("bulk.cancelled", petition_id=petition.id, object_id=bulk.id, number=0, at=at)
        return
    jobs.mark_due(petition.id)
    running = bulk.state == "running"
    cases = _next_cases(bulk, None if running else "done")
    signatures = _locked([case.signature_id for case in cases])
    if running:
        _decide_all(bulk, cases, signatures, access=access, petition=petition, by=account, at=at)
    else:
        for case in cases:
            case.result = _take_back(signatures[case.signature_id], bulk, petition=petition, by=account, at=at)
    db.session.flush()
    if len(cases) == SLICE:
        go_on(bulk, by=by, at=at)
    else:
        bulk.state = "done" if running else "undone"


def _next_cases(bulk: Bulk, result: str | None) -> list[BulkCase]:
    waiting = select(BulkCase).where(BulkCase.bulk_id == bulk.id, BulkCase.result == result)
    return list(db.session.scalars(waiting.order_by(BulkCase.signature_id).limit(SLICE)))


def _locked(ids: list[UUID]) -> dict[UUID, Signature]:
    """Lock the signatures of a slice, always in the same order, so that two slices never wait for each other."""
    rows = select(Signature).where(Signature.id.in_(ids)).order_by(Signature.id).with_for_update(key_share=True)
    return {row.id: row for row in db.session.scalars(rows.execution_options(populate_existing=True))}


# --- deciding ---------------------------------------------------------------------------------------------------


def _decide_all(
    bulk: Bulk,
    cases: list[BulkCase],
    signatures: dict[UUID, Signature],
    *,
    access: OpenKeysAccess,
    petition: Petition,
    by: Account,
    at: datetime,
) -> None:
    fits = chosen_ids(Filter(**bulk.chosen), petition=petition, by=by, at=at).where(Signature.id.in_(signatures))
    fitting = set(db.session.scalars(fits))
    for case in cases:
        signature = signatures[case.signature_id]
        if signature.id in fitting:
            case.result = _decide(signature, bulk, access=access, petition=petition, by=by, at=at)
        else:
            case.result = _why_not(signature, by=by, at=at)


def _decide(
    signature: Signature, bulk: Bulk, *, access: OpenKeysAccess, petition: Petition, by: Account, at: datetime
) -> str:
    """Give the verdict and return what came of it; a refusal leaves nothing behind."""
    try:
        match = access.match(signature)
        if match is None or not match.candidates:
            return "changed"
        if list_candidates(signature):
            return "alike"
        new = NewDecision("verified", eligible="on_roster", entry=match.candidates[0].key)
        with db.session.begin_nested():
            record_verdict(signature, new, access=access, petition=petition, by=by, at=at, bulk_id=bulk.id)
    except (DecidedAlreadyError, OwnWordError):
        return "own"
    except (ConflictError, EntryTakenError):
        return "alike"
    except PolicyError:
        return "policy"
    except (StateError, UnreadableError):
        return "moved"
    return "done"


def _why_not(signature: Signature, *, by: Account, at: datetime) -> str:
    """Return why a case that was chosen no longer is."""
    lease = db.session.get(Lease, signature.id, populate_existing=True)
    if signature.state != "checking":
        return "moved"
    if lease and lease.until > at:
        return "held"
    if any(verdict.reviewer == by.id for verdict in rules.effective_verdicts(verdicts_of(signature.id))):
        return "own"
    return "alike" if list_candidates(signature) else "changed"


# --- taking back ------------------------------------------------------------------------------------------------


def _take_back(signature: Signature, bulk: Bulk, *, petition: Petition, by: Account, at: datetime) -> str:
    """Take the verdict of this bulk act back if it still stands; return what came of it."""
    given = select(Decision).where(Decision.signature_id == signature.id, Decision.bulk_id == bulk.id)
    decision = db.session.scalars(given).one()
    stands = any(verdict.id == decision.id for verdict in rules.effective_verdicts(verdicts_of(signature.id)))
    if not stands or signature.state not in TAKEN_BACK_FROM:
        return "kept"
    take_back(signature, decision, petition=petition, by=by, at=at)
    audit.record("case.undone", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    return "undone"
