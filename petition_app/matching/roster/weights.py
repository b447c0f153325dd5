"""How much a relation is worth, in bits: how often it holds for one person, against how often for anyone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

DIFFERENT, EXACT, SIMILAR, INITIAL, KNOWN_FORM, OTHER_GENDER, PART = range(7)
WORDS = ("different", "exact", "similar", "initial", "known_form", "other_gender", "part")
STEP = 64  # Weights are multiples of 1/64 bit: sums of them are exact in any order.

# Similarity of relations that are no matter of letters, so that all relations stand in one order.
RANK = {EXACT: 1.0, KNOWN_FORM: 0.95, OTHER_GENDER: 0.9, PART: 0.9}
MOST_SIMILAR = 0.94
LEAST_SIMILAR = 0.70

LONE_WORD = -3.0  # A word of the name that the roster has nothing for.
PLACE_AGREES, PLACE_DISAGREES = 0.9, 0.07
OUT_OF_TERM = -6.0
COMMON_INITIAL = 1 / 12
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


SURNAME = Role("surname", 1 / 3000, 100, 0.85, 0.02, 0.01, 0.12, -8.0)
GIVEN = Role("given", 1 / 50, 50, 0.85, 0.12, 0.01, 0.06, -7.0, 2.0)
PATRONYMIC = Role("patronymic", 1 / 40, 50, 0.9, 0.06, 0.004, 0.06, -8.0, 2.0)


def quantized(bits: npt.ArrayLike) -> Floats:
    """Return weights as multiples of the smallest step."""
    return (np.round(np.asarray(bits, np.float64) * STEP) / STEP).astype(np.float32)


def weigh(role: Role, relations: npt.NDArray[np.int8], similarity: Floats, counts: Integers, total: int) -> Floats:
    """Return the bits of each relation found, given how many people of `total` bear each value.

    A relation is as common as all values that agree as well or better.
    """
    order = np.argsort(-similarity, kind="stable")
    sums = np.cumsum(counts[order])
    last = np.searchsorted(-similarity[order], -similarity, side="right") - 1
    close = sums[last]
    common = np.where(relations == INITIAL, COMMON_INITIAL, role.common * (1 + (similarity < RANK[EXACT])))
    share = (close + 0.5 + role.weight * common) / (total + role.weight)
    share = np.where(relations == INITIAL, share, share * role.sexes)
    table = np.array([0.0, role.exact, 0.0, 0.9, role.known_form, role.other_gender, HALF])
    slip = np.clip((similarity - LEAST_SIMILAR) / (MOST_SIMILAR - LEAST_SIMILAR), 0.05, 1.0) ** 1.5
    own = np.where(relations == SIMILAR, role.similar * slip, table[relations])
    return quantized(np.maximum(np.log2(own / np.clip(share, 1e-7, 1.0)), role.different))
