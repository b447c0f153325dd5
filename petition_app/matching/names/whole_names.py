"""A whole name in one line taken apart where something says which part is which; else it stays whole."""

from __future__ import annotations

from collections.abc import Sequence

from petition_app.matching.names.folding import plain_words, tidy
from petition_app.matching.names.forms import fathers_of, names_of
from petition_app.matching.names.spelling import Word, is_patronymic, spellings, words
from petition_app.matching.names.transliteration import PARTICLES, PATRONYMIC_WORDS, TITLES

Parts = tuple[str, str, str]
_JOINING = frozenset(("y", "e", "i", "und", "і"))  # They stand between two surnames.


def split_whole(name: str) -> Parts:
    """Return surname, given name and patronymic of a whole name, as typed.

    Known by: a comma behind the surname, a father's name, initials, a surname in capitals, small words before it, given
    names that are known. Where nothing says which part is which, all of it is the first part.
    """
    name = " ".join(name.split())
    surname, comma, others = name.partition(",")
    if comma and not _is_title(others):
        given, _, patronymic = others.strip().partition(" ")
        return surname.strip(), given, patronymic.strip()
    name = surname.strip() if comma else name
    found = [word for word in words(name) if word.folded not in TITLES]
    if len(found) < 2:
        return name, "", ""
    for way in (_by_father, _by_initials, _by_capitals, _by_small_words, _by_given_names):
        if (parts := way(found)) and sorted(plain_words(" ".join(parts))) == sorted(plain_words(name)):
            return _as_typed(parts, name)
    return name, "", ""


def _as_typed(parts: Parts, name: str) -> Parts:
    """Return the parts with the apostrophes of the name, where they are all alike."""
    signs = {letter for letter in name if tidy(letter) == "'"}
    sign = signs.pop() if len(signs) == 1 else "'"
    surname, given, patronymic = (part.replace("'", sign) for part in parts)
    return surname, given, patronymic


def _is_title(text: str) -> bool:
    found = words(text)
    return not text.strip() or all(word.initial or word.folded in TITLES for word in found)


def _typed(found: Sequence[Word]) -> str:
    return " ".join(word.typed for word in found)


def _by_father(found: list[Word]) -> Parts | None:
    """A patronymic follows the given name; the surname is what is left."""
    fathers = [
        place
        for place, word in enumerate(found)
        if place and _is_fathers(word) and found[place - 1].folded not in PARTICLES
    ]
    if not fathers or any(word.initial for word in found):
        return None
    if len(found) == 2:
        sure = _ends_in_son(found[1]) and not _is_given(found[1])
        return ("", found[0].typed, found[1].typed) if sure and _is_given(found[0]) else None
    place = min(fathers, key=lambda place: (not _is_given(found[place - 1]), not _known_father(found[place]), place))
    if place == len(found) - 1:
        return _typed(found[: place - 1]), found[place - 1].typed, found[place].typed
    return _typed(found[place + 1 :]), _typed(found[:place]), found[place].typed


def _is_fathers(word: Word) -> bool:
    return not word.initial and (_ends_in_son(word) or any(map(is_patronymic, spellings(word.folded))))


def _ends_in_son(word: Word) -> bool:
    sons = (son for son in PATRONYMIC_WORDS if len(son) > 2)
    return any(word.folded.endswith(son) and len(word.folded) > len(son) + 1 for son in sons)


def _known_father(word: Word) -> bool:
    return bool(fathers_of(spellings(word.folded))) or _ends_in_son(word)


def _is_given(word: Word) -> bool:
    return not word.initial and bool(names_of(spellings(word.folded)))


def _by_initials(found: list[Word]) -> Parts | None:
    """Initials stand for given names; one in the middle follows a given name."""
    full = [word for word in found if not word.initial]
    short = [word.typed for word in found if word.initial]
    if not short or not full or len(short) > 2:
        return None
    if len(full) == 2 and len(found) == 3 and found[1].initial:
        return full[1].typed, full[0].typed, short[0]
    if len(full) > 1 or (_is_given(full[0]) and len(short) == 1):
        return None
    return full[0].typed, short[0], short[1] if len(short) > 1 else ""


def _by_capitals(found: list[Word]) -> Parts | None:
    """One run of words in capitals beside others that are not is the surname."""
    loud = [len(word.folded) > 1 and word.typed.isupper() for word in found]
    first = loud.index(True) if any(loud) else -1
    last = first + sum(loud)
    if first < 0 or all(loud) or not all(loud[first:last]) or 0 < first < last < len(found):
        return None
    return _typed(found[first:last]), _typed([*found[:first], *found[last:]]), ""


def _by_small_words(found: list[Word]) -> Parts | None:
    """Words written small begin the surname, or join two of them."""
    small = [place for place, word in enumerate(found) if word.folded in PARTICLES and word.typed[:1].islower()]
    if not small or small[0] == 0:
        return None
    first = small[0] - (found[small[0]].folded in _JOINING)
    return (_typed(found[first:]), _typed(found[:first]), "") if first > 0 else None


def _by_given_names(found: list[Word]) -> Parts | None:
    """All words but the first, or all but the last, are known given names: that one is the surname."""
    given = [_is_given(word) for word in found]
    if given.count(False) != 1 or any(word.initial for word in found):
        return None
    if not given[0]:
        return found[0].typed, _typed(found[1:]), ""
    return (found[-1].typed, _typed(found[:-1]), "") if not given[-1] else None
