"""Terms of office that one cell says from its first to its last day, as 2019–2024 or «с 2019 по 2024»."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from petition_app.i18n import N_
from petition_app.tables.days import UnfitDayError, find_order, is_unclear, read_day

RANGE = N_("a range was read as the first and the last day of the term")
BACKWARDS = N_("the term ends before it begins")
ONE_END = N_("it is not said whether the term begins or ends on this day")
_BETWEEN = re.compile(r"\s*[–—−-]\s*|\s*(?:\.{2,}|…)\s*|\s*/\s*|\s+(?:по|до|to|until|till)\s+")
_BEGINS = re.compile(r"(?:с|c|со|от|from|since)\s+(?=\S)")  # Of the two first ones one is Latin.
_ENDS = re.compile(r"(?:по|до|to|until|till)\s+(?=\S)")
_SHORT_YEAR = re.compile(r"(\d{2})(\d{2})\s*[–—−/-]\s*(\d{2})")
_YEARS = re.compile(r"\s*(?:гг|р\.?\s?р)\.?$")


@dataclass(frozen=True)
class Term:
    """The first and the last day of a term, as far as they are said, and how they were understood."""

    first: date | None
    last: date | None
    notes: tuple[str, ...] = ()


def read_term(typed: str, *, order: str = "") -> Term | None:
    """Return the term that a cell says; nothing where it is one day, or no day at all.

    `order` is one of `days.ORDERS`, or "" where nobody has said it.

    Raises:
        UnfitDayError: it ends before it begins, or the day and the month may be each other.
    """
    ends = split_term(typed)
    if ends is None:
        return None
    first, last = read_day(ends[0], order=order), read_day(ends[1], ends=True, order=order)
    if first.day and last.day and last.day < first.day:
        raise UnfitDayError(BACKWARDS)
    notes = [RANGE] if all(ends) else []
    return Term(first.day, last.day, tuple(dict.fromkeys([*notes, *filter(None, (first.note, last.note))])))


def split_term(typed: str) -> tuple[str, str] | None:
    """Return where a term begins and ends, "" where it is not said; nothing where a cell says no such thing."""
    text = _YEARS.sub("", " ".join(unicodedata.normalize("NFKC", typed).replace("...", "…").casefold().split()))
    if found := _SHORT_YEAR.fullmatch(text):
        century, year, end = found.groups()
        return (century + year, century + end) if end > year and (end > "12" or "-" not in text) else None
    begins, ends = _BEGINS.match(text), _ENDS.match(text)
    if ends:
        return ("", text[ends.end() :]) if _is_day(text[ends.end() :]) else None
    if not begins and _is_day(text):
        return None
    text = text[begins.end() :] if begins else text
    if begins and _is_day(text):
        return text, ""
    for found in _BETWEEN.finditer(text):
        one, other = text[: found.start()], text[found.end() :]
        if (one or other) and (not one or _is_day(one)) and (not other or _goes_on(other) or _is_day(other)):
            return one, other
    return None


def days_of(cells: Iterable[str]) -> list[str]:
    """Return cells of days, of a term both its ends."""
    return [day for cell in cells for day in (split_term(cell) or (cell,)) if day]


def find_order_of_terms(cells: Iterable[str]) -> str:
    """Return what comes first in days such as 08/09/2019; see `days.find_order`."""
    return find_order(days_of(cells))


def is_unclear_term(typed: str) -> bool:
    """Return whether the day and the month of a day, or of an end of a term, may be each other."""
    return any(map(is_unclear, days_of([typed])))


def _is_day(text: str) -> bool:
    """Return whether a text is a day, in whichever order of day and month."""
    try:
        return read_day(text, order="dmy").day is not None
    except UnfitDayError:
        return False


def _goes_on(text: str) -> bool:
    try:
        return read_day(text).day is None
    except UnfitDayError:
        return False
