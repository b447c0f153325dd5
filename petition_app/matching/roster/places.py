"""Bodies and places as evidence: how well what was typed agrees with what the roster says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from petition_app.matching.names.spelling import fold, spelling
from petition_app.matching.names.word_cache import remembering
from petition_app.matching.roster.weights import PLACE_AGREES, PLACE_DISAGREES, Floats, quantized

_WORD = re.compile(r"\d+|[^\W\d_]+")
_ENDING = re.compile(r"(?<=...)(?:[aeiou]+|[aeiou]*(?:go|mu|oi|ie|h|m))$")
AGREES, DISAGREES = 0.75, 0.45
NEAR = 0.82


def _stems(text: str) -> tuple[str, ...]:
    """Return the words of a place without the endings of case and gender; numbers as they are."""
    found = _WORD.findall(fold(text))
    return tuple(
        dict.fromkeys(word if word.isdigit() else _ENDING.sub("", spelling(word)) or spelling(word) for word in found)
    )


class Places:
    """All bodies with their places on a roster. Number 0 is the unknown one."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        counted = Counter(pairs)
        counted.pop(("", ""), None)
        self.pairs = [("", ""), *counted]
        self.numbers = {pair: number for number, pair in enumerate(self.pairs)}
        self._counts = np.array([0, *counted.values()], np.int64)
        self._total = max(int(self._counts.sum()), 1)
        self._stems = [frozenset(_stems(f"{body} {place}")) for body, place in self.pairs]
        self._bodies = [frozenset(_stems(body)) for body, _ in self.pairs]
        bearers: Counter[str] = Counter()
        for stems, count in zip(self._stems, self._counts.tolist(), strict=True):
            bearers.update(dict.fromkeys(stems, count))
        self._worth = {stem: float(np.log2((self._total + 1) / count)) + 0.05 for stem, count in bearers.items()}
        self._rarest = float(np.log2(self._total + 1))
        self._known = list(bearers)
        self._where: dict[str, list[int]] = {}
        for number, stems in enumerate(self._stems):
            for stem in stems:
                self._where.setdefault(stem, []).append(number)
        self.weigh = remembering(256)(self._weigh)

    def _weigh(self, typed: str) -> tuple[Floats, Floats]:
        """Return, for each place, how well it agrees with what was typed, and the bits of that."""
        likeness = np.zeros(len(self.pairs), np.float32)
        asked = _stems(typed)
        if not asked:
            return likeness, quantized(np.zeros(len(self.pairs)))
        matched = self._matched(asked)
        known = max((self._worth[stem] for stem in self._worth), default=0.0)
        wanted = sum(max((self._worth[stem] for stem in self._near(word)), default=known) for word in asked)
        for number, worth in matched.items():
            shorter = min(wanted, *(self._sum(stems) for stems in (self._stems[number], self._bodies[number]) if stems))
            likeness[number] = min(worth / max(shorter, 0.1), 1.0)
        bits = np.full(len(self.pairs), np.log2(PLACE_DISAGREES))
        order = np.argsort(-likeness, kind="stable")
        sums = np.cumsum(self._counts[order])
        share = sums[np.searchsorted(-likeness[order], -likeness, side="right") - 1] / self._total
        agrees = likeness >= AGREES
        bits[agrees] = np.log2(PLACE_AGREES / np.clip(share[agrees], 1 / (4 * self._total), 1.0))
        bits[(likeness < AGREES) & (likeness > DISAGREES)] = -1.0
        bits[0] = 0.0
        return likeness, quantized(bits)

    def _sum(self, stems: frozenset[str]) -> float:
        return sum(self._worth[stem] for stem in stems)

    def _matched(self, asked: Sequence[str]) -> dict[int, float]:
        """Return for each place that shares a word what the shared words are worth."""
        found: dict[int, float] = {}
        for word in asked:
            best: dict[int, float] = {}
            for stem in self._near(word):
                for number in self._where[stem]:
                    best[number] = max(best.get(number, 0.0), self._worth[stem])
            for number, worth in best.items():
                found[number] = found.get(number, 0.0) + worth
        return found

    def _near(self, word: str) -> list[str]:
        """Return the words known on the roster that are this one, or nearly."""
        if word in self._worth:
            return [word]
        if word.isdigit() or not self._known:
            return []
        like = cdist([word], self._known, scorer=OSA.normalized_similarity, score_cutoff=NEAR, dtype=np.float32)[0]
        return [self._known[place] for place in np.flatnonzero(like >= NEAR) if not self._known[place].isdigit()]
