"""Matching names with a roster, and with each other: it suggests, people decide."""

from petition_app.verification.matching.compare import compare_names
from petition_app.verification.matching.facts import (
    PARTS,
    RELATIONS,
    VERDICTS,
    Candidate,
    Comparison,
    Entry,
    Match,
    Query,
    Row,
)
from petition_app.verification.matching.index import RosterIndex
from petition_app.verification.matching.normalize import near_keys

__all__ = (
    "PARTS",
    "RELATIONS",
    "VERDICTS",
    "Candidate",
    "Comparison",
    "Entry",
    "Match",
    "Query",
    "RosterIndex",
    "Row",
    "compare_names",
    "near_keys",
)
