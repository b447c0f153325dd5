"""Where nobody is found by a name as typed: the other keyboard, a missing space, given name and patronymic alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from petition_app.matching.names.spelling import Word, fold, looks_like_patronymic, spelling, spellings, words
from petition_app.matching.roster.part_index import Vocabulary
from petition_app.matching.roster.weights import EXACT, Integers

if TYPE_CHECKING:
    from petition_app.matching.roster.index import RosterIndex

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_UKRAINIAN_KEYS = "йцукенгшщзхїфівапролджєячсмитьбюґ"
_SHIFTED = str.maketrans('{}:"<>~', "[];',.`")
LAYOUTS = tuple(str.maketrans(_LATIN_KEYS, keys) for keys in (_CYRILLIC_KEYS, _UKRAINIAN_KEYS))
BACK = str.maketrans(_CYRILLIC_KEYS, _LATIN_KEYS)
SHORTEST, LONGEST = 6, 40
MOST, SHOWN = 60, 5  # Rows of one given name and patronymic that are looked at, and that are worth showing.


def other_typings(index: RosterIndex, name: str) -> Iterator[tuple[Word, ...]]:
    """Yield the words that were meant, where the roster knows them: on the other keyboard, or without a space."""
    plain = name.lower().translate(_SHIFTED)
    if len(name) > 2 * LONGEST:
        return
    for layout in LAYOUTS if plain.isascii() else (BACK,):
        found = words(plain.translate(layout))
        if 1 < len(found) < 5 and _known(index, found):
            yield found
    found = words(name)
    if len(found) == 1 and SHORTEST <= len(found[0].folded) <= LONGEST:
        yield from _cuts(index, found[0].folded)


def _known(index: RosterIndex, found: Sequence[Word]) -> bool:
    """Return whether one word is a surname of the roster and another a given name."""
    surnames = {word for word in found if index.surnames.knows(word.folded)}
    givens = {word for word in found if index.givens.knows(word.folded)}
    return bool(surnames and givens) and len(surnames | givens) > 1


def _cuts(index: RosterIndex, word: str) -> Iterator[tuple[Word, ...]]:
    for place in range(2, len(word) - 1):
        left, right = word[:place], word[place:]
        for one, other in ((index.surnames, index.givens), (index.givens, index.surnames)):
            if one.knows(left) and other.knows(right):
                yield Word(left, fold(left)), Word(right, fold(right))


class GivenNamesWithFathers:
    """The rows of a roster by given name and patronymic together."""

    def __init__(self, given: Integers, patronymic: Integers, surname: Integers) -> None:
        both = np.flatnonzero((given > 0) & (patronymic > 0))
        keys = given[both].astype(np.int64) << 32 | patronymic[both]
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], both[order].astype(np.int32)
        self._surname = surname

    def nearest(
        self, surnames: Vocabulary, head: Word, given: Sequence[int], fathers: Sequence[int]
    ) -> npt.NDArray[np.int64]:
        """Return the rows with one of these names and fathers whose surnames are least unlike."""
        found = [self._between(one << 32 | other) for one in given for other in fathers]
        rows = np.concatenate([*found, np.zeros(0, np.int32)])[:MOST]
        if len(rows) <= SHOWN:
            return rows.astype(np.int64)
        values = [spelling(surnames.values[number]) for number in self._surname[rows].tolist()]
        asked = list(spellings(head.folded))
        like = cdist(asked, values, scorer=OSA.normalized_similarity, dtype=np.float32).max(axis=0)
        return rows[np.argsort(-like, kind="stable")[:SHOWN]].astype(np.int64)

    def _between(self, key: int) -> Integers:
        start, end = np.searchsorted(self._keys, [key, key + 1])
        return self._rows[start:end]


def exactly(vocabulary: Vocabulary, word: Word) -> list[int]:
    """Return the values that sound as a word does."""
    hits = vocabulary.hits(word, deep=False)
    return hits.ids[hits.relations == EXACT].tolist() if not word.initial else []


def with_fathers(names: Sequence[tuple[Word, ...]]) -> Iterator[tuple[Word, Word, Word]]:
    """Yield surname, given name and patronymic of names of three words of which one is surely a father's."""
    for name in names[:1]:
        fathers = [word for word in name if looks_like_patronymic(word)]
        if len(name) == 3 and len(fathers) == 1:
            one, other = (word for word in name if word is not fathers[0])
            yield one, other, fathers[0]
            yield other, one, fathers[0]
