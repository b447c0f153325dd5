"""Values of one part of names in scripts that leave vowels out or imply them, compared as written or as read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from petition_app.matching.names.cross_script import read_latin, read_native, script_of
from petition_app.matching.names.spelling import Word, spellings
from petition_app.matching.names.trigrams import Trigrams
from petition_app.matching.roster.weights import LEAST_SIMILAR, Floats

SMALL, NEAREST = 600, 64
BONES, FINE = 0.65, 0.35
"""What equal consonants and equal spellings weigh in the likeness of two scripts."""
JOINTS = str.maketrans("", "", " '-‐‑–־")


def written(word: str) -> str:
    """Return a folded word as its letters are compared: syllables of hangul taken apart, without joints."""
    word = word.translate(JOINTS)
    return unicodedata.normalize("NFD", word) if word[:1] >= "\uac00" else word


class ScriptValues:
    """Some values of a part, all of one group of scripts; or all others, as a word of this group is compared with."""

    def __init__(self, script: str, values: Iterable[tuple[int, str]]) -> None:
        self.script = script
        self.numbers: list[int] = []
        self.values: list[str] = []
        for number, value in values:
            self.numbers.append(number)
            self.values.append(value)

    def as_written(self, word: str, *, deep: bool) -> dict[int, float]:
        """Return how much values are like a word of the same script, from 0.7 to 1."""
        plain = written(word)
        places = set(self._exact.get(plain, ()))
        if deep:
            nearest = self._near_letters
            places.update(nearest.nearest([plain], NEAREST) if nearest else range(len(self.values)))
        return self._best(places, [plain], self._letters)

    def as_read(self, forms: Sequence[tuple[str, str]], *, deep: bool) -> dict[int, float]:
        """Return how much values are like a word of another script that is read like this, from 0.7 to 1."""
        places = {place for _, bones in forms for place in self._bones.get(bones, ())}
        if deep:
            bones = [skeleton for _, skeleton in forms]
            nearest = self._near_bones
            places.update(nearest.nearest(bones, NEAREST) if nearest else range(len(self._owners)))
        near = sorted(places)
        if not near or not forms:
            return {}
        fine = _matrix([fine for fine, _ in forms], [self._fines[place] for place in near])
        bones_like = _matrix([skeleton for _, skeleton in forms], [self._skeletons[place] for place in near])
        likeness = (fine * np.float32(FINE) + bones_like * np.float32(BONES)).max(axis=0)
        best: dict[int, float] = {}
        for place, like in zip(near, likeness.tolist(), strict=True):
            number = self.numbers[self._owners[place]]
            if like >= LEAST_SIMILAR and like > best.get(number, 0.0):
                best[number] = like
        return best

    def of_initial(self, word: Word) -> set[int]:
        """Return the values that begin as an initial does, in this script or another."""
        if script_of(word.folded) == self.script:
            begin = written(word.folded)
            pairs = zip(self.numbers, self._letters, strict=True)
            return {number for number, value in pairs if value.startswith(begin)}
        firsts = {bones[:1] for _, bones in self.read(word.folded)}
        return {self.numbers[self._owners[place]] for place, bones in enumerate(self._skeletons) if bones[:1] in firsts}

    def read(self, word: str) -> tuple[tuple[str, str], ...]:
        """Return how a folded word is read for this group of scripts."""
        own = script_of(word)
        if own == self.script:
            return read_native(word.translate(JOINTS), own)
        if own:  # A third script: by way of Latin letters.
            latin = (fine for fine, _ in read_native(word.translate(JOINTS), own))
            return tuple(form for fine in latin for form in read_latin(fine.lower(), (), self.script))
        return read_latin(word, () if word.isascii() else spellings(word), self.script)

    def _best(self, places: set[int], asked: Sequence[str], values: Sequence[str]) -> dict[int, float]:
        near = sorted(places)
        if not near:
            return {}
        likeness = _matrix(asked, [values[place] for place in near]).max(axis=0)
        return {
            self.numbers[place]: like
            for place, like in zip(near, likeness.tolist(), strict=True)
            if like >= LEAST_SIMILAR
        }

    @cached_property
    def _letters(self) -> list[str]:
        return [written(value) for value in self.values]

    @cached_property
    def _exact(self) -> dict[str, list[int]]:
        return _by_value(self._letters)

    @cached_property
    def _near_letters(self) -> Trigrams | None:
        return Trigrams(self._letters) if len(self._letters) > SMALL else None

    @cached_property
    def _reading(self) -> tuple[list[int], list[str], list[str]]:
        owners, fines, skeletons = [], [], []
        for place, value in enumerate(self.values):
            for fine, bones in self.read(value):
                owners.append(place)
                fines.append(fine)
                skeletons.append(bones)
        return owners, fines, skeletons

    @property
    def _owners(self) -> list[int]:
        return self._reading[0]

    @property
    def _fines(self) -> list[str]:
        return self._reading[1]

    @property
    def _skeletons(self) -> list[str]:
        return self._reading[2]

    @cached_property
    def _bones(self) -> dict[str, list[int]]:
        return _by_value(self._skeletons)

    @cached_property
    def _near_bones(self) -> Trigrams | None:
        return Trigrams(self._skeletons) if len(self._skeletons) > SMALL else None


def _by_value(values: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        found.setdefault(value, []).append(place)
    return found


def _matrix(asked: Sequence[str], values: Sequence[str]) -> Floats:
    found: Floats = cdist(asked, values, scorer=OSA.normalized_similarity, dtype=np.float32)
    return found
