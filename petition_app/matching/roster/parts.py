"""Which word of a name is the surname, the given name, the patronymic."""

from __future__ import annotations

from collections.abc import Iterator

from petition_app.matching.names.forms import names_of
from petition_app.matching.names.spelling import Word, spellings, words
from petition_app.matching.names.transliteration import PARTICLES
from petition_app.matching.roster.part_index import looks_like_patronymic
from petition_app.matching.roster.types import Entry

Split = tuple[str, str, str]
LONGEST = 6


def readings(name: str) -> tuple[tuple[Word, ...], ...]:
    """Return the words of a typed name, and again with two neighbours joined where it may be one name."""
    found = words(name)
    heavy = tuple(word for word in found if word.folded not in PARTICLES)
    found = (heavy if len(heavy) > 1 else found)[:LONGEST]
    ways = [found]
    full = [word for word in found if not word.initial]
    if len(full) == len(found) > 2 and not any(looks_like_patronymic(word) for word in found):
        for place in range(len(found) - 1):
            one, two = found[place : place + 2]
            joined = Word(f"{one.typed} {two.typed}", f"{one.folded}-{two.folded}")
            ways.append((*found[:place], joined, *found[place + 2 :]))
    return tuple(ways)


def split(entry: Entry) -> Iterator[Split]:
    """Yield surname, given name and patronymic of an entry; several times where one column holds all of them."""
    given, patronymic = entry.given.strip(), entry.patronymic.strip()
    if given or patronymic:
        if given and not patronymic:
            given, patronymic = _without_patronymic(given)
        yield entry.surname.strip(), given, patronymic
        return
    found = words(entry.surname)
    if len(found) < 2:
        yield entry.surname.strip(), "", ""
        return
    fathers = [word for word in found if looks_like_patronymic(word)]
    father = fathers[-1] if fathers and len(found) > 2 else None
    rest = [word for word in found if word is not father]
    yield from dict.fromkeys(_orders(rest, father))


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
