"""What a column holds by its title, in English and Russian and in the exports of common sites, or by its cells.

The exports are those of Google Forms, Action Network, Change.org, LimeSurvey, Nextcloud Forms and Decidim for
signatures; EveryPolitician, Wikidata's query service and OpenSanctions (FollowTheMoney) for rosters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME_FIELDS = ("surname", "second_surname", "given", "patronymic")

# Titles as they stand, then the beginnings of words in longer titles, the more telling ones first.
TITLES: Mapping[str, Sequence[str]] = {
    "id": ("id", "№", "roster id", "код", "номер удостоверения"),
    "ref": ("ref", "reference"),
    "surname": ("surname", "last name", "lastname", "family name", "name last", "фамилия"),
    "second_surname": ("second surname", "second last name", "maternal surname", "вторая фамилия"),
    "patronymic": ("patronymic", "middle name", "second name", "father name", "name middle", "отчество"),
    "given": ("given", "given name", "given names", "first name", "firstname", "forename", "name first"),
    "name": (
        "name", "full name", "your name", "display name", "user display name", "signature", "signer", "signatory",
        "фио", "ф и о", "имя", "ваше имя", "подпись", "подписант", "person", "депутат", "deputy", "caption",
        "participant", "respondent", "участник", "человек", "item", "human", "politician", "member",
    ),
    "body": (
        "body", "council", "organisation", "organization", "employer", "chamber", "legislature", "parliament", "орган",
        "совет", "мо", "организация",
    ),
    "place": (
        "place", "city", "town", "region", "district", "location", "municipality", "settlement", "can2 user city",
        "area", "constituency", "electoral district", "ward",
        "место", "город", "округ", "район", "регион", "населенный пункт", "место жительства", "муниципалитет",
    ),
    "role": ("role", "position", "job title", "occupation", "profession", "post", "должность", "профессия"),
    "language": ("lang", "language", "start language", "startlanguage", "язык"),
    "consent": ("publish", "publication", "consent", "публикация", "согласие"),
    "email": ("email", "e mail", "mail", "email address", "почта", "емейл", "имейл", "мейл", "эл адрес"),
    "term_from": (
        "term from", "term start", "from", "since", "start", "start date", "period start", "с", "начало",
        "начало полномочий",
    ),
    "term_to": (
        "term to", "term end", "to", "until", "end", "end date", "period end", "по", "до", "окончание",
        "окончание полномочий",
    ),
    "term": (
        "term", "term of office", "terms", "mandate", "in office", "years in office", "tenure", "срок полномочий",
        "срок", "полномочия", "годы полномочий", "період повноважень", "строк повноважень",
    ),
    "contact_safe": ("contact safe", "safe", "safe contact", "можно писать", "безопасно"),
    "contact": ("contact", "official contact", "phone", "контакт", "телефон"),
}  # fmt: skip
STEMS: Sequence[tuple[str, str]] = (
    ("contact_safe", "safe"), ("contact_safe", "можно писать"), ("contact_safe", "безопас"),
    ("consent", "соглас"), ("consent", "публик"), ("consent", "publish"), ("consent", "consent"),
    ("second_surname", "second surname"), ("second_surname", "maternal surname"),
    ("surname", "surname"), ("surname", "last name"), ("surname", "family name"), ("surname", "фамил"),
    ("patronymic", "отчеств"), ("patronymic", "patronym"), ("patronymic", "middle"),
    ("given", "first name"), ("given", "given"),
    ("name", "full name"), ("name", "your name"), ("name", "ваше имя"), ("name", "фио"), ("name", "ф и о"),
    ("name", "как вас зовут"), ("name", "name first and last"),
    ("term_from", "срок полномочий с"), ("term_from", "начал"), ("term_from", "term from"), ("term_from", "избран"),
    ("term_to", "срок полномочий по"), ("term_to", "срок полномочий до"), ("term_to", "оконч"), ("term_to", "term to"),
    ("email", "почт"), ("email", "email"), ("email", "mail"),
    ("contact", "контакт"), ("contact", "phone"), ("contact", "телефон"),
    ("role", "должност"), ("role", "професси"), ("role", "position"), ("role", "occupation"), ("body", "совет"),
    ("body", "council"), ("body", "орган"), ("place", "населенн"), ("place", "город"), ("place", "округ"),
    ("place", "муниципал"), ("place", "city"), ("place", "town"), ("language", "язык"), ("language", "language"),
)  # fmt: skip
_EXACT = {title: field for field, known in TITLES.items() for title in known}
# Titles of names that give way to any other column of names: accounts, headings of a record, addresses of items.
_WEAK = re.compile(
    r"(?:user )?display name|caption|(?:person|item|human|politician|member)(?: label)?|signature|подпись"
)
_NUMBERED = re.compile(r"(?:\d{1,3}|[A-Za-z]\w{0,19})[.)]\s+(?=\S)")  # 1. Your name; Q00. Your name.
# A title that names several parts of a name is of a column with whole names.
_SURNAME = re.compile(r"\b(surname|last name|family name|фамили)")
_OTHERS = re.compile(r"\b(first name|given name|forename|им[яе]|инициал|initials|отчеств)")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ITEM = re.compile(r"(?:https?://\S+/)?Q\d+|https?://\S+")


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
    ("id", "name", *NAME_FIELDS, "body", "place", "role", "term_from", "term_to", "term", "contact", "contact_safe"),
    {"ref": "id", "email": "contact"},
)


@dataclass(frozen=True)
class Guess:
    """What a column is taken for, "" for nothing, and why.

    `reason`: `title` (it is known), `word` (it holds a known `word`), `cells` (they look like mail addresses), `items`
    (they are addresses of records), `twice` (another column is taken for this `word`, a field), `weak` (another one
    fits this `word` better), or "" (the title is not known).
    """

    field: str = ""
    reason: str = ""
    word: str = ""


def guess_columns(titles: Sequence[str], kind: Kind, cells: Sequence[Sequence[str]] = ()) -> list[Guess]:
    """Guess what each column holds from its title, else from some of its `cells` by row; unknown ones are empty.

    Where there is a surname, "name" means the given name. What an earlier column holds, no later one does, but that
    titles which need not mean a person give way.
    """
    guesses = [_guess(title, kind) for title in titles]
    for number, guess in enumerate(guesses):
        if guess.field == "name" and _look_like(_ITEM, _column(cells, number)):
            is_free = all(other.field != kind.field("id") for other in guesses)
            guesses[number] = Guess(kind.field("id") if is_free else "", "items")
    guesses = _part_names(guesses, titles)
    if any(
        guess.field in ("term_from", "term_to") for guess in guesses
    ):  # Then a term is a number, or says them again.
        guesses = [Guess("", "weak", "term") if guess.field == "term" else guess for guess in guesses]
    address = kind.field("email")
    if address not in [guess.field for guess in guesses]:
        for number, guess in enumerate(guesses):
            if not guess.field and _look_like(_ADDRESS, _column(cells, number)):
                guesses[number] = Guess(address, "cells")
                break
    seen: set[str] = set()
    for number, guess in enumerate(guesses):
        if guess.field in seen:
            guesses[number] = Guess("", "twice", guess.field)
        seen.update({guess.field} - {""})
    return guesses


def _part_names(guesses: list[Guess], titles: Sequence[str]) -> list[Guess]:
    """Let weak titles of names give way, and "name" be the given name beside a surname."""
    fields = [guess.field for guess in guesses]
    weak = [bool(_WEAK.fullmatch(fold_title(title))) for title in titles]
    has_others = "surname" in fields or any(
        field == "name" and not is_weak for field, is_weak in zip(fields, weak, strict=True)
    )
    instead = "" if "given" in fields else "given"
    parted: list[Guess] = []
    for guess, is_weak in zip(guesses, weak, strict=True):
        if guess.field == "name" and is_weak and has_others:
            parted.append(Guess("", "weak", "name"))
        elif guess.field == "name" and "surname" in fields:
            parted.append(Guess(instead, guess.reason, guess.word))
        else:
            parted.append(guess)
    return parted


def _guess(title: str, kind: Kind) -> Guess:
    """Guess by the whole title, by what stands behind a number, and by the code before it."""
    folded = fold_title(title)
    behind = _NUMBERED.sub("", title.strip(), count=1)
    code = title.partition(".")[0] if behind != title.strip() else ""
    for exact in (folded, folded.removesuffix(" label"), fold_title(behind), fold_title(code)):
        if field := kind.field(_EXACT.get(exact, "")):
            return Guess(field, "title")
    if _SURNAME.search(folded) and _OTHERS.search(folded):
        return Guess("name", "title")
    for found, stem in STEMS:
        if kind.field(found) and re.search(rf"\b{stem}", folded):
            return Guess(kind.field(found), "word", stem)
    return Guess()


def _column(cells: Sequence[Sequence[str]], number: int) -> list[str]:
    return [cell for row in cells if len(row) > number and (cell := row[number].strip())]


def _look_like(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    return bool(cells) and sum(bool(pattern.fullmatch(cell)) for cell in cells) >= 0.8 * len(cells)


def fold_title(title: str) -> str:
    """Return a column's title for comparison: small letters, ё as е, signs as spaces, words of camelCase apart."""
    folded = unicodedata.normalize("NFC", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title))
    folded = folded.casefold().replace("ё", "е").replace("e-mail", "email")
    return " ".join(re.sub(r"[^\w№]|_", " ", folded).split())
