"""Rows in are rows taken and rows told, however a file is mutated; headers, encodings and delimiters are found."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petition_app.signatures.file_reader import Row, Table, open_table
from petition_app.storage.spreadsheets import About, BadRow, Line
from petition_app.storage.text_tables import find_delimiter, find_encoding, read_records
from petition_app.tables.layout import ColumnsError, Layout, guess_layout, read_choice
from petition_app.tables.survey import look_over
from petition_app.tables.titles import ROSTER, SIGNATURES, guess_columns

CELLS = st.sampled_from([
    "Анна Долгих", "Tom Holt", "", " ", "#N/A", "TRUE", "Итого: 3", "вакантно", "№ 3", "a@example.org", "да", "x" * 130,
    "Ada\u202eB", "\u200eAda Sample\u200f", "1", "2", "name", "Город", "a\nb", 'Anna "Ann" Berg',
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CELLS, max_size=5), max_size=30),
    st.one_of(
        st.permutations(["name", "place", "email", "consent", ""]),
        st.permutations(["surname", "given", "patronymic", "role", "ref"]),
    ),
    st.booleans(),
)
def test_each_row_with_anything_in_it_is_taken_or_told(rows: list[list[str]], columns: list[str], shown: bool) -> None:
    layout = Layout(1, ("a", "b", "c", "d", "e"), tuple(columns), with_hidden=shown)
    flags = ["", "hidden", ""]
    lines = [Line(number, cells, flags[number % 3]) for number, cells in enumerate(rows, start=2)]
    found = list(Table(layout, iter(lines), True).rows())
    filled = [line.number for line in lines if any(cell.strip(" \u200e\u200f") for cell in line.cells)]
    assert [row.line for row in found] == filled
    taken = [row for row in found if isinstance(row, Row)]
    assert all(isinstance(row, Row | BadRow) for row in found)
    assert not {row.identity.name for row in taken} & {"#N/A", "TRUE", "Итого: 3", "вакантно"}


@given(st.lists(st.lists(st.sampled_from(["Ada", "Ely", "x y", "a,b", 'a "b"']), min_size=2, max_size=2), max_size=20))
def test_what_a_program_writes_as_csv_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    read = list(read_records(out.getvalue().splitlines(keepends=True), ","))
    assert read == [(number, cells, "") for number, cells in enumerate(rows, start=1)]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("name;email\nAnna, Dr.;a@example.org\nTom;t@example.org\n", ";"),
        ('"ФИО (фамилия, имя)";"Совет"\nЛыкова Анна;Лесное\n', ";"),
        ("sep=|\nname|place\n", "|"),
        ("name\tplace\nAda\tEly, North\n", "\t"),
        ("Signatures, collected on 3 May\nname;place\nAda;Ely\nTom;Ely\n", ";"),
        ("name\nBerg, Anna\nHolt, Tom\n", "\t"),
    ],
)
def test_the_delimiter_is_the_one_that_makes_rows_agree(text: str, delimiter: str) -> None:
    assert find_delimiter(text) == delimiter


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("ФИО;Город\nИванова Мария;Лесное\n", "cp1251", "cp1251"),
        ("ФИО;Город\nИванова Мария;Лесное\n", "utf-16", "utf-16"),
        ("ФИО;Город\nИванова Мария;Лесное\n", "utf-16-be", "utf-16"),
        ("ФИО;Город\nИванова Мария;Лесное\n", "utf-8-sig", "utf-8"),
        ("name;city\nJörg Müller;Köln\nZoë Ærø;Århus\n", "cp1252", "cp1252"),
        ("name;city\nAda;Ely\n", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, text: str, encoding: str, found: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert find_encoding(tmp_path / "a.csv") == found


def lines(*rows: str) -> list[Line]:
    return [Line(number, row.split(",")) for number, row in enumerate(rows, start=1)]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (("name,place", "Ada,Ely"), 1),
        (("Signatures of 3 May", ",", "name,role,email", "Ada,clerk,a@example.org"), 3),
        (("Кто,Где,Что", "Анна Долгих,Лесное,name"), 1),
        (("Кто,Где,Что", "Анна Долгих,депутат,Лесное"), 1),
        (("Deputies of all councils", "Surname,First name,Council", "Berg,Anna,Ely"), 2),
        (("List", "name", "Ada"), 2),
    ],
)
def test_the_line_of_titles_is_found(rows: tuple[str, ...], header: int) -> None:
    assert guess_layout(About("utf-8", ","), lines(*rows), SIGNATURES).header_line == header


def test_a_column_that_looks_like_addresses_is_taken_for_them_and_says_why() -> None:
    guesses = guess_columns(["name", "Reply"], SIGNATURES, [["Ada", "a@example.org"], ["Tom", "t@example.org"]])
    assert [(guess.field, guess.reason) for guess in guesses] == [("name", "title"), ("email", "cells")]


@pytest.mark.parametrize("title", ["E-mail", "Эл. почта", "Email Address", "Адрес электронной почты", "Почта"])
def test_known_titles_of_addresses(title: str) -> None:
    assert guess_columns([title], SIGNATURES)[0].field == "email"


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("Населённый пункт", "place"),
        ("Согласие на публикацию", "consent"),
        ("Фамилия, имя, отчество", "name"),
        ("Last name, first name", "name"),
        ("First Name", "given"),
        ("can2_user_city", "place"),
        ("startlanguage. Start language", "language"),
        ("Timestamp", ""),
    ],
)
def test_titles_of_common_exports(title: str, field: str) -> None:
    assert guess_columns([title], SIGNATURES)[0].field == field


def test_addresses_of_pages_are_no_ids_unless_they_stand_where_a_person_should() -> None:
    rows = [["https://example.org/1", "Ada Sample"], ["https://example.org/1", "Ben Sample"]]
    assert [guess.field for guess in guess_columns(["Site", "name"], ROSTER, rows)] == ["", "name"]
    assert [guess.field for guess in guess_columns(["person", "personLabel"], ROSTER, rows)] == ["id", "name"]


def test_columns_are_chosen_by_title_or_number() -> None:
    layout = Layout(1, ("ФИО (фамилия, имя)", "Где", ""), ("", "", ""))
    assert read_choice('"name=ФИО (фамилия, имя)",place=2', layout, SIGNATURES).columns == ("name", "place", "")
    for wrong in ("shoes=Где", "name=Whom", "name=7", "name=0"):
        with pytest.raises(ColumnsError):
            read_choice(wrong, layout, SIGNATURES)


def test_a_survey_counts_what_is_not_used_hidden_wrong_or_short() -> None:
    layout = Layout(1, ("name", "place", "note"), ("name", "place", ""), encoding="utf-8")
    rows = [Line(1, ["name", "place", "note"]), Line(2, ["Ada", "#N/A", "x"]), Line(3, ["Tom"], "hidden")]
    survey = look_over(layout, rows, SIGNATURES)
    assert [(column.title, column.filled) for column in survey.passed_over] == [("note", 1)]
    assert (survey.hidden, survey.errors, survey.short) == ([3], 1, [3])


def test_a_file_whose_titles_stand_on_a_line_that_was_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\nname,place\nAda,Ely\n")
    assert open_table(tmp_path / "a.csv", allow_consent=True, header_line=1).layout.titles == ("x", "y")
    assert open_table(tmp_path / "a.csv", allow_consent=True, header_line=0).layout.titles == ("", "")
    with pytest.raises(ColumnsError):
        open_table(tmp_path / "a.csv", allow_consent=True, header_line=9)


@pytest.mark.parametrize(
    ("titles", "cells", "name"),
    [
        ("Full name", "Ada Sample", "Ada Sample"),
        ("First name,Last name", "Ada,Sample", "Ada Sample"),
        ("Фамилия,Имя,Отчество", "Долгих,Анна,Петровна", "Долгих Анна Петровна"),
        ("First name,Middle name,Last name,Second surname", "Ada,May,Sample,Example", "Ada May Sample Example"),
        ("User display name,Name", "ada_s,Ada Sample", "Ada Sample"),
    ],
)
def test_a_name_stands_in_one_to_four_columns(titles: str, cells: str, name: str) -> None:
    layout = guess_layout(About("utf-8", ","), lines(titles, cells), SIGNATURES)
    (row,) = Table(layout, iter(lines(titles, cells)), True).rows()
    assert isinstance(row, Row)
    assert row.identity.name == name
