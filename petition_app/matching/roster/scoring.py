"""From scores to a verdict: all candidates and "none of them" weighed together, and the evidence as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from petition_app.matching.names.spelling import Word, fold
from petition_app.matching.roster.part_index import Vocabulary
from petition_app.matching.roster.parts import Split, split
from petition_app.matching.roster.places import AGREES, DISAGREES
from petition_app.matching.roster.types import Entry, EvidenceRow, Match, Query, RosterCandidate
from petition_app.matching.roster.weights import LONE_WORD, OUT_OF_TERM, WORDS

if TYPE_CHECKING:
    from petition_app.matching.roster.index import RosterIndex, SearchHits

# Set on 120,000 queries by invented people (the population of bench/matching.py at seeds 301 to 306, which no bar
# uses). There the probability says too little where an initial or a known form agrees beside surname and place, and
# far too much where a surname is only alike: of outsiders .050 % are strong, and of all strong ones .9993 are right.
STRONG, STRONG_BY_NAME, POSSIBLE = 0.994, 0.99, 0.03
STRONG_SHORT, STRONG_ALIKE = 0.985, 0.9995
SHOWN = 5
FITS = 3.0  # Bits: who is worse by more does not fit as well as the best.
AGAINST = ("different", "out_of_term", "other_gender")


def score(index: RosterIndex, query: Query, found: SearchHits, *, prior: float) -> Match:
    """Return the verdict on the rows found, with the evidence of the best five."""
    if not len(found.rows):
        return Match("none", (), 0)
    scores = found.scores.astype(np.float64)
    nobody = np.log2(max(len(index), 1) * (1 - prior) / prior) if 0 < prior < 1 else (-60.0 if prior else 60.0)
    top = max(float(scores.max()), nobody)
    weights = np.exp2(scores - top)
    chances = weights / (weights.sum() + np.exp2(nobody - top))
    candidates = tuple(
        _candidate(index, query, found, place, float(chances[place])) for place in range(min(SHOWN, len(found.rows)))
    )
    best = candidates[0]
    fit = int((scores >= scores[0] - FITS).sum()) if scores[0] > 0 else 0
    return Match(_verdict(candidates, nobody), candidates, fit if best.probability >= POSSIBLE else 0)


def _verdict(candidates: tuple[RosterCandidate, ...], nobody: float) -> str:
    best = candidates[0]
    relations = {row.part: row.relation for row in best.rows}
    if best.score <= 0:
        return "none"
    counter = any(relation in AGAINST for relation in relations.values())
    placed = relations.get("place", "missing")
    short = ("missing", "different") if placed == "agrees" else ("missing", "different", "initial")
    named = relations.get("given", "missing") not in short and relations.get("surname") != "initial"
    counter = counter or _has_another_middle_name(best)
    if best.probability >= _needed(relations) and not counter and named and not _ties(candidates):
        return "strong"
    if best.score > nobody - 6 and sum(row.relation == "different" for row in best.rows) == 0:
        return "possible"
    return "possible" if best.probability >= 0.2 else "weak"


def _needed(relations: Mapping[str, str]) -> float:
    """Return from what probability on a match is strong: more where the surname is only alike, or the place another."""
    placed = relations.get("place", "missing")
    if placed == "missing":
        return STRONG_BY_NAME
    if placed != "agrees" or relations.get("surname") != "exact":
        return STRONG_ALIKE
    return STRONG if relations.get("given") == "exact" else STRONG_SHORT


def _has_another_middle_name(best: RosterCandidate) -> bool:
    """Return whether a word is left over beside somebody who has another middle name or patronymic."""
    known = any(row.part == "patronymic" and row.roster and row.relation == "missing" for row in best.rows)
    spare = any(
        row.part == "other" or (row.relation == "part" and len(row.submitted.split()) > len(row.roster.split()))
        for row in best.rows
    )
    return known and spare


def _ties(candidates: tuple[RosterCandidate, ...]) -> bool:
    """Return whether somebody else of the very same name is not told apart by the place."""
    best = candidates[0]
    same = [each for each in candidates[1:] if fold(each.entry.name) == fold(best.entry.name)]
    places = {row.relation for row in best.rows if row.part == "place"}
    return bool(same) and places != {"agrees"}


def _candidate(index: RosterIndex, query: Query, found: SearchHits, place: int, chance: float) -> RosterCandidate:
    row, way = int(found.rows[place]), found.ways[place]
    owner = int(index.owner[row])
    entry = index.entries[owner]
    numbers = (int(index.surname[row]), int(index.given[row]), int(index.patronymic[row]))
    shown = _shown(index, entry, numbers)
    rows = [
        _named(index.surnames, way.surname, numbers[0], shown[0], deep=found.deep),
        _named(index.givens, way.given, numbers[1], shown[1]),
        _named(
            index.patronymics, way.patronymic, numbers[2], shown[2],
            lone=index.lone(way.patronymic) if way.patronymic else 0.0,
        ),
        *(EvidenceRow("other", word.typed, "", "missing", 0.0, LONE_WORD) for word in way.others),
        *_place(index, query, owner, entry),
        *_term(query, entry),
    ]  # fmt: skip
    kept = tuple(each for each in rows if each is not None)
    return RosterCandidate(entry, sum(each.bits for each in kept), chance, kept)


def _shown(index: RosterIndex, entry: Entry, numbers: tuple[int, int, int]) -> Split:
    """Return the parts of an entry as the roster writes them."""
    known = (index.surnames.values[numbers[0]], index.givens.values[numbers[1]], index.patronymics.values[numbers[2]])
    return next(parts for parts in split(entry) if tuple(fold(part) for part in parts) == known)


def _named(
    vocabulary: Vocabulary, word: Word | None, number: int, shown: str, *, lone: float = LONE_WORD, deep: bool = True
) -> EvidenceRow | None:
    part = vocabulary.role.name
    if word is None:
        return EvidenceRow(part, "", shown, "missing", 0.0, 0.0) if shown else None
    if not number:
        return EvidenceRow(part, word.typed, "", "missing", 0.0, lone)
    hit = vocabulary.hits(word, deep=deep).get(number)
    if hit is None:
        like = vocabulary.likeness(word, number)
        return EvidenceRow(part, word.typed, shown, "different", round(like, 2), vocabulary.role.different)
    relation, similarity, bits = hit
    return EvidenceRow(part, word.typed, shown, WORDS[relation], round(similarity, 2), bits)


def _place(index: RosterIndex, query: Query, owner: int, entry: Entry) -> list[EvidenceRow]:
    number = index.place_of(owner)
    if not query.place or not number:
        return [EvidenceRow("place", query.place, entry.body or entry.place, "missing", 0.0, 0.0)] if number else []
    likeness, bits = index.places.weigh(query.place)
    like = float(likeness[number])
    relation = "agrees" if like >= AGREES else "similar" if like > DISAGREES else "disagrees"
    shown = ", ".join(part for part in (entry.body, entry.place) if part)
    return [EvidenceRow("place", query.place, shown, relation, round(like, 2), float(bits[number]))]


def _term(query: Query, entry: Entry) -> list[EvidenceRow]:
    if query.on is None or not (entry.term_from or entry.term_to):
        return []
    out = (entry.term_from and query.on < entry.term_from) or (entry.term_to and query.on > entry.term_to)
    term = f"{entry.term_from or ''}–{entry.term_to or ''}"
    return [
        EvidenceRow("term", query.on.isoformat(), term, "out_of_term" if out else "agrees", 0.0 if out else 1.0,
            OUT_OF_TERM if out else 0.0)
    ]  # fmt: skip
