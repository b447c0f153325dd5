"""Which values of a part a typed word may be, and surnames without what tells men from women."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from petition_app.matching.names.word_cache import remembering
from petition_app.matching.roster.weights import Floats, Integers, rarity

ADJECTIVES, VOWELS = ("aia", "oi", "i"), "aeiou"


@remembering(16384)
def genderless(sounds: str) -> str:
    """Return a surname without its ending for men or women: ivanov of ivanova, sobolevsk of sobolevskaia."""
    if len(sounds) > 4 and sounds.endswith(("ova", "eva", "ina")):
        return sounds[:-1]
    ending = next((ending for ending in ADJECTIVES if sounds.endswith(ending)), "")
    return sounds[: -len(ending)] if ending and len(sounds) > 4 and sounds[-len(ending) - 1] not in VOWELS else sounds


@dataclass(frozen=True)
class Hits:
    """Values that a word may be: their numbers, and for each the relation, its similarity and its bits."""

    ids: Integers
    relations: npt.NDArray[np.int8]
    similarity: Floats
    bits: Floats

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each value stands."""
        return {number: place for place, number in enumerate(self.ids.tolist())}

    def get(self, number: int) -> tuple[int, float, float] | None:
        """Return relation, similarity and bits of one value, or nothing where the word is another one."""
        place = self.places.get(number)
        if place is None:
            return None
        return int(self.relations[place]), float(self.similarity[place]), float(self.bits[place])


def rarity_by_sound(sounds: Sequence[str], starts: Sequence[int], counts: Integers) -> Floats:
    """Return how rare values are, where those of one sound, in two alphabets, count as one; see `weights.rarity`.

    The spellings of value `n` are those from `starts[n]` to `starts[n + 1]`; some have none.
    """
    heard: Counter[str | int] = Counter()
    for number, count in enumerate(counts.tolist()):
        first, end = starts[number], starts[number + 1]
        heard[sounds[first] if first < end else number] += count
    heard.pop(0, None)
    return rarity(np.array([*heard.values()], np.int64))


def likeness_of(asked: Sequence[str], values: Sequence[str], least: float) -> Floats:
    """Return how much each value is like the nearest of what is asked for; 0 below the least."""
    found = cdist(asked, values, scorer=OSA.normalized_similarity, score_cutoff=least, dtype=np.float32)
    best: Floats = found.max(axis=0)
    return best
