"""What an import offers and does only when it is told: names as they were meant, merged cells filled, another sheet."""

from __future__ import annotations

import io
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from petition_app.roster.models import RosterEntry
from petition_app.storage.db import db
from tests import factories as make
from tests import sheets
from tests.imports.test_pages import names, press, send, work
from tests.web.staff.test_roster import HERE as ROSTER
from tests.web.staff.test_roster import press as press_form
from tests.web.staff.test_roster import send as send_roster
from tests.web.staff.test_roster import used

MIXED = [["ФИО", "Город"], ["Ивaнов Пётр", "Лесное"], ["Анна Долгих", "Лесное"], ["Белых Вepa", "Лесное"]]
MERGED: list[list[str | None]] = [
    ["name", "place"],
    ["Anna Berg", "Ely"],
    ["Tom Holt", None],
    ["Ina Moss", None],
    ["Eva Lind", "Luton"],
]


@pytest.fixture
def organizer(app: Any, world: make.World) -> FlaskClient:
    client = make.signed_in(app, world.organizer)
    make.worker_lives(client)
    return client


def is_sealed() -> bool:
    return make.default_mode == "sealed"


def two_sheets(kind: str) -> bytes:
    first, second = [["name"], ["Anna Berg"]], [["name", "place"], ["Tom Holt", "Ely"], ["Ina Moss", "Ely"]]
    if kind == "ods":
        rows = [["".join(map(sheets.ods_cell, row)) for row in sheet] for sheet in (first, second)]
        return sheets.pack_ods(sheets.ods_sheet(rows[0], name="May"), sheets.ods_sheet(rows[1], name="June"))
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "May"
    for sheet, lines in zip((book.active, book.create_sheet("June")), (first, second), strict=True):
        for line in lines:
            sheet.append(line)
    book.save(out)
    return out.getvalue()


def merged(kind: str) -> bytes:
    if kind == "xlsx":
        return sheets.as_xlsx(MERGED, merged=["B2:B4"])
    cells = [["".join(sheets.ods_cell(cell or "") for cell in row)] for row in MERGED]
    rows = ["".join(row) for row in cells]
    spanned = sheets.ods_cell("Ely", **{"number-rows-spanned": "3", "number-columns-spanned": "1"})
    rows[1] = sheets.ods_cell("Anna Berg") + spanned
    for line in (2, 3):
        rows[line] = sheets.ods_cell(str(MERGED[line][0])) + "<table:covered-table-cell/>"
    return sheets.pack_ods(sheets.ods_sheet(rows))


def press_on(client: FlaskClient, button: str, **fields: Any) -> Any:
    return press_form(client, client.get(f"{ROSTER}/preview"), button, **fields)


def roster_entries(app: Any) -> set[tuple[str, str]]:
    with make.looking(app):
        return {(row.name, row.place) for row in db.session.scalars(db.select(RosterEntry))}


def at_the_shell(cli: Any, tmp_path: Path, content: bytes, *words: str, code: int = 0) -> Any:
    path = tmp_path / "rows.bin"
    path.write_bytes(content)
    return cli("signatures", "import", make.SLUG, path, *words, code=code)


