"""Rules of rosters: how a name, a contact and a word on it are read."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from petition_app.i18n import N_
from petition_app.person_names.reading import NAME_LENGTH, UnfitTextError, clean_line
from petition_app.tables.titles import NAME_FIELDS

LONGEST = {**dict.fromkeys(NAME_FIELDS, 120), "name": NAME_LENGTH, "id": 64, "contact": 254}

YES = frozenset(("yes", "y", "true", "1", "safe", "да", "можно", "+", "д", "истина"))
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
NO = frozenset(("no", "n", "false", "0", "unsafe", "нет", "нельзя", "-", "н", "ложь"))
PATRONYMIC = re.compile(r"(вич|ична|вна|оглы|оглу|кызы|кизи)$")


class UnfitCellError(ValueError):
    """A cell that cannot be taken; `args[0]` is the translatable reason."""


def split_name(name: str) -> tuple[str, str, str]:
    """Return a whole name as surname, given name, patronymic.

    A comma ends a surname. A patronymic, known by its ending, is followed by the surname or stands last. Otherwise a
    name in Cyrillic begins with the surname, as in official lists, and any other ends with it.
    """
    if "," in name:
        surname, _, others = name.partition(",")
        given, _, patronymic = others.strip().partition(" ")
        return surname.strip(), given, patronymic.strip()
    words = re.sub(r"\.(?=\w)", ". ", name).split()
    if len(words) < 2:
        return (words or [""])[0], "", ""
    patronymics = [number for number, word in enumerate(words) if PATRONYMIC.search(word.casefold())]
    if len(words) > 2 and patronymics and patronymics[-1] == 1:
        return " ".join(words[2:]), words[0], words[1]
    if re.search("[а-яё]", name, re.IGNORECASE):
        return words[0], words[1], " ".join(words[2:])
    return words[-1], words[0], " ".join(words[1:-1])


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
    words = (" ".join(sorted(re.findall(r"\w+", _fold(text)))) for text in (name, body, place))
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
