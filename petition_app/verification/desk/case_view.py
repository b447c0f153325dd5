"""The desk: the next case, what it shows, possible duplicates, and how organizers find a decided case again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import name_accounts, require_role
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import NotFoundError
from petition_app.keys import open_keys as keys
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition, TextVersion
from petition_app.petitions.policy_rules import Demands
from petition_app.roster import services as rosters
from petition_app.signatures.models import Signature
from petition_app.signatures.opened_signature import Contents, open_all
from petition_app.signatures.rules import DECIDED
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.verification.cases.decision_log import list_decisions
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.cases.stored_matches import StoredMatch, latest_among
from petition_app.verification.decisions import enactment, policy
from petition_app.verification.decisions.asks import Asks, list_asks
from petition_app.verification.decisions.services import NotYoursError
from petition_app.verification.desk import evidence
from petition_app.verification.desk.evidence import Shown
from petition_app.verification.desk.leases import lease_next
from petition_app.verification.matching_cases import matches, pairs
from petition_app.verification.matching_cases.candidates import DuplicateCandidate, list_candidates
from petition_app.verification.models import Batch, Decision, Lease
from petition_app.verification.rules import case_number

# Words of a reviewer that would tell the second one what the first has decided.
HIDDEN = ("note", "grounds")

OPEN_CASES = ("checking", "needs_info")
READING = timedelta(minutes=30)


@dataclass(frozen=True)
class Case:
    """One case as its reviewer sees it. `earlier` holds decisions where the policy lets them be seen.

    `match` is what the roster gave, if one is kept; `contacts` the keys of candidates that can be written to;
    `conflicts` the numbers of open cases whose best match is the same entry; `enough` whether the evidence is; `asks`
    what a "verified" still needs.
    `second_code` is the day on which the signer's second code was used last.
    """

    signature: Signature
    version: TextVersion
    number: str
    batch_number: int
    identity: Identity
    email: str
    notes: list[dict[str, Any]]
    candidates: list[DuplicateCandidate]
    earlier: list[Decision]
    names: dict[UUID, str]
    held_until: datetime | None
    match: StoredMatch | None
    contacts: frozenset[str]
    conflicts: list[str]
    evidence: list[Shown]
    enough: bool
    asks: Asks
    demands: Demands
    second_code: date | None
    entry_gone: bool


def next_case(
    petition: Petition,
    *,
    access: OpenKeysAccess,
    by: Account,
    at: datetime,
    after: UUID | None = None,
    asked: bool = False,
) -> UUID | None:
    """Give a reviewer a case to hold for ten minutes, or nothing when none waits for them: see `lease_next`.

    In sealed mode what is not matched yet is matched first. Raises: LockedError, FrozenError.
    """
    if petition.is_sealed:
        require_role(by, petition.id, "reviewer", "organizer")
        require_thawed(petition)
        keys.require(petition.id)
        pairs.catch_up(petition, access=access, by=by, at=at)
        enactment.enact_waiting(petition, access=access)
    return lease_next(petition, by=by, at=at, after=after, asked=asked)


def open_case(signature_id: UUID, *, access: OpenKeysAccess, petition: Petition, by: Account, at: datetime) -> Case:
    """Show a case to the reviewer who holds it.

    Raises:
        NotFoundError, NotYoursError, FrozenError
    """
    require_role(by, petition.id, "reviewer", "organizer")
    require_thawed(petition)
    row = db.session.execute(_held(), {"id": signature_id, "petition": petition.id, "by": by.id, "now": at}).first()
    if row is None:
        raise NotFoundError
    signature, until, _batch = row
    if until is None or signature.state not in OPEN_CASES:
        raise NotYoursError
    demands = policy.in_force(petition, signature.batch_id)
    return _case(signature, petition, demands, access, see_earlier=demands.reviewers == 1, until=until)


@cache
def _held() -> Select[Signature, datetime, Batch]:
    """Write the search for a case, until when somebody holds it, and its batch."""
    held = Lease.signature_id == Signature.id, Lease.account_id == bindparam("by"), Lease.until > bindparam("now")
    return (
        select(Signature, Lease.until, Batch)
        .outerjoin(Lease, and_(*held))
        .outerjoin(Batch, Batch.id == Signature.batch_id)
        .where(Signature.id == bindparam("id"), Signature.petition_id == bindparam("petition"))
    )


def open_decided(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Write down that an organizer opens a decided case. Raises: as `get_decided`."""
    _decided(signature_id, petition, by)
    audit.record("case.read", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)
    db.session.flush()


