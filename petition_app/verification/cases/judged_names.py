"""Proofs of which name a reviewer judged: what is published must be, byte for byte, what as many have verified.

With each "verified" goes an HMAC of the name, role and place that the reviewer had before them, with their account and
what the verdict rests on. Its key is made from the signature's own key, so whoever holds the database alone can try no
roster against it, and it ends with the signature's keys. Whoever publishes hands the name and this one key over, and
then anybody can check the proofs, but nobody can find another name that they fit.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.verification import rules
from petition_app.verification.cases.decision_log import read
from petition_app.verification.models import Decision

MOST_REVIEWERS = 3


@dataclass(frozen=True)
class Grounds:
    """What a verdict rests on: who gave it in which round, how many the policy asked for, and how they were reached.

    `reached` says whether the reviewer saw that somebody had reached the person outside this site.
    """

    account_id: UUID
    rounds: int
    reviewers: int
    contact: str | None
    reached: bool


def open_name(signature: Signature) -> tuple[Identity, bytes]:
    """Return the name of a signature and the key of its proofs.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    return sealing.open_with_subkey(signature, "judged")


def prove(signature: Signature, grounds: Grounds) -> bytes:
    """Return the proof that belongs to a "verified", for the name as it is sealed.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    identity, key = open_name(signature)
    return _proof(key, signature, identity, grounds)


def rounds(decisions: Sequence[Decision]) -> int:
    """Return how often a case was opened anew."""
    return sum(row.outcome == "reopened" for row in decisions)


def proved(signature: Signature, identity: Identity, key: bytes, decisions: Sequence[Decision]) -> list[Grounds]:
    """Return the grounds of the verdicts that count now and that were proved to be about this very name."""
    standing = {verdict.id for verdict in rules.effective_verdicts(read(decisions))}
    found = []
    for row in decisions:
        if row.id in standing and row.outcome == "verified" and row.account_id and row.judged:
            options = [
                Grounds(row.account_id, rounds(decisions), reviewers, row.contact, reached)
                for reviewers in range(1, MOST_REVIEWERS + 1)
                for reached in (True, False)
            ]
            found += [one for one in options if hmac.compare_digest(_proof(key, signature, identity, one), row.judged)]
    return found


def older(decisions: Sequence[Decision]) -> set[UUID]:
    """Return who has verified, as it counts now, before there were proofs."""
    standing = {verdict.id for verdict in rules.effective_verdicts(read(decisions))}
    before = [row for row in decisions if row.id in standing and row.outcome == "verified" and row.judged is None]
    return {row.account_id for row in before if row.account_id}


def _proof(key: bytes, signature: Signature, identity: Identity, grounds: Grounds) -> bytes:
    said = {
        "petition": str(signature.petition_id), "signature": str(signature.id),
        "account": str(grounds.account_id), "rounds": grounds.rounds, "reviewers": grounds.reviewers,
        "contact": grounds.contact, "reached": grounds.reached,
        "name": identity.name, "role": identity.role, "place": identity.place,
    }  # fmt: skip
    return hmac.digest(key, json.dumps(said, sort_keys=True).encode(), "sha256")
