"""Nearest strings by the letters in a row they share, rare ones counting more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

BITS, MASK = 21, 2**21 - 1  # Of one letter.
LEAST = 0.15  # What is less alike is not looked at.


def _grams(sounds: str) -> set[str]:
    padded = f"^{sounds}$"
    return {padded[place : place + 3] for place in range(len(padded) - 2)} | {
        padded[place : place + 2] for place in range(len(padded) - 1)
    }


def _pairs(strings: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return every gram, as a number, beside the place of each string that has it; in order, each pair once."""
    padded = [f"^{each}$" for each in strings]
    letters = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(padded)), [len(each) for each in padded])
    two, three = owners[:-1] == owners[1:], owners[:-2] == owners[2:]
    doubles = letters[:-1] << BITS | letters[1:]
    triples = doubles[:-1] << BITS | letters[2:]
    codes = np.concatenate([doubles[two], triples[three]])
    places = np.concatenate([owners[:-1][two], owners[:-2][three]])
    known, numbers = np.unique(codes, return_inverse=True)
    pairs = np.sort(numbers * len(padded) + places)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    return known[pairs // len(padded)], (pairs % len(padded)).astype(np.int32)


def _text(code: int) -> str:
    """Return the letters of a gram that was made a number."""
    letters = (code >> 2 * BITS, code >> BITS & MASK, code & MASK)
    return "".join(chr(letter) for letter in letters if letter)


class Trigrams:
    """An index of strings by pairs and triples of letters."""

    def __init__(self, strings: Sequence[str]) -> None:
        codes, places = _pairs(strings)
        lengths = np.zeros(len(strings), np.float32)
        self._where: dict[str, npt.NDArray[np.int32]] = {}
        self._worth: dict[str, float] = {}
        ends = np.append(np.flatnonzero(np.diff(codes)) + 1, len(codes)).tolist()
        for start, end in zip([0, *ends], ends, strict=False):
            if end - start <= len(strings) / 12:
                gram, worth = _text(int(codes[start])), float(np.log2((len(strings) + 1) / (end - start)))
                self._where[gram], self._worth[gram] = places[start:end], worth
                lengths[places[start:end]] += np.float32(worth)
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
            near = near[np.argpartition(-likeness, count - 1)[:count]]
        return iter(near.tolist())
