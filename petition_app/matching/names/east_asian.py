"""Names in Chinese signs, hangul and kana: where the surname ends, and how people write them in Latin letters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from anyascii import anyascii

from petition_app.matching.names.folding import fold_letters

TABLE = Path(__file__).with_name("surnames_east_asian.tsv")
JAPANESE = Path(__file__).with_name("names_japanese.txt")
_JAMO = (
    "g kk n d tt r m b pp s ss  j jj ch k t p h",
    "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
    " k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
)
_INITIALS, _VOWELS, _FINALS = (row.split(" ") for row in _JAMO)
FIRST, LAST, LONGEST = 0xAC00, 0xD7A3, 4


@cache
def _surnames() -> dict[str, tuple[str, ...]]:
    lines = (line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {signs: tuple(latin.split()) for signs, latin in (line.split("\t") for line in lines)}


@cache
def _japanese() -> dict[str, tuple[str, ...]]:
    """Return how names in Chinese signs are read in Japanese."""
    found: dict[str, tuple[str, ...]] = {}
    for line in JAPANESE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        _, sounds, signs = line.split(" ", 2)
        for name in fold_letters(signs).split():
            found[name] = (*found.get(name, ()), sounds)
    return found


def is_han(letter: str) -> bool:
    """Return whether a letter is a Chinese sign."""
    return "\u3400" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or letter > "\U0001ffff" or letter == "々"


def is_hangul(letter: str) -> bool:
    """Return whether a letter is a syllable of hangul."""
    return "\uac00" <= letter <= "\ud7a3"


def cuts(word: str) -> tuple[int, ...]:
    """Return where a name written without a space may be cut into surname and given name, the likeliest first.

    Nothing for a word that is no such name. Surnames have one sign, or two where the table knows them; Japanese ones,
    which it does not know, two as a rule.
    """
    if not 2 <= len(word) <= LONGEST + 1 or not (all(map(is_han, word)) or all(map(is_hangul, word))):
        return ()
    if word[:2] in _surnames():
        return (2, 1) if len(word) > 2 else (1,)
    if is_hangul(word[0]):
        return (1,) if len(word) <= LONGEST else ()
    return (1, 2, 3)[: min(len(word) - 1, 3)]


def romanize(word: str) -> tuple[str, ...]:
    """Return a word in Latin letters: by the rules of its language, and as bearers of a surname do."""
    known = _surnames().get(word, ())
    if is_hangul(word[0]):
        return tuple(dict.fromkeys((*known, "".join(map(_syllable, word)))))
    return tuple(dict.fromkeys((*known, str(anyascii(word)).casefold())))


def read_japanese(word: str) -> tuple[str, ...]:
    """Return how a name in Chinese signs is read in Japanese, in Latin letters by sound; nothing for an unknown one."""
    return _japanese().get(word, ())


def _syllable(letter: str) -> str:
    if not is_hangul(letter):
        return ""
    first, rest = divmod(ord(letter) - FIRST, 588)
    vowel, last = divmod(rest, 28)
    return _INITIALS[first] + _VOWELS[vowel] + _FINALS[last]
