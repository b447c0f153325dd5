"""How far two values agree, for millions of pairs at once: each distinct pair of values is compared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from petition_app.verification.matching.pairs_columns import MISSING, Column, Columns, Integers, Longs, Truths
from petition_app.verification.matching.pairs_weights import ABSENT, EXACT, INITIAL, MAILBOX_EDGES, NAME_EDGES

Levels = npt.NDArray[np.int8]
Comparison = tuple[str, str]

STRAIGHT: tuple[Comparison, ...] = (("given", "given"), ("surname", "surname"))
CROSSED: tuple[Comparison, ...] = (("given", "surname"), ("surname", "given"))
APART: tuple[Comparison, ...] = tuple((part, part) for part in ("patronymic", "place", "region", "mailbox", "entry"))
COMPARISONS = (*STRAIGHT, *CROSSED, *APART)

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
    """Return what agrees in the pairs given."""
    levels = {}
    for one, other in COMPARISONS:
        column = columns.parts[one]
        levels[one, other] = _compared(column, column.codes[left], columns.parts[other].codes[right], of=one)
    return Evidence(left, right, levels)


def _compared(column: Column, left: Integers, right: Integers, *, of: str) -> Levels:
    """Return the level of agreement of each pair of codes, which share the column's list of values."""
    levels = np.where((left == MISSING) | (right == MISSING), ABSENT, EXACT).astype(np.int8)
    differ = np.flatnonzero((left != right) & (levels == EXACT))
    if not len(differ):
        return levels
    if of == "entry":
        levels[differ] = 0
        return levels
    one, other = np.minimum(left[differ], right[differ]), np.maximum(left[differ], right[differ])
    pairs, where = np.unique((one.astype(np.int64) << 32) | other, return_inverse=True)
    compare = _mailboxes if of == "mailbox" else _names
    parts = [_sliced(column.values, pairs[start : start + SLICE], compare) for start in range(0, len(pairs), SLICE)]
    levels[differ] = np.concatenate(parts)[where]
    return levels


def _sliced(values: list[str], pairs: Longs, compare: Callable[[list[str], list[str]], Levels]) -> Levels:
    return compare(
        [values[code] for code in (pairs >> 32).tolist()], [values[code] for code in (pairs & 0xFFFFFFFF).tolist()]
    )


def _mailboxes(left: list[str], right: list[str]) -> Levels:
    alike = cpdist(left, right, scorer=OSA.normalized_similarity, dtype=np.float32)
    levels: Levels = np.digitize(alike, MAILBOX_EDGES).astype(np.int8)
    return levels


def _names(left: list[str], right: list[str]) -> Levels:
    alike = cpdist(left, right, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)
    levels: Levels = np.digitize(alike, NAME_EDGES).astype(np.int8)
    for index in [
        at for at, (one, other) in enumerate(zip(left, right, strict=True)) if len(one) == 1 or len(other) == 1
    ]:
        levels[index] = INITIAL if left[index][0] == right[index][0] else 0
    return levels
