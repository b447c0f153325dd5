"""How much a relation is worth, in bits: how often it holds for one person, against how often for anyone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

DIFFERENT, EXACT, SIMILAR, INITIAL, KNOWN_FORM, OTHER_GENDER, PART, READ, FORM_INITIAL = range(9)
WORDS = ("different", "exact", "similar", "initial", "known_form", "other_gender", "part", "similar", "initial")
"""READ: alike as far as two scripts can tell. FORM_INITIAL: the initial of a national form of the name."""
STEP = 64  # Weights are multiples of 1/64 bit: sums of them are exact in any order.

# Similarity of relations that are no matter of letters, so that all relations stand in one order.
RANK = {EXACT: 1.0, KNOWN_FORM: 0.95, OTHER_GENDER: 0.9, PART: 0.9}
MOST_SIMILAR = 0.94
LEAST_SIMILAR = 0.70

FEW_LEVELS = 3  # Of similarity, as initials have: then nothing needs to be sorted.

LONE_WORD = -3.0  # A word of the name that the roster has nothing for.
PLACE_AGREES, PLACE_DISAGREES = 0.9, 0.07
OUT_OF_TERM = -6.0
COMMON_INITIAL = 1 / 12
UNSEEN, UNTRUSTED = 0.5, 200  # People a value is borne by beyond those seen; as how many values that belief counts.
OTHER_INITIAL = 0.02  # How often one writes the initial of another form of one's name.
READ_ALIKE, READ_FROM = 0.85, 0.55  # How often two scripts agree as well as they can; and from what likeness on at all.
HALF = 0.04  # How often one of two joined names is typed alone.


class Role(NamedTuple):
    """What is assumed of a part of names: how often anyone bears a given one, and how a person's own varies."""

    name: str
    common: float  # The share of people who bear one that is not on the roster.
    weight: float  # As how many people that assumption counts.
    exact: float
    known_form: float
    other_gender: float
    similar: float
    different: float  # In bits.
    sexes: float = 1.0  # Surname, given name and patronymic tell the sex alike: it is counted once, with the first.


SURNAME = Role("surname", 1 / 3000, 100, 0.85, 0.02, 0.01, 0.25, -8.0)
GIVEN = Role("given", 1 / 50, 50, 0.85, 0.25, 0.01, 0.09, -7.0, 2.0)
PATRONYMIC = Role("patronymic", 1 / 40, 50, 0.9, 0.06, 0.004, 0.06, -8.0, 2.0)


def quantized(bits: npt.ArrayLike) -> Floats:
    """Return weights as multiples of the smallest step."""
    return (np.round(np.asarray(bits, np.float64) * STEP) / STEP).astype(np.float32)


def rarity(counts: Integers) -> Floats:
    """Return what to add to how many people bear a value, 0 to 5 and more, so that it foretells how many others do.

    After Good (1953): how many values were seen twice says how rare those are that were seen once. Where a list is too
    short to say, half a person more than were seen.
    """
    seen = np.bincount(np.minimum(counts, 6), minlength=7).astype(np.float64)
    times = np.arange(1, 5)
    found = (times + 1) * seen[2:6] / np.maximum(seen[1:5], 1) - times
    trusted = seen[1:5] / (seen[1:5] + UNTRUSTED)
    known = np.clip(found, -0.9, UNSEEN) * trusted + UNSEEN * (1 - trusted)
    return np.array([UNSEEN, *known, min(known[-1], 0.0)], np.float32)


def weigh(
    role: Role, relations: npt.NDArray[np.int8], similarity: Floats, counts: Integers, total: int, rare: Floats
) -> Floats:
    """Return the bits of each relation found, given how many people of `total` bear each value, and their `rarity`.

    A relation is as common as all values that agree as well or better.
    """
    close = _as_close(similarity, counts)
    initial = (relations == INITIAL) | (relations == FORM_INITIAL)
    some_initial = bool(initial.any())
    common = role.common * (1 + (similarity < RANK[EXACT]))
    if some_initial:
        common = np.where(initial, COMMON_INITIAL, common)
    others = close + rare[np.minimum(close, len(rare) - 1)]
    share = (others + role.weight * common) / (total + role.weight)
    share = np.where(initial, share, share * role.sexes) if some_initial else share * role.sexes
    table = np.array([0.0, role.exact, 0.0, 0.9, role.known_form, role.other_gender, HALF, 0.0, OTHER_INITIAL])
    own = table[relations]
    if len(alike := np.flatnonzero(relations == SIMILAR)):
        slip = np.clip((similarity[alike] - LEAST_SIMILAR) / (MOST_SIMILAR - LEAST_SIMILAR), 0.05, 1.0) ** 1.5
        own[alike] = role.similar * slip
    if len(read := np.flatnonzero(relations == READ)):
        own[read] = READ_ALIKE * np.clip((similarity[read] - READ_FROM) / (1 - READ_FROM), 0.02, 1.0) ** 2
    return quantized(np.maximum(np.log2(own / np.clip(share, 1e-7, 1.0)), role.different))


def _as_close(similarity: Floats, counts: Integers) -> npt.NDArray[np.int64]:
    """Return for each value how many people bear one that is as similar or more."""
    if len(counts) > FEW_LEVELS and len(levels := set(similarity.tolist())) <= FEW_LEVELS:
        near = np.zeros(len(counts), dtype=np.int64)
        for level in levels:
            near[similarity == level] = counts[similarity >= level].sum()
        return near
    order = np.argsort(-similarity, kind="stable")
    sums = np.cumsum(counts[order])
    return np.asarray(sums[np.searchsorted(-similarity[order], -similarity, side="right") - 1], dtype=np.int64)
