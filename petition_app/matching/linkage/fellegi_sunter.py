"""What agreement is worth, in bits: rare values weigh more, and the list itself says what is rare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from petition_app.matching.linkage.columns import Columns, Floats, Integers, Truths
from petition_app.matching.linkage.levels import APART, COMPARISONS, CROSSED, STRAIGHT, Comparison, Evidence
from petition_app.matching.linkage.levels import evidence as compared
from petition_app.matching.linkage.weights import EXACT, KNOWN_FORM, LEVELS, Weights

SAMPLE = 400_000
"""Random pairs that show how often strangers agree."""
SMALLEST = 1e-6
"""Copies that are expected at least, so that there is a prior even for an empty list."""
ROUNDS = 4
"""Rounds of estimating; the share of copies moves by less than a percent after the third."""
NAMED: tuple[Comparison, ...] = (*STRAIGHT, ("patronymic", "patronymic"), ("place", "place"))
ENTRY: Comparison = ("entry", "entry")
LEAST_ENTRY, MOST_ENTRY = 1.0, 12.0
"""Bits that one roster entry adds: what it says beyond name and place, by which it was found."""


@dataclass(frozen=True)
class Scale:
    """Bits for every level of every comparison, bits for every value that agrees exactly, and the prior in bits."""

    levels: dict[Comparison, Floats]
    exact: dict[Comparison, Floats]
    swapped: float
    prior: float = 0.0

    def bits(self, columns: Columns, found: Evidence, how: Comparison) -> Floats:
        """Return what one comparison is worth in each pair."""
        levels = found.levels[how]
        bits: Floats = self.levels[how][levels]
        same = np.flatnonzero(levels == EXACT)
        bits[same] = self.exact[how][columns.parts[how[0]].codes[found.left[same]]]
        return bits


@dataclass(frozen=True)
class Scores:
    """Bits of each pair by comparison; names count either straight or crossed, whichever says more."""

    rows: dict[Comparison, Floats]
    crossed: Truths
    total: Floats


def weigh(columns: Columns, found: Evidence, scale: Scale) -> Scores:
    """Return what the evidence is worth."""
    rows = {how: scale.bits(columns, found, how) for how in COMPARISONS}
    straight = rows[STRAIGHT[0]] + rows[STRAIGHT[1]]
    crossed = rows[CROSSED[0]] + rows[CROSSED[1]] + scale.swapped
    is_crossed = crossed > straight
    names = np.where(is_crossed, crossed, straight)
    apart = sum((rows[how] for how in APART if how != ENTRY), np.zeros(len(found)))
    described = names + rows["patronymic", "patronymic"] + rows["place", "place"]
    same = found.levels[ENTRY] == EXACT
    rows[ENTRY] = np.where(same, np.clip(rows[ENTRY] - described, LEAST_ENTRY, MOST_ENTRY), rows[ENTRY])
    return Scores(rows, is_crossed, names + apart + rows[ENTRY])


def probability(bits: Floats, prior: float) -> Floats:
    """Return the probability that a pair is one person: the odds are 2 to the power of all bits."""
    chances: Floats = 1.0 / (1.0 + np.exp2(-np.clip(bits + prior, -1000.0, 1000.0)))
    return chances


def first_look(columns: Columns, weights: Weights, sample: Evidence | None = None) -> Scale:
    """Return bits before any pair is known: beliefs, and what random pairs and counted values say.

    The evidence on the pairs of `random_pairs` may be given, where it is known already.
    """
    if sample is None:
        sample = compared(columns, *random_pairs(columns.size))
    chance = _chance(columns, weights, sample)
    levels = {how: np.append(_bits(_both(weights.same, how), chance[how]), 0.0) for how in COMPARISONS}
    prior = _prior(columns, weights.copies * columns.size)
    return Scale(levels, _exact(columns, weights, {}), float(np.log2(weights.swapped)), prior)


def _bits(same: Floats, chance: Floats) -> Floats:
    """Return the bits of each level. Somebody who gives another value gives one as like the first as a stranger's."""
    bits: Floats = np.log2(same / chance)
    bits[:EXACT] = np.log2(same[0] + np.where(np.arange(EXACT) > 0, same[:EXACT] / chance[:EXACT], 0.0))
    return bits


