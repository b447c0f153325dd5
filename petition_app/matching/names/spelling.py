"""Bring names into one spelling: look-alikes, alphabets and schools of transliteration.

A spelling is a string over a to z with one letter for one sound: c is ц, h is х, j is ж, q is ч, w is ш, x is щ. A word
in Latin letters may have several spellings, one for each school that could have written it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from anyascii import anyascii

from petition_app.matching.names.transliteration import (
    CYRILLIC,
    INITIALS,
    LOOKS_CYRILLIC,
    LOOKS_LATIN,
    MARKED,
    PARTICLES,
    PATRONYMIC_WORDS,
    SCHOOLS,
)
from petition_app.matching.names.word_cache import remembering


@dataclass(frozen=True)
class Word:
    """One word of a name: as typed, folded, and whether it stands for a longer one."""

    typed: str
    folded: str
    initial: bool = False


_WORD = re.compile(r"[^\W\d_]+(?:[^\W\d_]|[\u0300-\u036f]|['’ʼʻʹʺ`´‘]|[-‐‑–](?=[^\W\d_]))*\.?", re.UNICODE)
LAST_LATIN = "\u024f"
_APOSTROPHES = str.maketrans("", "", "'’ʼʻʹʺ`´‘ʿʾ.")
_HYPHENS = re.compile("[-‐‑–]")
_NO_SOUND = re.compile("[^a-z]+")
_TWICE = re.compile(r"(.)\1+")
_UNSTRESSED = re.compile("[aeiou]")
# What follows from two letters being next to each other, once a word is spelled by sound.
_COLLAPSE = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"[ws]q", "x"),
        (r"[td]s|tc", "c"),
        (r"i+", "i"),
        (r"i[eo]", "e"),
        (r"(?<=[jqwx])o", "e"),
        (r"(?<=[jqwxc])i(?=[au])", ""),
        (r"(.)\1+", r"\1"),
    )
)
_COARSE = str.maketrans("zcxjqghdbfoe", "sswwwkktpvai")
_VOWELS = "aeiou"
_PATRONYMIC = re.compile(
    r"(?<=..)(?:[oeai]viq|iq|[oeaiu]vna|[ao]una|iq?n[ie]?qna|[iu]qna|ogli|oglu|uli|ulu|kizi|kiz|giz[iy]?|xon[oa])$"
)
_PATRONYMIC_ENDING = re.compile(r"(?:i?[oeai]viq|i?[oeai]vna|[ao]una|iniqna|iqna|iq|ogli|oglu|uli|kizi|kiz)$")
_FEMALE_PATRONYMIC = re.compile(r"(?:na|kizi|kiz)$")


def unmask(word: str) -> str:
    """Return the word with look-alikes of the other alphabet put back.

    Letters that look like none of the other alphabet decide which it is; where there are none, most letters do.
    """
    if word.isascii() or min(word) > LAST_LATIN:
        return word
    cyrillic = [letter for letter in word if "\u0400" <= letter <= "\u052f"]
    latin = [letter for letter in word if letter.isalpha() and letter <= LAST_LATIN]
    if not cyrillic or not latin:
        return word
    own, others = (sum(ord(letter) not in LOOKS_LATIN for letter in cyrillic),
                   sum(ord(letter) not in LOOKS_CYRILLIC for letter in latin))  # fmt: skip
    return word.translate(LOOKS_CYRILLIC if (own - others or len(cyrillic) - len(latin)) >= 0 else LOOKS_LATIN)


@remembering(4096)
def fold(text: str) -> str:
    """Return text for comparison: NFKC, look-alikes put back, case-folded, ё as е, single spaces."""
    words = (unmask(word) for word in unicodedata.normalize("NFKC", text).split())
    return unicodedata.normalize("NFC", " ".join(words)).casefold().replace("ё", "е").replace("i̇", "i")


def words(name: str) -> tuple[Word, ...]:
    """Return the words of a name; initials apart, `оглы` and `кызы` joined to the father's name before them."""
    found: list[Word] = []
    for word in _split(name):
        if found and not word.initial and not found[-1].initial and word.folded in PATRONYMIC_WORDS:
            before = found.pop()
            found.append(Word(f"{before.typed} {word.typed}", f"{before.folded}{word.folded}"))
        else:
            found.append(word)
    return tuple(found)


