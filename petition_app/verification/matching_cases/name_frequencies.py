"""How common a signer's name and place are in a petition's own list, so that namesakes are not taken for one person.

Whoever shares a common name with somebody is a stranger, as a rule. The keyed index of sounds of the petition's own
signatures says how common each word is, for which no name is opened, and so does the roster in use where it is at hand;
the commoner holds. Without either, as in a sealed petition that keeps no roster, a word is as common as words of its
kind are anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import func, select, union_all

from petition_app.crypto.fingerprints import fingerprint
from petition_app.matching import RosterIndex, phonetic_keys
from petition_app.matching.linkage.duplicates import Frequencies, Pair, Record, compare
from petition_app.matching.linkage.records import folded, parts_of
from petition_app.matching.names.spelling import consonant_key, fold, spellings, words
from petition_app.matching.roster.part_index import Vocabulary
from petition_app.matching.roster.weights import COMMON_INITIAL, EXACT, GIVEN, PATRONYMIC, PLACE_AGREES, SURNAME, Role
from petition_app.petitions.models import Petition
from petition_app.signatures.models import NearKey, Signature
from petition_app.storage.db import db
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import Batch

MOST = 5_000  # So far the holders of one sound are counted.
FEW = 1_000  # So far signatures are counted that belong to no batch yet.
PLACES = 50  # As how many strangers it counts that one in so many comes from the same place.
LEAST_LETTERS = 4
_RUNS = re.compile(r"[^\W\d_]+|\d+")


def frequencies_of(petition: Petition, name: str, place: str, *, places: Iterable[str] = ()) -> Frequencies:
    """Return how common the words of a name and a place are; `places` are those of others with names like it."""
    index = matches.index_at_hand(petition)
    size = _size(petition)
    given, surname, patronymic, *_ = parts_of(Record("", name=name))
    shares: dict[tuple[str, str], float] = {}
    for part, value, role in (
        ("surname", surname, SURNAME),
        ("given", given, GIVEN),
        ("patronymic", patronymic, PATRONYMIC),
    ):
        if value:
            found = _of_list(petition, name, value, role, size=size)
            found = max(found, _of_roster(index, value, role)) if index else found
            for either in ("surname", "given") if part != "patronymic" else (part,):
                shares[either, folded(either, value)] = found
    if place:
        shares["place", folded("place", place)] = _of_place(index, place, list(places))
    return Frequencies(size, shares)


def compare_within(common: Frequencies, mine: Record, other: Record) -> Pair:
    """Compare two records of a list by its frequencies; a place that is a part of the other agrees with it.

    Of two other places the words are compared that they do not share: "New Field" is not like "New Hill".
    """
    here, there = (mine.place, mine.place) if part_of(mine.place, other.place) else _apart(mine.place, other.place)
    pair = compare(replace(mine, place=here), replace(other, place=there), frequencies=common)
    typed = (replace(row, left=mine.place, right=other.place) if row.part == "place" else row for row in pair.rows)
    return replace(pair, rows=tuple(typed))


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return what two places do not share, where they share a word and each has another; else the places."""
    mine, theirs = _tokens(one), _tokens(other)
    left, right = [word for word in mine if word not in theirs], [word for word in theirs if word not in mine]
    if len(left) == len(mine) or not left or not right:
        return one, other
    return " ".join(left), " ".join(right)


def part_of(one: str, other: str) -> bool:
    """Return whether one of two places is a part of the other, as "X" is of "Title, X"; the same place is none."""
    short, long = sorted((_tokens(one), _tokens(other)), key=len)
    if not short or len(short) == len(long) or sum(map(len, short)) < LEAST_LETTERS:
        return False
    return any(long[start : start + len(short)] == short for start in range(len(long) - len(short) + 1))


def _tokens(place: str) -> list[str]:
    return [folded("place", run) for run in _RUNS.findall(fold(place))]


def _size(petition: Petition) -> int:
    """Return about how many signatures the list has: those of its batches, and some that are in none yet."""
    sealed = db.session.scalar(select(func.sum(Batch.size)).where(Batch.petition_id == petition.id)) or 0
    loose = select(Signature.id).where(Signature.petition_id == petition.id, Signature.batch_id.is_(None)).limit(FEW)
    return max(sealed + (db.session.scalar(select(func.count()).select_from(loose.subquery())) or 0), 2)


def _of_roster(index: RosterIndex, value: str, role: Role) -> float:
    """Return what share of people bear a word, as a search in this roster takes it."""
    vocabulary: Vocabulary = {"surname": index.surnames, "given": index.givens}.get(role.name, index.patronymics)
    bearers = 0
    for word in words(value)[:1]:
        hits = vocabulary.hits(word, deep=False)
        bearers = int(vocabulary.counts[hits.ids[hits.relations == EXACT]].sum())
    return (bearers + role.weight * role.common) / (vocabulary.total + role.weight)


def _of_list(petition: Petition, name: str, value: str, role: Role, *, size: int) -> float:
    """Return what share of a list bears a word, by those who bear it beside a word of the same first letter.

    Of these there is one in twelve, so that what is believed counts for twelve times as much. The two who are compared
    are no strangers to themselves.
    """
    bones = {consonant_key(sounds) for word in words(value)[:1] for sounds in spellings(word.folded)}
    keys = [] if petition.is_sealed else [key for key in phonetic_keys(name) if key.rpartition(".")[0] in bones]
    strangers = max(_count_holders(petition, keys) - 2, 0) if keys else 0
    weight = role.weight / COMMON_INITIAL
    return (strangers / COMMON_INITIAL + weight * role.common) / (size + weight)


def _count_holders(petition: Petition, keys: list[str]) -> int:
    """Return how many signatures have the commonest of some sounds."""
    here = select(NearKey.signature_id).where(NearKey.petition_id == petition.id).limit(MOST)
    found = [here.where(NearKey.key == fingerprint("near", petition.id, key)).subquery() for key in keys]
    some = [select(func.count()).select_from(one) for one in found]
    return max(db.session.scalars(union_all(*some)).all(), default=0)


def _of_place(index: RosterIndex | None, place: str, places: list[str]) -> float:
    if index and (best := float(index.places.weigh(place)[1].max())) > 0:
        return float(PLACE_AGREES / 2**best)
    here = folded("place", place)
    same = sum(folded("place", one) == here or part_of(one, place) for one in places)
    return (max(same - 1, 0) + 1) / (max(len(places) - 1, 0) + PLACES)
