"""What a column holds by its title, in English and Russian and in the exports of common sites, or by its cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME_FIELDS = ("surname", "given", "patronymic")

# Titles as they stand, then the beginnings of words in longer titles, the more telling ones first.
TITLES: Mapping[str, Sequence[str]] = {
    "id": ("id", "№", "roster id", "код", "номер удостоверения"),
    "ref": ("ref", "reference"),
    "surname": ("surname", "last name", "lastname", "family name", "фамилия"),
    "patronymic": ("patronymic", "middle name", "second name", "отчество"),
    "given": ("given", "given name", "given names", "first name", "firstname", "forename"),
    "name": (
        "name", "full name", "your name", "display name", "user display name", "signature", "signer", "signatory",
        "фио", "ф и о", "имя", "ваше имя", "подпись", "подписант", "person", "депутат", "deputy",
    ),
    "body": ("body", "council", "organisation", "organization", "employer", "орган", "совет", "мо", "организация"),
    "place": (
        "place", "city", "town", "region", "district", "location", "municipality", "settlement", "can2 user city",
        "место", "город", "округ", "район", "регион", "населенный пункт", "место жительства", "муниципалитет",
    ),
    "role": ("role", "position", "job title", "occupation", "profession", "post", "должность", "профессия"),
    "language": ("lang", "language", "start language", "язык"),
    "consent": ("publish", "publication", "consent", "публикация", "согласие"),
    "email": ("email", "e mail", "mail", "email address", "почта", "емейл", "имейл", "мейл", "эл адрес"),
    "term_from": ("term from", "term start", "from", "since", "start", "с", "начало", "начало полномочий"),
    "term_to": ("term to", "term end", "to", "until", "end", "по", "до", "окончание", "окончание полномочий"),
    "contact_safe": ("contact safe", "safe", "safe contact", "можно писать", "безопасно"),
    "contact": ("contact", "official contact", "phone", "контакт", "телефон"),
}  # fmt: skip
STEMS: Sequence[tuple[str, str]] = (
    ("contact_safe", "safe"), ("contact_safe", "можно писать"), ("contact_safe", "безопас"),
    ("consent", "соглас"), ("consent", "публик"), ("consent", "publish"), ("consent", "consent"),
    ("surname", "surname"), ("surname", "last name"), ("surname", "фамил"), ("patronymic", "отчеств"),
    ("patronymic", "patronym"), ("patronymic", "middle"), ("given", "first name"), ("given", "given"),
    ("name", "full name"), ("name", "your name"), ("name", "ваше имя"), ("name", "фио"), ("name", "ф и о"),
    ("term_from", "срок полномочий с"), ("term_from", "начал"), ("term_from", "term from"), ("term_from", "избран"),
    ("term_to", "срок полномочий по"), ("term_to", "оконч"), ("term_to", "term to"), ("email", "почт"),
    ("email", "email"), ("email", "mail"), ("contact", "контакт"), ("contact", "phone"), ("contact", "телефон"),
    ("role", "должност"), ("role", "професси"), ("role", "position"), ("role", "occupation"), ("body", "совет"),
    ("body", "council"), ("body", "орган"), ("place", "населенн"), ("place", "город"), ("place", "округ"),
    ("place", "муниципал"), ("place", "city"), ("place", "town"), ("language", "язык"), ("language", "language"),
)  # fmt: skip
_EXACT = {title: field for field, known in TITLES.items() for title in known}
# A title that names several parts of a name is of a column with whole names.
_SURNAME = re.compile(r"\b(surname|last name|family name|фамили)")
_OTHERS = re.compile(r"\b(first name|given name|forename|им[яе]|инициал|initials|отчеств)")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Kind:
    """What the tables of one kind can hold: their fields, and which field takes what has another name elsewhere."""

    fields: tuple[str, ...]
    instead: Mapping[str, str]

    def field(self, found: str) -> str:
        """Return the field of this kind for a meaning of a title, "" where there is none."""
        field = self.instead.get(found, found)
        return field if field in self.fields else ""


SIGNATURES = Kind(
    ("name", *NAME_FIELDS, "role", "place", "email", "language", "consent", "ref"), {"body": "place"},
)  # fmt: skip
ROSTER = Kind(
    ("id", "name", *NAME_FIELDS, "body", "place", "role", "term_from", "term_to", "contact", "contact_safe"),
    {"ref": "id", "email": "contact"},
)


@dataclass(frozen=True)
class Guess:
    """What a column is taken for, "" for nothing, and why.

    `reason`: `title` (it is known), `word` (it holds a known `word`), `cells` (they look like mail addresses), `twice`
    (another column is taken for this `word`, a field), or "" (the title is not known).
    """

    field: str = ""
    reason: str = ""
    word: str = ""


def guess_columns(titles: Sequence[str], kind: Kind, cells: Sequence[Sequence[str]] = ()) -> list[Guess]:
    """Guess what each column holds from its title, else from some of its `cells` by row; unknown ones are empty.

    Where there is a surname, "name" means the given name. What an earlier column holds, no later one does.
    """
    guesses = [_guess(fold_title(title), kind) for title in titles]
    fields = [guess.field for guess in guesses]
    if "surname" in fields:
        instead = "" if "given" in fields else "given"
        guesses = [
            Guess(instead, guess.reason, guess.word) if guess.field == "name" else guess for guess in guesses
        ]  # fmt: skip
    address = kind.field("email")
    if address not in [guess.field for guess in guesses]:
        for number, guess in enumerate(guesses):
            if not guess.field and _look_like_addresses([row[number] for row in cells if len(row) > number]):
                guesses[number] = Guess(address, "cells")
                break
    seen: set[str] = set()
    for number, guess in enumerate(guesses):
        if guess.field in seen:
            guesses[number] = Guess("", "twice", guess.field)
        seen.update({guess.field} - {""})
    return guesses


def _guess(title: str, kind: Kind) -> Guess:
    if exact := kind.field(_EXACT.get(title, "")):
        return Guess(exact, "title")
    if _SURNAME.search(title) and _OTHERS.search(title):
        return Guess("name", "title")
    for found, stem in STEMS:
        if kind.field(found) and re.search(rf"\b{stem}", title):
            return Guess(kind.field(found), "word", stem)
    return Guess()


def _look_like_addresses(cells: Sequence[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(_ADDRESS.fullmatch(cell)) for cell in filled) >= 0.8 * len(filled)


def fold_title(title: str) -> str:
    """Return a column's title for comparison: small letters, ё as е, signs as spaces."""
    folded = unicodedata.normalize("NFC", title).casefold().replace("ё", "е").replace("e-mail", "email")
    return " ".join(re.sub(r"[^\w№]|_", " ", folded).split())
