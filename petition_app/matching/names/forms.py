"""Forms of given names: short, national and foreign ones that are one name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from petition_app.matching.names.spelling import father, fold, spelling, spellings
from petition_app.matching.names.word_cache import remembering

TABLE, ENGLISH = (Path(__file__).with_name(name) for name in ("forms.tsv", "forms_english.tsv"))


def _rows(table: Path) -> Iterator[list[str]]:
    """Yield the forms of each name of a table."""
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            _, name, others = line.split("\t")
            yield [name, *others.split()]


@cache
def _table() -> dict[str, frozenset[int]]:
    """Return, for every spelling of a known form, the names it stands for. English forms are spelled as in English."""
    found: dict[str, set[int]] = {}
    number = 0
    for number, forms in enumerate(_rows(TABLE)):
        for sounds in chain.from_iterable(spellings(fold(form)) for form in forms):
            found.setdefault(sounds, set()).add(number)
    for english, forms in enumerate(_rows(ENGLISH), start=number + 1):
        for form in forms:
            found.setdefault(spelling(fold(form)), set()).add(english)
    return {sounds: frozenset(numbers) for sounds, numbers in found.items()}


@cache
def _beginnings() -> dict[int, frozenset[str]]:
    """Return, for every name, the first two sounds of its forms."""
    found: dict[int, set[str]] = {}
    for sounds, numbers in _table().items():
        for number in numbers:
            found.setdefault(number, set()).add(sounds[:2])
    return {number: frozenset(beginnings) for number, beginnings in found.items()}


def other_initials(number: int) -> frozenset[str]:
    """Return how the forms of a name begin: the first two sounds of each."""
    return _beginnings().get(number, frozenset())


@cache
def _fathers() -> dict[str, frozenset[int]]:
    """Return, for every stem that a father's name may have in a patronymic, the names it stands for."""
    found: dict[str, set[int]] = {}
    for sounds, numbers in _table().items():
        for stem in {sounds, sounds.rstrip("aeiou")} - {""}:
            found.setdefault(stem, set()).update(numbers)
    return {stem: frozenset(numbers) for stem, numbers in found.items()}


@remembering(4096)
def names_of(sounds: tuple[str, ...]) -> frozenset[int]:
    """Return the names that a given name stands for; nothing where it is not known."""
    return frozenset[int]().union(*(_table().get(each, frozenset()) for each in sounds))


@remembering(4096)
def fathers_of(sounds: tuple[str, ...]) -> frozenset[int]:
    """Return the given names that the father in a patronymic may have; nothing where none is known."""
    found: set[int] = set()
    for each in sounds:
        stem = father(each)
        if stem != each:
            for tried in (stem, stem.rstrip("aeiou")):
                if tried in _fathers():
                    found |= _fathers()[tried]
                    break
    return frozenset(found)
