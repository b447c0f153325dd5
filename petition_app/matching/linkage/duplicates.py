"""Find signatures that one person may have given twice: pairs with what agrees, what differs, and how likely.

Pure functions after Fellegi and Sunter (1969): an agreement is worth the logarithm of how much likelier it is for one
person than for two, so that a pair's score is the sum of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from petition_app.matching.linkage.blocks import candidates
from petition_app.matching.linkage.columns import PARTS, Columns, Floats, Integers
from petition_app.matching.linkage.fellegi_sunter import Scale, estimate, first_look, probability, weigh
from petition_app.matching.linkage.frequencies import Frequencies
from petition_app.matching.linkage.levels import APART, CROSSED, SLICE, STRAIGHT, Evidence, evidence
from petition_app.matching.linkage.records import Record, columns_of, parts_of
from petition_app.matching.linkage.transitive import LINK, not_compared, thirds, through
from petition_app.matching.linkage.weights import ABSENT, DEFAULT, EXACT, INITIAL, KNOWN_FORM, Weights

__all__ = (
    "DEFAULT",
    "Agreement",
    "Frequencies",
    "Pair",
    "Record",
    "Scan",
    "Weights",
    "cluster",
    "columns_of",
    "compare",
    "find_pairs",
    "scan",
)

FAINT = 0.0001
"""Pairs below this probability after a first look are forgotten."""


@dataclass(frozen=True)
class Agreement:
    """One row of a pair: a part on the left, on the right, how they relate, and its weight in bits.

    Parts are those of PARTS; then `order` where given name and surname are swapped, and `third` with the id of a record
    that both are copies of.
    """

    part: str
    left: str
    right: str
    relation: str
    bits: float


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person's. `score` is the sum of the rows' bits."""

    left: str
    right: str
    score: float
    probability: float
    rows: tuple[Agreement, ...]


@dataclass(frozen=True)
class Scan:
    """All likely pairs of a list as arrays: their evidence, bits and probability.

    `third` is the position of a record that both are copies of (or -1), and `added` the bits this brings.
    """

    found: Evidence
    score: Floats
    probability: Floats
    third: Integers
    added: Floats
    scale: Scale


def scan(columns: Columns, *, at_least: float = 0.5, weights: Weights = DEFAULT) -> Scan:
    """Return all pairs at least so likely, without an object for each: for lists of a million."""
    scale = first_look(columns, weights)
    found = _likely(columns, *candidates(columns), scale)
    scale = estimate(columns, found, scale, weights)
    total = weigh(columns, found, scale).total
    joined = thirds(found, probability(total, scale.prior), size=columns.size)
    found = Evidence.of([found, not_compared(columns, found, joined)])
    total = weigh(columns, found, scale).total
    third, added = through(found, joined, total, scale.prior)
    chances = probability(total + added, scale.prior)
    keep = chances >= at_least
    return Scan(found.only(keep), (total + added)[keep], chances[keep], third[keep], added[keep], scale)


def find_pairs(records: Sequence[Record], *, at_least: float = 0.5, weights: Weights = DEFAULT) -> list[Pair]:
    """Return the pairs of records at least so likely to be one person's, the likeliest first."""
    columns = columns_of(records)
    pairs = _pairs(columns, scan(columns, at_least=at_least, weights=weights), records)
    return sorted(pairs, key=lambda pair: (-pair.score, pair.left, pair.right))


def compare(
    left: Record,
    right: Record,
    *,
    among: Sequence[Record] = (),
    frequencies: Frequencies | None = None,
    weights: Weights = DEFAULT,
) -> Pair:
    """Return what agrees and what differs between two records.

    Which values are rare is said by the records `among`, or, where they are not at hand, by `frequencies`.
    """
    records = (left, right, *among)
    columns = columns_of(records)
    found = evidence(columns, np.zeros(1, np.int32), np.ones(1, np.int32))
    scale = first_look(columns, weights, sample=None if among else found)  # Of two records there is one pair.
    if frequencies:
        scale = frequencies.rescale(columns, scale, weights)
    total = weigh(columns, found, scale).total
    alone = np.full(1, -1, np.int32)
    seen = Scan(found, total, probability(total, scale.prior), alone, np.zeros(1), scale)
    return _pairs(columns, seen, records)[0]


def cluster(pairs: Iterable[Pair], *, at_least: float = LINK) -> list[set[str]]:
    """Return groups of records held together by pairs at least so likely, the largest first."""
    group: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.probability >= at_least:
            merged = group.get(pair.left, {pair.left}) | group.get(pair.right, {pair.right})
            group.update(dict.fromkeys(merged, merged))
    found = {id(members): members for members in group.values()}
    return sorted(found.values(), key=lambda members: (-len(members), min(members)))


def _likely(columns: Columns, left: Integers, right: Integers, scale: Scale) -> Evidence:
    """Return evidence on the pairs that are not plainly strangers, slice by slice to bound the memory."""
    found = []
    for start in range(0, max(len(left), 1), SLICE):
        some = evidence(columns, left[start : start + SLICE], right[start : start + SLICE])
        found.append(some.only(probability(weigh(columns, some, scale).total, scale.prior) >= FAINT))
    return Evidence.of(found)


def _pairs(columns: Columns, seen: Scan, records: Sequence[Record]) -> list[Pair]:
    """Return the pairs of a scan with their rows."""
    scores = weigh(columns, seen.found, seen.scale)
    made = []
    for place in range(len(seen.found)):
        left, right = records[seen.found.left[place]], records[seen.found.right[place]]
        one, other = (dict(zip(PARTS, parts_of(record), strict=True)) for record in (left, right))
        rows = []
        for how in (*(CROSSED if scores.crossed[place] else STRAIGHT), *APART):
            if one[how[0]] or other[how[1]]:
                bits = float(scores.rows[how][place])
                relation = _relation(int(seen.found.levels[how][place]), bits)
                rows.append(Agreement(how[0], one[how[0]], other[how[1]], relation, bits))
        if scores.crossed[place]:
            rows.append(Agreement("order", left.name, right.name, "swapped", seen.scale.swapped))
        if seen.third[place] >= 0:
            third = records[seen.third[place]].id
            rows.append(Agreement("third", third, third, "both", float(seen.added[place])))
        score = sum(row.bits for row in rows)
        made.append(Pair(left.id, right.id, score, float(seen.probability[place]), tuple(rows)))
    return made


def _relation(level: int, bits: float) -> str:
    """Return the word for a level; values that are not the same are similar where this speaks for one person."""
    words = {EXACT: "exact", KNOWN_FORM: "known_form", INITIAL: "initial", ABSENT: "missing"}
    return words.get(level, "similar" if bits > 0 else "different")
