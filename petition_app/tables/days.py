"""Days as people write them: in numbers or words, a year or a month alone, by the Persian or the Thai calendar."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale

from petition_app.i18n import N_

ORDERS = ("dmy", "mdy")  # What comes first in 08/09/2019: the day or the month.
FIRST_YEAR, LAST_YEAR = 1900, 2100

NO_DAY = N_("this is no day that can be read; write it as 2026-09-12 or 12.09.2026")
WHICH = N_("in a day such as 08/09/2019 it is not known whether the day or the month comes first")
FAR = N_("the year lies before 1900 or after 2100, and no calendar that is known fits")
YEAR_ALONE = N_("a year alone was read as its first or its last day")
MONTH_ALONE = N_("a month alone was read as its first or its last day")
CENTURY = N_("a year of two digits was read as one from 1950 to 2049")
PERSIAN = N_("a year of the Persian calendar was converted")
THAI = N_("a year of the Thai (Buddhist) calendar was converted")

# Words of these languages for months; one that means two different months is left out.
_LANGUAGES = ("en", "ru", "uk", "be", "kk", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "tr", "sv", "ro", "lt")
_MORE_MONTHS = {"sept": 9, "сент": 9, "мая": 5, "май": 5}
_OPEN = re.compile(
    r"(?:(?:по|до)\s+)?(?:н\.?\s*в\.?|наст\w*\.?\s*вр\w*\.?|сейчас|бессрочно)|(?:до\s+)?сих\s+пор|"
    r"(?:to\s+|until\s+)?(?:the\s+)?(?:present|now|date|today)|current|ongoing|incumbent|[-–—.…?]+"
)
_BEFORE = re.compile(r"^(?:с|со|от|по|до|from|since|until|till|to)\s+(?=\S)")
_AFTER = re.compile(r"(?:\s*(?:года|году|год|г)\.?|\s*(?:year))$")
_TIME = re.compile(r"[t\s]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$|(?<=\d)z$")
_NUMBERS = re.compile(r"(\d{1,4})([-./])(\d{1,2})(?:\2(\d{1,4}))?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|-?го|-?е|er|º|ª)\b")
_PERSIAN_YEARS, _THAI_YEARS = range(1300, 1421), range(2443, 2644)
_PERSIAN_LEAP = (1, 5, 9, 13, 17, 22, 26, 30)  # Of each 33 years; it agrees with the sky from 1244 to 1472.


class UnfitDayError(ValueError):
    """What is written is no day; `args[0]` is the translatable reason."""


@dataclass(frozen=True)
class Day:
    """A day, or nothing where none is meant; `note` says how it was understood where it is not written in full."""

    day: date | None
    note: str = ""


@dataclass(frozen=True)
class _Written:
    """A year, and a month and a day of it as far as they are written (0: not)."""

    year: int
    month: int = 0
    day: int = 0
    note: str = ""


@lru_cache(maxsize=4096)
def read_day(typed: str, *, ends: bool = False, order: str = "") -> Day:
    """Return the day that is meant.

    A year or a month alone is bounded by its side: the last day where something `ends`, else the first. `order` is one
    of `ORDERS`, or "" where nobody has said it.

    Raises:
        UnfitDayError
    """
    text = _plain(typed)
    if not text or _OPEN.fullmatch(text):
        return Day(None)
    text = _AFTER.sub("", _BEFORE.sub("", text)).strip()
    if not text or _OPEN.fullmatch(text):
        return Day(None)
    written = _in_numbers(text, order) or _in_words(text)
    if written is None:
        raise UnfitDayError(NO_DAY)
    return _bound(written, ends=ends)


def find_order(cells: Iterable[str]) -> str:
    """Return what comes first in days such as 08/09/2019, as far as some of them can be read in one way only."""
    found = {order for cell in cells if (order := _order_of(_plain(cell)))}
    return found.pop() if len(found) == 1 else ""


def is_unclear(typed: str) -> bool:
    """Return whether the day and the month of what is written may be each other."""
    text = _plain(typed)
    match = _NUMBERS.fullmatch(text)
    if not match or match[2] == "." or not match[4] or len(match[1]) > 2 or match[1] == match[3]:
        return False
    return not _order_of(text)


def _plain(typed: str) -> str:
    """Return a cell in small letters and ASCII digits, without a time."""
    text = "".join(str(unicodedata.decimal(letter, letter)) for letter in unicodedata.normalize("NFKC", typed))
    text = " ".join(text.casefold().split()).lstrip("+")
    return _TIME.sub("", text).strip()


def _order_of(text: str) -> str:
    match = _NUMBERS.fullmatch(text)
    if not match or match[2] == "." or not match[4] or len(match[1]) > 2:
        return ""
    first, second = int(match[1]), int(match[3])
    if 12 < first < 32 and 0 < second < 13:
        return "dmy"
    return "mdy" if 12 < second < 32 and 0 < first < 13 else ""


def _in_numbers(text: str, order: str) -> _Written | None:
    """Read 2019, 2019-09, 09.2019, 2019-09-08, 2019/9/8, 8.9.19, 08/09/2019; parts that are 00 are not written."""
    if re.fullmatch(r"\d{4}", text):
        return _Written(int(text))
    if not (match := _NUMBERS.fullmatch(text)):
        return None
    first, second, third = match[1], match[3], match[4]
    if third is None:
        if len(first) == 4:
            return _Written(int(first), int(second))
        return None
    if len(first) == 4 and len(third) < 3:
        return _Written(int(first), int(second), int(third))
    if len(first) > 2 or len(third) == 3:
        return None
    year, note = _whole_year(third)
    if match[2] != "." and first != second:
        order = _order_of(match[0]) or order
        if not order:
            raise UnfitDayError(WHICH)
        if order == "mdy":
            first, second = second, first
    return _Written(year, int(second), int(first), note)


def _whole_year(digits: str) -> tuple[int, str]:
    if len(digits) > 2:
        return int(digits), ""
    return (2000 if int(digits) < 50 else 1900) + int(digits), CENTURY


def _in_words(text: str) -> _Written | None:
    """Read 8 September 2019, Sept. 8th, 2019, 8-Sep-19, сентябрь 2019, 09.2019."""
    if match := re.fullmatch(r"(\d{1,2})[./](\d{4})", text):
        return _Written(int(match[2]), int(match[1]))
    words = re.findall(r"[^\W\d_]+|\d+", _ORDINAL.sub("", text))
    words = [word for word in words if word not in ("de", "of", "of", "the", "del")]
    months = [number for word in words if (number := _months().get(word.rstrip(".")))]
    numbers = [word for word in words if word.isdecimal()]
    if len(months) != 1 or len(numbers) + 1 != len(words) or not 0 < len(numbers) < 3:
        return None
    if len(numbers) == 1:
        return _Written(int(numbers[0]), months[0]) if len(numbers[0]) == 4 else None
    day, year = numbers if len(numbers[1]) != 1 and len(numbers[0]) < 3 else reversed(numbers)
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    whole, note = _whole_year(year)
    return _Written(whole, months[0], int(day), note)


@cache
def _months() -> dict[str, int]:
    """Return words for months: CLDR's, as Babel has them."""
    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for forms in Locale.parse(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, word in forms[width].items():
                    plain = unicodedata.normalize("NFKC", word).casefold().rstrip(".")
                    if plain and not plain.isdecimal():
                        found.setdefault(plain, set()).add(number)
    return {word: numbers.pop() for word, numbers in found.items() if len(numbers) == 1} | _MORE_MONTHS


def _bound(written: _Written, *, ends: bool) -> Day:
    year, month, day, note = written.year, written.month, written.day, written.note
    if not month:
        day, note = 0, YEAR_ALONE
    elif not day:
        note = MONTH_ALONE
    month = month or (12 if ends else 1)
    try:
        if year in _PERSIAN_YEARS:
            return Day(_from_persian(year, month, day or (_persian_length(year, month) if ends else 1)), PERSIAN)
        if year in _THAI_YEARS:
            year, note = year - 543, THAI
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise UnfitDayError(FAR)
        return Day(date(year, month, day or (calendar.monthrange(year, month)[1] if ends else 1)), note)
    except UnfitDayError:
        raise
    except ValueError:  # There is no such day or month; of `calendar` it is a kind of ValueError, too.
        raise UnfitDayError(NO_DAY) from None


def _from_persian(year: int, month: int, day: int) -> date:
    if not 1 <= day <= _persian_length(year, month):
        raise UnfitDayError(NO_DAY)
    days = sum(365 + _is_persian_leap(before) for before in range(_PERSIAN_YEARS.start, year))
    days += sum(_persian_length(year, before) for before in range(1, month)) + day - 1
    return date.fromordinal(date(1921, 3, 21).toordinal() + days)  # The first day of 1300.


def _persian_length(year: int, month: int) -> int:
    """Return how many days a Persian month has. Raises: UnfitDayError."""
    if not 1 <= month <= 12:
        raise UnfitDayError(NO_DAY)
    if month < 12:
        return 31 if month < 7 else 30
    return 29 + _is_persian_leap(year)


def _is_persian_leap(year: int) -> bool:
    return year % 33 in _PERSIAN_LEAP
