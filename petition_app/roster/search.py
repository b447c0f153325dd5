"""Looking for somebody on a roster by hand: any part of the name, the place, the body, the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from petition_app.matching.names.folding import PLAIN_WORD, fold_letters
from petition_app.matching.names.spelling import search_spellings, spellings
from petition_app.roster import services as rosters

SHOWN = 12
LONGEST = 200
SEARCHED = ("surname", "given", "patronymic", "body", "place", "role")
FIELDS = ("key", *SEARCHED, "term_from", "term_to")


@dataclass(frozen=True)
class FoundEntry:
    """Somebody on the roster as the search shows them."""

    key: str
    name: str
    body: str
    place: str
    role: str
    term_from: date | None = None
    term_to: date | None = None


@dataclass(frozen=True)
class Search:
    """The first of those who were found, in the order of their names, and how many there are in all."""

    entries: tuple[FoundEntry, ...]
    number: int


def find(version_id: UUID, words: str) -> Search:
    """Return those on a roster of whom every one of the words is a part, in either alphabet."""
    wanted = [_fold(word) for word in words[:LONGEST].split()]
    wanted = [word for word in wanted if word[0]]
    found = [_entry(row) for row in rosters.iter_fields(version_id, FIELDS) if wanted and _fits(row, wanted)]
    return Search(tuple(sorted(found, key=lambda one: (one.name, one.key))[:SHOWN]), len(found))


def find_keys(version_id: UUID, keys: Sequence[str]) -> list[FoundEntry]:
    """Return the entries with these keys."""
    return [
        FoundEntry(row.key, row.name, row.body, row.place, row.role, row.term_from, row.term_to)
        for row in rosters.get_entries(version_id, keys)
    ]


def _fold(word: str) -> tuple[str, tuple[str, ...]]:
    """Return a word as it is compared: in its own letters, and by its sounds in the other alphabet."""
    plain = fold_letters(word).strip(".,;")
    return plain, spellings(plain) if PLAIN_WORD.fullmatch(plain) and len(plain) > 1 else ()


def _fits(row: Sequence[object], wanted: list[tuple[str, tuple[str, ...]]]) -> bool:
    text = fold_letters(" ".join(str(part) for part in row[1 : len(SEARCHED) + 1] if part))
    if all(plain in text for plain, _ in wanted):
        return True
    heard = search_spellings(text).split()
    return all(
        plain in text or any(sound in one for sound in sounds if sound for one in heard) for plain, sounds in wanted
    )


def _entry(row: Sequence[object]) -> FoundEntry:
    values = dict(zip(FIELDS, row, strict=True))
    name = " ".join(str(values[part]) for part in SEARCHED[:3] if values[part])
    return FoundEntry(
        str(values["key"]), name, str(values["body"] or ""), str(values["place"] or ""), str(values["role"] or ""),
        values["term_from"], values["term_to"],  # type: ignore[arg-type] # As the columns say.
    )  # fmt: skip