def _both(table: Mapping[str, tuple[float, ...]], how: Comparison) -> Floats:
    """Return a row of a table; where names are crossed, the mean of both parts'."""
    return _mean(table[how[0]], table[how[1]])


@lru_cache(maxsize=64)
def _mean(one: tuple[float, ...], other: tuple[float, ...]) -> Floats:
    mean: Floats = np.array([one, other], np.float64).mean(axis=0)
    mean.flags.writeable = False
    return mean


def estimate(columns: Columns, found: Evidence, scale: Scale, weights: Weights) -> Scale:
    """Return what the pairs found say about the share of copies and about rarity (expectation-maximization).

    The share of copies is the sum of the pairs' probabilities (as Winkler 1988 does with all of Fellegi and Sunter's
    parameters); how often one person differs from herself is not estimated but stays as set.
    """
    believed = weights.copies * weights.records
    for _ in range(ROUNDS):
        total = weigh(columns, found, scale).total
        prior = scale.prior
        for _ in range(ROUNDS):
            chances = probability(total, prior)
            copies = (chances.sum() + believed) * columns.size / (columns.size + weights.records)
            prior = _prior(columns, copies)
        matched = {part: _matched(columns, found, part, chances) for part in ("given", "surname", "place", "mailbox")}
        scale = Scale(scale.levels, _exact(columns, weights, matched), scale.swapped, prior)
    return scale


def _prior(columns: Columns, copies: float) -> float:
    """Return the bits before any evidence: so many copies among all pairs."""
    people = max(columns.size, 2)
    return float(np.log2(max(copies, SMALLEST) / (people * (people - 1) / 2)))


def _matched(columns: Columns, found: Evidence, part: str, chances: Floats) -> Floats:
    """Return how many records, for each value, are expected to be copies of others with this value."""
    column = columns.parts[part]
    same = found.levels[part, part] == EXACT
    held = column.codes[found.left[same]]
    return np.asarray(2.0 * np.bincount(held, weights=chances[same], minlength=len(column.values)), np.float64)


def _exact(columns: Columns, weights: Weights, matched: dict[str, Floats]) -> dict[Comparison, Floats]:
    """Return the bits of each value: how many strangers a holder of it would meet with it, among all."""
    held: dict[str, Floats] = {}
    others: dict[str, Floats] = {}
    for part, column in columns.parts.items():
        counts = np.maximum(column.counts(), 1.0)
        strangers = np.maximum(counts - 1.0 - matched.get(part, np.zeros(1)) / counts, 0.0)
        held[part] = np.array(column.known.sum() + weights.unseen.get(part, 0.0))
        others[part] = strangers + weights.shared.get(part, 1.0)
    exact = {}
    for one, other in COMPARISONS:
        rare = np.minimum(held[one] / others[one], held[other] / others[other])
        exact[one, other] = np.log2(_both(weights.same, (one, other))[EXACT] * np.maximum(rare, 1.0))
    return exact


def _chance(columns: Columns, weights: Weights, sample: Evidence) -> dict[Comparison, Floats]:
    """Return how often strangers reach each level: the belief, moved by random pairs of this list.

    Forms and initials stay as believed: how many people use them says nothing about whom they fit.
    """
    chance = {}
    for how in COMPARISONS:
        chance[how] = _both(weights.chance, how).copy()
        both_ways = np.concatenate([sample.levels[how], sample.levels[how[::-1]]])
        counted = np.bincount(both_ways, minlength=LEVELS)[:KNOWN_FORM] / 2
        believed = weights.belief * chance[how][:KNOWN_FORM]
        chance[how][:KNOWN_FORM] = (counted + believed) / (counted.sum() + weights.belief)
    return chance


def random_pairs(size: int) -> tuple[Integers, Integers]:
    """Return all pairs of a short list, a fixed sample of a long one."""
    if size * (size - 1) // 2 <= SAMPLE:
        left, right = np.triu_indices(size, 1)
        return left.astype(np.int32), right.astype(np.int32)
    draw = np.random.default_rng(1)
    left, right = draw.integers(0, size, SAMPLE), draw.integers(0, size, SAMPLE)
    apart = left != right
    return left[apart].astype(np.int32), right[apart].astype(np.int32)
