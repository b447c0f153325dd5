"""Files as people have them, on the page and at the shell: ODS, exports of petition tools, rows there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories as make
from tests import sheets
from tests.imports.test_pages import bring, names, press, send, work

TWO = ["Anna Berg", "Tom Holt"]


def at_the_shell(cli: Any, tmp_path: Path, content: bytes, *words: str) -> Any:
    path = tmp_path / "rows.bin"
    path.write_bytes(content)
    return cli("signatures", "import", make.SLUG, path, *words)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        # Google Forms.
        (
            [
                ["Timestamp", "Email Address", "Your full name", "City"],
                ["2026/05/03 10:00:00 AM GMT+3", "a@example.org", "Anna Berg", "Ely"],
                ["2026/05/03 10:01:00 AM GMT+3", "t@example.org", "Tom Holt", "Ely"],
            ],
            ("Timestamp", "a@example.org"),
        ),
        (
            [
                ["Отметка времени", "Адрес электронной почты", "Имя и фамилия", "Из какого вы города?"],
                ["03.05.2026 10:00:00", "a@example.org", "Anna Berg", "Ely"],
                ["03.05.2026 10:01:00", "t@example.org", "Tom Holt", "Ely"],
            ],
            ("a@example.org",),
        ),
        # Action Network.
        (
            [
                ["first_name", "last_name", "email", "zip_code", "can2_user_city", "can2_state_abbreviated"],
                ["Anna", "Berg", "a@example.org", "10115", "Ely", "DE"],
                ["Tom", "Holt", "t@example.org", "LU1 1AA", "Ely", ""],
            ],
            ("zip_code",),
        ),
        # Change.org.
        (
            [
                ["Name", "City", "State", "Postal Code", "Country", "Signed On"],
                ["Anna Berg", "Ely", "", "10115", "DE", "2026-05-03"],
                ["Tom Holt", "Ely", "", "LU1 1AA", "GB", "2026-05-03"],
            ],
            ("Signed On",),
        ),
        # LimeSurvey.
        (
            [
                ["id. Response ID", "submitdate. Date submitted", "startlanguage. Start language", "Q00. Your name"],
                ["1", "2026-05-03 10:00:00", "en", "Anna Berg"],
                ["2", "2026-05-03 10:01:00", "en", "Tom Holt"],
            ],
            ("submitdate",),
        ),
        # Nextcloud Forms: a line for programs below the titles, accounts beside the names that were asked for.
        (
            [
                ["Submission ID", "User ID", "User display name", "Timestamp", "Name"],
                ["submission_id", "user_id", "user_display_name", "timestamp", "question-id-7"],
                ["1", "", "Anonymous user", "2026-05-03T10:00:00+02:00", "Anna Berg"],
                ["2", "tom", "tom_h", "2026-05-03T10:01:00+02:00", "Tom Holt"],
            ],
            ("this line names the columns for a program",),
        ),
        # Decidim.
        (
            [
                ["ID", "Answered on", "IP Hash", "User status", "1. Your name", "2. City"],
                ["5f1d", "2026-05-03 10:00:00 UTC", "ab", "registered", "Anna Berg", "Ely"],
                ["6a2c", "2026-05-03 10:01:00 UTC", "cd", "unregistered", "Tom Holt", "Ely"],
            ],
            ("User status",),
        ),
    ],
    ids=["google", "google-ru", "action-network", "change", "limesurvey", "nextcloud", "decidim"],
)
def test_an_export_is_read_as_it_comes(
    app: Any, cli: Any, world: make.World, organizer: FlaskClient, tmp_path: Path, rows: Any, told: tuple[str, ...]
) -> None:
    said = at_the_shell(cli, tmp_path, sheets.as_csv(rows), "--dry-run").out
    assert "2 rows would be taken" in said
    make.worker_lives(organizer)
    page = send(organizer, sheets.as_csv(rows)).location
    shown = organizer.get(page).text
    for words in told:
        assert words in shown, words
    assert press(organizer, page, "start").status_code == 303
    work(app)
    assert names(app) == TWO


def test_a_form_that_was_sent_without_a_name_is_no_signature(organizer: FlaskClient) -> None:
    rows = [["User display name", "Timestamp"], ["Anonymous user", "2026-05-03"], ["Anna Berg", "2026-05-03"]]
    shown = organizer.get(send(organizer, sheets.as_csv(rows)).location).text
    assert "the form was sent without a name" in shown
    assert "Import 1 name as received; 1 row is left out" in shown


def test_an_ods_file_gives_on_the_page_what_it_gives_at_the_shell(
    app: Any, cli: Any, world: make.World, organizer: FlaskClient, tmp_path: Path
) -> None:
    rows = [["Names of May", ""], ["name", "place"], ["Anna Berg", "Ely"], ["Struck Out", "Ely"], ["#N/A", "Ely"]]
    content = sheets.as_ods([*rows, ["Tom Holt", "#REF!"]], hidden={4: "filter"})
    shown = organizer.get(send(organizer, content).location).text
    for words in (
        "1 row is hidden in the spreadsheet, on line 4",
        "an error of the spreadsheet, such as #N/A",
        "1 cell holds an error of the spreadsheet",
        "Import 2 names as received; 2 rows are left out",
    ):
        assert words in shown, words
    assert "2 signatures added, 2 rows not taken" in at_the_shell(cli, tmp_path, content).out
    assert names(app) == TWO


def test_what_a_spreadsheet_hides_merges_or_lacks_is_told_before_anything_is_taken(
    cli: Any, organizer: FlaskClient, tmp_path: Path
) -> None:
    rows = [
        ["name", "place", "role", "ref"], ["Anna Berg", "Ely", "=1+1", "x"], ["Tom Holt", "", "deputy", "y"],
        ["=A2", "Ely", "", "z"], ["Ina_x000D_ Moss_x0416_", "", "", ""],
    ]  # fmt: skip
    content = sheets.as_xlsx(rows, hidden_columns=["D"], merged=["B2:B3"])
    shown = organizer.get(send(organizer, content).location).text
    for words in (
        "a formula whose result the file does not hold stands where the name should be",
        "1 cell holds an error of the spreadsheet, such as #N/A, or a formula without a result",
        "1 column is hidden in the spreadsheet",
        "On 1 line a cell is merged with one above it: line 3",
    ):
        assert words in shown, words
    assert "_x0" not in shown
    said = at_the_shell(cli, tmp_path, content, "--dry-run").out
    assert "column hidden in the spreadsheet: ref" in said
    assert "cells of 1 lines are merged with one above, the first is line 3" in said


def test_titles_may_stand_in_two_lines(organizer: FlaskClient) -> None:
    rows = [["Signer", "", "City", ""], ["Last name", "First name", "", "Note"], ["Berg", "Anna", "Ely", ""]]
    rows += [rows[0], rows[1]]
    shown = organizer.get(send(organizer, sheets.as_xlsx(rows)).location).text
    assert "Import 1 name as received; 2 rows are left out" in shown
    assert "this line repeats the titles" in shown
    assert "Anna Berg" in shown


def test_rows_that_look_like_headings_are_asked_about(app: Any, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    page = send(organizer, "name,place\nTotal,\nAnna District,\nAnna Berg,Ely\n").location
    shown = organizer.get(page).text
    assert "2 rows look like headings, totals or vacant seats, the first is line 2." in shown
    assert "Import 1 name as received; 2 rows are left out" in shown
    assert press(organizer, page, "columns", with_headings="y").status_code == 303
    assert "Import 3 names as received" in organizer.get(page).text
    assert press(organizer, page, "start").status_code == 303
    work(app)
    assert names(app) == ["Anna Berg", "Anna District", "Total"]


# --- what is there already --------------------------------------------------------------------------------------

FIRST = "ref,name,email\n1,Anna Berg,a@example.org\n2,Tom Holt,\n"


@pytest.mark.standard("In sealed mode no reference and no name is remembered.")
def test_a_reference_that_meets_another_name_is_told_as_such(
    app: Any, cli: Any, organizer: FlaskClient, tmp_path: Path
) -> None:
    bring(app, organizer, FIRST)
    again = "ref,name\n1,Anna Berg\n2,Dora Penn\n3,Ina Moss\n"
    page = send(organizer, again).location
    lines = organizer.get(f"{page}/rows-not-taken.csv").text.splitlines()
    assert lines[1:] == [
        '2,"this reference was imported before, so the row is passed over"',
        '3,"this reference was imported before, and no signature of this name is there"',
    ]
    path = tmp_path / "again.csv"
    path.write_text(again)
    assert "1 signatures added, 2 rows not taken" in cli("signatures", "import", make.SLUG, path).out
    assert path.with_name("again.csv.errors.csv").read_text().splitlines()[1:] == lines[1:]


@pytest.mark.standard("In sealed mode no reference and no name is remembered.")
def test_rows_saved_anew_are_told_and_can_be_left_out(
    app: Any, cli: Any, organizer: FlaskClient, tmp_path: Path
) -> None:
    bring(app, organizer, FIRST)
    again = "name;email;place\nTom Holt;;Ely\nAnna Berg;a@example.org;\nAnna Berg;other@example.org;\nIna Moss;;\n"
    make.worker_lives(organizer)
    page = send(organizer, again).location
    shown = organizer.get(page).text
    assert "2 rows have a name and an address that are there already, the first is line 2." in shown
    assert "Import 2 names as received; 2 rows are left out" in shown, "the file repeats an earlier one"
    assert press(organizer, page, "columns", without_known=[]).status_code == 303
    assert "Import 4 names as received" in organizer.get(page).text
    assert press(organizer, page, "columns", without_known="y").status_code == 303
    assert "Import 2 names as received; 2 rows are left out" in organizer.get(page).text
    path = tmp_path / "again.csv"
    path.write_text(again)
    for options, size, bad, what in (
        (["--dry-run"], 4, 0, "taken all the same"),
        (["--dry-run", "--without-known"], 2, 2, "are left out"),
    ):
        said = cli("signatures", "import", make.SLUG, path, *options).out
        assert f"{size} rows would be taken, {bad} rows are left out" in said
        assert what in said
    assert press(organizer, page, "start").status_code == 303
    work(app)
    assert names(app) == ["Anna Berg", "Anna Berg", "Ina Moss", "Tom Holt"]
    path.write_text(again + "Carl Wood;;\n")
    said = cli("signatures", "import", make.SLUG, path, "--without-known")
    assert "1 signatures added, 4 rows not taken" in said.out
    assert "4 rows have a name and address that are there already, the first is line 2; they are left out" in said.err
    assert len(names(app)) == 5


FAULTY = "name,email\nAnna Berg,a@example.org\nИвaнов Пётр,\nTom Holt,\nIna Moss 7,\n"


@pytest.mark.standard("In sealed mode no reference and no name is remembered.")
@pytest.mark.parametrize("by_tick", [True, False])
def test_rows_left_out_come_in_with_the_same_file_and_no_other_twice(
    app: Any, world: make.World, organizer: FlaskClient, *, by_tick: bool
) -> None:
    bring(app, organizer, FAULTY)
    assert names(app) == ["Anna Berg", "Tom Holt"]
    again = FAULTY if by_tick else FAULTY.replace("Ивaнов", "Иванов").replace("Moss 7", "Moss")
    page = send(organizer, again).location
    shown = organizer.get(page).text
    assert "2 rows have a name and an address that are there already, the first is line 2." in shown
    assert "Such rows are left out." in shown
    if by_tick:
        assert "/start" not in shown, "no other row can be taken as it stands"
        assert press(organizer, page, "columns", mended=["3"], without_known="y").status_code == 303
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Anna Berg", *([] if by_tick else ["Ina Moss"]), "Tom Holt", "Иванов Пётр"]
    page = send(organizer, again).location
    assert press(organizer, page, "columns", mended=["3"] if by_tick else [], without_known="y").status_code == 303
    assert "/start" not in organizer.get(page).text, "all that can be taken is there"
    assert make.problems(app, world.petition_id) == []


@pytest.mark.standard("In sealed mode no reference and no name is remembered.")
def test_a_file_that_was_taken_in_whole_is_refused_the_second_time(app: Any, organizer: FlaskClient) -> None:
    bring(app, organizer, FIRST)
    refused = send(organizer, FIRST)
    assert refused.status_code == 422
    assert "This file was imported before; nothing was added." in refused.text


@pytest.mark.standard("In sealed mode no reference and no name is remembered.")
def test_whoever_withdrew_is_not_remembered(app: Any, world: make.World, organizer: FlaskClient) -> None:
    signed = make.make_signature(app, world.petition_id, "Anna Berg", email="a@example.org")
    rows = "name,email\nAnna Berg,a@example.org\nTom Holt,\n"
    assert "there already: line 2" in organizer.get(send(organizer, rows).location).text
    make.withdraw(app, signed)
    assert "there already" not in organizer.get(send(organizer, rows).location).text
