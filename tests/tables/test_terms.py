"""A term of office in one cell is read as its first and last day, or told; never is a wrong day taken."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.roster.file_reader import DIFFERENT, Entry, Table
from petition_app.storage.spreadsheets import About, Line
from petition_app.tables import days, terms
from petition_app.tables.days import UnfitDayError
from petition_app.tables.layout import guess_layout
from petition_app.tables.survey import look_over
from petition_app.tables.terms import read_term, split_term
from petition_app.tables.titles import ROSTER

FROM, TO, LATE = date(2019, 1, 1), date(2024, 12, 31), date(2024, 9, 8)
EIGHTH = date(2019, 9, 8)


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2019–2024", FROM, TO),
        ("2019-2024", FROM, TO),
        ("2019 — 2024 гг.", FROM, TO),
        ("2019/2024", FROM, TO),
        ("2019–24", FROM, TO),
        ("2019-24", FROM, TO),
        ("2019…2024", FROM, TO),
        ("2019 г. – 2024 г.", FROM, TO),
        ("с 2019 по 2024", FROM, TO),
        ("c 2019 по 2024", FROM, TO),  # The first letter is Latin.
        ("С 2019 года по 2024 год", FROM, TO),
        ("from 2019 to 2024", FROM, TO),
        ("2019 until 2024", FROM, TO),
        ("2019-…", FROM, None),
        ("2019–", FROM, None),
        ("2019 - н.в.", FROM, None),
        ("с 2019 по настоящее время", FROM, None),
        ("2019 – present", FROM, None),
        ("since 2019", FROM, None),
        ("с 2019", FROM, None),
        ("–2024", None, TO),
        ("до 2024", None, TO),
        ("until 2024", None, TO),
        ("08.09.2019-08.09.2024", EIGHTH, LATE),
        ("8.9.2019 – 8.9.2024", EIGHTH, LATE),
        ("2019-09-08/2024-09-08", EIGHTH, LATE),
        ("2019-09-08 - 2024-09-08", EIGHTH, LATE),
        ("8 сентября 2019 – 8 сентября 2024", EIGHTH, LATE),
        ("8 September 2019 to 8 September 2024", EIGHTH, LATE),
        ("09.2019–09.2024", date(2019, 9, 1), date(2024, 9, 30)),
        ("۱۳۹۸–۱۴۰۲", date(2019, 3, 21), date(2024, 3, 19)),
    ],
)
def test_a_range_is_its_first_and_its_last_day(typed: str, first: date | None, last: date | None) -> None:
    term = read_term(typed)
    assert term is not None
    assert (term.first, term.last) == (first, last)


@pytest.mark.parametrize(
    "typed", ["", "2019", "2019-09", "2019-09-08", "8.9.2019", "по н.в.", "н.в.", "soon", "2019-12"]
)
def test_one_day_is_no_range(typed: str) -> None:
    assert read_term(typed) is None


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("2024–2019", terms.BACKWARDS),
        ("08/09/2019 – 08/09/2024", days.WHICH),
    ],
)
def test_what_cannot_be_a_term_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(UnfitDayError) as error:
        read_term(typed)
    assert str(error.value) == reason


@pytest.mark.parametrize(
    ("titles", "cells", "first", "last", "told"),
    [
        ("ФИО,Срок полномочий", "Анна Долгих,2019–2024", FROM, TO, terms.RANGE),
        ("name,Term", "Anna Berg,2019", None, None, terms.ONE_END),
        ("name,Term", "Anna Berg,7th", None, None, days.NO_DAY),
        ("name,from,to", "Anna Berg,2019–2024,", FROM, TO, terms.RANGE),
        ("name,from,to", "Anna Berg,2019–2024,2024", FROM, TO, terms.RANGE),
        ("name,from,to", "Anna Berg,2019–2024,2025", None, None, DIFFERENT),
        ("name,from,to", "Anna Berg,до 2024,", None, TO, days.YEAR_ALONE),
        ("name,from,to", "Anna Berg,,с 2019", FROM, None, days.YEAR_ALONE),
        ("name,from,to", "Anna Berg,2016–2021; 2021–2026,", None, None, days.NO_DAY),
    ],
)
def test_a_roster_takes_the_person_and_never_a_wrong_day(
    titles: str, cells: str, first: date | None, last: date | None, told: str
) -> None:
    lines = [Line(number, row.split(",")) for number, row in enumerate((titles, cells), start=1)]
    table = Table(guess_layout(About("utf-8", ","), lines, ROSTER), iter(lines))
    (person,) = table.rows()
    assert isinstance(person, Entry)
    assert (person.term_from, person.term_to) == (first, last)
    assert told in [row.reason for row in (*table.told, *table.remarks)]


def test_ranges_say_what_comes_first_and_are_asked_about_where_they_do_not() -> None:
    for cell, order, unclear in (("08/09/2019 - 25/10/2024", "dmy", 1), ("08/09/2019 - 08/09/2024", "", 1)):
        lines = [Line(1, ["name", "Term"]), Line(2, ["Anna Berg", cell])]
        layout = guess_layout(About("utf-8", ","), lines, ROSTER)
        assert (layout.days, look_over(layout, lines, ROSTER).unclear) == (order, unclear)


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_each_two_days_are_read_back_from_a_range(one: date, other: date) -> None:
    first, last = sorted((one, other))
    for text in (f"{first:%d.%m.%Y}-{last:%d.%m.%Y}", f"{first} – {last}", f"с {first:%d.%m.%Y} по {last:%d.%m.%Y}"):
        term = read_term(text)
        assert term is not None
        assert (term.first, term.last) == (first, last)


@given(st.text("0123456789-–/. годпсtoуnil…", max_size=24))
def test_whatever_is_written_is_a_term_in_order_or_none(typed: str) -> None:
    try:
        term = read_term(typed)
    except UnfitDayError:
        return
    assert term is None or term.first is None or term.last is None or term.first <= term.last
    assert split_term(typed) is None or any(split_term(typed) or ())
