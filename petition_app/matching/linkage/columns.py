"""Records as columns of numbers: each distinct value is folded once, and pairs are compared as arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, islice
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

PARTS = ("given", "surname", "patronymic", "place", "region", "mailbox", "entry")
MISSING = -1
"""The code of a value that was not given."""
OR = "|"
"""Between the spellings of one value where it has several; the first is the one by which blocks are made."""
CHUNK = 10_000
"""Rows turned into columns at a time."""


@dataclass(frozen=True)
class Column:
    """One part of all records: a code for each record, and what each code means, folded.

    `related` are pairs of codes, as `numbered` gives them in order, whose values are forms of one name. `initials`
    holds the first letter of each value: positive where it is all there is, negative where more follows. `others` are
    all spellings of the values that have several.
    """

    codes: Integers
    values: npt.NDArray[np.object_]
    related: Longs
    initials: Integers
    others: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def known(self) -> Truths:
        """Return which records have a value here."""
        known: Truths = self.codes != MISSING
        return known

    def counts(self) -> Floats:
        """Return how many records hold each value."""
        return np.bincount(self.codes[self.known], minlength=len(self.values)).astype(np.float64)


@dataclass(frozen=True)
class Columns:
    """All parts of all records. Given name and surname share one list of values, since people swap them."""

    size: int
    parts: dict[str, Column]


def columns_from(
    rows: Iterable[Sequence[str]],
    *,
    fold: Callable[[str, str], str],
    forms: Mapping[str, Callable[[str], frozenset[int]]] = MappingProxyType({}),
) -> Columns:
    """Return columns from rows of strings in the order of PARTS; each distinct value is folded once.

    `forms` numbers, for some parts, the names that a folded value is a form of.
    """
    seen = {part: _Index() for part in PARTS}
    seen["surname"] = seen["given"]
    raw = {part: array("i") for part in PARTS}
    for some in _by(CHUNK, rows):
        for part, given in zip(PARTS, zip(*some, strict=True), strict=True):
            raw[part].extend(map(seen[part].__getitem__, given))
    size = len(raw["given"])
    parts: dict[str, Column] = {}
    for part in PARTS:
        if part == "surname":
            continue
        translation, values = _folded(part, seen.pop(part), fold)
        related = _related([forms[part](value) for value in values] if part in forms else [])
        others = {code: frozenset(value.split(OR)) for code, value in enumerate(values) if OR in value}
        kept = np.array([*(value.partition(OR)[0] if OR in value else value for value in values), ""], object)[:-1]
        first = np.array([ord(value[0]) * (1 if len(value) == 1 else -1) for value in values], np.int32)
        for name in ("given", "surname") if part == "given" else (part,):
            codes_now = np.frombuffer(raw.pop(name), dtype=np.int32) if size else np.empty(0, np.int32)
            parts[name] = Column(translation[codes_now], kept, related, first, others)
    return Columns(size, parts)


class _Index(dict[str, int]):
    """Values numbered as they come; the empty one is missing."""

    def __init__(self) -> None:
        super().__init__({"": MISSING})

    def __missing__(self, value: str) -> int:
        code = self[value] = len(self) - 1
        return code


def _by(count: int, rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    rows = iter(rows)
    while some := list(islice(rows, count)):
        yield some


def _folded(part: str, index: _Index, fold: Callable[[str, str], str]) -> tuple[Integers, list[str]]:
    """Return what each raw code becomes (the last one, for missing, stays missing), and the folded values."""
    folded: dict[str, int] = {}
    translation = np.full(len(index), MISSING, np.int32)
    for value, code in index.items():
        if value and (plain := fold(part, value)):
            translation[code] = folded.setdefault(plain, len(folded))
    return translation, list(folded)


def _related(names: list[frozenset[int]]) -> Longs:
    """Return the pairs of codes that have a name in common."""
    bearers: dict[int, list[int]] = {}
    for code, numbers in enumerate(names):
        for number in numbers:
            bearers.setdefault(number, []).append(code)
    pairs = (pair for codes in bearers.values() for pair in combinations(codes, 2))
    flat = np.fromiter(chain.from_iterable(pairs), np.int64).reshape(-1, 2)
    return distinct(numbered(flat[:, 0], flat[:, 1]))


def numbered(one: Longs | Integers, other: Longs | Integers) -> Longs:
    """Return one number for each pair of codes, whichever comes first."""
    pairs: Longs = (np.minimum(one, other).astype(np.int64) << 32) | np.maximum(one, other)
    return pairs


def distinct(numbers: Longs) -> Longs:
    """Return the numbers in order, each once. Sorting beats the hashing of `numpy.unique` by far on millions."""
    ordered = np.sort(numbers)
    once: Longs = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return once
