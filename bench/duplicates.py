"""Fit and measure the search for duplicates.

`python bench/duplicates.py fit FEBRL1 FEBRL2` prints the constants of `pairs_weights.py` again.
`python bench/duplicates.py measure FILE...` prints rows of the bench: F1 beside that of a plain self-join. A million
signatures are in `duplicates_million.py`.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import numpy as np
from rows import Row, row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from petition_app.matching.linkage.columns import Integers, columns_from
from petition_app.matching.linkage.fellegi_sunter import random_pairs
from petition_app.matching.linkage.levels import CROSSED, evidence
from petition_app.matching.linkage.records import folded, parts_of
from petition_app.matching.linkage.weights import KNOWN_FORM, SIMILAR
from petition_app.verification.matching_cases.linkage_truth import Labelled, measure, read_labelled

FITTED = ("given", "surname", "place", "region")
BARS = {"febrl3.csv": 0.961, "fake_20000.csv": 0.84}
SMOOTHING = 0.5
"""Half an observation for each level: none is impossible because it was not seen."""


def fit(files: list[Path]) -> None:
    """Print how often each level occurs for one person and for two, and how often names are swapped.

    Known forms of names are left out, so that the figures do not change with the table of forms.
    """
    same = {part: np.full(KNOWN_FORM, SMOOTHING) for part in FITTED}
    chance = {part: np.full(KNOWN_FORM, SMOOTHING) for part in FITTED}
    pairs = swapped = 0
    for file in files:
        people = read_labelled(file)
        columns = columns_from(map(parts_of, people.records), fold=folded)
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


def rows(files: list[Path]) -> list[Row]:
    """Return rows of the bench: F1 on each file, beside what records with the same name and place give."""
    made = []
    for file in files:
        people = read_labelled(file)
        value, bar = measure(file).f1, BARS.get(file.name)
        holds = bar is None or value >= bar
        made.append(row(f"duplicates in {file.name}: F1", value, control=_plain_f1(people), bar=bar, holds=holds))
    return made


def _plain_f1(people: Labelled) -> float:
    """Return F1 of a self-join on the whole name and the place, as typed."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, one in enumerate(people.records):
        groups.setdefault((one.given, one.surname, one.place), []).append(number)
    pairs = [pair for members in groups.values() for pair in itertools.combinations(members, 2)]
    right = sum(int(people.person[one] == people.person[other]) for one, other in pairs)
    return 2 * right / (len(pairs) + len(people.true_pairs()[0]))


if __name__ == "__main__":
    what, *names = sys.argv[1:] or [""]
    paths = [Path(name) for name in names]
    if what == "fit" and paths:
        fit(paths)
    elif what == "measure" and paths:
        print(json.dumps(rows(paths), indent=1))
    else:
        sys.exit(__doc__)
