"""Lists of people whose truth is known, and how well the search for duplicates does on them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.matching.linkage.columns import Integers
from petition_app.matching.linkage.duplicates import Record, columns_of, scan
from petition_app.matching.linkage.weights import DEFAULT, Weights

FEBRL = {"id": "rec_id", "given": "given_name", "surname": "surname", "place": "suburb", "region": "state"}
SPLINK = {"id": "unique_id", "given": "first_name", "surname": "surname", "place": "city", "mailbox": "email"}


class NotLabelledError(DomainError):
    """A file is not a list of people whose truth is known."""

    message = N_("%(file)s cannot be measured: %(why)s")


@dataclass(frozen=True)
class Labelled:
    """Records, and for each of them a number that records of one person share."""

    records: list[Record]
    person: Integers

    def true_pairs(self) -> tuple[Integers, Integers]:
        """Return the positions of all pairs that are one person's."""
        order = np.argsort(self.person, kind="stable")
        left, right = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        for ahead in range(1, int(np.bincount(self.person).max(initial=0))):
            same = np.flatnonzero(self.person[order[ahead:]] == self.person[order[:-ahead]])
            left.append(order[same].astype(np.int32))
            right.append(order[same + ahead].astype(np.int32))
        return np.concatenate(left), np.concatenate(right)


@dataclass(frozen=True)
class Measured:
    """Pairs found at a probability of one half, beside those there are."""

    file: str
    records: int
    true_pairs: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """The share of pairs found that are right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of true pairs that were found."""
        return self.right / self.true_pairs if self.true_pairs else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        either = self.found + self.true_pairs
        return 2 * self.right / either if either else 0.0

    def as_json(self) -> dict[str, str | int | float]:
        """Return all figures."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


def read_labelled(file: Path) -> Labelled:
    """Return the people of a file in the layout of FEBRL or of Splink's `fake_20000`, told apart by its header.

    Only name, place and mailbox are read: a signature has no date of birth.

    Raises:
        NotLabelledError: The file cannot be read, or its header is of neither layout.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, skipinitialspace=True, restval="")
            header = set(reader.fieldnames or ())
            if header >= set(FEBRL.values()):
                columns, truth = FEBRL, "rec_id"
            elif header >= {*SPLINK.values(), "group"}:
                columns, truth = SPLINK, "group"
            else:
                raise NotLabelledError(file=file.name, why="its header is of no known layout")
            rows = list(reader)
    except OSError as error:
        raise NotLabelledError(file=file.name, why=error.strerror or "it cannot be opened") from None
    except (UnicodeDecodeError, csv.Error):
        raise NotLabelledError(file=file.name, why="it is not CSV in UTF-8") from None
    people: dict[str, int] = {}
    person = [people.setdefault(_person(row[truth], file), len(people)) for row in rows]
    records = [Record(**{part: row[title].strip() for part, title in columns.items()}) for row in rows]
    return Labelled(records, np.array(person, np.int32))


def _person(label: str, file: Path) -> str:
    """Return what the records of a person share: the number in `rec-12-dup-0`, or the group itself."""
    if not label.startswith("rec-"):
        return label
    pieces = label.split("-")
    if len(pieces) < 3:
        raise NotLabelledError(file=file.name, why="a rec_id has no number")
    return pieces[1]


def measure(file: Path, *, weights: Weights = DEFAULT) -> Measured:
    """Return how many of the true pairs of a file are found, and how many of those found are right."""
    people = read_labelled(file)
    found = scan(columns_of(people.records), weights=weights).found
    right = int((people.person[found.left] == people.person[found.right]).sum())
    return Measured(file.name, len(people.records), len(people.true_pairs()[0]), len(found), right)


def together(figures: Sequence[Measured]) -> Measured:
    """Return the figures of several files as one."""
    return Measured(
        "",
        sum(one.records for one in figures),
        sum(one.true_pairs for one in figures),
        sum(one.found for one in figures),
        sum(one.right for one in figures),
    )
