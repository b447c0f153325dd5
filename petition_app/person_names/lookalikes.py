"""Words that mix alphabets whose letters look alike (UAX #39), and how such a word reads in one of them.

The pairs are those of Unicode's `confusables.txt` (Unicode licence) between letters of Latin, Cyrillic and Greek names,
as people mistype them or text recognition misreads them, with a few that are alike in small capitals alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from petition_app.person_names.letters import script_of

SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def _pairs(one: str, other: str) -> Mapping[int, str]:
    return {ord(letter): like for letter, like in zip(one.split(), other.split(), strict=True)}


_LATIN, _CYRILLIC = (
    "A B C E H I J K M O P S T X Y a c e h i j k o p s x y ë Ë ï Ï ä Ä ö Ö ÿ æ Æ ə Ə ɵ Ɵ",
    "А В С Е Н І Ј К М О Р Ѕ Т Х У а с е һ і ј к о р ѕ х у ё Ё ї Ї ӓ Ӓ ӧ Ӧ ӱ ӕ Ӕ ә Ә ө Ө",
)
# What is alike in some hands and fonts alone: read so only in a word that is Cyrillic but for such letters.
_NEARLY_CYRILLIC = _pairs("b ĸ l m n r t u", "ь к ӏ м п г т и")
_LATIN_GREEK = (
    "A B E Z H I K M N O P T Y X a i k o p v x w u y á é í ó ú",
    "Α Β Ε Ζ Η Ι Κ Μ Ν Ο Ρ Τ Υ Χ α ι κ ο ρ ν χ ω υ γ ά έ ί ό ύ",
)
_CYRILLIC_GREEK = ("А В Е Н І К М О Р Т У Х Ф Г П а і к о р х у ф", "Α Β Ε Η Ι Κ Μ Ο Ρ Τ Υ Χ Φ Γ Π α ι κ ο ρ χ γ φ")

_AS: Mapping[tuple[str, str], Mapping[int, str]] = {
    ("LATIN", "CYRILLIC"): _pairs(_LATIN, _CYRILLIC),
    ("CYRILLIC", "LATIN"): _pairs(_CYRILLIC, _LATIN),
    ("LATIN", "GREEK"): _pairs(*_LATIN_GREEK),
    ("GREEK", "LATIN"): {**_pairs(*reversed(_LATIN_GREEK)), ord("ε"): "ɛ", ord("Ε"): "E"},  # As in Akan.
    ("CYRILLIC", "GREEK"): _pairs(*_CYRILLIC_GREEK),
    ("GREEK", "CYRILLIC"): _pairs(*reversed(_CYRILLIC_GREEK)),
}
# Letters of the three that are alike in most fonts: only of these a whole word is taken for one of another alphabet.
_QUITE_ALIKE = frozenset("ABCEHIKMNOPTXYZaceikopvxyАВСЕНІКМОРТХУасеікорхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧον")
_OF_TWO = re.compile("^(?=.*[A-Za-zÀ-ɏ])(?=.*[Ͱ-ӿ])|^(?=.*[Ͱ-Ͽ])(?=.*[Ѐ-ӿ])")
_NUMERAL = re.compile("[IVX]+")
_BETWEEN_WORDS = re.compile(r"([\s\-‐‑–.,;:/()«»“”\"@]+)")
# As people of the Caucasus type a palochka, after the letters that it follows there; and the Ossetian letter.
_PALOCHKA = re.compile(r"(?<=[кптхгцчКПТХГЦЧ])[I1](?=[а-яё])")
_ASH = re.compile(r"(?<=[А-яЁё])[æÆ]|[æÆ](?=[а-яё])")


def spell_out(name: str) -> str:
    """Return a name with the two letters that keyboards lack written as what they are: ӏ for I or 1, ӕ for æ.

    Nobody who types them there means anything else, and they look the same.
    """
    if name.isascii() or not any(sign in name for sign in "I1æÆ"):
        return name
    return _ASH.sub(lambda found: "ӕ" if found[0] == "æ" else "Ӕ", _PALOCHKA.sub("ӏ", name))


def is_mixed(name: str) -> bool:
    """Return whether one word mixes letters of alphabets that look alike."""
    return not name.isascii() and any(len(_scripts(word)) > 1 for word in _BETWEEN_WORDS.split(name))


def mend(name: str) -> str:
    """Return a name with each mixed word in the one alphabet in which it can be read; nothing where there is no such.

    Of two the one counts in which the other words are, or else to which more of its own letters belong.
    """
    everywhere = _scripts(name)
    mended = [_in_one_alphabet(word, everywhere) for word in _BETWEEN_WORDS.split(name)]
    return "".join(word or "" for word in mended) if None not in mended else ""


def find_strays(name: str, *, beside: str = "") -> str:
    """Return a name with each whole word of look-alikes in the alphabet of the other words; nothing where none is one.

    The others, also those `beside` it, must be of one alphabet beyond doubt: Иванов John is of two, as it stands.
    """
    if not _OF_TWO.search(f"{name} {beside}"):
        return ""
    words = _BETWEEN_WORDS.split(name)
    kinds = {word: _scripts(word) for word in (*words, *_BETWEEN_WORDS.split(beside)) if not _NUMERAL.fullmatch(word)}
    present = {script for found in kinds.values() for script in found}
    if len(present) < 2 or any(len(found) > 1 for found in kinds.values()):
        return ""
    read = {
        word: {script: text for script in present - set(found) if (text := _read_quite_alike(word, script))}
        for word, found in kinds.items()
        if found
    }
    sure = {script for word, ways in read.items() if not ways for script in kinds[word]}
    if len(sure) != 1:
        return ""
    [script] = sure
    meant = "".join(read.get(word, {}).get(script, word) for word in words)
    return meant if meant != name else ""


def _read_quite_alike(word: str, script: str) -> str:
    letters = {letter for letter in word if script_of(letter) in SCRIPTS}
    return _read_as(word, script, is_most=False) if letters <= _QUITE_ALIKE else ""


def _in_one_alphabet(word: str, everywhere: Counter[str]) -> str | None:
    found = _scripts(word)
    if len(found) < 2:
        return word
    most = found.most_common(1)[0][0]
    read = {script: text for script in found if (text := _read_as(word, script, is_most=script == most))}
    elsewhere = everywhere - found
    best = sorted(read, key=lambda script: (elsewhere[script], found[script]), reverse=True)
    weights = [(elsewhere[script], found[script]) for script in best]
    return read[best[0]] if best and (len(best) == 1 or weights[0] > weights[1]) else None


def _read_as(word: str, script: str, *, is_most: bool) -> str:
    """Return a word in one alphabet; nothing where one of its letters has no likeness there."""
    nearly = _NEARLY_CYRILLIC if is_most and script == "CYRILLIC" else {}
    letters = [
        letter
        if (own := script_of(letter)) == script or own not in SCRIPTS
        else _AS[own, script].get(ord(letter)) or nearly.get(ord(letter), "")
        for letter in word
    ]
    return "".join(letters) if all(letters) else ""


def _scripts(word: str) -> Counter[str]:
    return Counter(script for letter in word if (script := script_of(letter)) in SCRIPTS)
