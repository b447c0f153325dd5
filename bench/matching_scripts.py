"""Names of many scripts: each found by its own letters, and by what people write in Latin, beside ten plain lines.

`python bench/matching_scripts.py [--size N] [--queries N] [--json] [FILE...]`. A FILE holds `native<TAB>latin` lines of
one script, its name is the row's; without any, the pairs of `data/native_names.txt` are combined to whole names.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anyascii import anyascii
from manglings import english
from rapidfuzz import fuzz, process
from roster_names import Population
from rows import Row, row, table

from petition_app.matching import Entry, Query, RosterIndex

NAMES = Path(__file__).with_name("data") / "native_names.txt"
GLUED = ("hanzi", "hangul", "kana", "kanji", "burmese")
SAME, NATIVE, REACHED = 0.99, 0.85, 0.70
AHEAD = {"kanji": 0.10}
"""By how much scripts are to be found more often than by the ten lines, where these read them in another language."""


@dataclass(frozen=True)
class Person:
    """Somebody: the parts in their own script, and what they write in Latin letters; a whole name has no given one."""

    surname: str
    given: str
    latin: str


def people_of(names: Path, rng: random.Random) -> Iterator[tuple[str, list[Person]]]:
    """Yield each script with all pairs of its names, in an order by chance."""
    parts: dict[str, dict[str, list[tuple[str, list[str]]]]] = {}
    for line in names.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            script, kind, *pairs = line.split(" ")
            parts.setdefault(script, {})[kind] = [
                (native, latin.split("/")) for native, latin in (pair.split(":") for pair in pairs)
            ]
    for script, found in parts.items():
        people = [
            Person(surname, given, " ".join(_turned([rng.choice(first), rng.choice(last)], rng)))
            for surname, last in found["s"]
            for given, first in found["g"]
        ]
        rng.shuffle(people)
        yield script, people


def of_one_alphabet(rng: random.Random) -> Iterator[tuple[str, list[Person]]]:
    """Yield people with names in Cyrillic, and in Latin letters."""
    population = Population(5)
    known: dict[tuple[str, str], Person] = {}
    for _ in range(3000):
        one = population.person()
        words = _turned([english(one.given, rng), english(one.surname, rng)], rng)
        known.setdefault((one.surname, one.given), Person(one.surname, one.given, " ".join(words)))
    yield "cyrillic", list(known.values())
    yield "latin", [Person(*_two(one.latin), one.latin) for one in known.values()]


def _two(name: str) -> tuple[str, str]:
    first, _, last = name.partition(" ")
    return last, first


def of_file(file: Path) -> list[Person]:
    """Return the people of a file."""
    pairs = (line.split("\t")[:2] for line in file.read_text(encoding="utf-8").splitlines() if "\t" in line)
    return [Person(native, "", latin) for native, latin in dict(pairs).items()]


def _turned(words: list[str], rng: random.Random) -> list[str]:
    return words if rng.random() < 0.6 else words[::-1]


def entries_of(script: str, people: list[Person], rng: random.Random) -> list[Entry]:
    """Return people as a roster holds them: half in columns, half with the whole name in one, glued as is usual."""
    entries = []
    for number, one in enumerate(people):
        if one.given and rng.random() < 0.5:
            entries.append(Entry(str(number), one.surname, one.given))
        else:
            entries.append(Entry(str(number), _whole(script, one), ""))
    return entries


def _whole(script: str, one: Person) -> str:
    if not one.given:
        return one.surname
    return one.surname + one.given if script in GLUED else f"{one.given} {one.surname}"


def measure(script: str, people: list[Person], rng: random.Random, *, queries: int) -> tuple[float, float, float]:
    """Return the shares found first: by their own letters, by Latin ones, and by Latin ones with the ten lines."""
    entries = entries_of(script, people, rng)
    index = RosterIndex(entries)
    plain = [_plain(one.name) for one in entries]
    bones = [_bones(name) for name in plain]
    own = latin = control = 0
    asked = rng.sample(range(len(people)), min(queries, len(people)))
    for number in asked:
        one = people[number]
        whole = script in GLUED or not one.given
        typed = _whole(script, one) if whole else " ".join(_turned([one.given, one.surname], rng))
        own += _first(index, typed) == entries[number].id
        latin += _first(index, one.latin) == entries[number].id
        name = _plain(one.latin)
        scores = process.cdist([name], plain, scorer=fuzz.token_sort_ratio)[0]
        scores = scores + process.cdist([_bones(name)], bones, scorer=fuzz.token_sort_ratio)[0]
        control += int(scores.argmax()) == number
    return own / len(asked), latin / len(asked), control / len(asked)


def _first(index: RosterIndex, name: str) -> str | None:
    found = index.match(Query(name)).candidates
    return found[0].entry.id if found else None


def _plain(name: str) -> str:
    return str(anyascii(name)).lower().replace("-", " ").replace("'", "")


def _bones(name: str) -> str:
    return "".join(letter for letter in name if letter not in "aeiouy")


def rows_of(scripts: list[tuple[str, list[Person]]], rng: random.Random, *, size: int, queries: int) -> list[Row]:
    """Return two rows a script."""
    rows = []
    for script, people in scripts:
        some = people[:size]
        own, latin, control = measure(script, some, rng, queries=queries)
        what = f"of {len(some)} in {script}"
        rows.append(row(f"{what}: first by their own letters", own, bar=SAME, holds=own >= SAME))
        if script == "latin":
            continue
        bar = max(control + AHEAD.get(script, 0.0), NATIVE if control >= REACHED else 0.0)
        rows.append(row(f"{what}: first by Latin letters", latin, control=control, bar=bar, holds=latin >= bar))
    return rows


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=250)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    scripts = [(file.stem, of_file(file)) for file in options.files]
    scripts = scripts or [*of_one_alphabet(rng), *people_of(NAMES, rng)]
    rows = rows_of(scripts, rng, size=min(options.size, 1000), queries=options.queries)
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
