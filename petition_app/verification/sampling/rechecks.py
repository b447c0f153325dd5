"""Re-checking a sample, blindly: the case as it was submitted, and never what was decided on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition, TextVersion
from petition_app.petitions.services import get_version
from petition_app.signatures.models import Signature
from petition_app.signatures.opened_signature import Contents, open_all
from petition_app.signatures.sealing import Identity
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.cases.stored_matches import StoredMatch, latest_among
from petition_app.verification.desk import evidence
from petition_app.verification.desk.evidence import Shown
from petition_app.verification.matching_cases.candidates import DuplicateCandidate, list_candidates
from petition_app.verification.models import Batch, Decision, Evidence
from petition_app.verification.sampling.models import Recheck, Sample
from petition_app.verification.sampling.rules import finding
from petition_app.verification.sampling.services import NoSampleError, locked_batch, sample_of

HOLD = timedelta(days=1)
NOTE_LENGTH = 2000
# Words of those who decided: they would tell the outcome.
HIDDEN = ("note", "grounds", "second_look", "match", "evidence")


class NotDrawnError(DomainError):
    """The sample is not drawn."""

    message = N_("This sample is not drawn yet.")


class NotHeldError(DomainError):
    """The re-check is not held by this auditor."""

    message = N_("You do not hold this case. Take the next one from the list of samples.")


@dataclass(frozen=True)
class BlindCase:
    """A case as it was submitted, with what the roster says and the evidence; nothing of what was decided."""

    recheck: Recheck
    sample: Sample
    of: int
    signature: Signature
    version: TextVersion
    batch_number: int
    identity: Identity
    email: str
    notes: list[dict[str, Any]]
    match: StoredMatch | None
    candidates: list[DuplicateCandidate]
    evidence: list[Shown]


def take_next(petition: Petition, *, number: int, by: Account, at: datetime) -> Recheck | None:
    """Give an auditor the next case of a sample to hold, or nothing where none is left for them.

    Cases go in the order of the draw. One that another auditor holds is left to them for a day; one on which this
    person has decided or found evidence is never given to them, and one that its signer withdrew to nobody.

    Raises:
        NoSampleError, NotDrawnError
    """
    require_role(by, petition.id, "auditor")
    batch = locked_batch(petition, number)
    sample = sample_of(batch) if batch else None
    if sample is None:
        raise NoSampleError
    if sample.drawn_at is None:
        raise NotDrawnError
    if held := _held(petition, by=by):
        return held
    free = or_(Recheck.account_id.is_(None), Recheck.account_id == by.id, Recheck.taken_at < at - HOLD)
    recheck = db.session.scalar(
        select(Recheck)
        .join(Signature, Signature.id == Recheck.signature_id)
        .where(Recheck.sample_id == sample.id, *left_for(by), free)
        .order_by(Recheck.position)
        .limit(1)
    )
    if recheck is None:
        return None
    recheck.account_id, recheck.taken_at = by.id, at
    audit.record("recheck.opened", by=by.id, petition_id=petition.id, object_id=recheck.id, at=at)
    db.session.flush()
    return recheck


def count_left(sample: Sample, *, by: Account | None = None) -> int:
    """Return how many cases of a sample are still to be re-checked: by anybody, or by this person."""
    left = left_for(by) if by else (Recheck.finding.is_(None), Signature.state != "withdrawn")
    query = select(func.count()).select_from(Recheck).join(Signature, Signature.id == Recheck.signature_id)
    return db.session.scalar(query.where(Recheck.sample_id == sample.id, *left)) or 0


def left_for(by: Account) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a re-check that is still to be done and may be done by this person."""
    decided = exists().where(Decision.signature_id == Recheck.signature_id, Decision.account_id == by.id)
    showed = exists().where(Evidence.signature_id == Recheck.signature_id, Evidence.account_id == by.id)
    return Recheck.finding.is_(None), Signature.state != "withdrawn", ~decided, ~showed


def _held(petition: Petition, *, by: Account) -> Recheck | None:
    """Return the re-check this auditor holds."""
    return db.session.scalar(
        select(Recheck)
        .join(Sample, Sample.id == Recheck.sample_id)
        .join(Signature, Signature.id == Recheck.signature_id)
        .where(Sample.petition_id == petition.id, Recheck.account_id == by.id, *left_for(by))
        .order_by(Recheck.taken_at)
        .limit(1)
    )


def open_held(petition: Petition, *, by: Account) -> BlindCase | None:
    """Show the case that this auditor holds, without anything that tells what was decided; nothing if none is held."""
    require_role(by, petition.id, "auditor")
    recheck = _held(petition, by=by)
    if recheck is None:
        return None
    sample, signature = (
        db.session.get_one(Sample, recheck.sample_id),
        db.session.get_one(Signature, recheck.signature_id),
    )
    found = evidence.list_evidence(signature.id)
    try:
        opened = open_all(signature)
        alike = list_candidates(signature, opened)
    except UnreadableError:
        opened, alike = Contents(), []
    return BlindCase(
        recheck=recheck,
        sample=sample,
        of=min(sample.size, sample.members or 0),
        signature=signature,
        version=get_version(signature.text_version_id),
        batch_number=db.session.get_one(Batch, sample.batch_id).number,
        identity=opened.identity,
        email=opened.email,
        notes=[note for note in opened.notes if note.get("text") and note.get("kind") not in HIDDEN],
        match=latest_among(opened.notes),
        candidates=alike,
        evidence=evidence.with_words(found, opened.notes),
    )


def record_finding(
    recheck_id: UUID,
    *,
    counts: bool,
    note: str = "",
    access: OpenKeysAccess,
    petition: Petition,
    by: Account,
    at: datetime,
) -> None:
    """Record what the re-check found; a signature's state and the count stay as they are.

    `counts` says whether this person would count the signature. The note is sealed with the case.

    Raises:
        NotHeldError: not this auditor's case, or no longer.
    """
    require_role(by, petition.id, "auditor")
    recheck = _locked_held(recheck_id, petition=petition, by=by)
    sample, signature = (
        db.session.get_one(Sample, recheck.sample_id),
        db.session.get_one(Signature, recheck.signature_id),
    )
    if note:
        words = {"kind": "note", "by": by.name, "on": at.date().isoformat(), "text": note[:NOTE_LENGTH]}
        access.append(signature, words)
    recheck.finding, recheck.at = finding(sample.population, counts=counts), at
    audit.record("recheck.done", by=by.id, petition_id=petition.id, object_id=recheck.id, at=at)
    db.session.flush()
    if not count_left(sample):
        jobs.mark_due(petition.id)


def put_back(recheck_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Free a case without a finding. Raises: NotHeldError."""
    require_role(by, petition.id, "auditor")
    recheck = _locked_held(recheck_id, petition=petition, by=by)
    recheck.account_id = recheck.taken_at = None
    audit.record("recheck.put_back", by=by.id, petition_id=petition.id, object_id=recheck.id, at=at)
    db.session.flush()


def _locked_held(recheck_id: UUID, *, petition: Petition, by: Account) -> Recheck:
    recheck = get_for_update(Recheck, recheck_id)
    held = _held(petition, by=by)
    if recheck is None or held is None or held.id != recheck.id:
        raise NotHeldError
    return recheck
