"""A roster made ready for looking up names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from petition_app.matching.names.spelling import Word, fold, looks_like_patronymic
from petition_app.matching.roster.part_index import Vocabulary
from petition_app.matching.roster.parts import Split, is_unspaced, readings, split
from petition_app.matching.roster.places import Places
from petition_app.matching.roster.scoring import score
from petition_app.matching.roster.second_look import GivenNamesWithFathers, exactly, other_typings, with_fathers
from petition_app.matching.roster.types import Entry, Match, Query
from petition_app.matching.roster.weights import (
    EXACT,
    GIVEN,
    LONE_WORD,
    OUT_OF_TERM,
    PATRONYMIC,
    SURNAME,
    Floats,
    Integers,
)

KEPT = 24  # Rows looked at closely.
UNLIKELY = 4.0  # Bits below which a name is read in other ways as well.
SURE = 4.0  # Bits by which the best must stand above chance for the search to end early.


@dataclass(frozen=True)
class NameReading:
    """One way to read a typed name: which word is what; none where it has no such part."""

    surname: Word | None
    given: Word | None
    patronymic: Word | None
    others: tuple[Word, ...] = ()


@dataclass(frozen=True)
class SearchHits:
    """Rows of the index that a name may mean, best first, and by which way of reading it."""

    rows: Integers
    scores: Floats
    ways: tuple[NameReading, ...]
    deep: bool

    def and_also(self, rows: npt.NDArray[np.int64], scores: Floats, way: NameReading) -> SearchHits:
        """Return these and more rows, the best first."""
        all_scores = np.concatenate([self.scores, scores])
        order = np.argsort(-all_scores, kind="stable")
        ways = (*self.ways, *(way for _ in rows))
        all_rows = np.concatenate([self.rows, rows.astype(np.int32)])
        return SearchHits(all_rows[order], all_scores[order], tuple(ways[each] for each in order.tolist()), self.deep)


class RosterIndex:
    """A roster made ready for looking up names. It holds no state that a look-up changes, but caches."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        parts: list[Split] = []
        owners: list[int] = []
        for owner, entry in enumerate(self.entries):
            for found in split(entry):
                parts.append(found)
                owners.append(owner)
        self._unspaced = any(map(is_unspaced, self.entries))
        total = max(len(self.entries), 1)
        surnames, givens, patronymics = (_folded([each[part] for each in parts]) for part in range(3))
        self.surnames = Vocabulary(SURNAME, surnames, total=total)
        self.givens = Vocabulary(GIVEN, givens, total=total)
        self.patronymics = Vocabulary(PATRONYMIC, patronymics)
        self.places = Places([(entry.body, entry.place) for entry in self.entries])
        numbers = np.array([self.surnames.numbers[surname] for surname in surnames], np.int32)
        order = np.argsort(numbers, kind="stable")
        self._starts = np.searchsorted(numbers[order], np.arange(len(self.surnames) + 1)).astype(np.int64)
        self.surname = numbers[order]
        self.given = np.array([self.givens.numbers[given] for given in givens], np.int32)[order]
        self.patronymic = np.array([self.patronymics.numbers[each] for each in patronymics], np.int32)[order]
        self.owner = np.array(owners, np.int32)[order]
        self._place = np.array([self.places.numbers[entry.body, entry.place] for entry in self.entries], np.int32)
        self._from = _days([entry.term_from for entry in self.entries], 0)
        self._to = _days([entry.term_to for entry in self.entries], date.max.toordinal())
        self._fathers: GivenNamesWithFathers | None = None
        self._terms = any(entry.term_from or entry.term_to for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def match(self, query: Query, *, prior: float = 0.5) -> Match:
        """Return who on the roster may be the signer; `prior` is the share of signers who are on it.

        Nothing is decided: a verdict says how sure the names, the place and the term of office make it.
        """
        names = readings(query.name, unspaced=self._unspaced)
        found = self._search(names, query, deep=False)
        if not self._settled(found):
            found = self._search(names, query, deep=True)
            if not len(found.rows) or found.scores[0] < UNLIKELY:
                found = self._look_again(names, query, found)
        return score(self, query, found, prior=prior)

    def _look_again(self, names: Sequence[tuple[Word, ...]], query: Query, found: SearchHits) -> SearchHits:
        """Return what is found by another reading of what was typed, where that is better."""
        for typing in other_typings(self, query.name):
            other = self._search((typing,), query, deep=True)
            if len(other.rows) and (not len(found.rows) or other.scores[0] > found.scores[0]):
                found = other
        if self._fathers is None:
            self._fathers = GivenNamesWithFathers(self.given, self.patronymic, self.surname)
        for head, given, father in with_fathers(names):
            numbers = exactly(self.givens, given), exactly(self.patronymics, father)
            rows = self._fathers.nearest(self.surnames, head, *numbers)
            rows = rows[~np.isin(self.owner[rows], self.owner[found.rows])]
            if len(rows):
                way = NameReading(head, given, father)
                scores = np.float32(SURNAME.different) + self._rest(way, rows) + self._around(rows, query)
                found = found.and_also(rows, scores, way)
        return found

    def _settled(self, found: SearchHits) -> bool:
        """Return whether looking further cannot find anybody better: every word of the name is there as typed."""
        if not len(found.rows):
            return False
        way, row = found.ways[0], found.rows[0]
        hit = self.surnames.hits(way.surname, deep=False).get(int(self.surname[row])) if way.surname else None
        if hit is None or hit[0] != EXACT or way.others or way.given is None:
            return False
        given = self.givens.dense(way.given)[self.given[row]]
        patronymic = self.patronymics.dense(way.patronymic)[self.patronymic[row]] if way.patronymic else 0.0
        return bool(given > 0 and patronymic >= 0 and found.scores[0] > SURE)

    def _search(self, names: Sequence[tuple[Word, ...]], query: Query, *, deep: bool) -> SearchHits:
        rows: list[npt.NDArray[np.int64]] = []
        scores: list[Floats] = []
        ways: list[NameReading] = []
        known: dict[Word | None, tuple[npt.NDArray[np.int64], Floats]] = {}
        for way in self._ways(names, deep=deep):
            if way.surname not in known:
                known[way.surname] = self._near(way, deep=deep)
            near, worth = known[way.surname]
            if len(near):
                rows.append(near)
                scores.append(worth + self._rest(way, near))
                ways.append(way)
        if not rows:
            return SearchHits(np.zeros(0, np.int32), np.zeros(0, np.float32), (), deep)
        all_rows, all_scores = np.concatenate(rows), np.concatenate(scores)
        which = np.repeat(np.arange(len(ways)), [len(each) for each in rows])
        all_scores = all_scores + self._around(all_rows, query)
        best = self._best(all_rows, all_scores)
        return SearchHits(
            all_rows[best].astype(np.int32), all_scores[best], tuple(ways[each] for each in which[best].tolist()), deep
        )

    def _best(self, rows: npt.NDArray[np.int64], scores: Floats) -> npt.NDArray[np.int64]:
        """Return the places of the best rows, each entry once."""
        many = min(len(rows), 40 * KEPT)
        top = np.argpartition(-scores, many - 1)[:many] if many < len(rows) else np.arange(len(rows))
        top = top[np.lexsort((self.owner[rows[top]], -scores[top]))]
        _, first = np.unique(self.owner[rows[top]], return_index=True)
        return top[np.sort(first)]

    def _ways(self, names: Sequence[tuple[Word, ...]], *, deep: bool) -> Iterator[NameReading]:
        for name in names:
            full = [word for word in name if not word.initial]
            fathers = {word for word in full if looks_like_patronymic(word)}
            plain = len(fathers) == 1 and len(name) > 2 and len(full) > 1 and not deep
            heads = [word for word in full or name if not (plain and word in fathers)]
            short = deep and len(full) == 1 < len(name) and not self.surnames.knows(full[0].folded)
            heads += [word for word in name if word.initial and (short or self.surnames.knows_letter(word))]
            for head in dict.fromkeys(heads):
                others = list(name)
                others.remove(head)
                yield from _shared_out(head, others, fathers)
            if 0 < len(name) <= 2 and self._starts[1] > self._starts[0]:
                yield from _shared_out(None, list(name), fathers)

    def _near(self, way: NameReading, *, deep: bool) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return the rows whose surname the way's may be, and its bits for each."""
        if way.surname is None:
            rows = np.arange(self._starts[0], self._starts[1])
            return rows, np.zeros(len(rows), np.float32)
        hits = self.surnames.hits(way.surname, deep=deep)
        starts = self._starts[hits.ids]
        lengths = self._starts[hits.ids + 1] - starts
        total = int(lengths.sum())
        shift = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) if total else 0
        return np.arange(total) + shift, np.repeat(hits.bits, lengths)

    def _rest(self, way: NameReading, rows: npt.NDArray[np.int64]) -> Floats:
        """Return the bits of the given name and the patronymic for each row."""
        bits = np.full(len(rows), LONE_WORD * len(way.others), np.float32)
        if way.given:
            given = self.given[rows]
            bits += np.where(given > 0, self.givens.dense(way.given)[given], np.float32(LONE_WORD))
        if way.patronymic:
            patronymic = self.patronymic[rows]
            missing = np.float32(self.lone(way.patronymic))
            bits += np.where(patronymic > 0, self.patronymics.dense(way.patronymic)[patronymic], missing)
        return bits

    @staticmethod
    def lone(word: Word) -> float:
        """Return what a typed patronymic weighs where the roster has none: nothing, if it is one."""
        return 0.0 if word.initial or looks_like_patronymic(word) else LONE_WORD

    def _around(self, rows: npt.NDArray[np.int64], query: Query) -> Floats:
        """Return the bits of the place and of the term of office for each row."""
        owners = self.owner[rows]
        bits = np.zeros(len(rows), np.float32)
        if query.place:
            bits += self.places.weigh(query.place)[1][self._place[owners]]
        if query.on and self._terms:
            day = query.on.toordinal()
            bits[(self._from[owners] > day) | (self._to[owners] < day)] += np.float32(OUT_OF_TERM)
        return bits

    def place_of(self, owner: int) -> int:
        """Return the number of an entry's place."""
        return int(self._place[owner])


def _shared_out(head: Word | None, others: Sequence[Word], fathers: set[Word]) -> Iterator[NameReading]:
    """Yield the ways in which the words beside the surname may be given name and patronymic."""
    if not others:
        yield NameReading(head, None, None)
    elif len(others) == 1:
        if others[0] not in fathers:
            yield NameReading(head, others[0], None)
        else:
            yield NameReading(head, None, others[0])
            yield NameReading(head, others[0], None)
    else:
        for one, given in enumerate(others):
            for two, patronymic in enumerate(others):
                if one == two or (two < one and given.initial and patronymic.initial):
                    continue
                if fathers & set(others) and (patronymic not in fathers):
                    continue
                left = tuple(word for place, word in enumerate(others) if place not in (one, two))
                yield NameReading(head, given, patronymic, left)


def _folded(values: list[str]) -> list[str]:
    """Return every value folded; the many that are equal are folded once."""
    folded = {value: fold(value) for value in set(values)}
    return [folded[value] for value in values]


def _days(days: Sequence[date | None], empty: int) -> Integers:
    return np.array([day.toordinal() if day else empty for day in days], np.int32)
