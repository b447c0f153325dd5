"""Carrying out what the reviewers have agreed on, once nobody else stands for the same person."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from petition_app import audit
from petition_app.clock import utcnow
from petition_app.crypto.vault import UnreadableError
from petition_app.keys.open_keys import LockedError
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.states import move
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.decision_log import append, list_decisions, read, verdicts_of
from petition_app.verification.decisions import policy
from petition_app.verification.decisions.policy import EntryTakenError
from petition_app.verification.models import Decision

SLICE = 100


def enact(signature: Signature, petition: Petition, decisions: list[Decision], *, access: CaseAccess) -> None:
    """Carry out what has been agreed on a locked signature; then look at those that had to wait for it.

    `decisions` are all that were made on it, in their order.
    "Verified" waits while another open signature matches the same person, and while the keys of a case are not open.
    On a reviewer's own machine nothing is settled, since only the server knows the other verdicts.

    Raises: EntryTakenError.
    """
    if not access.enacts:
        return
    meant = signature.match_index
    if not _carry_out_if_open(signature, petition, decisions, access) or signature.state == "verified":
        return
    with suppress(LockedError):
        for other in policy.list_conflicts(signature, meant, access=access, hold=True):
            with suppress(EntryTakenError):
                _carry_out_if_open(other, petition, list_decisions(other.id), access)


def enact_waiting(petition: Petition, *, access: CaseAccess) -> None:
    """Look again at agreed cases that had to wait, after a withdrawal or where they were held at the moment."""
    waiting = (
        select(Signature)
        .where(Signature.petition_id == petition.id, Signature.awaiting_enactment, Signature.state == "checking")
        .limit(SLICE)
        .with_for_update(skip_locked=True, key_share=True)
    )
    for signature in db.session.scalars(waiting).all():
        with suppress(EntryTakenError):
            _carry_out_if_open(signature, petition, list_decisions(signature.id), access)


def list_waiting(petition: Petition, *, limit: int) -> list[tuple[Signature, bytes | None]]:
    """Return agreed cases of a sealed petition that wait to be carried out, with the mark of the entry that is meant.

    They wait for another case, or for somebody who has the keys open.
    """
    found = []
    for signature in db.session.scalars(
        select(Signature).where(
            Signature.petition_id == petition.id, Signature.awaiting_enactment, Signature.state == "checking"
        )
    ):
        verdicts = verdicts_of(signature.id)
        agreed = rules.agreed_verdict(verdicts, reviewers=policy.in_force(petition, signature.batch_id).reviewers)
        if agreed and agreed.outcome == "verified":
            found.append((signature, agreed.entry))
    return found[:limit]


def list_petitions_waiting() -> list[UUID]:
    """Return the petitions that have agreed cases the server can open, unless they are frozen."""
    agreed = exists().where(
        Signature.petition_id == Petition.id, Signature.awaiting_enactment, Signature.state == "checking"
    )
    able = Petition.state != "draft", Petition.mode == "standard", Petition.frozen_at.is_(None)
    return list(db.session.scalars(select(Petition.id).where(*able, agreed)))


def _carry_out_if_open(signature: Signature, petition: Petition, decisions: list[Decision], access: CaseAccess) -> bool:
    """Do so, unless it would need keys that are not open, or one that is damaged; then it is left for later."""
    try:
        return _enact(signature, petition, decisions, access)
    except (LockedError, UnreadableError):
        return False


def _enact(signature: Signature, petition: Petition, decisions: list[Decision], access: CaseAccess) -> bool:
    verdicts = read(decisions)
    agreed = rules.agreed_verdict(verdicts, reviewers=policy.in_force(petition, signature.batch_id).reviewers)
    signature.awaiting_enactment = agreed is not None and signature.state in ("checking", "needs_info")
    if agreed is None or not signature.awaiting_enactment:
        return False
    decision = next(decision for decision in decisions if decision.id == agreed.id)
    verified, mark = agreed.outcome == "verified", agreed.entry
    entry = access.find_entry(signature, petition, mark) if verified and mark else None
    if verified and mark and entry is None:
        _look_again(signature, petition)
        return False
    meant = access.entry_index(petition, entry) if entry else signature.match_index
    if verified and policy.list_conflicts(signature, meant, access=access):
        return False
    if entry:
        try:
            with db.session.begin_nested():
                signature.entry_index = access.entry_index(petition, entry)
        except IntegrityError:
            raise EntryTakenError from None
    signature.awaiting_enactment, decision.enacted = False, True
    move(signature, agreed.outcome)
    return True


def _look_again(signature: Signature, petition: Petition) -> None:
    """Begin the check anew: the person whom the reviewers chose is not on the roster any more.

    Verified without an entry it could count for somebody who counts already. The row bears the number of the roster,
    so that the desk can say why.
    """
    at, number = utcnow(), policy.roster_number(petition) or 0
    append(signature, outcome="reopened", by=None, at=at, roster_number=number)
    signature.awaiting_enactment = False
    audit.record("case.entry_gone", petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


def is_entry_gone(decisions: list[Decision]) -> bool:
    """Return whether the latest check of a case began anew because the roster lacks the person who had been chosen."""
    last = next((row for row in reversed(decisions) if row.outcome == "reopened"), None)
    return last is not None and last.account_id is None and last.roster_number is not None
