"""All values of one part of names on a roster, and which of them a typed word may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import product

import numpy as np
from rapidfuzz.distance import OSA

from petition_app.matching.names.cross_script import read_native, script_of
from petition_app.matching.names.forms import fathers_of, names_of, other_initials
from petition_app.matching.names.spelling import (
    Word,
    consonant_key,
    father,
    fold,
    halves,
    initials,
    is_daughters,
    phonetic_key,
    spellings,
    words,
)
from petition_app.matching.names.transliteration import PARTICLES
from petition_app.matching.names.trigrams import Trigrams
from petition_app.matching.names.word_cache import remembering
from petition_app.matching.roster.hits import Hits, genderless, likeness_of, rarity_by_sound
from petition_app.matching.roster.script_values import ScriptValues
from petition_app.matching.roster.weights import (
    DIFFERENT,
    EXACT,
    FORM_INITIAL,
    GIVEN,
    INITIAL,
    KNOWN_FORM,
    LEAST_SIMILAR,
    MOST_SIMILAR,
    OTHER_GENDER,
    PART,
    PATRONYMIC,
    RANK,
    READ,
    SIMILAR,
    SURNAME,
    Floats,
    Integers,
    Role,
    quantized,
    weigh,
)

NEAREST = 64
SMALL = 600


class Vocabulary:
    """The values of one part. Value 0 is the empty one."""

    def __init__(self, role: Role, values: Iterable[str], *, total: int | None = None) -> None:
        self.role = role
        counted = Counter(values)
        counted.pop("", None)
        self.values = ["", *counted]
        self.numbers = {value: number for number, value in enumerate(self.values)}
        self.counts = np.array([0, *counted.values()], np.int32)
        self.total = total or max(int(self.counts.sum()), 1)
        self.initials: list[tuple[int, tuple[str, ...]]] = []
        sounds: list[str] = []
        owners: list[int] = []
        self._exact: dict[str, list[int]] = {}
        self._parts: dict[str, list[int]] = {}
        self._groups: dict[int, list[int]] = {}
        self._native: dict[int, str] = {}
        for number, value in enumerate(self.values[1:], start=1):
            own = self._take_in(number, value)
            sounds += own
            owners += [number] * len(own)
        self._sounds = sounds
        self._owners = np.array(owners, np.int32)
        self._starts = np.searchsorted(self._owners, np.arange(len(self.values) + 1)).tolist()
        self._rare = rarity_by_sound(sounds, self._starts, self.counts)
        self._spelled = np.array(sounds, object)
        self._coarse = np.array([phonetic_key(each) for each in sounds], object)
        self._bones: dict[str, list[int]] = {}
        for place, each in enumerate(sounds):
            self._bones.setdefault(consonant_key(each), []).append(place)
        self._trigrams = Trigrams(sounds) if len(sounds) > SMALL else None
        natives: dict[str, list[tuple[int, str]]] = {}
        for number, native in self._native.items():
            natives.setdefault(script_of(native), []).append((number, native))
        self._scripts = {script: ScriptValues(script, found) for script, found in natives.items()}
        self._others: dict[str, ScriptValues] = {}
        self.hits = remembering(2048)(self._hits)
        self.dense = remembering(512)(self._dense)

    def __len__(self) -> int:
        return len(self.values)

    def knows(self, folded: str) -> bool:
        """Return whether some value sounds as a folded word does."""
        return any(each in self._exact for each in spellings(folded))

    def knows_letter(self, word: Word) -> bool:
        """Return whether a letter is a whole value here, and none that is short for others."""
        return self.role is SURNAME and len(word.folded) == 1 and word.folded in self.numbers

    def _take_in(self, number: int, value: str) -> tuple[str, ...]:
        """Index a value under all it sounds like; return these spellings."""
        found = words(value)
        if len(found) == 1 and found[0].initial:
            self.initials.append((number, initials(found[0])))
            return ()
        whole = "".join(word.folded for word in found)
        if script_of(whole):
            self._native[number] = whole
            return ()
        kept = "".join(word.folded for word in found if word.folded not in PARTICLES)
        own = tuple(dict.fromkeys(spellings(whole) + (spellings(kept) if kept and kept != whole else ())))
        for each in own:
            self._exact.setdefault(each, []).append(number)
        parts = halves(fold(value)) if self.role is not PATRONYMIC else ()
        for part in {each for half in parts if half not in PARTICLES for each in spellings(half)}:
            if len(part) > 1:
                self._parts.setdefault(part, []).append(number)
        for group in self.groups(own):
            self._groups.setdefault(group, []).append(number)
        return own

    def groups(self, sounds: tuple[str, ...]) -> frozenset[int]:
        """Return the given names a value or a word stands for; surnames stand for none."""
        if self.role is GIVEN:
            return names_of(sounds)
        return fathers_of(sounds) if self.role is PATRONYMIC else frozenset()

    def _dense(self, word: Word) -> Floats:
        """Return the bits of a word against every value; the empty value is settled by the caller."""
        hits = self.hits(word, deep=True)
        bits = np.full(len(self.values), self.role.different, np.float32)
        bits[hits.ids] = hits.bits
        return bits

    def _hits(self, word: Word, *, deep: bool) -> Hits:
        """Return the values that a word may be. `deep` looks beyond those with the same consonants."""
        if word.initial:
            return self._weighed(self._of_initial(word))
        sounds = spellings(word.folded)
        found: dict[int, tuple[int, float]] = {}
        groups = self.groups(sounds)
        script = script_of(word.folded)
        for number, likeness in self._alike(sounds, deep=deep).items() if not script else ():
            relation = self._relation(number, likeness, sounds, groups)
            if relation != DIFFERENT:
                found[number] = relation, min(likeness, MOST_SIMILAR) if relation == SIMILAR else RANK[relation]
        self._add_others(found, word, sounds, groups)
        if script or self._scripts:
            self._add_across(found, word, script, deep=deep)
        return self._weighed(found)

    def _add_across(self, found: dict[int, tuple[int, float]], word: Word, script: str, *, deep: bool) -> None:
        """Add the values that a word may be where one of the two is in a script that is read rather than spelled."""
        for other, values in self._scripts.items():
            if other == script:
                for number, like in values.as_written(word.folded, deep=deep).items():
                    found[number] = (EXACT, 1.0) if like == 1.0 else (SIMILAR, min(like, MOST_SIMILAR))
            else:
                self._add_read(found, values, word, deep=deep)
        if script and self._sounds:
            if script not in self._others:
                plain = [
                    (number, "".join(one.folded for one in words(value)))
                    for number, value in enumerate(self.values)
                    if number and number not in self._native
                ]
                self._others[script] = ScriptValues(script, plain)
            self._add_read(found, self._others[script], word, deep=deep)

    @staticmethod
    def _add_read(found: dict[int, tuple[int, float]], values: ScriptValues, word: Word, *, deep: bool) -> None:
        for number, like in values.as_read(values.read(word.folded), deep=deep).items():
            if like > found.get(number, (DIFFERENT, 0.0))[1]:
                found[number] = READ, like

    def _alike(self, sounds: tuple[str, ...], *, deep: bool) -> dict[int, float]:
        """Return how much the spellings of nearby values are like those of a word."""
        places: set[int] = set()
        for each in sounds:
            places.update(self._bones.get(consonant_key(each), ()))
        if deep:
            places.update(self._trigrams.nearest(sounds, NEAREST) if self._trigrams else range(len(self._sounds)))
        if not places:
            return {}
        near = np.array(sorted(places))
        coarse = list(dict.fromkeys(phonetic_key(each) for each in sounds))
        fine = likeness_of(sounds, self._spelled[near].tolist(), LEAST_SIMILAR - 0.1)
        rough = likeness_of(coarse, self._coarse[near].tolist(), LEAST_SIMILAR)
        likeness = np.maximum(fine, rough * np.float32(0.7) + fine * np.float32(0.2))
        kept = likeness >= LEAST_SIMILAR
        best: dict[int, float] = {}
        for owner, like in zip(self._owners[near[kept]].tolist(), likeness[kept].tolist(), strict=True):
            if like > best.get(owner, 0.0):
                best[owner] = like
        return best

    def _relation(self, number: int, likeness: float, sounds: tuple[str, ...], groups: frozenset[int]) -> int:
        """Return how a word relates to a value like it."""
        own = self._own(number)
        if any(each in own for each in sounds):
            return EXACT
        if self.role is SURNAME:
            same = {genderless(each) for each in sounds} & {genderless(each) for each in own}
            return OTHER_GENDER if same else SIMILAR
        if self.role is PATRONYMIC and {father(each) for each in sounds} & {father(each) for each in own}:
            return SIMILAR if is_daughters(sounds[0]) == is_daughters(own[0]) else OTHER_GENDER
        known = self.groups(tuple(own))
        if known and groups:
            return KNOWN_FORM if known & groups else DIFFERENT
        if self.role is PATRONYMIC and is_daughters(sounds[0]) != is_daughters(own[0]):
            return DIFFERENT
        return SIMILAR

    def _add_others(
        self, found: dict[int, tuple[int, float]], word: Word, sounds: tuple[str, ...], groups: frozenset[int]
    ) -> None:
        """Add the values that a word may be though they sound otherwise."""
        for each in sounds:
            for number in self._exact.get(each, ()):
                found[number] = EXACT, RANK[EXACT]
        for group in groups:
            for number in self._groups.get(group, ()):
                if self.role is not PATRONYMIC or is_daughters(sounds[0]) == is_daughters(self._own(number)[0]):
                    found.setdefault(number, (KNOWN_FORM, RANK[KNOWN_FORM]))
        parts = {each for half in halves(word.folded) for each in spellings(half)}
        for each in sounds:
            for number in self._parts.get(each, ()):
                found.setdefault(number, (PART, RANK[PART]))
        for each in parts:
            for number in (*self._exact.get(each, ()), *self._parts.get(each, ())):
                found.setdefault(number, (PART, RANK[PART]))
        for number, beginnings in self.initials:
            if any(each.startswith(beginnings) for each in sounds):
                found[number] = INITIAL, 0.5

    def _of_initial(self, word: Word) -> dict[int, tuple[int, float]]:
        beginnings = initials(word)
        found = dict.fromkeys(self._by_other_initial(beginnings), (FORM_INITIAL, 0.4))
        places = np.flatnonzero(np.isin(self._firsts, [ord(each[0]) for each in beginnings if each])).tolist()
        if any(len(each) > 1 for each in beginnings):
            places = [place for place in places if self._sounds[place].startswith(beginnings)]
        found |= dict.fromkeys(self._owners[places].tolist(), (INITIAL, 0.5))
        found |= {number: (INITIAL, 0.5) for values in self._scripts.values() for number in values.of_initial(word)}
        found |= {number: (INITIAL, 0.5) for number, others in self.initials if set(others) & set(beginnings)}
        return found | ({self.numbers[word.folded]: (EXACT, RANK[EXACT])} if self.knows_letter(word) else {})

    @cached_property
    def _firsts(self) -> Integers:
        """The first letter of each spelling, as a number."""
        return np.array([ord(each[0]) for each in self._sounds], np.int32)

    def _by_other_initial(self, beginnings: tuple[str, ...]) -> list[int]:
        """Return the given names of which another national form begins so: Алег of Олег."""
        if self.role is not GIVEN:
            return []
        return [
            number
            for group, numbers in self._groups.items()
            if any(each.startswith(beginnings) for each in other_initials(group))
            for number in numbers
        ]

    def _own(self, number: int) -> Sequence[str]:
        if native := self._native.get(number):
            return [fine for fine, _ in read_native(native, script_of(native))] or [native]
        return self._sounds[self._starts[number] : self._starts[number + 1]]

    def _weighed(self, found: dict[int, tuple[int, float]]) -> Hits:
        ids = np.fromiter(found, np.int32, len(found))
        relations = np.array([relation for relation, _ in found.values()], np.int8)
        similarity = np.array([like for _, like in found.values()], np.float32)
        if not len(ids):
            return Hits(ids, relations, similarity, quantized([]))
        return Hits(
            ids,
            relations,
            similarity,
            weigh(self.role, relations, similarity, self.counts[ids], self.total, self._rare),
        )

    def likeness(self, word: Word, number: int) -> float:
        """Return how much a word is like a value, for showing."""
        pairs = product(spellings(word.folded), self._own(number))
        return max((OSA.normalized_similarity(one, other) for one, other in pairs), default=0.0)
