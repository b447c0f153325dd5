"""`flask roster import`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from petition_app.roster import services
from petition_app.roster.file_reader import Entry
from tests import factories as make
from tests.conftest import DATA


@pytest.fixture
def petition(app: Any) -> Any:
    return make.make_petition(app)


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Write a file to import and return its path."""

    def write(text: str, name: str = "list.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


def bring(cli: Any, path: Path, *options: object, code: int = 0, as_of: str = "2026-09-01") -> Any:
    return cli("roster", "import", make.SLUG, path, "--name", "Deputies", "--as-of", as_of, *options, code=code)


def people(app: Any, petition_id: Any) -> list[Entry]:
    with make.looking(app):
        version = services.current(petition_id)
        return list(services.iter_entries(version.id)) if version else []


def test_the_founding_roster_is_imported(app: Any, cli: Any, petition: Any) -> None:
    said = bring(cli, DATA / "roster.csv")
    assert "version 1: 424 people (424 added, 0 gone, 0 changed)" in said.out
    assert "column council: body" in said.err
    assert len(people(app, petition)) == 424


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_russian_titles_semicolons_and_terms_are_understood(
    app: Any, cli: Any, petition: Any, put: Any, encoding: str
) -> None:
    path = put(
        "Фамилия;Имя;Отчество;Совет;Город;Должность;с;по;Почта;Можно писать\n"
        "Колчина;Валентина;Борисовна;МО Лесное;Луговск;депутат;08.09.2019;08.09.2024;k@example.org;нет\n",
        encoding=encoding,
    )
    bring(cli, path)
    (one,) = people(app, petition)
    assert (one.name, one.body, one.place, one.role) == (
        "Колчина Валентина Борисовна",
        "МО Лесное",
        "Луговск",
        "депутат",
    )
    assert (str(one.term_from), str(one.term_to)) == ("2019-09-08", "2024-09-08")
    assert (one.contact, one.contact_safe) == ("k@example.org", False)


def test_columns_can_be_given(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put("Who,Where,Other\nAda Sample,Springfield,x\n")
    assert "name" in bring(cli, path, code=1).err
    bring(cli, path, "--columns", "name=who, place=Where")
    assert [(one.name, one.place) for one in people(app, petition)] == [("Sample Ada", "Springfield")]
    assert "no field shoes" in bring(cli, path, "--columns", "shoes=Who", code=1).err
    assert "no column Whom" in bring(cli, path, "--columns", "name=Whom", code=1).err


def test_a_spreadsheet_is_imported(app: Any, cli: Any, petition: Any, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Surname", "First name", "Council"])
    book.active.append([])
    book.active.append(["Sample", "Ada", "North"])
    book.save(tmp_path / "list.xlsx")
    bring(cli, tmp_path / "list.xlsx")
    assert [(one.name, one.body) for one in people(app, petition)] == [("Sample Ada", "North")]


def test_bad_rows_are_told_by_line_and_reason_and_stop_no_other(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put(
        "id,name,council,term_from,term_to,contact,contact_safe\n"
        "a1,Ada Sample,North,2019-09-08,2024-09-08,a@example.org,yes\n"
        "a2,,North,,,,\n"
        "a3,Cid Sample,North,soon,,,\n"
        "a4,Dee Sample,North,2024-01-01,2023-01-01,,\n"
        "a5,Eve Sample,North,,,eve@,\n"
        "a6,Fay Sample,North,,,,maybe\n"
        "a1,Gil Sample,North,,,,\n"
        "a8,Hal Sample\n"
        "a9,12345,North,,,,\n"
        f"a10,{'x' * 241},North,,,,\n"
        f"{'9' * 65},Ida Sample,North,,,,\n"
        ",Joe Sample,North,,,+7 000,\n"
    )
    said = bring(cli, path)
    assert "5 rows not taken" in said.out
    assert "4 is taken without a cell: this is no day that can be read" in said.err
    told = list(csv.reader(path.with_name("list.csv.errors.csv").read_text().splitlines()))
    assert told[0] == ["line", "reason"]
    assert [row[0] for row in told[1:]] == ["3", "8", "10", "11", "12"]
    for content in ("Sample", "maybe", "soon", "eve@"):
        assert content not in path.with_name("list.csv.errors.csv").read_text()
    assert sorted((one.name, one.contact, one.contact_safe) for one in people(app, petition)) == [
        ("Sample Ada", "a@example.org", True),
        ("Sample Cid", "", None),
        ("Sample Dee", "", None),
        ("Sample Eve", "", None),
        ("Sample Fay", "", None),
        ("Sample Hal", "", None),
        ("Sample Joe", "+7 000", None),
    ]


def test_the_file_in_use_adds_nothing_and_a_newer_one_is_compared(app: Any, cli: Any, petition: Any, put: Any) -> None:
    first = put("surname,council\nAnin,North\nBenin,North\n")
    bring(cli, first)
    assert "nothing was added" in bring(cli, first).out
    said = bring(cli, put("surname,council,role\nAnin,North,chair\nCenin,North,\n", "new.csv"))
    assert "version 2: 2 people (1 added, 1 gone, 1 changed)" in said.out
    assert "version 3: 2 people (1 added, 1 gone, 1 changed)" in bring(cli, first).out


def test_people_of_one_name_are_told_apart_by_body_and_place_only(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put("name,council,place\nAda Sample,North,A\nAda Sample,South,A\nAda Sample,North,B\nSample Ada,North,A\n")
    assert "1 rows not taken" in bring(cli, path).out
    assert len(people(app, petition)) == 3


def test_a_refused_file_leaves_the_old_roster_in_use(
    app: Any, cli: Any, petition: Any, put: Any, tmp_path: Path
) -> None:
    bring(cli, put("surname\nAnin\n"))
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing that a workbook has")
    for path in (
        broken,
        tmp_path / "none.csv",
        put("surname\n\n", "empty.csv"),
    ):
        said = bring(cli, path, code=1)
        assert len([line for line in said.err.splitlines() if line.startswith("Error:")]) == 1
        assert "Traceback" not in said.output
        assert [one.surname for one in people(app, petition)] == ["Anin"]
    assert "future" in bring(cli, put("surname\nBenin\n", "b.csv"), as_of="2999-01-01", code=1).err
    cli("roster", "import", "no-such-letter", put("surname\nX\n"), "--name", "x", "--as-of", "2026-01-01", code=1)


def test_a_person_of_several_rows_is_one_entry_with_the_unbroken_stretch_of_terms(
    app: Any, cli: Any, petition: Any, put: Any
) -> None:
    path = put(
        "id,name,sort_name,group,area,chamber,start_date,end_date\n"
        "p1,Ada Sample,x,Red,North,Lower,2010,2014-05-01\n"
        "p2,Ben Sample,x,Red,South,Lower,2014,\n"
        "p1,Ada Sample,x,Blue,West,Lower,2019-06-01,\n"
        "p1,Ada Sample,x,Blue,East,Lower,2014-06-01,2019-05-20\n"
        "p2,Sample Ben,x,Blue,South,Lower,2014,\n"
        "p3,Cid Sample,x,Red,South,Lower,,\n"
        "p3,Dee Sample,x,Red,South,Lower,,\n"
        "p4,Eve Sample,x,Red,South,Lower,2005,2009\n"
        "p4,Eve Sample,x,Red,North,Lower,2015,2019\n"
    )
    said = bring(cli, path)
    assert "version 1: 4 people" in said.out
    assert "1 rows not taken" in said.out
    assert "4 times, first on line 4: a further term of a person on an earlier line" in said.err
    told = list(csv.reader(path.with_name("list.csv.errors.csv").read_text().splitlines()))
    assert told[1:] == [["8", "this id stands on an earlier line with another name"]]
    found = {one.key: (one.name, one.place, str(one.term_from), str(one.term_to)) for one in people(app, petition)}
    assert found == {
        "p1": ("Sample Ada", "West", "2010-01-01", "None"),
        "p2": ("Sample Ben", "South", "2014-01-01", "None"),
        "p3": ("Sample Cid", "South", "None", "None"),
        "p4": ("Sample Eve", "North", "2015-01-01", "2019-12-31"),
    }


def test_the_address_of_an_item_is_an_id_and_never_a_name(app: Any, cli: Any, petition: Any, put: Any) -> None:
    item = "http://www.wikidata.org/entity/Q1"
    path = put(
        "person,personLabel,positionLabel,start,end\n"
        f"{item},Ada Sample,deputy,2016-01-01T00:00:00Z,\n{item},Ada Sample,deputy,2021-01-01T00:00:00Z,\n"
        f"{item}2,Ben Sample,deputy,+2016-00-00T00:00:00Z,2020-12-31T00:00:00Z\n"
    )
    assert "version 1: 2 people" in bring(cli, path).out
    assert sorted((one.key, one.name, one.role, str(one.term_from)) for one in people(app, petition)) == [
        (item, "Sample Ada", "deputy", "2016-01-01"),
        (f"{item}2", "Sample Ben", "deputy", "2016-01-01"),
    ]


def test_of_several_names_in_a_cell_the_longest_is_taken(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put("id,caption,name,firstName\nQ7x,O. Ozols,O. Ozols;Oskars Ozols,\n")
    bring(cli, path, "--columns", "id=id,name=name")
    assert [one.name for one in people(app, petition)] == ["Oskars Ozols"]


def test_which_of_day_and_month_comes_first_is_asked_and_can_be_said(
    app: Any, cli: Any, petition: Any, put: Any
) -> None:
    path = put("name,since,until\nAda Sample,08/09/2019,08/09/2024\n")
    said = bring(cli, path, "--dry-run").out
    assert "2 days can be read in two ways (--days dmy or --days mdy)" in said
    assert said.count("is taken without a cell: in a day such as 08/09/2019") == 2
    bring(cli, path, "--days", "mdy")
    assert [(str(one.term_from), str(one.term_to)) for one in people(app, petition)] == [("2019-08-09", "2024-08-09")]


def test_days_of_other_calendars_are_converted_and_the_calendar_is_named(
    app: Any, cli: Any, petition: Any, put: Any
) -> None:
    path = put("name,since,until\nAda Sample,1394-12-11,1403\nBen Sample,2566,2570\nCid Sample,1440-01-01,\n")
    said = bring(cli, path)
    assert "line 2: a year of the Persian calendar was converted" in said.err
    assert "line 3: a year of the Thai (Buddhist) calendar was converted" in said.err
    assert "line 4 is taken without a cell: the year lies before 1900" in said.err
    assert sorted((one.given, str(one.term_from), str(one.term_to)) for one in people(app, petition)) == [
        ("Ada", "2016-03-01", "2025-03-20"),
        ("Ben", "2023-01-01", "2027-12-31"),
        ("Cid", "None", "None"),
    ]
