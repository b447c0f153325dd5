"""What matching is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PARTS = ("surname", "given", "patronymic", "other", "place", "term")
RELATIONS = (
    "exact", "similar", "initial", "known_form", "other_gender", "part", "different", "missing", "agrees", "disagrees",
    "out_of_term",
)  # fmt: skip
VERDICTS = ("strong", "possible", "weak", "none")


@dataclass(frozen=True)
class Entry:
    """One person of a roster. `surname` may hold the whole name; place is where the body sits."""

    id: str
    surname: str
    given: str
    patronymic: str = ""
    body: str = ""
    place: str = ""
    term_from: date | None = None
    term_to: date | None = None

    @property
    def name(self) -> str:
        """The whole name in one line."""
        return " ".join(part for part in (self.surname, self.given, self.patronymic) if part)


@dataclass(frozen=True)
class Query:
    """What a signer typed, and the day of signing."""

    name: str
    place: str = ""
    role: str = ""
    on: date | None = None


@dataclass(frozen=True)
class EvidenceRow:
    """One piece of evidence: a part of the name or a circumstance, how it relates, and its weight in bits."""

    part: str
    submitted: str
    roster: str
    relation: str
    similarity: float
    bits: float


@dataclass(frozen=True)
class RosterCandidate:
    """An entry that may be the signer's. `score` is the sum of the rows' bits."""

    entry: Entry
    score: float
    probability: float
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True)
class Match:
    """What a roster says about a signer: a suggestion, never a decision.

    `candidates` are the best five, best first; all who bear the very same name are among them. `fit` is how many
    people fit.
    """

    verdict: str
    candidates: tuple[RosterCandidate, ...]
    fit: int


@dataclass(frozen=True)
class Comparison:
    """What two bare names say about each other. `score` is the sum of the rows' bits."""

    verdict: str
    score: float
    rows: tuple[EvidenceRow, ...]
