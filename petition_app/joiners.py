"""Signs without a width that belong to words of some scripts, and disguise those of all others."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
VIRAMA = 9  # The combining class of the sign that takes a letter's vowel away.
_JOINED = ("ARABIC", "SYRIAC", "MONGOLIAN")


def is_joiner_in_place(text: str, place: int) -> bool:
    """Return whether a joiner stands where spelling needs it: UAX #31, section 2.3, rules A1, A2 and B.

    That is between letters of scripts that join them, as Persian does, or after the virama of an Indic script.
    """
    if text[place] not in JOINERS or place == 0:
        return False
    before, after = text[place - 1], text[place + 1 : place + 2]
    if unicodedata.combining(before) == VIRAMA:
        return True
    return bool(after) and _is_joined(before) and _is_joined(after)


def _is_joined(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM" and unicodedata.name(letter, "").startswith(_JOINED)
