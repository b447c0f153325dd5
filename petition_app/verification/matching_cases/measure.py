"""How well matching does on a folder whose truth is known: shares and counts, no database."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.matching import Entry, Match, Query, RosterIndex, compare_names
from petition_app.matching.linkage.duplicates import Record, find_pairs
from petition_app.signatures.rules import fold_mailbox, fold_name

ROSTER, TRUTH = "roster.csv", "truth.json"
LIKELY = 0.9

T = TypeVar("T")


class UnreadableFolderError(DomainError):
    """A file of the folder is missing or is not what it should be."""

    message = N_("%(file)s cannot be read: %(why)s.")


@dataclass(frozen=True)
class Measures:
    """What was found. `eligible_top1`, `_top5` and `_strong` are shares of eligible signers; all others are counts."""

    signatures: int
    roster: int
    eligible_total: int
    eligible_top1: float
    eligible_top5: float
    eligible_strong: float
    strong_total: int
    strong_wrong: int
    outsiders_total: int
    outsiders_strong: int
    namesakes_total: int
    namesakes_shown: int
    duplicates_total: int
    duplicates_found: int
    duplicates_wrong: int
    conflicts_total: int
    conflicts_found: int

    def as_json(self) -> dict[str, Any]:
        """Return all figures by name."""
        return asdict(self)


@dataclass(frozen=True)
class NameMeasures:
    """Pairs of bare names: how many of one person are at least possible, how many of two people are strong."""

    same_total: int
    same_possible: int
    different_total: int
    different_strong: int

    def as_json(self) -> dict[str, Any]:
        """Return all figures by name."""
        return asdict(self)


@dataclass(frozen=True)
class Signed:
    """A signature with its match and what it really is."""

    ref: str
    name: str
    place: str
    mailbox: str
    match: Match
    kind: str
    entry: str | None
    duplicate_of: str | None

    @property
    def best(self) -> str | None:
        """The best entry's id."""
        return self.match.candidates[0].entry.id if self.match.candidates else None

    @property
    def claimed(self) -> str:
        """The best entry's id where it is the only one that fits; else nothing."""
        sure = self.match.verdict == "strong" or (self.match.verdict == "possible" and self.match.fit == 1)
        return (self.best or "") if sure else ""

    @property
    def is_right(self) -> bool:
        """Whether the best entry is the true one."""
        return self.entry is not None and self.best == self.entry


def measure(folder: Path) -> Measures:
    """Match every signature of a folder and compare with its truth.

    The folder holds `roster.csv` (id, surname, first_name, patronymic, council, term_from, term_to), `truth.json`, and
    signatures in all other CSV files with a column `ref`. Raises: UnreadableFolderError.
    """
    index = RosterIndex(_roster(folder / ROSTER))
    truth = _truth(folder / TRUTH)
    signed = [_signed(row, index, truth) for row in _signatures(folder)]
    eligible = [one for one in signed if one.kind.startswith("eligible")]
    outsiders = [one for one in signed if one.kind == "not_on_roster"]
    strong = [one for one in signed if one.match.verdict == "strong"]
    namesakes = [one for one in signed if one.kind.startswith("namesake")]
    pairs = _pairs(signed)
    same = {frozenset((one.ref, one.duplicate_of)) for one in signed if one.duplicate_of}
    conflicts = _conflicts(signed)
    return Measures(
        signatures=len(signed),
        roster=len(index),
        eligible_total=len(eligible),
        eligible_top1=_share(one.is_right for one in eligible),
        eligible_top5=_share(one.entry in {each.entry.id for each in one.match.candidates} for one in eligible),
        eligible_strong=_share(one.match.verdict == "strong" for one in eligible),
        strong_total=len(strong),
        strong_wrong=sum(not one.is_right for one in strong),
        outsiders_total=len(outsiders),
        outsiders_strong=sum(one.match.verdict == "strong" for one in outsiders),
        namesakes_total=len(namesakes),
        namesakes_shown=sum(_shows_namesakes(one, index) for one in namesakes),
        duplicates_total=len(same),
        duplicates_found=len(same & pairs),
        duplicates_wrong=len(pairs - same - conflicts),
        conflicts_total=len(conflicts),
        conflicts_found=len(conflicts & _same_entry(signed)),
    )


