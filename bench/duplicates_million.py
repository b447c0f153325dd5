"""A million invented signatures, some of them copies: time, memory and what is found, beside a plain self-join."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rows import Row, row, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from petition_app.matching.linkage.duplicates import Record, columns_of, scan

SURNAMES, GIVEN, PLACES = 100_000, 600, 3_000
COPIES = 0.03
"""The share of signatures that repeat an earlier one."""
LATIN = [first + second for first in "bdfghjklmnprstvz" for second in "aeiou"]
CYRILLIC = [first + second for first in "бдфгхжклмнпрствз" for second in "аэиоу"]


class Signatures:
    """Signatures made up as they are read; the same seed makes the same ones."""

    def __init__(self, size: int, *, seed: int = 1) -> None:
        draw = np.random.default_rng(seed)
        self.size = size
        self.surnames, self.given = _names(SURNAMES, 4, draw), _names(GIVEN, 3, draw)
        self.places = [name for name, _ in _names(PLACES, 4, draw)]
        popular = 1.0 / np.arange(20, SURNAMES + 20)
        self.surname = draw.choice(SURNAMES, size, p=popular / popular.sum()).astype(np.int32)
        popular = 1.0 / np.arange(5, GIVEN + 5)
        self.first = draw.choice(GIVEN, size, p=popular / popular.sum()).astype(np.int32)
        self.place = draw.choice(PLACES, size).astype(np.int32)
        originals = int(size * (1 - COPIES))
        self.person = np.arange(size, dtype=np.int32)
        self.person[originals:] = draw.choice(originals, size - originals)

    def __iter__(self) -> Iterator[Record]:
        chance = random.Random(1)
        for number, person in enumerate(self.person.tolist()):
            copied = number != person
            alphabet = person % 3 == 0
            if copied and chance.random() < 0.2:
                alphabet = not alphabet
            surname, given = self.surnames[self.surname[person]][alphabet], self.given[self.first[person]][alphabet]
            mailbox = f"{self.given[self.first[person]][0]}{person}@example.org" if chance.random() < 0.7 else ""
            if copied:
                surname = _mistyped(surname, chance) if chance.random() < 0.3 else surname
                mailbox = f"second{person}@example.org" if chance.random() < 0.5 else mailbox
            name = f"{surname} {given}" if chance.random() < 0.3 else f"{given} {surname}"
            yield Record(
                "", name, place=self.places[self.place[person]] if chance.random() < 0.9 else "", mailbox=mailbox
            )


def _names(count: int, longest: int, draw: np.random.Generator) -> list[tuple[str, str]]:
    """Return different names in Latin and in Cyrillic letters."""
    made: dict[str, str] = {}
    while len(made) < count:
        which = draw.integers(0, len(LATIN), draw.integers(2, longest + 1) + (longest > 3))
        made["".join(LATIN[one] for one in which).title()] = "".join(CYRILLIC[one] for one in which).title()
    return list(made.items())


def _mistyped(name: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(name))
    return (
        name[:at] + name[at + 1 :]
        if chance.random() < 0.5
        else name[: at - 1] + name[at : at + 1] + name[at - 1] + name[at + 1 :]
    )


def peak_megabytes() -> float:
    """Return the most memory this process has held."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024


def run(size: int) -> list[Row]:
    """Return the rows of the bench for so many signatures, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    people = Signatures(size)
    started = time.process_time()
    columns = columns_of(people)
    read = time.process_time() - started
    seen = scan(columns)
    took = time.process_time() - started
    peak = peak_megabytes()
    right = int((people.person[seen.found.left] == people.person[seen.found.right]).sum())
    there = _pairs_among(people.person)
    started = time.process_time()
    same, same_right = _self_join(people)
    plainly = time.process_time() - started
    ours, plain = 2 * right / (len(seen.found) + there), 2 * same_right / (same + there)
    print(
        f"read {read:.1f} s, {len(seen.found)} found, {right} right, {there} there; self-join {same_right} right",
        file=sys.stderr,
    )
    what = f"duplicates among {size:,} signatures"
    return [
        row(f"{what}: seconds of one core", took, control=plainly, bar=60, holds=took <= 60),
        row(f"{what}: peak MB", peak, bar=1000, holds=peak <= 1000),
        row(f"{what}: F1", ours, control=plain, holds=ours > plain),
    ]


def _pairs_among(person: np.ndarray) -> int:
    counts = np.bincount(person)
    return int((counts * (counts - 1) // 2).sum())


def _self_join(people: Signatures) -> tuple[int, int]:
    """Return the pairs of the same name and place, and how many are right: what a query with GROUP BY finds."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, record in enumerate(people):
        groups.setdefault((record.name.casefold(), record.place), []).append(number)
    found = right = 0
    for members in groups.values():
        for one, other in itertools.combinations(members, 2):
            found, right = found + 1, right + int(people.person[one] == people.person[other])
    return found, right


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = run(options.size)
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
