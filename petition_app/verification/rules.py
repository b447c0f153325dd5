"""Rules of checking: what may be decided, and what follows from the decisions of several reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

VERDICTS = ("verified", "rejected", "duplicate")
OUTCOMES = (*VERDICTS, "reopened", "undone", "retracted")
REASONS = ("not_eligible", "not_reached", "denies_signing", "not_that_person", "incomplete")
RETRACTIONS = ("entered_in_error", "not_verified_after_all", "denies_signing", "no_longer_eligible", "checked_again")
CONTACTS = ("official_contact", "public_profile", "known_account", "live_call", "in_person", "signers_word")


@dataclass(frozen=True)
class Verdict:
    """One row of a signature's decisions, in order of position."""

    id: UUID
    reviewer: UUID
    outcome: str
    duplicate_of: UUID | None = None
    contact: str | None = None
    supersedes: UUID | None = None

    @property
    def says(self) -> tuple[str, UUID | None]:
        """What two reviewers must agree on."""
        return self.outcome, self.duplicate_of


def standing(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that count: of the round now open, without those taken back."""
    start = max((index + 1 for index, verdict in enumerate(verdicts) if verdict.outcome == "reopened"), default=0)
    round_now = verdicts[start:]
    undone = {verdict.supersedes for verdict in round_now if verdict.outcome == "undone"}
    return [verdict for verdict in round_now if verdict.outcome in VERDICTS and verdict.id not in undone]


def outcome(verdicts: Sequence[Verdict], *, reviewers: int) -> tuple[str, UUID | None] | None:
    """Return what the reviewers have decided, as (state, duplicate of), or nothing while too few agree.

    Each reviewer counts once; `reviewers` of them must say the same. Where they differ, further ones are asked.
    """
    voices: dict[tuple[str, UUID | None], set[UUID]] = {}
    for verdict in standing(verdicts):
        voices.setdefault(verdict.says, set()).add(verdict.reviewer)
    agreed = [says for says, who in voices.items() if len(who) >= reviewers]
    return agreed[0] if agreed else None


def was_contacted(verdicts: Sequence[Verdict]) -> bool:
    """Return whether a verdict that counts records that the person was reached outside this site."""
    return any(verdict.outcome == "verified" and verdict.contact for verdict in standing(verdicts))