def measure_names(file: Path) -> NameMeasures:
    """Compare the pairs of names of a JSON file with `same_person` and `different_people`.

    Raises: UnreadableFolderError.
    """
    found = _reading(file, lambda: json.loads(file.read_text(encoding="utf-8")))
    pairs = found if isinstance(found, dict) else {}
    same, different = (_reading(file, partial(_verdicts, pairs, key)) for key in ("same_person", "different_people"))
    return NameMeasures(
        same_total=len(same),
        same_possible=sum(verdict in ("strong", "possible") for verdict in same),
        different_total=len(different),
        different_strong=different.count("strong"),
    )


def _verdicts(pairs: dict[str, list[tuple[str, str]]], key: str) -> list[str]:
    return [compare_names(left, right).verdict for left, right in pairs[key]]


def _roster(file: Path) -> list[Entry]:
    return [_reading(file, partial(_entry, row)) for row in _table(file)]


def _entry(row: dict[str, str]) -> Entry:
    first, last = (date.fromisoformat(row[key]) if row.get(key) else None for key in ("term_from", "term_to"))
    return Entry(
        id=row["id"], surname=row["surname"], given=row["first_name"], patronymic=row.get("patronymic") or "",
        body=row.get("council") or "", term_from=first, term_to=last,
    )  # fmt: skip


def _truth(file: Path) -> dict[str, dict[str, Any]]:
    return _reading(
        file,
        lambda: {
            row["ref"]: {"kind": row["kind"], "roster_id": row["roster_id"], "of": row.get("duplicate_of")}
            for row in json.loads(file.read_text(encoding="utf-8"))
        },
    )


def _signatures(folder: Path) -> list[dict[str, str]]:
    files = sorted(file for file in folder.glob("*.csv") if file.name != ROSTER)
    rows = [row for file in files for row in _table(file) if row.get("ref") and row.get("name")]
    if not rows:
        raise UnreadableFolderError(file=folder, why="it holds no signatures: CSV files with the columns name and ref")
    return rows


def _signed(row: dict[str, str], index: RosterIndex, truth: dict[str, dict[str, Any]]) -> Signed:
    place = row.get("council") or row.get("place") or ""
    match = index.match(Query(name=row["name"], place=place, role=row.get("role") or ""))
    what = truth.get(row["ref"], {"kind": "", "roster_id": None, "of": None})
    mailbox = fold_mailbox(row["email"]) if row.get("email") else ""
    return Signed(row["ref"], row["name"], place, mailbox, match, what["kind"], what["roster_id"], what["of"])


def _table(file: Path) -> list[dict[str, str]]:
    def read() -> list[dict[str, str]]:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return list(csv.DictReader(opened))

    return _reading(file, read)


def _reading(file: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except OSError as error:
        raise UnreadableFolderError(file=file, why=error.strerror or "it is not there") from None
    except KeyError as error:
        raise UnreadableFolderError(file=file, why=f"there is no {error.args[0]}") from None
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise UnreadableFolderError(file=file, why=str(error) or "it is not what it should be") from None


def _pairs(signed: list[Signed]) -> set[frozenset[str | None]]:
    """Return the pairs the desk would show: one mailbox, one entry, or one person by name and place."""
    records = [
        Record(one.ref, name=one.name, place=one.place, mailbox=one.mailbox, entry=one.claimed) for one in signed
    ]
    likely = {frozenset((pair.left, pair.right)) for pair in find_pairs(records, at_least=LIKELY)}
    return likely | _same_entry(signed) | _same(signed, lambda one: one.mailbox)


def _same_entry(signed: list[Signed]) -> set[frozenset[str | None]]:
    return _same(signed, lambda one: one.claimed)


def _same(signed: list[Signed], key: Callable[[Signed], str]) -> set[frozenset[str | None]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for one in signed:
        if key(one):
            groups[key(one)].append(one.ref)
    return {frozenset(pair) for refs in groups.values() for pair in combinations(refs, 2)}


def _conflicts(signed: list[Signed]) -> set[frozenset[str | None]]:
    """Return the pairs of which each claims the same entry, as the truth has it."""
    return _same([one for one in signed if one.kind.startswith("conflict")], lambda one: one.entry or "")


def _shows_namesakes(one: Signed, index: RosterIndex) -> bool:
    """Return whether all who bear the best candidate's very name are shown."""
    if not one.match.candidates:
        return False
    name = fold_name(one.match.candidates[0].entry.name)
    same = {entry.id for entry in index.entries if fold_name(entry.name) == name}
    return len(same) > 1 and same <= {each.entry.id for each in one.match.candidates}


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
