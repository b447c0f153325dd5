"""Matching on a roster of 100,000 invented people: who is found first, how often a strong match is wrong, how fast.

`python bench/matching.py [--size N] [--queries N] [--seed N] [--json]`. Half of those who sign are not on the roster.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from manglings import KINDS, SCHOOLS, TWO_PARTS, typed
from rapidfuzz import process
from roster_names import Person, Population
from rows import Row, row, table

from petition_app.matching import Entry, Match, Query, RosterIndex


@dataclass(frozen=True)
class Asked:
    """A query and the truth: the entry's id, or none."""

    kind: str
    name: str
    place: str
    truth: str | None
    namesakes: int


def roster_of(people: list[Person], rng: random.Random) -> list[Entry]:
    """Return the people as published: two thirds in Cyrillic, the rest in Latin by English or passport rules."""
    entries = []
    for number, person in enumerate(people):
        parts = (person.surname, person.given, person.patronymic)
        if rng.random() < 0.35:
            write = SCHOOLS[rng.choice(["english", "english", "passport"])]
            parts = (write(parts[0], rng), write(parts[1], rng), write(parts[2], rng) if parts[2] else "")
            if rng.random() < 0.3:
                parts = (*parts[:2], "")
        entries.append(Entry(str(number), *parts, body=person.body))
    return entries


def ask(people: list[Person], population: Population, rng: random.Random, *, count: int, place: bool) -> list[Asked]:
    """Return queries, half of them by people who are not on the roster but might be by their names."""
    pairs = Counter((person.surname, person.given) for person in people)
    kinds, weights = list(KINDS), list(KINDS.values())
    asked = []
    for turn in range(count):
        kind = rng.choices(kinds, weights)[0]
        on = turn % 2 == 0
        number = rng.randrange(len(people))
        person = people[number] if on else population.person()
        body = person.body if place else ""
        luck = rng.random()
        if place and luck < 0.1:
            body = "" if luck < 0.05 else rng.choice(population.bodies)
        namesakes = pairs[person.surname, person.given] - 1
        asked.append(Asked(kind, typed(person, kind, rng), body, str(number) if on else None, namesakes))
    return asked


def measure(index: RosterIndex, asked: list[Asked]) -> dict[str, object]:
    """Return shares over the queries."""
    right: dict[str, list[bool]] = defaultdict(list)
    five: list[bool] = []
    strong = strong_right = strong_on = outsiders = outsiders_strong = 0
    sums = True
    times = []
    for one in asked:
        start = time.process_time()
        match = index.match(Query(one.name, one.place))
        times.append(time.process_time() - start)
        found = [each.entry.id for each in match.candidates]
        sums = sums and _sums(match)
        is_strong = match.verdict == "strong"
        strong += is_strong
        strong_right += is_strong and found[0] == one.truth
        if one.truth is None:
            outsiders += 1
            outsiders_strong += is_strong
            continue
        strong_on += is_strong and found[0] == one.truth
        right[one.kind].append(found[:1] == [one.truth])
        five.append(one.truth in found)
    every = [each for kind in right.values() for each in kind]
    latin = [
        each for kind, values in right.items() if kind.startswith("latin ") and kind.endswith("full") for each in values
    ]
    short = [each for kind in ("initials", "latin-initials") for each in right[kind]]
    times.sort()
    return {
        "first": _share(every), "among_five": _share(five), "latin_full_first": _share(latin),
        "initials_first": _share(short),
        "strong_recall": strong_on / max(len(every), 1), "strong_precision": strong_right / max(strong, 1),
        "outsiders_strong": outsiders_strong / max(outsiders, 1), "scores_sum": sums,
        "lookups_per_second": len(times) / sum(times), "p95_ms": times[int(len(times) * 0.95)] * 1000,
        "by_kind": {kind: round(_share(right[kind]), 3) for kind in KINDS if kind in right},
    }  # fmt: skip


def _sums(match: Match) -> bool:
    return all(each.score == sum(row.bits for row in each.rows) for each in match.candidates)