def _split(name: str) -> Iterator[Word]:
    for match in _WORD.finditer(unicodedata.normalize("NFKC", name)):
        typed = unmask(match.group().removesuffix("."))
        folded = fold(typed).translate(_APOSTROPHES)
        if not folded:
            continue
        short = len(folded) == 1 and folded < "\u2e80"
        yield Word(match.group(), folded, short or (len(folded) <= 4 and match.group().endswith(".")))


def halves(word: str) -> tuple[str, ...]:
    """Return the parts of a word joined by hyphens or spaces, or nothing where it is one."""
    parts = tuple(part for part in re.split(r"[-‐‑–\s]+", word) if part)
    return parts if len(parts) > 1 else ()


@remembering(16384)
def spellings(word: str) -> tuple[str, ...]:
    """Return how a folded word sounds: one spelling from Cyrillic, up to seven from Latin; the likeliest first."""
    word = _HYPHENS.sub("", word).replace(" ", "").translate(_APOSTROPHES)
    if any("\u0400" <= letter <= "\u052f" for letter in word):
        return (collapse(anyascii("".join(CYRILLIC.get(letter, letter) for letter in word))),)
    if any(letter > "\u024f" for letter in word if letter not in MARKED and not "\u1e00" <= letter <= "\u1eff"):
        word = anyascii(word.replace("ու", "u")).casefold().translate(_APOSTROPHES)
    latin = "".join(MARKED.get(letter, letter) for letter in word)
    found = (collapse(school(latin)) for school in SCHOOLS)
    return tuple(dict.fromkeys(spelling for spelling in found if spelling)) or (latin[:1],)


def spelling(word: str) -> str:
    """Return the likeliest spelling of a folded word."""
    return spellings(word)[0]


def collapse(sounds: str) -> str:
    """Return a word spelled by sound without what schools of transliteration differ in."""
    sounds = _NO_SOUND.sub("", sounds.casefold())
    for pattern, by in _COLLAPSE:
        sounds = pattern.sub(by, sounds)
    return sounds


def phonetic_key(sounds: str) -> str:
    """Return a spelling with voiced and unvoiced, hissing, and unstressed vowels merged."""
    return _TWICE.sub(r"\1", sounds.translate(_COARSE))


def consonant_key(sounds: str) -> str:
    """Return the consonants of a spelling, coarsely; every first vowel is a."""
    rough = phonetic_key(sounds)
    if not rough:
        return ""
    first = "a" if rough[0] in _VOWELS else rough[0]
    return first + _TWICE.sub(r"\1", _UNSTRESSED.sub("", rough[1:]))


def phonetic_keys(name: str) -> tuple[str, ...]:
    """Return keys of which similar names share at least one: rough sounds of one word, rough initial of another."""
    found = [word for word in words(name) if word.folded not in PARTICLES]
    rough = [tuple(dict.fromkeys(consonant_key(sounds) for sounds in spellings(word.folded))) for word in found]
    keys: dict[str, None] = {}
    for index, (word, skeletons) in enumerate(zip(found, rough, strict=True)):
        if word.initial and len(found) > 1:
            continue
        firsts = {other[0][:1] for place, other in enumerate(rough) if place != index} or {""}
        keys |= dict.fromkeys(f"{bones}.{first}" for bones in skeletons for first in sorted(firsts))
    return tuple(keys)


def initials(word: Word) -> tuple[str, ...]:
    """Return the beginnings of spellings that an initial may stand for."""
    if len(word.folded) == 1 and word.folded in INITIALS:
        return INITIALS[word.folded]
    return spellings(word.folded)


def is_patronymic(sounds: str) -> bool:
    """Return whether a spelling ends as a father's name does; some surnames do as well."""
    return bool(_PATRONYMIC.search(sounds))


def father(sounds: str) -> str:
    """Return the stem of the father's given name in a patronymic: aleksandr of aleksandroviq."""
    stem = _PATRONYMIC_ENDING.sub("", sounds)
    return stem if len(stem) > 1 else sounds


def is_daughters(sounds: str) -> bool:
    """Return whether a patronymic is a woman's."""
    return bool(_FEMALE_PATRONYMIC.search(sounds))