def test_names_of_mixed_letters_are_offered_as_they_read_and_taken_so_by_row(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    page = send(organizer, sheets.as_csv(MIXED)).location
    shown = unescape(organizer.get(page).text)
    for words in ("Did you mean these? 2 names", "Ивaнов Пётр", "Иванов Пётр", "Белых Вера", "None is changed"):
        assert words in shown
    assert "Import 1 name as received; 2 rows are left out" in shown
    assert press(organizer, page, "columns", mended=["2"]).status_code == 303
    shown = unescape(organizer.get(page).text)
    assert "1 of them is taken as it reads" in shown
    assert "Import 2 names as received; 1 row is left out" in shown
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Анна Долгих", "Иванов Пётр"]


STRAYS = [["Фамилия", "Имя", "Место"], ["Петров", "Makap", "Лесное"], ["Анна", "Berg", "Лесное"]]


@pytest.mark.parametrize(("mended", "name"), [([], "Петров Makap"), (["2"], "Петров Макар")])
def test_a_whole_word_of_look_alikes_is_offered_across_columns_and_never_refused(
    app: Any, world: make.World, organizer: FlaskClient, mended: list[str], name: str
) -> None:
    page = send(organizer, sheets.as_csv(STRAYS)).location
    shown = unescape(organizer.get(page).text)
    assert "Did you mean this? 1 name" in shown
    assert "Import 2 names as received" in shown
    assert press(organizer, page, "columns", mended=mended).status_code == 303
    press(organizer, page, "start")
    work(app)
    assert name in names(app)
    assert send_roster(organizer, sheets.as_csv(STRAYS)).status_code == 303
    assert press_on(organizer, "columns", mended=mended).status_code == 303
    assert press_on(organizer, "use").status_code == 303
    assert name in used(app, world)


def test_all_names_are_taken_as_they_read_by_one_tick(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = send(organizer, sheets.as_csv(MIXED)).location
    assert press(organizer, page, "columns", mended=["7"]).status_code == 422, "there is no such line"
    assert press(organizer, page, "columns", with_mended="y").status_code == 303
    assert "All of them are taken as they read" in organizer.get(page).text
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Анна Долгих", "Белых Вера", "Иванов Пётр"]


@pytest.mark.parametrize(
    ("option", "taken"),
    [
        ((), ["Анна Долгих"]),
        (("--mended", "4"), ["Анна Долгих", "Белых Вера"]),
        (("--mended", "all"), ["Анна Долгих", "Белых Вера", "Иванов Пётр"]),
    ],
)
def test_the_shell_tells_them_and_takes_those_that_are_named(
    app: Any, world: make.World, cli: Any, tmp_path: Path, option: tuple[str, ...], taken: list[str]
) -> None:
    done = at_the_shell(cli, tmp_path, sheets.as_csv(MIXED), *option)
    assert "line 2: Ивaнов Пётр reads Иванов Пётр" in done.err
    assert f"{len(taken)} signatures added" in done.out
    assert names(app) == taken
    at_the_shell(cli, tmp_path, sheets.as_csv(MIXED), "--mended", "some", code=2)


def test_a_roster_offers_the_same_and_is_taken_once_more_for_it(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    for mended, name in (({}, "Ивaнов Пётр"), ({"with_mended": "y"}, "Иванов Пётр")):
        assert send_roster(organizer, sheets.as_csv(MIXED)).status_code == 303
        assert "Did you mean these? 2 names" in organizer.get(f"{ROSTER}/preview").text
        assert press_on(organizer, "columns", **mended).status_code == 303
        assert press_on(organizer, "use").status_code == 303
        assert name in used(app, world)
        assert len(used(app, world)) == 3


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_merged_cells_are_filled_down_where_it_is_said(
    app: Any, world: make.World, organizer: FlaskClient, kind: str
) -> None:
    assert send_roster(organizer, merged(kind)).status_code == 303
    shown = organizer.get(f"{ROSTER}/preview").text
    assert "On 2 lines cells are merged with some above them, the first is line 3" in shown
    assert "There such cells are taken as empty" in shown
    assert press_on(organizer, "columns", with_filled="y").status_code == 303
    assert "What these hold is taken there, too" in organizer.get(f"{ROSTER}/preview").text
    assert press_on(organizer, "use").status_code == 303
    assert {place for name, place in roster_entries(app) if "Lind" not in name} == {"Ely"}
    assert len(roster_entries(app)) == 4


def test_the_shell_fills_merged_cells_by_an_option(app: Any, world: make.World, cli: Any, tmp_path: Path) -> None:
    told = at_the_shell(cli, tmp_path, merged("xlsx"), "--dry-run").out
    assert "cells of 2 lines are merged with one above, the first is line 3" in told
    assert told.count("place: Ely") == 1
    assert at_the_shell(cli, tmp_path, merged("xlsx"), "--dry-run", "--with-filled").out.count("place: Ely") == 3


@pytest.mark.everywhere
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_another_sheet_is_chosen_and_each_is_imported_once(
    app: Any, world: make.World, organizer: FlaskClient, kind: str
) -> None:
    content = two_sheets(kind)
    page = send(organizer, content).location
    assert "The file has 2 sheets; this one is read:" in organizer.get(page).text
    assert press(organizer, page, "columns", sheet="July").status_code == 422
    assert press(organizer, page, "columns", sheet="June").status_code == 303
    assert "Import 2 names as received" in organizer.get(page).text
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Ina Moss", "Tom Holt"]
    page = send(organizer, content).location
    if not is_sealed():  # A sealed letter remembers no file.
        assert press(organizer, page, "columns", sheet="June").status_code == 422, "it is there already"
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Anna Berg", "Ina Moss", "Tom Holt"]
    assert is_sealed() or send(organizer, content).status_code == 422


def test_after_its_first_sheet_a_file_begins_with_the_next(app: Any, world: make.World, organizer: FlaskClient) -> None:
    content = two_sheets("xlsx")
    for _ in range(2):
        press(organizer, send(organizer, content).location, "start")
        work(app)
    assert is_sealed() or names(app) == ["Anna Berg", "Ina Moss", "Tom Holt"]


def test_the_shell_reads_the_sheet_that_is_named(app: Any, world: make.World, cli: Any, tmp_path: Path) -> None:
    wrong = at_the_shell(cli, tmp_path, two_sheets("ods"), "--sheet", "July", code=1)
    assert "it has no sheet of this name" in wrong.output
    done = at_the_shell(cli, tmp_path, two_sheets("ods"), "--sheet", "June")
    assert "of 2 sheets one is read: June; the others (--sheet) are May" in done.err
    assert "1 signatures added" in at_the_shell(cli, tmp_path, two_sheets("ods")).out
    assert names(app) == ["Anna Berg", "Ina Moss", "Tom Holt"]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_roster_is_read_from_another_sheet(app: Any, world: make.World, organizer: FlaskClient, kind: str) -> None:
    assert send_roster(organizer, two_sheets(kind)).status_code == 303
    assert press_on(organizer, "columns", sheet="June").status_code == 303
    assert press_on(organizer, "use").status_code == 303
    assert len(roster_entries(app)) == 2