def _share(values: list[bool]) -> float:
    return sum(values) / max(len(values), 1)


def yardstick(entries: list[Entry], asked: list[Asked], *, count: int) -> float:
    """Return the look-ups a second of `rapidfuzz.process.extract` over the same roster."""
    names = [entry.name for entry in entries]
    start = time.process_time()
    for one in asked[:count]:
        process.extract(one.name, names, limit=5)
    return count / (time.process_time() - start)


def memory() -> float:
    """Return the most memory the process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(*, size: int, queries: int, seed: int) -> dict[str, object]:
    """Run the bench."""
    population = Population(seed)
    rng = random.Random(seed + 1)
    people = [population.person() for _ in range(size)]
    entries = roster_of(people, rng)
    names_only = ask(people, population, rng, count=queries, place=False)
    with_place = ask(people, population, rng, count=queries, place=True)
    two = [one.namesakes > 0 for one in names_only if one.truth is not None and one.kind in TWO_PARTS]
    del people
    start = time.process_time()
    index = RosterIndex(entries)
    built = time.process_time() - start
    alone = measure(index, names_only)
    placed = measure(index, with_place)
    held = memory()
    speed = yardstick(entries, names_only, count=40)
    ratio = float(str(alone["lookups_per_second"])) / speed
    return {
        "seed": seed, "roster": size, "queries": queries, "two_part_with_namesakes": _share(two),
        "void": _share(two) < 0.13, "built_s": built, "memory_mb": held, "yardstick_per_second": speed,
        "times_yardstick": ratio, "names_alone": alone, "with_place": placed,
    }  # fmt: skip


def bars(found: dict[str, object]) -> list[Row]:
    """Return one row a bar: what was measured, what it must be, and whether it holds."""
    alone, placed = found["names_alone"], found["with_place"]
    assert isinstance(alone, dict)
    assert isinstance(placed, dict)
    speed, yardstick, ratio = alone["lookups_per_second"], found["yardstick_per_second"], found["times_yardstick"]
    sums = alone["scores_sum"] and placed["scores_sum"]
    rows = [
        ("two-part queries with exact namesakes", found["two_part_with_namesakes"], 0.13, True),
        ("names alone: right entry first", alone["first"], 0.925, True),
        ("names alone: right entry first, full names in Latin letters", alone["latin_full_first"], 0.972, True),
        ("names alone: right entry first, initials", alone["initials_first"], 0.87, True),
        ("names alone: right entry among five", alone["among_five"], 0.96, True),
        ("names alone: right and strong", alone["strong_recall"], 0.50, True),
        ("names alone: strong ones right", alone["strong_precision"], 0.995, True),
        ("names alone: outsiders strong", alone["outsiders_strong"], 0.003, False),
        ("with place: right and strong", placed["strong_recall"], 0.80, True),
        ("with place: strong ones right", placed["strong_precision"], 0.999, True),
        ("with place: outsiders strong", placed["outsiders_strong"], 0.0005, False),
        ("memory of the process, MB", found["memory_mb"], 350, False),
    ]
    counts, what = not found["void"], f"of {found['roster']}, seed {found['seed']}"
    return [
        *(
            row(f"roster {what}: {name}", value, bar=bar, holds=counts and (value >= bar if least else value <= bar))
            for name, value, bar, least in rows
        ),
        row(f"roster {what}: every score is the sum of its rows", float(sums), bar=1, holds=counts and sums),
        row(
            f"roster {what}: look-ups a second; the bar is how many times rapidfuzz.process.extract",
            speed, control=yardstick, bar=15, holds=counts and ratio >= 15,
        ),
    ]  # fmt: skip


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=20220907)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = run(size=options.size, queries=options.queries, seed=options.seed)
    rows = bars(found)
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    print(f"seed {options.seed}, roster {options.size}, {options.queries} queries, half by outsiders")
    if found["void"]:
        print("VOID: too few of the two-part queries have exact namesakes on the roster")
    print(table(rows))
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
