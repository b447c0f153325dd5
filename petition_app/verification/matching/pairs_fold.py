"""What a signer typed, as values that can be compared: the name taken apart, each part in one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from petition_app.verification.matching.normalize import Word, collapse, fold, is_patronymic, spelling, words
from petition_app.verification.matching.schools import SCHOOLS

_RUNS = re.compile(r"[^\W\d_]+|\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
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


def parts_of(record: Record) -> tuple[str, ...]:
    """Return the parts of a record in the order of PARTS, as typed."""
    given, surname, middle = record.given, record.surname, ""
    if not given and not surname:
        given, surname, middle = take_apart(record.name)
    return given, surname, middle, record.place, record.region, record.mailbox, record.entry


def rows_of(records: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    """Return the parts of each record."""
    return map(parts_of, records)


def take_apart(name: str) -> tuple[str, str, str]:
    """Return given name, surname and what stands between (a patronymic, as a rule), whatever their order.

    A single word is a surname. Of two words the order does not matter: swapped names are compared as well.
    """
    found = words(name)
    typed = [word.typed for word in found]
    if len(found) < 2:
        return "", " ".join(typed), ""
    if len(found) == 2:
        return (typed[1], typed[0], "") if found[1].initial and not found[0].initial else (typed[0], typed[1], "")
    if _is_middle(found[1]) or not _is_middle(found[2]):
        if found[1].initial and not found[0].initial:
            return typed[1], typed[0], " ".join(typed[2:])
        return typed[0], typed[-1], " ".join(typed[1:-1])
    return typed[1], typed[0], " ".join(typed[2:])


def _is_middle(word: Word) -> bool:
    return not word.initial and is_patronymic(spelling(word.folded))


def folded(part: str, value: str) -> str:
    """Return a value in the spelling it is compared in; an initial is one letter."""
    if part == "entry":
        return value
    if part == "mailbox":
        return value.casefold()
    plain = value.casefold() if value.isascii() else fold(value)
    if part in ("place", "region"):
        return "".join(run if run.isdigit() else _sounds(run) for run in _RUNS.findall(plain))
    sounds = _sounds("".join(_LETTERS.findall(plain)))
    return sounds[:1] if _INITIAL.match(plain) else sounds


def _sounds(word: str) -> str:
    """Return the likeliest spelling of a word, without trying all schools on words in plain Latin letters."""
    return (collapse(SCHOOLS[0](word)) if word.isascii() else "") or (spelling(word) if word else "")
