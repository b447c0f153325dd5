"""Files that people who run petitions reported: each goes through the page and the command, and gives what it shows."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from petition_app.roster import services as rosters
from petition_app.roster.file_reader import Entry
from tests import factories as make
from tests.conftest import DATA
from tests.imports.test_pages import bring, names, press, send
from tests.web.staff.test_roster import HERE as ROSTER
from tests.web.staff.test_roster import press as press_on
from tests.web.staff.test_roster import send as send_roster

REPORTS = DATA / "reports"


@dataclass(frozen=True)
class Case:
    """What a file gives: names as they are stored, the lines left out, and words that its preview must show."""

    file: str
    names: tuple[str, ...]
    left_out: tuple[int, ...] = ()
    told: tuple[str, ...] = ()


TWO = ("Anna Berg", "Tom Holt")
PEOPLE = tuple(f"Person {letter}lef" for letter in "ABCDEFGHIJKLMNOPQRST")
CASES = (
    Case("trailing-delimiter.csv", TWO, told=("semicolon", "anna@example.org")),
    Case("sep-hint.csv", TWO, told=("semicolon", "anna@example.org")),
    Case("title-row.xlsx", TWO, told=("1: Signatures collected at the market on 3 May", "deputy")),
    Case("first-last.csv", TWO, told=("3 columns hold something and are not used", "zip_code", "created_at")),
    Case("other-titles.csv", TWO, told=("anna@example.org", "Luton", "its title is known")),
    Case("hidden-rows.xlsx", TWO, (3,), ("1 row is hidden in the spreadsheet, on line 3", "Hidden rows are left out")),
    Case("error-cells.xlsx", (), (2, 3, 4, 5, 6), ("an error of the spreadsheet, such as #N/A",)),
    Case(
        "stray-quote.csv",
        (*PEOPLE, *(f"Signer {letter}ro" for letter in "ABCDE")),
        (22,),
        ("a quotation mark is open or stands in the wrong place",),
    ),
    Case(
        "invisible.csv",
        ("Anna Berg", "Ina Moss", "Petra Klein", "Tom Holt", "علی\u200cرضا محمدی"),
        (5,),
        ("a sign that cannot be seen",),
    ),
    Case(
        "no-space-after-dot.csv",
        (
            "Ch.Venkatesh Rao",
            "Dr.Anna Berg",
            "F.-X.Berger",
            "J.R.Holm",
            "Ma.Teresa Cruz",
            "Mr.Steven O'Hara",
            "Prof.Dr.Hans Meier",
            "St.John Rivers",
            "Д-р.Иванов Пётр",
            "Иванов П.С.",
        ),
    ),
    Case(
        "digits.csv",
        ("Firefly*", "Johan Berg 2nd", "People & Planet, St. Stephen's Church"),
        (3, 4),
        ("without digits",),
    ),
    Case("refs-sheet1.csv", ("Anna Berg", "Ina Moss", "Tom Holt"), told=("reference of your own",)),
)


@pytest.mark.parametrize("case", CASES, ids=[case.file for case in CASES])
def test_a_file_of_signatures_gives_on_the_page_exactly_what_its_preview_says(
    app: Any, world: make.World, organizer: FlaskClient, case: Case
) -> None:
    make.worker_lives(organizer)
    page = send(organizer, (REPORTS / case.file).read_bytes()).location
    shown = organizer.get(page).text
    for words in case.told:
        assert words.replace("'", "&#39;") in shown, words
    lines = organizer.get(f"{page}/rows-not-taken.csv").text.splitlines()[1:]
    assert tuple(int(line.split(",")[0]) for line in lines) == case.left_out
    buttons = re.findall(r"Import \d+ names? as received[^<]*", shown)
    if not case.names:
        assert buttons == []
        return
    left_out = len(case.left_out)
    what = f"Import {len(case.names)} names as received"
    rest = f"; {left_out} row{'s are' if left_out > 1 else ' is'} left out" if left_out else ""
    assert buttons == [what + rest]
    bring_on(app, organizer, page)
    assert tuple(names(app)) == tuple(sorted(case.names))
    assert make.problems(app, world.petition_id) == []


def bring_on(app: Any, organizer: FlaskClient, page: str) -> None:
    from tests.imports.test_pages import work

    assert press(organizer, page, "start").status_code == 303
    work(app)


@pytest.mark.parametrize("case", CASES, ids=[case.file for case in CASES])
def test_a_file_of_signatures_gives_at_the_shell_what_it_gives_on_the_page(
    app: Any, cli: Any, world: make.World, tmp_path: Path, case: Case
) -> None:
    path = tmp_path / case.file
    path.write_bytes((REPORTS / case.file).read_bytes())
    size, bad = len(case.names), len(case.left_out)
    said = cli("signatures", "import", make.SLUG, path, "--dry-run").out
    assert f"{size} rows would be taken, {bad} rows are left out; nothing was changed" in said
    assert names(app) == []
    assert list(tmp_path.glob(f"{case.file}*")) == [path]
    assert f"{size} signatures added, {bad} rows not taken" in cli("signatures", "import", make.SLUG, path).out
    assert tuple(names(app)) == tuple(sorted(case.names))


@dataclass(frozen=True)
class List:
    """What a roster's file gives: names, lines left out, cells left empty, and words that its preview must show."""

    file: str
    names: tuple[str, ...]
    left_out: tuple[int, ...] = ()
    empty: int = 0
    told: tuple[str, ...] = ()


