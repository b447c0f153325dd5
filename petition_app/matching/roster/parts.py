"""Which word of a name is the surname, the given name, the patronymic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from petition_app.matching.names.cross_script import script_of
from petition_app.matching.names.east_asian import cuts
from petition_app.matching.names.forms import names_of
from petition_app.matching.names.spelling import Word, fold, looks_like_patronymic, spellings, words
from petition_app.matching.names.transliteration import PARTICLES
from petition_app.matching.roster.types import Entry

Split = tuple[str, str, str]
LONGEST = 6
FIRST_UNSPACED = "\u0e00"
UNSPACED = ("burmese", "kana", "thai")
SEAM = re.compile("(?<=[a-zà-öø-ÿа-яёіїєґў])(?=[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐЎ])")
NO_SEAM = re.compile("(?:Mc|Mac|De|Di|Le|La|Du|Fitz|Van|Von|O|D)$")


def readings(name: str, *, unspaced: bool = False) -> tuple[tuple[Word, ...], ...]:
    """Return the words of a typed name, and again with neighbours joined or a word cut where it may be meant so.

    `unspaced`: some names of the roster are written without a space, so that all words may be one.
    """
    found = words(name)
    heavy = tuple(word for place, word in enumerate(found) if not _is_particle(word, place, len(found)))
    found = (heavy if len(heavy) > 1 else found)[:LONGEST]
    ways = [found]
    full = [word for word in found if not word.initial]
    if (len(full) == len(found) > 2 or len(full) == 2 == len(found) - 1) and not any(map(looks_like_patronymic, found)):
        for place in range(len(found) - 1):
            if not found[place].initial and not found[place + 1].initial:
                ways.append((*found[:place], _joined(found[place : place + 2]), *found[place + 2 :]))
        if len(found) == 4:
            ways.append((_joined(found[:2]), _joined(found[2:])))
    if unspaced and len(found) > 1:
        ways += [(_joined(found),), (_joined((found[-1], *found[:-1])),)]
    if len(found) == 1:
        ways += [tuple(Word(part, fold(part)) for part in parts) for parts in _cut(found[0])]
    return tuple(ways)


def _is_particle(word: Word, place: int, count: int) -> bool:
    """Return whether a word stands before a surname as a small one: written small, or in the middle of a name."""
    small = word.typed[:1].islower() or script_of(word.folded) or 0 < place < count - 1
    return not word.initial and word.folded in PARTICLES and bool(small)


def _joined(some: Sequence[Word]) -> Word:
    return Word(" ".join(word.typed for word in some), "-".join(word.folded for word in some))


def _cut(word: Word) -> Iterator[tuple[str, str]]:
    """Yield a name written without a space as its two parts: at a seam of capitals, or where Chinese names are cut."""
    for place in cuts(word.folded):
        yield word.folded[:place], word.folded[place:]
    seams = [found.start() for found in SEAM.finditer(word.typed)]
    if len(seams) == 1 and not NO_SEAM.match(word.typed[: seams[0]]):
        yield word.typed[: seams[0]], word.typed[seams[0] :]


def split(entry: Entry) -> Iterator[Split]:
    """Yield surname, given name and patronymic of an entry; several times where one column holds all of them."""
    given, patronymic = entry.given.strip(), entry.patronymic.strip()
    if given or patronymic:
        if given and not patronymic:
            given, patronymic = _without_patronymic(given)
        yield entry.surname.strip(), given, patronymic
        if given and is_unspaced(entry):
            yield f"{entry.surname.strip()} {given}", "", ""
        return
    found = words(entry.surname)
    if len(found) < 2:
        ways = [(*parts, "") for parts in _cut(found[0])] if found else []
        yield from ways if cuts(found[0].folded if found else "") else [(entry.surname.strip(), "", "")]
        return
    fathers = [word for word in found if looks_like_patronymic(word)]
    father = fathers[-1] if fathers and len(found) > 2 else None
    rest = [word for word in found if word is not father]
    yield from dict.fromkeys(_orders(rest, father))
    if is_unspaced(entry):
        yield entry.surname.strip(), "", ""


def is_unspaced(entry: Entry) -> bool:
    """Return whether a name is in a script whose names many write without a space."""
    return entry.surname[:1] >= FIRST_UNSPACED and script_of(fold(entry.surname)) in UNSPACED


def _without_patronymic(given: str) -> tuple[str, str]:
    """Return given name and patronymic of a column that holds both, as "first and middle name" columns do."""
    found = words(given)
    if len(found) == 2 and (looks_like_patronymic(found[1]) or found[1].initial):
        return found[0].typed, found[1].typed
    return given, ""


def _orders(rest: list[Word], father: Word | None) -> Iterator[Split]:
    """Yield the ways to read the words of a whole name beside the patronymic."""
    last = father.typed if father else ""
    initials = [word for word in rest if word.initial]
    if initials and len(initials) < len(rest):
        names = " ".join(word.typed for word in rest if not word.initial)
        yield names, initials[0].typed, initials[1].typed if len(initials) > 1 else last
        return
    known = [bool(names_of(spellings(word.folded))) for word in rest]
    ways = [(rest[0], rest[1:]), (rest[-1], rest[:-1])]
    if len(rest) == 2 and known.count(True) == 1:
        ways = ways[:1] if known[1] else ways[1:]
    for surname, others in ways:
        if father or len(others) == 1:
            yield surname.typed, " ".join(word.typed for word in others), last
        else:
            yield surname.typed, others[0].typed, " ".join(word.typed for word in others[1:])
            yield surname.typed, " ".join(word.typed for word in others), ""