def has_opened(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> bool:
    """Return whether this person opened a decided case in the last half hour. Raises: as `get_decided`."""
    _decided(signature_id, petition, by)
    return audit.has_done("case.read", by=by.id, object_id=signature_id, since=at - READING)


def get_decided(signature_id: UUID, *, access: OpenKeysAccess, petition: Petition, by: Account) -> Case:
    """Show an organizer a signature with its decisions; those of a round still open stay hidden where two are blind.

    Raises:
        NotFoundError: no such signature, or nobody has decided on it.
        FrozenError
    """
    signature = _decided(signature_id, petition, by)
    demands = policy.in_force(petition, signature.batch_id)
    is_blind = demands.reviewers > 1 and signature.state in OPEN_CASES
    return _case(signature, petition, demands, access, see_earlier=not is_blind, until=None)


def _decided(signature_id: UUID, petition: Petition, by: Account) -> Signature:
    require_role(by, petition.id, "organizer")
    require_thawed(petition)
    signature = db.session.get(Signature, signature_id)
    if signature is None or signature.petition_id != petition.id or not list_decisions(signature_id):
        raise NotFoundError
    return signature


def _case(
    signature: Signature,
    petition: Petition,
    demands: Demands,
    access: OpenKeysAccess,
    *,
    see_earlier: bool,
    until: datetime | None,
) -> Case:
    found = evidence.list_evidence(signature.id)
    decisions = list_decisions(signature.id)
    earlier = decisions if see_earlier else []
    try:
        opened = open_all(signature)
        alike = list_candidates(signature, opened)
    except UnreadableError:
        opened, alike = Contents(), []
    notes, match = opened.notes, latest_among(opened.notes)
    version = rosters.current(petition.id) if match else None
    keys = [candidate.key for candidate in match.candidates] if match else []
    entries = rosters.get_entries(version.id, keys) if version else []
    is_open = signature.state in matches.OPEN
    standing = [(row.kind, row.strength) for row in found]
    conflicts = policy.list_conflicts(signature, signature.match_index, access=access) if is_open else []
    return Case(
        signature=signature,
        version=next(version for version in petition.versions if version.id == signature.text_version_id),
        number=case_number(signature.id),
        batch_number=db.session.get_one(Batch, signature.batch_id).number,
        identity=opened.identity,
        email=opened.email,
        notes=[note for note in notes if note.get("text") and (see_earlier or note.get("kind") not in HIDDEN)],
        candidates=alike,
        earlier=earlier,
        names=name_accounts({decision.account_id for decision in earlier if decision.account_id}),
        held_until=until,
        match=match,
        contacts=frozenset(entry.key for entry in entries if entry.contact and entry.contact_safe),
        conflicts=[case_number(other.id) for other in conflicts],
        evidence=evidence.with_words(found, notes),
        enough=policy.is_proved(demands, standing, contact=None),
        asks=list_asks(signature, petition, demands, standing, match, access=access),
        demands=demands,
        second_code=max(
            (date.fromisoformat(note["on"]) for note in notes if note.get("kind") == "second_code"), default=None
        ),
        entry_gone=enactment.is_entry_gone(decisions),
    )


# --- finding a decided case -------------------------------------------------------------------------------------


def note_search(petition: Petition, number: int, *, by: Account, at: datetime) -> None:
    """Write down that an organizer looked for somebody among the decided cases, and how many were found."""
    require_role(by, petition.id, "organizer")
    audit.record("case.searched", by=by.id, petition_id=petition.id, number=number, at=at)


def check_decided(signature: Signature, *, petition: Petition, by: Account) -> UUID:
    """Return the id of a decided signature that was found by its secret code. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    if signature.petition_id != petition.id or signature.state not in DECIDED:
        raise NotFoundError
    return signature.id