LISTS = (
    List("roster-header-commas.csv", ("Зыков Пётр Ильич", "Лыкова Анна Петровна"), told=("lykova@example.org",)),
    List(
        "roster-title-rows.xlsx",
        ("Ежов Лев Львович", "Зыков Пётр Ильич", "Лыкова Анна Петровна"),
        (5, 6, 9),
        told=("this line only numbers the columns", "a heading or a total"),
    ),
    List(
        "roster-sections.csv",
        ("Зыков Пётр Ильич", "Лыкова Анна Петровна"),
        (2, 4, 6, 7, 8),
        told=("this seat is vacant", "a heading or a total", "5 rows look like headings, totals or vacant seats"),
    ),
    List(
        "roster-dates.csv",
        ("Berg Anna", "Holt Tom", "Moss Ina", "Stern Ivo", "Зыков Пётр", "Лыкова Анна"),
        empty=2,
        told=(
            "2</b> cells are left empty; their people are taken",
            "In days such as 08/09/2019, what comes first?",
            "a year alone was read as its first or its last day",
        ),
    ),
    List(
        "roster-invisible.csv",
        ("Berg Anna", "احمدی سارا", "محمدی علی\u200cرضا"),
        (4,),
        told=("a sign that cannot be seen",),
    ),
)


def people(app: Any, world: make.World) -> tuple[str, ...]:
    with make.looking(app):
        version = rosters.current(world.petition_id)
        found: list[Entry] = list(rosters.iter_entries(version.id)) if version else []
        return tuple(sorted(entry.name for entry in found))


@pytest.mark.parametrize("case", LISTS, ids=[case.file for case in LISTS])
def test_a_roster_gives_on_the_page_exactly_what_its_preview_says(
    app: Any, world: make.World, organizer: FlaskClient, case: List
) -> None:
    send_roster(organizer, (REPORTS / case.file).read_bytes())
    page = organizer.get(f"{ROSTER}/preview")
    for words in case.told:
        assert words in page.text, words
    lines = organizer.get(f"{ROSTER}/rows-not-taken.csv").text.splitlines()[1:]
    assert tuple(int(line.split(",")[0]) for line in lines) == case.left_out
    assert f"Use this roster of {len(case.names)} people" in page.text
    assert press_on(organizer, page, "use").status_code == 303
    assert people(app, world) == tuple(sorted(case.names))


@pytest.mark.parametrize("case", LISTS, ids=[case.file for case in LISTS])
def test_a_roster_gives_at_the_shell_what_it_gives_on_the_page(
    app: Any, cli: Any, world: make.World, tmp_path: Path, case: List
) -> None:
    path = tmp_path / case.file
    path.write_bytes((REPORTS / case.file).read_bytes())
    words = ("roster", "import", make.SLUG, path, "--name", "Deputies", "--as-of", "2026-09-01")
    size, bad = len(case.names), len(case.left_out)
    said = cli(*words, "--dry-run").out
    assert f"{size} rows would be taken, {bad} rows are left out; nothing was changed" in said
    assert said.count("is taken without a cell") == case.empty
    assert people(app, world) == ()
    done = cli(*words)
    assert f"{bad} rows not taken" in done.out
    assert done.err.count("is taken without a cell") == case.empty
    assert people(app, world) == tuple(sorted(case.names))


@pytest.mark.standard("In sealed mode no reference is remembered.")
def test_a_second_sheet_that_counts_its_rows_anew_is_told_and_can_be_taken(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    bring(app, organizer, (REPORTS / "refs-sheet1.csv").read_bytes())
    page = send(organizer, (REPORTS / "refs-sheet2.csv").read_bytes()).location
    shown = organizer.get(page)
    assert "The references of 3 rows were imported before." in shown.text
    assert "/start" not in shown.text
    assert press(organizer, page, "columns", column0="").status_code == 303
    assert "Import 3 names as received" in organizer.get(page).text
    bring_on(app, organizer, page)
    assert len(names(app)) == 6


def test_rows_that_a_spreadsheet_hides_can_be_taken(app: Any, world: make.World, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    page = send(organizer, (REPORTS / "hidden-rows.xlsx").read_bytes()).location
    assert press(organizer, page, "columns", with_hidden="y").status_code == 303
    assert "Import 3 names as received" in organizer.get(page).text
    bring_on(app, organizer, page)
    assert names(app) == ["Anna Berg", "Struck Out", "Tom Holt"]


def test_truth_values_are_no_names_and_errors_beside_a_name_are_empty(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["name", "place"], [True, "Ely"], ["Anna Berg", "#N/A"]):
        book.active.append(row)
    book.save(out)
    make.worker_lives(organizer)
    page = send(organizer, out.getvalue()).location
    shown = organizer.get(page).text
    assert "TRUE or FALSE stands where the name should be" in shown
    assert "1 cell holds an error of the spreadsheet" in shown
    assert "Import 1 name as received; 1 row is left out" in shown
