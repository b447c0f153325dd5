"""What a petition still asks of a case before it may be verified, told before anybody tries."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from petition_app.keys.open_keys import LockedError
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Demands
from petition_app.petitions.rules import EVIDENCE_KINDS
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.stored_matches import StoredMatch
from petition_app.verification.decisions import policy

STRENGTHS = (1, 2, 3)


@dataclass(frozen=True)
class Asks:
    """What is asked of a "verified".

    `proved` says that the evidence which stands is enough; `contacts` are the ways of reaching the person that are
    enough by themselves, `strengths` for each kind of evidence the strength from which it is (0: it never is).
    `entry` says that an entry of the roster is asked for, and `match` is the class that needs no words; entries
    in `plain` need none, those in `taken` stand for a verified signature already.
    """

    proved: bool
    contacts: frozenset[str]
    strengths: dict[str, int]
    entry: bool
    match: str
    plain: frozenset[str]
    taken: frozenset[str]


def list_asks(
    signature: Signature,
    petition: Petition,
    demands: Demands,
    found: Sequence[tuple[str, int]],
    match: StoredMatch | None,
    *,
    access: CaseAccess,
) -> Asks:
    """Return what is asked of a case; `found` is the evidence that stands, as (kind, strength) pairs."""
    keys = [candidate.key for candidate in match.candidates] if match else []
    plain = {key for key in keys if policy.is_enough(match, key, rule=demands.match_rule)}
    return Asks(
        proved=policy.is_proved(demands, found, contact=None),
        contacts=frozenset(way for way in rules.CONTACTS if policy.is_proved(demands, found, contact=way)),
        strengths={kind: _enough(demands, found, kind) for kind in EVIDENCE_KINDS},
        entry=demands.roster,
        match=demands.match_rule,
        plain=frozenset(plain),
        taken=_list_taken(signature, petition, keys, access=access),
    )


def _enough(demands: Demands, found: Sequence[tuple[str, int]], kind: str) -> int:
    enough = (worth for worth in STRENGTHS if policy.is_proved(demands, [*found, (kind, worth)], contact=None))
    return next(enough, 0)


def _list_taken(signature: Signature, petition: Petition, keys: Sequence[str], *, access: CaseAccess) -> frozenset[str]:
    """Return the entries for which a verified signature stands; while keys are locked nothing is known of any."""
    indexes: dict[bytes, str] = {}
    with suppress(LockedError):
        indexes = {access.entry_index(petition, key): key for key in keys}
    taken = select(Signature.entry_index).where(
        Signature.petition_id == petition.id, Signature.entry_index.in_(indexes), Signature.id != signature.id
    )
    return frozenset(indexes[index] for index in db.session.scalars(taken) if index) if indexes else frozenset()
