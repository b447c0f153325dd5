"""Rules of rosters: how a name, a contact and a word on it are read."""

from __future__ import annotations

import hashlib
import re

from petition_app.i18n import N_
from petition_app.matching.names.folding import MARKS, fold_letters
from petition_app.matching.names.whole_names import split_whole
from petition_app.person_names.reading import NAME_LENGTH, UnfitTextError, clean_line
from petition_app.tables.titles import NAME_FIELDS

LONGEST = {**dict.fromkeys(NAME_FIELDS, 120), "name": NAME_LENGTH, "id": 64, "contact": 254}

YES = frozenset(("yes", "y", "true", "1", "safe", "да", "можно", "+", "д", "истина"))
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
WORD = re.compile(rf"\w[\w{MARKS}]*")
NO = frozenset(("no", "n", "false", "0", "unsafe", "нет", "нельзя", "-", "н", "ложь"))


class UnfitCellError(ValueError):
    """A cell that cannot be taken; `args[0]` is the translatable reason."""


def split_name(name: str) -> tuple[str, str, str]:
    """Return a whole name as surname, given name, patronymic; all in the first where nothing says which is which."""
    return split_whole(name)


def read_cell(typed: str, longest: int) -> str:
    """Return a cell in NFC with single spaces. Raises: UnfitCellError: too long, or something in it hides text."""
    try:
        return clean_line(typed, longest=longest)
    except UnfitTextError as error:
        raise UnfitCellError(*error.args) from None


def read_contact(typed: str) -> str:
    """Return an official contact: an address, or whatever else is written. Raises: UnfitCellError."""
    if "@" in typed and not ADDRESS.fullmatch(typed):
        raise UnfitCellError(N_("the contact is not a mail address"))
    return typed


def read_truth(typed: str) -> bool | None:
    """Return yes or no, or nothing where nothing is written. Raises: UnfitCellError."""
    word = typed.casefold()
    if not word:
        return None
    if word in YES or word in NO:
        return word in YES
    raise UnfitCellError(N_("whether a contact is safe must be yes or no"))


def person_key(name: str, body: str, place: str) -> str:
    """Return what stays the same for a person without an id: SHA-256 of the folded name, body and place.

    The order of the words does not matter, so that a list with whole names equals one with three columns.
    """
    words = (" ".join(sorted(WORD.findall(fold_letters(text)))) for text in (name, body, place))
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()
