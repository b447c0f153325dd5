"""What a petition asks for before a signature may be verified: a person, evidence, and nobody else for that person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from petition_app.accounts.models import Account
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Demands, Policy, together
from petition_app.roster import services as rosters
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.decision_log import effective_verdicts
from petition_app.verification.cases.stored_matches import StoredMatch
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import Batch


class NotEnoughError(DomainError):
    """It cannot be verified as things stand."""


class PolicyError(NotEnoughError):
    """What was found is less than the petition asks for."""

    message = N_("This petition asks for more: %(what)s.")


class ConflictError(NotEnoughError):
    """The reviewer said "verified" of another signature for the same person."""

    message = N_(
        "You said verified for case %(case)s, which matches the same person. Only one of the two can be; ask both."
    )


class EntryTakenError(NotEnoughError):
    """A verified signature stands for this entry already."""

    message = N_("A verified signature stands for this person already, so this one can only be its duplicate.")


@dataclass(frozen=True)
class NewDecision:
    """A verdict as a reviewer gives it, with an answer to each of the three questions.

    `eligible` says whether such a person is on the roster, at `entry`, or entitled on other `grounds`; `agrees` that
    they agree to this text and this publication. `contact` says how the person was reached and `contacted_on` on which
    day; without them a verified name is not published. `note` and `grounds` are sealed with the case.
    """

    outcome: str
    reason: str | None = None
    duplicate_of: UUID | None = None
    contact: str | None = None
    contacted_on: date | None = None
    note: str = ""
    eligible: str | None = None
    entry: str | None = None
    grounds: str = ""
    agrees: bool = True


def check_verified(
    signature: Signature,
    new: NewDecision,
    found: Sequence[tuple[str, int]],
    *,
    access: CaseAccess,
    petition: Petition,
    by: Account,
) -> None:
    """Refuse a "verified" for which too little was found, or which the reviewer gave to somebody else.

    `found` is the evidence that stands, as (kind, strength) pairs.

    Raises:
        PolicyError, ConflictError, EntryTakenError
    """
    demands = in_force(petition, signature.batch_id)
    if demands.roster:
        _check_person(signature, new, access=access, petition=petition, rule=demands.match_rule)
    if not is_proved(demands, found, contact=new.contact):
        raise PolicyError(what=N_("evidence that it is this person, of the kind and strength that the petition names"))
    meant = access.entry_index(petition, new.entry) if new.entry else signature.match_index
    for other in list_conflicts(signature, meant, access=access):
        if any(verdict.reviewer == by.id and verdict.outcome == "verified" for verdict in effective_verdicts(other.id)):
            raise ConflictError(case=rules.case_number(other.id))
    if meant and new.entry and _verified_for(meant, signature):
        raise EntryTakenError


def in_force(petition: Petition, batch_id: UUID | None) -> Demands:
    """Return what is asked for of a case: what the petition asks for now, and nothing less than its batch keeps."""
    batch = db.session.get(Batch, batch_id) if batch_id else None
    db.session.info.setdefault("held", {})[batch_id] = batch  # What nobody holds the session would read again.
    return together([Policy.of(petition), *map(Policy.read, batch.policies if batch else ())])


def is_proved(demands: Demands, found: Sequence[tuple[str, int]], *, contact: str | None) -> bool:
    """Return whether the evidence, (kind, strength) pairs, is enough for every policy that is in force."""
    return all(
        rules.enough_evidence(found, contact=contact, strength=strength, kinds=kinds)
        for strength, kinds in demands.evidence
    )


def _check_person(signature: Signature, new: NewDecision, *, access: CaseAccess, petition: Petition, rule: str) -> None:
    if new.eligible is None:
        raise PolicyError(what=N_("say whether this person is on the roster, or entitled on other grounds"))
    if new.eligible == "other_grounds":
        if not new.grounds:
            raise PolicyError(what=N_("write a sentence on the grounds"))
        return
    version = rosters.current(petition.id)
    if version is None or not new.entry or not access.is_on_roster(version, new.entry):
        raise PolicyError(what=N_("choose the entry of the roster"))
    if not new.grounds and not is_enough(access.match(signature), new.entry, rule=rule):
        raise PolicyError(what=N_("this match alone is not enough, so write a sentence on why it is this entry"))


def is_enough(match: StoredMatch | None, entry: str, *, rule: str) -> bool:
    """Return whether choosing this entry needs no further words."""
    if rule == "any":
        return True
    best = match is not None and bool(match.candidates) and match.candidates[0].key == entry
    wanted = ("strong",) if rule == "strong" else ("strong", "possible")
    return best and match is not None and match.verdict in wanted


def roster_number(petition: Petition) -> int | None:
    """Return the number of the roster version in use, if any."""
    version = rosters.current(petition.id) if petition.uses_roster else None
    return version.number if version else None


def list_conflicts(
    signature: Signature, meant: bytes | None, *, access: CaseAccess, hold: bool = False
) -> list[Signature]:
    """Return the open signatures whose best match is this entry too; while there is one, none may be verified.

    In sealed mode runs of matching have noted them. With `hold`, those that nobody holds at this moment, locked.
    """
    sealed = db.session.get_one(Petition, signature.petition_id).is_sealed
    if meant is None and not sealed:
        return []
    others = select(Signature).where(
        Signature.petition_id == signature.petition_id,
        Signature.id.in_(access.same_entry(signature)) if sealed else Signature.match_index == meant,
        Signature.id != signature.id,
        Signature.state.in_(matches.OPEN),
    )
    if hold:
        others = others.with_for_update(skip_locked=True, key_share=True)
    return list(db.session.scalars(others.order_by(Signature.id)))


def _verified_for(meant: bytes, signature: Signature) -> bool:
    taken = select(Signature.id).where(Signature.entry_index == meant, Signature.id != signature.id)
    return db.session.scalar(taken.limit(1)) is not None
