"""How large what comes from outside may be: numbers, words of addresses, fields, whole queries.

A number that no column holds, or a letter that no text may hold, is answered at the door and reaches no database.
"""

from __future__ import annotations

from collections.abc import Iterable

LARGEST = 2**31 - 1
LONGEST_WORD = 200  # Letters of a slug or another part of a path.
LONGEST_QUERY = 4096
FIELDS, LONGEST_FIELD = 64, 16_384  # Of a stranger's form: how many, and letters of each.
LONGEST_ADDRESS = 320  # Letters of what may be a mail address.
ACTS = ("act", "action", "outcome", "take", "to")  # Under these names a form says what is to be done.


def number(text: str) -> int:
    """Return a number that a column can hold. Raises: ValueError."""
    if len(text) > 11 or not -LARGEST <= (found := int(text)) <= LARGEST:
        raise ValueError("too large")
    return found


def is_text(text: str) -> bool:
    """Return whether a database may hold a text: without NUL, and without halves of letters."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text if letter > "\ud7ff")


def is_said_once(names: Iterable[str]) -> bool:
    """Return whether a form with fields of these names says at most once what is to be done."""
    found = [name for name in names if name in ACTS]
    return len(found) == len(set(found))


def are_fit(fields: Iterable[tuple[str, str]], *, longest: int = LONGEST_FIELD, most: int = FIELDS) -> bool:
    """Return whether the fields of a form are few, short and texts, and say at most once what is to be done."""
    found = list(fields)
    if not is_said_once(name for name, _ in found):
        return False
    return len(found) <= most and all(len(value) <= longest and is_text(name + value) for name, value in found)
