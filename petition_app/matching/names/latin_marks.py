"""Latin letters with marks, and what people type who leave the marks out: one bare letter, or two.

The pairs are those of passports (ICAO Doc 9303, part 3, section 6) and of everyday typing.
"""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not take apart.
_BARE = str.maketrans(
    {
        "đ": "d", "ð": "d", "ł": "l", "ø": "o", "ħ": "h", "ŧ": "t", "ı": "i", "ĸ": "k", "ŋ": "n", "ə": "a", "ɛ": "e",
        "ɔ": "o", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij", "ŀ": "l", "ɓ": "b", "ɗ": "d", "ƙ": "k",
        "ɣ": "g", "ƴ": "y", "ǃ": "", "ǀ": "", "ǁ": "", "ǂ": "", "ª": "a", "º": "o", "·": "",
    }
)  # fmt: skip
_TWO_LETTERS = str.maketrans(
    {"ö": "oe", "ä": "ae", "ü": "ue", "å": "aa", "ø": "oe", "đ": "dj", "ð": "dh", "ő": "oe", "ű": "ue", "ñ": "nn",
     "ə": "e", "œ": "oe", "æ": "e"}
)  # fmt: skip
_LAST_ACCENT = "\u036f"


def has_marks(word: str) -> bool:
    """Return whether a folded word is in Latin letters of which some have marks."""
    return not word.isascii() and bare(word).isascii()


def bare(word: str) -> str:
    """Return a folded word without the marks on its Latin letters: cerny of černý, soren of søren."""
    apart = unicodedata.normalize("NFD", word.translate(_BARE))
    return "".join(letter for letter in apart if not "\u0300" <= letter <= _LAST_ACCENT)


def bare_forms(word: str) -> tuple[str, ...]:
    """Return what may be typed for a folded word: each letter bare, then two letters where that is a habit."""
    return tuple(dict.fromkeys((bare(word), bare(word.translate(_TWO_LETTERS)))))
