"""Rules of rosters: what a column means by its title, and how a name, a day and a word of consent are read."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from petition_app.i18n import N_

NAME_FIELDS = ("surname", "given", "patronymic")
FIELDS = (
    "id", "name", *NAME_FIELDS, "body", "place", "role", "term_from", "term_to", "contact", "contact_safe",
)  # fmt: skip
LONGEST = {**dict.fromkeys(NAME_FIELDS, 120), "name": 240, "id": 64, "contact": 254}
LINE_LENGTH = 200

# Titles as they stand, then the beginnings of words in longer titles, the more telling ones first.
TITLES: Mapping[str, Sequence[str]] = {
    "id": ("id", "№", "ref", "roster id", "код", "номер удостоверения"),
    "surname": ("surname", "last name", "family name", "фамилия"),
    "patronymic": ("patronymic", "middle name", "second name", "отчество"),
    "given": ("given", "given name", "given names", "first name", "forename"),
    "name": ("name", "full name", "фио", "ф и о", "имя", "person", "депутат", "deputy"),
    "body": ("body", "council", "organisation", "organization", "employer", "орган", "совет", "мо", "организация"),
    "place": ("place", "city", "town", "region", "district", "место", "город", "округ", "район", "регион"),
    "role": ("role", "position", "job title", "post", "должность"),
    "term_from": ("term from", "term start", "from", "since", "start", "с", "начало", "начало полномочий"),
    "term_to": ("term to", "term end", "to", "until", "end", "по", "до", "окончание", "окончание полномочий"),
    "contact_safe": ("contact safe", "safe", "safe contact", "можно писать", "безопасно"),
    "contact": ("contact", "official contact", "email", "e mail", "mail", "phone", "почта", "контакт", "телефон"),
}
STEMS: Sequence[tuple[str, str]] = (
    ("contact_safe", "safe"), ("contact_safe", "можно писать"), ("contact_safe", "безопас"),
    ("surname", "surname"), ("surname", "last name"), ("surname", "фамил"), ("patronymic", "отчеств"),
    ("patronymic", "patronym"), ("patronymic", "middle"), ("given", "first name"), ("given", "given"),
    ("name", "full name"), ("name", "фио"), ("name", "ф и о"), ("term_from", "срок полномочий с"),
    ("term_from", "начал"), ("term_from", "term from"), ("term_from", "избран"), ("term_to", "срок полномочий по"),
    ("term_to", "оконч"), ("term_to", "term to"), ("contact", "почт"), ("contact", "mail"), ("contact", "контакт"),
    ("contact", "phone"), ("contact", "телефон"),
    ("role", "должност"), ("role", "position"), ("body", "совет"), ("body", "council"), ("body", "орган"),
    ("place", "город"), ("place", "округ"), ("place", "city"),
)  # fmt: skip

YES = frozenset(("yes", "y", "true", "1", "safe", "да", "можно", "+", "д", "истина"))
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
NO = frozenset(("no", "n", "false", "0", "unsafe", "нет", "нельзя", "-", "н", "ложь"))
PATRONYMIC = re.compile(r"(вич|ична|вна|оглы|оглу|кызы|кизи)$")


class UnfitCellError(ValueError):
    """A cell that cannot be taken; `args[0]` is the translatable reason."""


def guess_columns(titles: Sequence[str]) -> list[str]:
    """Guess what each column holds from its title, in English or Russian; unknown columns are empty.

    Where there is a surname, "name" means the given name.
    """
    folded = [fold_title(title) for title in titles]
    exact = {title: field for field, known in TITLES.items() for title in known}
    guessed = [exact.get(title, "") for title in folded]
    for number, title in enumerate(folded):
        if not guessed[number]:
            stems = (field for field, stem in STEMS if re.search(rf"\b{stem}", title))
            guessed[number] = next(stems, "")
    if "surname" in guessed and "given" not in guessed:
        guessed = ["given" if field == "name" else field for field in guessed]
    if "surname" in guessed:
        guessed = ["" if field == "name" else field for field in guessed]
    return [field if field not in guessed[:number] else "" for number, field in enumerate(guessed)]


def fold_title(title: str) -> str:
    """Return a column's title for comparison: small letters, ё as е, signs as spaces."""
    folded = unicodedata.normalize("NFC", title).casefold().replace("ё", "е").replace("e-mail", "email")
    return " ".join(re.sub(r"[^\w№]|_", " ", folded).split())


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
    """Return a cell in NFC with single spaces.

    Raises:
        UnfitCellError: too long, or it holds characters that hide or disguise text.
    """
    if not typed.isprintable() and any(map(_hides, typed)):
        raise UnfitCellError(N_("invisible characters"))
    cell = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(cell) > longest:
        raise UnfitCellError(N_("a cell is too long"))
    return cell


@lru_cache(maxsize=4096)
def read_day(typed: str) -> date | None:
    """Return a day written as 2026-09-12 or 12.09.2026, or nothing where nothing is written. Raises: UnfitCellError."""
    if not typed:
        return None
    text = re.sub(r"[T ]00:00(:00)?$", "", typed.strip().rstrip("г. "))
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 -- a day has no zone.
        except ValueError:
            continue
    raise UnfitCellError(N_("a day must be written as 2026-09-12 or 12.09.2026"))


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


def _hides(letter: str) -> bool:
    return letter not in "\t\r\n" and unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
