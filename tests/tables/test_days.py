"""Days as people write them: each is read, told in which way, or left out for a reason that is true."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.tables import days
from petition_app.tables.days import Day, UnfitDayError, find_order, is_unclear, read_day

EIGHTH = date(2019, 9, 8)


@pytest.mark.parametrize(
    "typed",
    [
        "2019-09-08", "2019-9-8", "2019/09/08", "08.09.2019", "8.9.2019", "08.09.2019 г.", "8 сентября 2019",
        "8 сентября 2019 года", "8 сент. 2019 г.", "с 08.09.2019", "по 8 сентября 2019", "8 September 2019",
        "September 8, 2019", "Sept. 8th, 2019", "8th of September 2019", "8-Sep-2019", "8 вересня 2019",
        "8 верасня 2019", "8. September 2019", "8 septembre 2019", "8 de septiembre de 2019", "8 września 2019",
        "2019-09-08T00:00:00", "2019-09-08T10:30:00Z", "2019-09-08 10:30:00 UTC", "2019-09-08T10:30:00.5+03:00",
        "+2019-09-08T00:00:00Z", "٢٠١٩-٠٩-٠٨", "２０１９-０９-０８", " 2019-09-08 ",
    ],
)  # fmt: skip
def test_a_whole_day_is_read_however_it_is_written(typed: str) -> None:
    assert read_day(typed) == read_day(typed, ends=True) == Day(EIGHTH)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "-", "—", "…", "н.в.", "по н. в.", "по н.в.", "по настоящее время", "до настоящего времени", "сейчас",
     "бессрочно", "present", "to date", "until now", "ongoing", "Incumbent"],
)  # fmt: skip
def test_what_says_that_it_goes_on_is_no_day(typed: str) -> None:
    assert read_day(typed, ends=True) == Day(None)


@pytest.mark.parametrize(
    ("typed", "first", "last", "note"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31), days.YEAR_ALONE),
        ("2019 г.", date(2019, 1, 1), date(2019, 12, 31), days.YEAR_ALONE),
        ("2016-00-00", date(2016, 1, 1), date(2016, 12, 31), days.YEAR_ALONE),
        ("2016-02", date(2016, 2, 1), date(2016, 2, 29), days.MONTH_ALONE),
        ("2016-02-00", date(2016, 2, 1), date(2016, 2, 29), days.MONTH_ALONE),
        ("02.2016", date(2016, 2, 1), date(2016, 2, 29), days.MONTH_ALONE),
        ("февраль 2016", date(2016, 2, 1), date(2016, 2, 29), days.MONTH_ALONE),
        ("8.9.19", EIGHTH, EIGHTH, days.CENTURY),
        ("8-Sep-19", EIGHTH, EIGHTH, days.CENTURY),
        ("1.1.50", date(1950, 1, 1), date(1950, 1, 1), days.CENTURY),
        ("1394-12-11", date(2016, 3, 1), date(2016, 3, 1), days.PERSIAN),
        ("۱۳۹۴/۱۲/۱۱", date(2016, 3, 1), date(2016, 3, 1), days.PERSIAN),
        ("1395", date(2016, 3, 20), date(2017, 3, 20), days.PERSIAN),
        ("1399-12-30", date(2021, 3, 20), date(2021, 3, 20), days.PERSIAN),
        ("2569-01-02", date(2026, 1, 2), date(2026, 1, 2), days.THAI),
        ("2562", date(2019, 1, 1), date(2019, 12, 31), days.THAI),
    ],
)
def test_what_is_not_written_in_full_is_bounded_by_its_side_and_told(
    typed: str, first: date, last: date, note: str
) -> None:
    assert read_day(typed) == Day(first, note)
    assert read_day(typed, ends=True) == Day(last, note)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("08/09/2019", days.WHICH), ("8-9-2019", days.WHICH), ("08/09/19", days.WHICH), ("1850", days.FAR),
        ("1899-12-31", days.FAR), ("2101-01-01", days.FAR), ("9999-12-31", days.FAR), ("1440-01-01", days.FAR),
        ("soon", days.NO_DAY), ("32.01.2020", days.NO_DAY), ("31.02.2020", days.NO_DAY), ("2019-13", days.NO_DAY),
        ("1400-12-30", days.NO_DAY), ("8 listopadu 2019 9", days.NO_DAY), ("September", days.NO_DAY),
        ("8 September", days.NO_DAY), ("43716", days.NO_DAY), ("1-1", days.NO_DAY), ("0000", days.FAR),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_not_guessed(typed: str, reason: str) -> None:
    with pytest.raises(UnfitDayError) as error:
        read_day(typed)
    assert str(error.value) == reason


def test_which_comes_first_is_said_found_or_plain() -> None:
    assert read_day("08/09/2019", order="dmy").day == EIGHTH
    assert read_day("09/08/2019", order="mdy").day == EIGHTH
    assert read_day("25/10/2019", order="mdy").day == read_day("10/25/2019", order="dmy").day == date(2019, 10, 25)
    assert find_order(["08/09/2019", "25/10/2019", "x"]) == "dmy"
    assert find_order(["08/09/2019", "10/25/2019"]) == "mdy"
    assert find_order(["25/10/2019", "10/25/2019"]) == find_order(["08/09/2019"]) == ""
    assert [is_unclear(day) for day in ("08/09/2019", "5/5/2019", "25/10/2019", "08.09.2019")] == [True] + 3 * [False]


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.sampled_from(["dmy", "mdy"]))
def test_each_day_is_read_back_from_numbers(day: date, order: str) -> None:
    numbers = (day.day, day.month) if order == "dmy" else (day.month, day.day)
    for text in (f"{numbers[0]}/{numbers[1]}/{day.year}", f"{numbers[0]:02}-{numbers[1]:02}-{day.year}"):
        assert read_day(text, order=order).day == day
    assert read_day(f"{day:%d.%m.%Y}") == read_day(day.isoformat()) == Day(day)


@given(st.dates(date(1921, 3, 21), date(2042, 3, 19)))
def test_persian_days_follow_each_other_without_a_gap(day: date) -> None:
    known = {read_day(f"{year}-{month}-{number}").day for year, month, number in _persian_around(day)}
    assert {day, day + timedelta(days=1)} <= known


def _persian_around(day: date) -> list[tuple[int, int, int]]:
    years = [year for year in (day.year - 622, day.year - 621) if 1300 <= year <= 1420]
    lengths = [31] * 6 + [30] * 5 + [29]
    return [(y, m, n) for y in years for m, length in enumerate(lengths, start=1) for n in range(1, length + 1)] + [
        (year, 12, 30) for year in years if year % 33 in (1, 5, 9, 13, 17, 22, 26, 30)
    ]


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_day_nothing_or_refused(typed: str) -> None:
    try:
        found = read_day(typed).day
    except UnfitDayError:
        return
    assert found is None or 1900 <= found.year <= 2100
