"""Matching names with a roster, and with each other: it suggests, people decide."""

from petition_app.matching.names.spelling import phonetic_keys
from petition_app.matching.roster.compare import compare_names
from petition_app.matching.roster.index import RosterIndex
from petition_app.matching.roster.types import (
    PARTS,
    RELATIONS,
    VERDICTS,
    Comparison,
    Entry,
    EvidenceRow,
    Match,
    Query,
    RosterCandidate,
)

__all__ = (
    "PARTS",
    "RELATIONS",
    "VERDICTS",
    "Comparison",
    "Entry",
    "EvidenceRow",
    "Match",
    "Query",
    "RosterCandidate",
    "RosterIndex",
    "compare_names",
    "phonetic_keys",
)
