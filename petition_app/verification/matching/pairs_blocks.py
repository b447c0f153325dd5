"""Which pairs are worth comparing: records that share two coarse keys, small blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from petition_app.verification.matching.pairs_columns import Columns, Integers, Longs, Truths, distinct

LARGEST_BLOCK = 200
"""Records in a larger block share too common a key to be told from strangers by it."""
PER_RECORD = 0.5
"""Pairs per record that one pass may add; a key that splits people well stays far below."""
AT_LEAST = 100_000
"""Pairs that one pass may add however few the records are."""

Key = tuple[Longs, Truths]


def _start(value: str) -> str:
    return value[:3]


def _end(value: str) -> str:
    return value[-3:]


def _letters(value: str) -> str:
    """Return the first letter and the others without order or repetition: swapped and doubled letters stay."""
    return value[0] + "".join(sorted(set(value[1:])))[:4]


COARSE: tuple[Callable[[str], str], ...] = (_start, _end, _letters)


def candidates(columns: Columns) -> tuple[Integers, Integers]:
    """Return the pairs to compare, left < right, each once."""
    size = columns.size
    found = np.empty(0, np.int64)
    waiting: list[Longs] = []
    for key, owners in _passes(columns):
        waiting.append(_block(key, owners, size))
        if sum(map(len, waiting)) > AT_LEAST * 10:
            found = _merged(found, waiting)
            waiting = []
    found = _merged(found, waiting)
    return (found // size).astype(np.int32), (found % size).astype(np.int32)


def _merged(found: Longs, more: list[Longs]) -> Longs:
    return distinct(np.concatenate([found, *more]))


def _passes(columns: Columns) -> Iterator[tuple[Longs, Integers]]:
    """Yield key and record for each pass; a record may stand in a pass twice, as with a swapped name."""
    everyone = np.arange(columns.size, dtype=np.int32)
    for part in ("mailbox", "entry", "surname", "given", "place"):
        column = columns.parts[part]
        yield column.codes[column.known].astype(np.int64), everyone[column.known]
    given, surname, place, mailbox = (_coarse(columns, part) for part in ("given", "surname", "place", "mailbox"))
    for one, other in zip(given, surname, strict=True):
        both = one[1] & other[1]
        yield _joined(np.minimum(one[0], other[0]), np.maximum(one[0], other[0]))[both], everyone[both]
    for names, others in (((given, surname), place), ((given, surname), mailbox), ((place,), mailbox)):
        for index, other in product(range(len(COARSE)), others):
            keys, owners = [], []
            for name in names:
                both = name[index][1] & other[1]
                keys.append(_joined(name[index][0], other[0])[both])
                owners.append(everyone[both])
            yield np.concatenate(keys), np.concatenate(owners)


def _coarse(columns: Columns, part: str) -> list[Key]:
    """Return the coarse keys of a part: codes for each record, and who has one."""
    column = columns.parts[part]
    keys = []
    for coarse in COARSE:
        index: dict[str, int] = {}
        table = np.array([index.setdefault(coarse(value), len(index)) for value in column.values] + [-1], np.int64)
        keys.append((table[column.codes], column.known))
    return keys


def _joined(one: Longs, other: Longs) -> Longs:
    return (one << 32) | other


def _block(key: Longs, owners: Integers, size: int) -> Longs:
    """Return the pairs of records in blocks of one key, while the pass may still add."""
    one, other = within_blocks(key, largest=LARGEST_BLOCK, most=max(AT_LEAST, int(PER_RECORD * size)))
    left, right = owners[one].astype(np.int64), owners[other].astype(np.int64)
    pairs = np.minimum(left, right) * size + np.maximum(left, right)
    return distinct(pairs[left != right])


def within_blocks(key: Longs, *, largest: int, most: int) -> tuple[Longs, Longs]:
    """Return the positions of all pairs that share a key, smallest blocks first, at most so many pairs."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    lengths = np.diff(np.append(starts, len(key)))
    found: list[tuple[Longs, Longs]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for length in range(2, largest + 1):
        firsts = starts[lengths == length]
        most -= len(firsts) * (length * (length - 1) // 2)
        if most < 0:
            break
        one, other = np.triu_indices(length, 1)
        found.append((order[firsts[:, None] + one].ravel(), order[firsts[:, None] + other].ravel()))
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])
