"""Nearest strings by the letters in a row they share, rare ones counting more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

LEAST = 0.15  # What is less alike is not looked at.


def _grams(sounds: str) -> set[str]:
    padded = f"^{sounds}$"
    return {padded[place : place + 3] for place in range(len(padded) - 2)} | {
        padded[place : place + 2] for place in range(len(padded) - 1)
    }


class Trigrams:
    """An index of strings by pairs and triples of letters."""

    def __init__(self, strings: Sequence[str]) -> None:
        where: dict[str, list[int]] = {}
        lengths = np.zeros(len(strings), np.float32)
        for place, each in enumerate(strings):
            for gram in _grams(each):
                where.setdefault(gram, []).append(place)
        self._where: dict[str, npt.NDArray[np.int32]] = {}
        self._worth: dict[str, float] = {}
        for gram in list(where):
            places = np.array(where.pop(gram), np.int32)
            worth = float(np.log2((len(strings) + 1) / len(places)))
            if len(places) <= len(strings) / 12:
                self._where[gram], self._worth[gram] = places, worth
                lengths[places] += np.float32(worth)
        self._lengths = np.maximum(lengths, 1.0)

    def nearest(self, sounds: Sequence[str], count: int) -> Iterator[int]:
        """Yield the places of the strings nearest to any of the spellings of a word."""
        grams = [gram for gram in set().union(*map(_grams, sounds)) if gram in self._where]
        if not grams:
            return iter(())
        places = np.concatenate([self._where[gram] for gram in grams])
        worth = np.repeat([self._worth[gram] for gram in grams], [len(self._where[gram]) for gram in grams])
        shared = np.bincount(places, weights=worth, minlength=len(self._lengths))
        wanted = sum(self._worth[gram] for gram in grams) / len(sounds)
        near = np.flatnonzero(shared >= LEAST * wanted)
        likeness = shared[near] / (wanted + self._lengths[near] - shared[near])
        if len(near) > count:
            near = near[np.argsort(-likeness, kind="stable")[:count]]
        return iter(near.tolist())
