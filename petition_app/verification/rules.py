"""Rules of checking: what may be decided, and what follows from the decisions of several reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from petition_app.petitions.rules import EVIDENCE_KINDS

VERDICTS = ("verified", "rejected", "duplicate")
OUTCOMES = (*VERDICTS, "reopened", "undone", "retracted")
LEASE = timedelta(minutes=10)  # For which a case that somebody has taken is shown to nobody else.
REASONS = ("not_found", "not_eligible", "not_reached", "denies_signing", "not_that_person", "incomplete")
RETRACTIONS = ("entered_in_error", "not_verified_after_all", "denies_signing", "no_longer_eligible", "checked_again")
ELIGIBLE = ("on_roster", "other_grounds")
CONTACTS = ("official_contact", "public_profile", "known_account", "live_call", "in_person", "signers_word")
MATCH_CLASSES = ("strong", "possible", "weak", "none")


# How much a contact that is recorded with the verdict itself is worth as evidence.
CONTACT_STRENGTH = {
    "official_contact": 3, "live_call": 3, "in_person": 3, "public_profile": 2, "known_account": 2, "signers_word": 1,
}  # fmt: skip
# Kinds of evidence by which the person was reached outside this site.
REACHED = ("official_contact", "known_account", "live_call", "in_person")


@dataclass(frozen=True)
class Verdict:
    """One row of a signature's decisions, in order of position. No reviewer: the time to answer has run out.

    `entry` marks the roster entry the reviewer meant.
    """

    id: UUID
    reviewer: UUID | None
    outcome: str
    duplicate_of: UUID | None = None
    contact: str | None = None
    supersedes: UUID | None = None
    entry: bytes | None = None

    @property
    def position(self) -> tuple[str, UUID | None, bytes | None]:
        """What reviewers must agree on: the outcome, of which signature it is a duplicate, and who it is."""
        return self.outcome, self.duplicate_of, self.entry if self.outcome == "verified" else None


def case_number(signature_id: UUID) -> str:
    """Return the short name of a case: the first eight digits of its random id."""
    return signature_id.hex[:8]


def effective_verdicts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that count: of the round now open, without those taken back."""
    start = max((index + 1 for index, verdict in enumerate(verdicts) if verdict.outcome == "reopened"), default=0)
    round_now = verdicts[start:]
    undone = {verdict.supersedes for verdict in round_now if verdict.outcome == "undone"}
    return [verdict for verdict in round_now if verdict.outcome in VERDICTS and verdict.id not in undone]


def outcome(verdicts: Sequence[Verdict], *, reviewers: int) -> tuple[str, UUID | None] | None:
    """Return what the reviewers have decided, as (state, duplicate of), or nothing while too few agree.

    Each reviewer counts once; `reviewers` of them must say the same. Where they differ, further ones are asked.
    A verdict without a reviewer ends the round alone.
    """
    found = agreed_verdict(verdicts, reviewers=reviewers)
    return (found.outcome, found.duplicate_of) if found else None


def agreed_verdict(verdicts: Sequence[Verdict], *, reviewers: int) -> Verdict | None:
    """Return the latest of the verdicts on which enough reviewers agree, or that ended the round alone."""
    votes: dict[tuple[str, UUID | None, bytes | None], set[UUID]] = {}
    counted = effective_verdicts(verdicts)
    for verdict in counted:
        if verdict.reviewer is None:
            return verdict
        votes.setdefault(verdict.position, set()).add(verdict.reviewer)
    said = next((says for says, who in votes.items() if len(who) >= reviewers), None)
    return next((verdict for verdict in reversed(counted) if verdict.position == said), None)


def first_two_agree(verdicts: Sequence[Verdict]) -> bool | None:
    """Return whether the first two reviewers of this round said the same; nothing while there are not two."""
    votes = [verdict for verdict in effective_verdicts(verdicts) if verdict.reviewer]
    return votes[0].position == votes[1].position if len(votes) > 1 else None


def was_contacted(verdicts: Sequence[Verdict]) -> bool:
    """Return whether a verdict that counts records that the person was reached outside this site."""
    return any(verdict.outcome == "verified" and verdict.contact for verdict in effective_verdicts(verdicts))


def enough_evidence(
    found: Sequence[tuple[str, int]], *, contact: str | None, strength: int, kinds: Sequence[str]
) -> bool:
    """Return whether one piece of evidence is as strong as the petition asks, of a kind that it accepts.

    `found` are (kind, strength) pairs; `contact` is what the verdict itself records.
    """
    if contact in CONTACT_STRENGTH:
        found = [*found, (contact, CONTACT_STRENGTH[contact])]
    return strength == 0 or any(
        worth >= strength and (not kinds or kind in kinds or kind not in EVIDENCE_KINDS) for kind, worth in found
    )


def percentile(times: Sequence[timedelta], share: int) -> timedelta | None:
    """Return the shortest of these times within which at least `share` percent of them lie, by nearest rank."""
    rank = -(-len(times) * share // 100)
    return sorted(times)[max(rank, 1) - 1] if times else None
