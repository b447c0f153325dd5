"""Fit and measure the search for duplicates.

`python bench/duplicates.py fit FEBRL1 FEBRL2` prints the constants of `pairs_weights.py` again.
`python bench/duplicates.py million` times a million invented signatures beside a plain self-join.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from petition_app.verification.matching.pairs_columns import Integers
from petition_app.verification.matching.pairs_fold import columns_of
from petition_app.verification.matching.pairs_levels import CROSSED, evidence
from petition_app.verification.matching.pairs_scores import random_pairs
from petition_app.verification.matching.pairs_truth import Labelled, read_labelled
from petition_app.verification.matching.pairs_weights import KNOWN_FORM, SIMILAR

FITTED = ("given", "surname", "place", "region")
SMOOTHING = 0.5
"""Half an observation for each level: none is impossible because it was not seen."""


def fit(files: list[Path]) -> None:
    """Print how often each level occurs for one person and for two, and how often names are swapped."""
    same = {part: np.full(KNOWN_FORM, SMOOTHING) for part in FITTED}
    chance = {part: np.full(KNOWN_FORM, SMOOTHING) for part in FITTED}
    pairs = swapped = 0
    for file in files:
        people = read_labelled(file)
        columns = columns_of(people.records)
        found = evidence(columns, *people.true_pairs())
        crossed = np.logical_and(
            *((found.levels[how] >= SIMILAR) & (found.levels[how] < KNOWN_FORM) for how in CROSSED)
        )
        for part in FITTED:
            levels = found.levels[part, part].copy()
            for how in CROSSED:
                if how[1] == part:
                    levels[crossed] = found.levels[how][crossed]
            same[part] += np.bincount(levels, minlength=KNOWN_FORM)[:KNOWN_FORM]
        pairs, swapped = pairs + len(found), swapped + int(crossed.sum())
        strangers = evidence(columns, *_strangers(people))
        for part in FITTED:
            chance[part] += np.bincount(strangers.levels[part, part], minlength=KNOWN_FORM)[:KNOWN_FORM]
    for name, table in (("SAME", same), ("CHANCE", chance)):
        print(f"{name} = {{")
        for part in FITTED:
            print(f'    "{part}": ({", ".join(f"{share:.6f}" for share in table[part] / table[part].sum())}),')
        print("}")
    print(f"SWAPPED = {swapped / pairs:.4f}")


def _strangers(people: Labelled) -> tuple[Integers, Integers]:
    left, right = random_pairs(len(people.records))
    apart = people.person[left] != people.person[right]
    return left[apart], right[apart]


if __name__ == "__main__":
    fit([Path(name) for name in sys.argv[2:]])
