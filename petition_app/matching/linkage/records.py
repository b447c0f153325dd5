"""What a signer typed, as values that can be compared: the name taken apart, each part in one spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from petition_app.matching.linkage.columns import OR, Columns, columns_from
from petition_app.matching.names.folding import PLAIN_WORD
from petition_app.matching.names.forms import fathers_of, names_of
from petition_app.matching.names.latin_marks import bare_forms, has_marks
from petition_app.matching.names.spelling import Word, collapse, fold, is_patronymic, spelling, words
from petition_app.matching.names.transliteration import CYRILLIC, MARKED, PATRONYMIC_WORDS, SCHOOLS, TITLES

_CYRILLIC = str.maketrans(CYRILLIC)
_LATIN = re.compile("[a-z]")
_RUNS = re.compile(rf"{PLAIN_WORD.pattern}|\d+")
_INITIAL = re.compile(r"^[^\W\d_]{1,3}\.$|^[^\W\d_]$")


@dataclass(frozen=True, slots=True)
class Record:
    """A signature as far as duplicates are concerned: what was typed, and what matching made of it.

    `name` is the whole name; where `given` and `surname` are both empty it is taken apart. `mailbox` is canonical;
    `entry` is the best roster entry where the match is at least possible.
    """

    id: str
    name: str = ""
    given: str = ""
    surname: str = ""
    place: str = ""
    region: str = ""
    mailbox: str = ""
    entry: str = ""


def parts_of(record: Record, kind: Callable[[str], _Kind] | None = None) -> tuple[str, ...]:
    """Return the parts of a record in the order of PARTS, as typed."""
    given, surname, middle = record.given, record.surname, ""
    if not given and not surname:
        given, surname, middle = take_apart(record.name, kind or _kind)
    return given, surname, middle, record.place, record.region, record.mailbox, record.entry


def columns_of(records: Iterable[Record]) -> Columns:
    """Return records as columns; they are read once and not kept, so that a million need not stand in memory."""
    kind = lru_cache(maxsize=None)(_kind)
    return columns_from((parts_of(record, kind) for record in records), fold=folded, forms=FORMS)


def take_apart(name: str, kind: Callable[[str], _Kind]) -> tuple[str, str, str]:
    """Return given name, surname and what stands between (a patronymic, as a rule), whatever their order.

    A single word is a surname. Of two words the order does not matter: swapped names are compared as well.
    """
    found = [kind(word) for word in name.split()]
    if len(found) == 2 and found[0].plain and found[1].plain:
        first, last = found
        return (last.typed, first.typed, "") if last.given and not first.given else (first.typed, last.typed, "")
    if not all(word.plain for word in found):
        found = [_looked_at(word) for word in words(name)]
    typed = [word.typed for word in found]
    if len(found) < 2:
        return "", " ".join(typed), ""
    initials_last = not found[0].initial and all(word.initial for word in found[1:])
    if len(found) == 2:
        given_last = initials_last or (found[1].given and not found[0].given)
        return (typed[1], typed[0], "") if given_last else (typed[0], typed[1], "")
    if initials_last or (found[2].fathers and not found[1].fathers):
        return typed[1], typed[0], " ".join(typed[2:])
    return typed[0], typed[-1], " ".join(typed[1:-1])


@dataclass(frozen=True, slots=True)
class _Kind:
    """A word of a name: whether it is letters alone, an initial, a father's name, a known given name."""

    typed: str
    plain: bool
    initial: bool
    fathers: bool
    given: bool


def _kind(word: str) -> _Kind:
    """Return the kind of a word; words of letters alone, the most by far, need no closer look at the whole name."""
    plain = word.isalpha() and len(word) > 1 and word.casefold() not in NOT_PLAIN
    sounds = _sounds(word).partition(OR)[0] if plain else ""
    return _Kind(word, plain, False, is_patronymic(sounds), bool(names_of((sounds,))))


def _looked_at(word: Word) -> _Kind:
    sounds = spelling(word.folded)
    known = not word.initial
    return _Kind(word.typed, False, word.initial, known and is_patronymic(sounds), known and bool(names_of((sounds,))))


def _names(sounds: str) -> frozenset[int]:
    return names_of(tuple(sounds.split(OR)))


def _fathers(sounds: str) -> frozenset[int]:
    return fathers_of(tuple(sounds.split(OR)))


NOT_PLAIN = PATRONYMIC_WORDS | TITLES
FORMS = {"given": _names, "patronymic": _fathers}
"""The parts whose values may be forms of a name, and of which names."""


def folded(part: str, value: str) -> str:
    """Return a value in the spelling it is compared in; an initial is one letter."""
    if part == "entry":
        return value
    if part == "mailbox":
        return value.casefold()
    if value.isalpha() and len(value) > 1:
        return _sounds(value)
    plain = fold(value)
    if part in ("place", "region"):
        return "".join(run if run.isdigit() else _sounds(run) for run in _RUNS.findall(plain))
    sounds = _sounds("".join(PLAIN_WORD.findall(plain)))
    return sounds[:1] if _INITIAL.match(plain) else sounds


def _sounds(word: str) -> str:
    """Return the likeliest spelling of a word; one that is all Latin or all Cyrillic needs no unmasking."""
    if word.isascii():
        return collapse(SCHOOLS[0](word.casefold())) or spelling(word.casefold())
    plain = word.casefold()
    sounds = plain.translate(_CYRILLIC)
    if sounds.isascii() and not _LATIN.search(plain):
        return collapse(sounds)
    return _with_marks(plain) if has_marks(plain) else spelling(fold(word))


def _with_marks(word: str) -> str:
    """Return how a Latin word with marks sounds to those who leave them out, and behind OR how it is spoken."""
    bare, *others = (collapse(SCHOOLS[0](form)) for form in bare_forms(word))
    spoken = collapse(SCHOOLS[0]("".join(MARKED.get(letter, letter) for letter in word)))
    return OR.join(dict.fromkeys((bare, *others, spoken)))
