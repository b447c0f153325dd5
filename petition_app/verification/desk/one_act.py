"""Evidence and decision in one act, and the same form sent twice, which is one act as well."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from petition_app.accounts.models import Account
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db, get_for_update
from petition_app.verification import rules
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.decision_log import list_decisions, read
from petition_app.verification.decisions import services
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.desk import evidence
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.verification.models import Decision

TWICE = timedelta(minutes=2)  # Within which the same form is taken for one that was sent twice.


def decide(
    signature_id: UUID,
    new: NewDecision,
    found: NewEvidence | None,
    *,
    access: CaseAccess,
    petition: Petition,
    by: Account,
    at: datetime,
) -> str:
    """Record what was found, if anything, and the verdict, both or neither; return the state of the signature.

    Raises:
        As `evidence.add` and `services.decide`.
    """
    if petition.is_sealed:  # Whoever goes on to the next case matches; a petition is locked before its signatures.
        get_for_update(Petition, petition.id)
    if found:
        evidence.add(signature_id, found, access=access, petition=petition, by=by, at=at)
    return services.decide(signature_id, new, access=access, petition=petition, by=by, at=at)[1]


def find_repeated(
    signature_id: UUID, new: NewDecision, *, access: CaseAccess, petition: Petition, by: Account, at: datetime
) -> str | None:
    """Return the state of a signature of which this person has just said exactly this, or nothing.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    signature = db.session.get(Signature, signature_id)
    if signature is None or signature.petition_id != petition.id:
        return None
    decisions = list_decisions(signature_id)
    mine = {verdict.id for verdict in rules.effective_verdicts(read(decisions)) if verdict.reviewer == by.id}
    last = next((row for row in reversed(decisions) if row.id in mine and row.at > at - TWICE), None)
    if last is None or not _says(last, new):
        return None
    mark = access.mark(signature, petition, new.entry) if new.outcome == "verified" and new.entry else None
    return signature.state if mark == last.entry_mark else None


def _says(row: Decision, new: NewDecision) -> bool:
    if row.outcome != new.outcome:
        return False
    if new.outcome == "rejected":
        return row.reason == new.reason
    if new.outcome == "duplicate":
        return row.duplicate_of_id == new.duplicate_of
    return row.contact == new.contact and row.eligible == new.eligible
