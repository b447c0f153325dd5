"""How far two values agree, for millions of pairs at once: each distinct pair of values is compared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from petition_app.matching.linkage.columns import MISSING, Column, Columns, Integers, Longs, Truths, numbered
from petition_app.matching.linkage.weights import ABSENT, EXACT, INITIAL, KNOWN_FORM, MAILBOX_EDGES, NAME_EDGES, SIMILAR

Levels = npt.NDArray[np.int8]
Comparison = tuple[str, str]

STRAIGHT: tuple[Comparison, ...] = (("given", "given"), ("surname", "surname"))
CROSSED: tuple[Comparison, ...] = (("given", "surname"), ("surname", "given"))
APART: tuple[Comparison, ...] = tuple((part, part) for part in ("patronymic", "place", "region", "mailbox", "entry"))
COMPARISONS = (*STRAIGHT, *CROSSED, *APART)

LOW = 0xFFFFFFFF
"""The half of a number that holds the second code."""
SLICE = 500_000
"""Pairs of values compared at a time, which bounds the memory for their strings."""


@dataclass(frozen=True)
class Evidence:
    """What agrees in each pair: the pairs, and a level for each comparison (a part on the left, one on the right)."""

    left: Integers
    right: Integers
    levels: dict[Comparison, Levels]

    def __len__(self) -> int:
        return len(self.left)

    def only(self, which: Truths) -> Evidence:
        """Return some of the pairs."""
        return Evidence(self.left[which], self.right[which], {how: level[which] for how, level in self.levels.items()})

    @staticmethod
    def of(pieces: Sequence[Evidence]) -> Evidence:
        """Return the pairs of all pieces, of which there is at least one."""
        return Evidence(
            np.concatenate([piece.left for piece in pieces]),
            np.concatenate([piece.right for piece in pieces]),
            {how: np.concatenate([piece.levels[how] for piece in pieces]) for how in COMPARISONS},
        )


def evidence(columns: Columns, left: Integers, right: Integers) -> Evidence:
    """Return what agrees in the pairs given; names are crossed only where they do not agree as they stand."""
    levels: dict[Comparison, Levels] = {how: _compared(columns, left, right, how) for how in (*STRAIGHT, *APART)}
    apart = np.flatnonzero(_disagree(levels[STRAIGHT[0]]) & _disagree(levels[STRAIGHT[1]]))
    for how in CROSSED:
        levels[how] = np.full(len(left), ABSENT, np.int8)
        levels[how][apart] = _compared(columns, left[apart], right[apart], how)
    return Evidence(left, right, levels)


def _disagree(levels: Levels) -> Truths:
    disagree: Truths = (levels < SIMILAR) | (levels == ABSENT)
    return disagree


def _compared(columns: Columns, left: Integers, right: Integers, how: Comparison) -> Levels:
    """Return the level of agreement of each pair in one comparison, whose parts share a list of values."""
    column = columns.parts[how[0]]
    one, other = column.codes[left], columns.parts[how[1]].codes[right]
    levels = np.where((one == MISSING) | (other == MISSING), ABSENT, EXACT).astype(np.int8)
    differ = np.flatnonzero((one != other) & (levels == EXACT))
    if how[0] == "entry" or not len(differ):
        levels[differ] = 0
        return levels
    pairs, where = np.unique(numbered(one[differ], other[differ]), return_inverse=True)
    scorer, edges = (
        (OSA.normalized_similarity, MAILBOX_EDGES)
        if how[0] == "mailbox"
        else (JaroWinkler.normalized_similarity, NAME_EDGES)
    )
    reached = np.empty(len(pairs), np.int8)
    for start in range(0, len(pairs), SLICE):
        part = pairs[start : start + SLICE]
        ones, others = column.values[part >> 32].tolist(), column.values[part & LOW].tolist()
        reached[start : start + SLICE] = np.digitize(cpdist(ones, others, scorer=scorer, dtype=np.float32), edges)
    _spelled_alike(column, pairs, reached, scorer, edges)
    reached[(reached <= SIMILAR) & np.isin(pairs, column.related, assume_unique=True)] = KNOWN_FORM
    one, other = column.initials[pairs >> 32], column.initials[pairs & LOW]
    short = (one > 0) | (other > 0)
    reached[short] = np.where(np.abs(one[short]) == np.abs(other[short]), INITIAL, 0)
    levels[differ] = reached[where]
    return levels


def _spelled_alike(
    column: Column, pairs: Longs, reached: Levels, scorer: Callable[..., float], edges: tuple[float, ...]
) -> None:
    """Raise the levels of values with several spellings to what the likest two of them reach."""
    if not column.others:
        return
    some = np.fromiter(column.others, np.int64, len(column.others))
    for place in np.flatnonzero(np.isin(pairs >> 32, some) | np.isin(pairs & LOW, some)).tolist():
        one, other = (
            column.others.get(code, frozenset((column.values[code],)))
            for code in (int(pairs[place]) >> 32, int(pairs[place]) & LOW)
        )
        if one & other:
            reached[place] = EXACT
        else:
            likest = max(scorer(left, right) for left in one for right in other)
            reached[place] = max(int(reached[place]), int(np.digitize(likest, edges)))
