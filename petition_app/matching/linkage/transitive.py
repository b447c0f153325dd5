"""What a third record says about two: when both are copies of it, they are copies of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from petition_app.matching.linkage.blocks import within_blocks
from petition_app.matching.linkage.columns import Columns, Floats, Integers, Longs
from petition_app.matching.linkage.levels import Evidence, evidence

LINK = 0.95
"""Pairs from this probability on hold together: at .5, clusters merge strangers."""
CLOSEST = 50
"""A record with more copies than these leads nowhere: it is a shared mailbox, not a person."""


@dataclass(frozen=True)
class Thirds:
    """Pairs (left * size + right, ascending) that a third record joins: which one, and how likely both links hold."""

    size: int
    pairs: Longs
    third: Integers
    chance: Floats

    def look_up(self, found: Evidence) -> tuple[Longs, Longs]:
        """Return which of the pairs found have a third, and where it stands."""
        pairs = _number(found.left, found.right, self.size)
        if not len(self.pairs):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        where = np.minimum(np.searchsorted(self.pairs, pairs), len(self.pairs) - 1)
        there = np.flatnonzero(self.pairs[where] == pairs)
        return there, where[there]


def thirds(found: Evidence, chances: Floats, *, size: int) -> Thirds:
    """Return for each pair the third record that joins it best."""
    sure = chances >= LINK
    left, right, chance = found.left[sure], found.right[sure], chances[sure]
    centre, end = np.concatenate([left, right]), np.concatenate([right, left])
    chance = np.concatenate([chance, chance])
    one, other = within_blocks(centre.astype(np.int64), largest=CLOSEST, most=20 * len(centre) + 1)
    both = chance[one] * chance[other]
    pairs = _number(np.minimum(end[one], end[other]), np.maximum(end[one], end[other]), size)
    order = np.lexsort((-both, pairs))
    pairs, first = np.unique(pairs[order], return_index=True)
    best = order[first]
    return Thirds(size, pairs, centre[one[best]], both[best])


def not_compared(columns: Columns, found: Evidence, joined: Thirds) -> Evidence:
    """Return evidence on the pairs that a third record joins and that were not compared before."""
    new = joined.pairs[~np.isin(joined.pairs, _number(found.left, found.right, joined.size))]
    return evidence(columns, (new // joined.size).astype(np.int32), (new % joined.size).astype(np.int32))


def through(found: Evidence, joined: Thirds, total: Floats, prior: float) -> tuple[Integers, Floats]:
    """Return the third record of each pair (or -1), and the bits it adds to what the pair's own evidence says.

    Both links holding means one person; what differs between the two still counts against it.
    """
    third, added = np.full(len(found), -1, np.int32), np.zeros(len(found))
    there, where = joined.look_up(found)
    chance = np.minimum(joined.chance[where], 1 - 1e-9)
    odds = np.log2(chance / (1 - chance)) + np.minimum(total[there], 0.0)
    gain = odds - prior - total[there]
    more = gain > 0
    third[there[more]], added[there[more]] = joined.third[where[more]], gain[more]
    return third, added


def _number(left: Integers, right: Integers, size: int) -> Longs:
    pairs: Longs = left.astype(np.int64) * size + right
    return pairs
