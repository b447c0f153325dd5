"""Bring names into one spelling: look-alikes, alphabets and schools of transliteration.

A spelling is a string over a to z with one letter for one sound: c is ц, h is х, j is ж, q is ч, w is ш, x is щ. A word
in Latin letters may have several spellings, one for each school that could have written it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from anyascii import anyascii

from petition_app.matching.names.alphabets import sounds_of
from petition_app.matching.names.cross_script import read_native, script_of
from petition_app.matching.names.folding import LETTER, MARKS, fold_letters, tidy
from petition_app.matching.names.latin_marks import bare_forms, has_marks
from petition_app.matching.names.transliteration import (
    BELARUSIAN,
    BELARUSIAN_LETTERS,
    CYRILLIC,
    GOST,
    INITIALS,
    ISO_9,
    LOOKS_CYRILLIC,
    LOOKS_LATIN,
    MARKED,
    PARTICLES,
    PATRONYMIC_WORDS,
    SCHOOLS,
    SHORT_FOR,
    SHOWS_BELARUSIAN,
    SHOWS_GOST,
    SHOWS_ISO_9,
    SMALL_PARTICLES,
    TITLES,
    TO_RUSSIAN,
)
from petition_app.matching.names.word_cache import remembering


@dataclass(frozen=True)
class Word:
    """One word of a name: as typed, folded, and whether it stands for a longer one."""

    typed: str
    folded: str
    initial: bool = False


_WORD = re.compile(
    f"{LETTER}(?:{LETTER}|[{MARKS}]|'(?!\\s|$)|[-‐‑–־](?={LETTER})|(?<=l)·(?=l))*(?:'(?= )|[.])?", re.UNICODE
)
_DEGREE = re.compile(r"\b(?:[кд]\.\s?[а-яё]{1,6}\.?(?:-?\s?[а-яё]\.)?\s?н\.?)(?=\W|$)|\bканд\.\s.*$", re.IGNORECASE)
_SLASHED = re.compile(r"(?<=\s)[asd]/[lpo](?=\s)", re.IGNORECASE)
_GENERATION = re.compile(r"\b\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_BORN = re.compile(r"\b(?:geb\.|née?\b|урожд\.)", re.IGNORECASE)
LAST_LATIN = "\u024f"
_APOSTROPHES = str.maketrans("", "", "'’ʼʻʹʺ`´‘ʿʾ.·ʹ")
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
    """Return text for comparison: look-alikes put back, then as `fold_letters` does, single spaces."""
    return fold_letters(" ".join(unmask(word) for word in tidy(text).split()))


def words(name: str) -> tuple[Word, ...]:
    """Return the words of a name; initials apart, `оглы` and `кызы` joined to the father's name before them.

    Titles and degrees are left out where a name is left without them.
    """
    found: list[Word] = []
    for word in _split(name):
        if found and not word.initial and not found[-1].initial and word.folded in PATRONYMIC_WORDS:
            before = found.pop()
            found.append(Word(f"{before.typed} {word.typed}", f"{before.folded}{word.folded}"))
        else:
            found.append(word)
    named = [word for word in found if word.folded not in TITLES]
    return tuple(named if len(named) > 1 else found)


def _split(name: str) -> Iterator[Word]:
    text = tidy(name)
    if "/" in text or "." in text or "né" in text:
        text = _BORN.sub(" ", _SLASHED.sub(" ", _DEGREE.sub(" ", text)))
    text = _GENERATION.sub(" ", text) if _DIGIT.search(text) else text
    for match in _WORD.finditer(text):
        typed = unmask(match.group().removesuffix("."))
        folded = fold(typed).translate(_APOSTROPHES)
        if not folded:
            continue
        dotted = match.group().endswith(".")
        if folded in SHORT_FOR and (dotted or len(folded) > 2):
            yield Word(match.group(), SHORT_FOR[folded])
            continue
        small = typed in SMALL_PARTICLES and not dotted and text != text.lower()
        short = len(folded) == 1 and folded < "\u2e80" and not small
        yield Word(match.group(), folded, short or (len(folded) <= 4 and dotted and folded not in TITLES))


def halves(word: str) -> tuple[str, ...]:
    """Return the parts of a word joined by hyphens or spaces, or nothing where it is one."""
    parts = tuple(part for part in re.split(r"[-‐‑–\s]+", word) if part)
    return parts if len(parts) > 1 else ()


@remembering(16384)
def spellings(word: str) -> tuple[str, ...]:
    """Return how a folded word sounds: one spelling from Cyrillic mostly, seven or so from Latin; the likeliest first.

    A Latin word with marks is spelled with them and without, as people type it.
    """
    word = _HYPHENS.sub("", word).replace(" ", "").translate(_APOSTROPHES)
    if word.isascii():
        return _from_latin(word) or (word[:1],)
    if any("\u0400" <= letter <= "\u052f" for letter in word):
        return tuple(dict.fromkeys(map(_from_cyrillic, _russian_too(word))))
    if script := script_of(word):
        read = (collapse(fine) for fine, _ in read_native(word, script))
        return tuple(dict.fromkeys(filter(None, read))) or (word[:1],)
    if sounds := sounds_of(word):
        return tuple(dict.fromkeys(map(collapse, sounds)))
    if not has_marks(word):
        word = str(anyascii(word)).casefold().translate(_APOSTROPHES)
        return _from_latin(word) or (word[:1],)
    marked = "".join(MARKED.get(letter, letter) for letter in word)
    found = dict.fromkeys(_from_latin(marked))
    if SHOWS_ISO_9 & set(word):
        found |= dict.fromkeys(_from_latin("".join(MARKED.get(each, each) for each in word.translate(ISO_9))))
    for plain in bare_forms(word):
        found |= dict.fromkeys(_from_latin(plain))
    return tuple(found) or (word[:1],)


def _from_latin(word: str) -> tuple[str, ...]:
    """Return what each school of transliteration reads."""
    schools = SCHOOLS
    if SHOWS_GOST.search(word):
        schools = (*schools, GOST)
    if SHOWS_BELARUSIAN.search(word):
        schools = (*schools, BELARUSIAN)
    return tuple(dict.fromkeys(filter(None, (collapse(school(word)) for school in schools))))


def _russian_too(word: str) -> tuple[str, ...]:
    """Return a Cyrillic word and, where it is Belarusian, what it is in Russian."""
    if not BELARUSIAN_LETTERS & set(word):
        return (word,)
    russian = word
    for letters, by in TO_RUSSIAN:
        russian = russian.replace(letters, by)
    return (word, russian)


def _from_cyrillic(word: str) -> str:
    return collapse(str(anyascii("".join(CYRILLIC.get(letter, letter) for letter in word))))


def spelling(word: str) -> str:
    """Return the likeliest spelling of a folded word."""
    return spellings(word)[0]


def search_spellings(name: str) -> str:
    """Return the words of a name by their sounds, for a search: each as it is likeliest, and as it is without marks."""
    found = [word.folded for word in words(name)]
    forms = [form for word in found for form in (word, *(bare_forms(word) if has_marks(word) else ()))]
    return " ".join(dict.fromkeys(map(spelling, forms)))


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
    found = [word for word in words(name) if word.initial or word.folded not in PARTICLES]
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


def looks_like_patronymic(word: Word) -> bool:
    """Return whether a typed word ends as a father's name does."""
    return not word.initial and _ends_as_fathers(word.folded)


@remembering(16384)
def _ends_as_fathers(folded: str) -> bool:
    return any(is_patronymic(each) for each in spellings(folded))
