"""Letters by script, and the signs without a width that belong to some scripts and disguise words of all others."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

JOINERS = "\u200c\u200d"
# Scripts whose letters join, or whose signs stand for syllables: there a joiner changes what is read.
_JOINED = (
    "ARABIC SYRIAC MANDAIC MONGOLIAN NKO DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM "
    "SINHALA MYANMAR KHMER BALINESE JAVANESE TIBETAN CHAKMA GRANTHA NEWA TIRHUTA"
)
JOINED_SCRIPTS = frozenset(_JOINED.split())
# Soft hyphen, marks of direction, spaces and letters without a width; they come along when a name is pasted.
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u2800\u3164\ufeff\uffa0"
_UNSEEN_ONES = re.compile(f"[{_UNSEEN}]")
_AT_THE_EDGES = re.compile(rf"^[{_UNSEEN}{JOINERS}\s]+|[{_UNSEEN}\s]+$|(?<=\s)[{_UNSEEN}{JOINERS}]+|[{_UNSEEN}]+(?=\s)")
_JOINER_AT_THE_END = re.compile(rf"([{JOINERS}])+(?=[\s\-‐‑–.,;:/()«»]|$)")
# What changes nothing but where a word may be broken or which way it runs by itself.
_HARMLESS = frozenset(f"\u00ad\u061c\u200b\u200e\u200f\u2060\u3164\ufeff{JOINERS}")
_FORBIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
VIRAMA = 9  # The combining class of the sign that takes a letter's vowel away.


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """Return the script of a letter or mark by its name in Unicode, such as LATIN; of other signs whatever it says."""
    return unicodedata.name(letter, "").split(" ")[0]


def strip_unseen(text: str) -> str:
    """Return a text without spaces and signs that are not seen at its ends and beside spaces.

    A joiner at the end of a word, also before a hyphen, stays only after the sign that takes a vowel away, as in
    Malayalam.
    """
    if text.isascii():
        return text.strip()
    return _JOINER_AT_THE_END.sub(_keep_after_virama, _AT_THE_EDGES.sub("", text))


def _keep_after_virama(found: re.Match[str]) -> str:
    before = found.string[: found.start()][-1:]
    return found[1] if before and unicodedata.combining(before) == VIRAMA else ""


def is_joiner_in_place(text: str, place: int) -> bool:
    """Return whether a joiner stands where spelling needs it: UAX #31, section 2.3.

    That is after or before the virama of an Indic script (A2, B, and the Bengali ya-phalaa), or between letters of a
    script that joins them. Unlike A1 it does not ask how these letters join: people type it after letters, too, that
    never do.
    """
    if text[place] not in JOINERS:
        return False
    before, after = text[:place].rstrip(JOINERS)[-1:], text[place + 1 :].lstrip(JOINERS)[:1]
    if before and unicodedata.combining(before) == VIRAMA:
        return True
    return bool(before and after) and _is_joined(before) and _is_joined(after)


def _is_joined(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM" and script_of(letter) in JOINED_SCRIPTS


def hides_something(text: str) -> bool:
    """Return whether a text holds signs that hide or disguise it."""
    return any(_hides(text, place) for place in range(len(text)))


def without_hidden(text: str) -> str:
    """Return a text without the signs that hide in it; nothing where some turn its direction or say who knows what."""
    hidden = {place for place in range(len(text)) if _hides(text, place)}
    if not all(text[place] in _HARMLESS for place in hidden):
        return ""
    return "".join(letter for place, letter in enumerate(text) if place not in hidden)


def _hides(text: str, place: int) -> bool:
    letter = text[place]
    if letter in "\t\r\n" or (letter.isascii() and letter.isprintable()):
        return False
    if letter in "\u180e\u034f":  # Separates vowels in Mongolian, orders marks in Hebrew.
        return place == 0 or not _is_read_with_marks(text[place - 1])
    hides = unicodedata.category(letter) in _FORBIDDEN or _UNSEEN_ONES.match(letter) is not None
    return hides and not is_joiner_in_place(text, place)


def _is_read_with_marks(letter: str) -> bool:
    return script_of(letter) in ("MONGOLIAN", "HEBREW", "ARABIC")
