"""Forms of given names: short, national and foreign ones that are one name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from petition_app.matching.names.spelling import father, fold, spellings
from petition_app.matching.names.word_cache import remembering

TABLE = Path(__file__).with_name("forms.tsv")


@cache
def _table() -> dict[str, frozenset[int]]:
    """Return, for every spelling of a known form, the names it stands for."""
    found: dict[str, set[int]] = {}
    lines = (line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    for number, line in enumerate(lines):
        _, name, others = line.split("\t")
        for form in (name, *others.split()):
            for sounds in spellings(fold(form)):
                found.setdefault(sounds, set()).add(number)
    return {sounds: frozenset(numbers) for sounds, numbers in found.items()}


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
    return frozenset[int]().union(*(_table().get(spelling, frozenset()) for spelling in sounds))


@remembering(4096)
def fathers_of(sounds: tuple[str, ...]) -> frozenset[int]:
    """Return the given names that the father in a patronymic may have; nothing where none is known."""
    found: set[int] = set()
    for spelling in sounds:
        stem = father(spelling)
        if stem != spelling:
            for tried in (stem, stem.rstrip("aeiou")):
                if tried in _fathers():
                    found |= _fathers()[tried]
                    break
    return frozenset(found)
