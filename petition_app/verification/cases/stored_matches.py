"""What the roster said about a signature, as it is kept sealed with the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from petition_app.matching import EvidenceRow
from petition_app.matching.roster.scoring import AGAINST
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature


@dataclass(frozen=True)
class StoredCandidate:
    """An entry that may be the signer's; `rows` sum to `score` (bits), `probability` is among all candidates."""

    key: str
    name: str
    body: str
    place: str
    term_from: date | None
    term_to: date | None
    score: float
    probability: float
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True)
class StoredMatch:
    """What the roster of this number gave: a class, how many people fit, and the candidates, the best first."""

    number: int
    as_of: date
    verdict: str
    fit: int
    candidates: tuple[StoredCandidate, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why this match is not strong: what speaks against it, what is missing, who else fits, how likely it is."""
        if self.verdict in ("strong", "none") or not self.candidates:
            return ()
        best = self.candidates[0]
        relations = {row.part: row.relation for row in best.rows}
        found = {
            "against": any(relation in AGAINST for relation in relations.values()),
            "several": self.fit > 1,
            "given": relations.get("given", "missing") in ("missing", "initial"),
            "place": relations.get("place", "missing") == "missing",
            "place_differs": relations.get("place") == "disagrees",
        }
        return tuple(name for name, holds in found.items() if holds) or ("likely",)

    def get(self, key: str | None) -> StoredCandidate | None:
        """Return the candidate of this key."""
        return next((candidate for candidate in self.candidates if candidate.key == key), None)


def latest(signature: Signature) -> StoredMatch | None:
    """Return the newest match kept with a case. Raises: UnreadableError, StorageSealedError, LockedError."""
    return latest_among(sealing.open_case(signature))


def latest_among(notes: list[dict[str, Any]]) -> StoredMatch | None:
    """Return the newest match among the notes of a case."""
    found = [note for note in notes if note.get("kind") == "match"]
    return _read(found[-1]) if found else None


def _read(note: dict[str, Any]) -> StoredMatch:
    return StoredMatch(
        number=note["roster"],
        as_of=date.fromisoformat(note["as_of"]),
        verdict=note["class"],
        fit=note["fit"],
        candidates=tuple(
            StoredCandidate(
                key=found["key"],
                name=found["name"],
                body=found["body"],
                place=found["place"],
                term_from=date.fromisoformat(found["from"]) if found["from"] else None,
                term_to=date.fromisoformat(found["to"]) if found["to"] else None,
                score=found["score"],
                probability=found["probability"],
                rows=tuple(EvidenceRow(*row) for row in found["rows"]),
            )
            for found in note["candidates"]
        ),
    )
