"""Which pairs are worth comparing: records that share two coarse keys, small blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from petition_app.matching.linkage.columns import MISSING, Column, Columns, Integers, Longs, distinct

LARGEST_BLOCK = 200
"""Records in a larger block share too common a key to be told from strangers by it."""
PER_RECORD = 0.3
"""Pairs per record that one pass may add; a key that splits people well stays far below."""
AT_LEAST = 100_000
"""Pairs that one pass may add however few the records are."""


def _start(value: str) -> str:
    return value[:3]


def _end(value: str) -> str:
    return value[-3:]


def _letters(value: str) -> str:
    """Return the first letter and the others without order or repetition: swapped and doubled letters stay."""
    return value[0] + "".join(sorted(set(value[1:])))[:4]


def _before_at(value: str) -> str:
    """Return a mailbox without its server, which is mistyped as often."""
    return value.partition("@")[0]


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
    addresses = columns.parts["mailbox"]
    whole = [columns.parts[part].codes for part in ("mailbox", "entry", "surname", "given", "place")]
    for codes in (*whole, _keys_of(addresses, _before_at)[addresses.codes]):
        yield codes[codes >= 0].astype(np.int64), np.flatnonzero(codes >= 0).astype(np.int32)
    exact = {part: columns.parts[part].codes for part in ("given", "surname", "place", "mailbox")}
    coarse = [_coarse(columns, way) for way in COARSE]
    yield _keys((np.minimum(exact["given"], exact["surname"]), np.maximum(exact["given"], exact["surname"])))
    for rough in coarse:
        given, surname, place, mailbox = (rough[part] for part in ("given", "surname", "place", "mailbox"))
        yield _keys((np.minimum(given, surname), np.maximum(given, surname)))
        for other in (exact["place"], place, mailbox):
            yield _keys((given, other), (surname, other))
        yield _keys((exact["place"], mailbox))


def _coarse(columns: Columns, way: Callable[[str], str]) -> dict[str, Integers]:
    """Return a coarse key for each record and part; given name and surname share their keys."""
    tables: dict[int, Integers] = {}
    keys = {}
    for part in ("given", "surname", "place", "mailbox"):
        column = columns.parts[part]
        if id(column.values) not in tables:
            tables[id(column.values)] = _keys_of(column, way)
        keys[part] = tables[id(column.values)][column.codes]
    return keys


def _keys_of(column: Column, way: Callable[[str], str]) -> Integers:
    """Return a key for each code of a part, and for a missing one."""
    index: dict[str, int] = {}
    codes = [index.setdefault(way(value), len(index)) for value in column.values]
    return np.array([*codes, MISSING], np.int32)


def _keys(*pairs: tuple[Integers, Integers]) -> tuple[Longs, Integers]:
    """Return the keys of the records that have both halves, and whose they are."""
    keys, owners = [], []
    for one, other in pairs:
        both = np.flatnonzero((one >= 0) & (other >= 0)).astype(np.int32)
        keys.append((one[both].astype(np.int64) << 32) | other[both])
        owners.append(both)
    return np.concatenate(keys), np.concatenate(owners)


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
    present = np.unique(lengths)
    for length in present[(present >= 2) & (present <= largest)].tolist():
        firsts = starts[lengths == length]
        most -= len(firsts) * (length * (length - 1) // 2)
        if most < 0:
            break
        one, other = np.triu_indices(length, 1)
        found.append((order[firsts[:, None] + one].ravel(), order[firsts[:, None] + other].ravel()))
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])
