"""The organizer's road: upload, preview, columns, use."""

from __future__ import annotations

import io
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from petition_app import config
from petition_app.cli.supervisor import supervise
from petition_app.clock import utcnow
from petition_app.roster import services, uploads
from tests import dumps
from tests import factories as make
from tests.conftest import DATA

HERE = f"/organizer/p/{make.SLUG}/roster"
LIST = "ФИО,Совет,Почта,Можно писать\nКолчина Валентина Борисовна,МО Северное,k@example.org,да\n"


def send(client: FlaskClient, content: str | bytes, **fields: Any) -> TestResponse:
    """Fill the form of the roster's page in and send it with a file."""
    form = make.form_with(client.get(HERE), "csrf_token", "name", "as_of")
    raw = content if isinstance(content, bytes) else content.encode()
    values = {"name": "Deputies", "as_of": "2026-09-01", "file": FileStorage(io.BytesIO(raw), "list.csv", "file")}
    boundary, body = encode_multipart({**form, **values, **fields})
    return client.post(HERE, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def press(client: FlaskClient, page: TestResponse, button: str, **fields: Any) -> TestResponse:
    """Send the form of a page whose address ends so."""
    (form,) = [form for form in make.forms_of(page) if form["action"].endswith(f"/{button}")]
    return client.post(form["action"], data=form["fields"] | fields)


def used(app: Any, world: make.World) -> list[str]:
    """Return the names on the roster in use."""
    with make.looking(app):
        version = services.current(world.petition_id)
        return [entry.name for entry in services.list_entries(version.id)] if version else []


def files() -> list[Path]:
    folder = config.current().instance / "uploads"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_an_upload_is_previewed_then_used(app: Any, world: make.World, organizer: FlaskClient) -> None:
    assert "There is no roster yet" in organizer.get(HERE).text
    answer = send(organizer, LIST)
    assert (answer.status_code, answer.location) == (303, f"{HERE}/preview")
    before = dumps.tables(app)
    page = organizer.get(answer.location)
    assert dumps.tables(app) == before
    for words in ("Колчина", "МО Северное", "k@example.org", "safe to use", "first roster", "Nothing has changed yet"):
        assert words in page.text
    assert used(app, world) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in files())
    done = press(organizer, page, "use")
    assert (done.status_code, done.location) == (303, HERE)
    shown = organizer.get(HERE).text
    assert "The roster of 1 person is in use." in shown
    assert "in use" in shown
    assert used(app, world) == ["Колчина Валентина Борисовна"]
    assert files() == []


def test_the_preview_compares_with_the_roster_in_use(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, "id,surname,council\n1a,Anin,North\n2a,Benin,North\n3a,Cenin,North\n")
    press(organizer, organizer.get(f"{HERE}/preview"), "use")
    send(organizer, "id,surname,council\n1a,Anin,North\n2a,Benin,South\n4a,Denin,South\n", as_of="2026-08-01")
    page = organizer.get(f"{HERE}/preview")
    assert "older than the one in use" in page.text
    for number, word, name in (("1", "added", "Denin"), ("1", "gone", "Cenin"), ("1", "changed", "Benin")):
        part = page.text.split(f'<b class="figure">{number}</b> {word}')[1].split("</div>")[0]
        assert name in part
    assert "body, such as a council" in page.text.split("</b> changed")[1].split("</div>")[0]
    press(organizer, page, "use")
    assert "1 added, 1 gone, 1 changed" in organizer.get(HERE).text


def test_guessed_columns_can_be_corrected(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, "Кто,Где,x\nКолчина Валентина,Лесное,1\n")
    page = organizer.get(f"{HERE}/preview")
    assert "one of them must hold the name" in page.text
    assert not [form for form in make.forms_of(page) if form["action"].endswith("/use")]
    twice = press(organizer, page, "columns", column0="name", column1="name")
    assert twice.status_code == 422
    assert "two columns have the same meaning" in twice.text
    for wrong in ({"column0": "shoes"}, {"column0": "name", "column1": "surname"}):
        assert press(organizer, page, "columns", **wrong).status_code == 422
    assert press(organizer, page, "columns", column0="name", column1="place").status_code == 303
    page = organizer.get(f"{HERE}/preview")
    assert "Лесное" in page.text
    press(organizer, page, "use")
    assert used(app, world) == ["Колчина Валентина"]


def test_rows_that_cannot_be_taken_are_named_and_left_out(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, "surname,term_from\nAnin,2020-01-01\nBenin,yesterday\n\nCe\u202enin,\nDenin,\nAnin,\n")
    page = organizer.get(f"{HERE}/preview")
    for words in ("2</b> rows are left out", "a sign that cannot be seen", "stands twice", "1</b> cell is left empty"):
        assert words in page.text
    assert "this is no day that can be read" in page.text.split("cell is left empty")[1]
    answer = organizer.get(f"{HERE}/rows-not-taken.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = answer.text.splitlines()
    assert [line.split(",")[0] for line in lines] == ["line", "5", "7"]
    assert "nin" not in answer.text
    assert "neither body nor place" in page.text
    press(organizer, page, "use")
    assert sorted(used(app, world)) == ["Anin", "Benin", "Denin"]


def test_ids_that_count_the_lines_are_pointed_out(organizer: FlaskClient, world: make.World) -> None:
    send(organizer, "№,ФИО,Совет\n1,Анин Иван,МО\n2,Бенин Пётр,МО\n")
    assert "look like a count of the lines" in organizer.get(f"{HERE}/preview").text


def test_a_spreadsheet_is_read_as_well(app: Any, world: make.World, organizer: FlaskClient) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Фамилия", "Имя", "с"])
    book.active.append(["Колчина", "Валентина", utcnow().date()])
    book.save(out)
    assert send(organizer, out.getvalue()).status_code == 303
    for _ in range(2):
        assert "Валентина" in organizer.get(f"{HERE}/preview").text
    press(organizer, organizer.get(f"{HERE}/preview"), "use")
    assert used(app, world) == ["Колчина Валентина"]


def test_a_file_of_a_megabyte_passes_and_a_huge_one_does_not(organizer: FlaskClient, world: make.World) -> None:
    assert send(organizer, "surname,body\n" + "".join(f"N{n},{'x' * 150}\n" for n in range(8000))).status_code == 303
    assert send(organizer, b"surname\n" + b"Anin\n" * 8_000_000).status_code == 413


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (bytes(range(256)) * 4, "cannot be read in this encoding"),
        (b"PK\x03\x04 no archive", "not a spreadsheet"),
        (b"\xd0\xcf\x11\xe0 old", "old kind"),
    ],
    ids=["empty", "binary", "broken archive", "old spreadsheet"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(
    app: Any, world: make.World, organizer: FlaskClient, content: bytes, words: str
) -> None:
    answer = send(organizer, content)
    assert answer.status_code == 422
    assert words in answer.text
    assert files() == []
    assert used(app, world) == []


def test_an_incomplete_form_is_refused_and_keeps_nothing(organizer: FlaskClient, world: make.World) -> None:
    for missing in ({"name": ""}, {"as_of": ""}, {"as_of": "soon"}, {"name": "x" * 201}, {"as_of": "2999-01-01"}):
        answer = send(organizer, LIST, **missing)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert files() == []


def test_the_file_in_use_adds_nothing_when_it_is_uploaded_again(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    send(organizer, LIST)
    press(organizer, organizer.get(f"{HERE}/preview"), "use")
    again = send(organizer, LIST)
    assert again.status_code == 422
    assert "in use already" in again.text
    assert files() == []


def test_only_what_was_looked_at_can_be_used(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, LIST)
    page = organizer.get(f"{HERE}/preview")
    send(organizer, "surname\nAnin\n")
    for button in ("use", "columns"):
        assert press(organizer, page, button).status_code == 409
        assert press(organizer, page, button, version="x").status_code == 409
    assert used(app, world) == []
    newer = organizer.get(f"{HERE}/preview")
    assert press(organizer, newer, "use").status_code == 303
    assert press(organizer, newer, "use").status_code == 409
    assert used(app, world) == ["Anin"]


def test_a_file_can_be_removed_and_an_empty_preview_says_so(organizer: FlaskClient, world: make.World) -> None:
    send(organizer, LIST)
    assert press(organizer, organizer.get(f"{HERE}/preview"), "discard").status_code == 303
    page = organizer.get(f"{HERE}/preview")
    assert page.status_code == 200
    assert "No file waits here" in page.text
    assert organizer.get(f"{HERE}/rows-not-taken.csv").text.split() == ["line,reason"]
    assert files() == []


def test_uploads_that_nobody_used_are_gone_after_a_day(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, LIST)
    organizer.get(f"{HERE}/preview")
    assert len(files()) == 2
    with make.acting(app):
        uploads.forget_old(at=utcnow())
    assert len(files()) == 2
    long_ago = time.time() - timedelta(days=2).total_seconds()
    for path in files():
        os.utime(path, (long_ago, long_ago))
    with make.acting(app):
        uploads.forget_old(at=utcnow())
    assert files() == []
    assert "cannot be read: it is not there" in organizer.get(f"{HERE}/preview").text
    with make.acting(app):
        for version_id in services.list_old(at=utcnow() + timedelta(days=2)):
            services.discard(version_id)
    assert "No file waits here" in organizer.get(f"{HERE}/preview").text


def test_a_file_outlives_what_is_rolled_back_and_nothing_else(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    send(organizer, LIST)
    assert files()
    with make.acting(app) as work:
        uploads.discard(make.petition(world.petition_id), by=make.account(world.organizer))  # type: ignore[arg-type] # There is one.
        work.discard()
    assert files(), "the row still waits for its file"
    with make.acting(app):
        uploads.discard(make.petition(world.petition_id), by=make.account(world.organizer))  # type: ignore[arg-type] # There is one.
        assert files(), "not before the change is safe"
    assert files() == []


def test_a_host_without_a_worker_and_without_a_database_forgets_its_own_files(
    organizer: FlaskClient, world: make.World
) -> None:
    send(organizer, LIST)
    old = time.time() - 25 * 3600
    for path in files():
        os.utime(path, (old, old))
    calls: list[int] = []

    def look(number: int) -> None:
        calls.append(number)
        uploads.forget_old(at=utcnow())
        os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        supervise({"web": ["sleep", "60"]}, hourly=lambda: look(1))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert calls == [1]
    assert files() == []


def test_a_script_in_a_file_stays_words(organizer: FlaskClient, world: make.World) -> None:
    send(
        organizer, "surname,<script>alert(1)</script>\n<script>alert(2)</script>,x\n", name="<script>alert(3)</script>"
    )
    page = organizer.get(f"{HERE}/preview").text
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_the_founding_roster_takes_the_whole_road(app: Any, world: make.World, organizer: FlaskClient) -> None:
    send(organizer, (DATA / "roster.csv").read_bytes())
    page = organizer.get(f"{HERE}/preview")
    assert '<b class="figure">424</b> people' in page.text
    press(organizer, page, "use")
    assert len(used(app, world)) == 424


def test_which_of_day_and_month_comes_first_is_asked_on_the_page(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    send(organizer, "name,since,until\nAda Sample,08/09/2019,2024\n")
    page = organizer.get(f"{HERE}/preview")
    assert "In days such as 08/09/2019, what comes first?" in page.text
    assert "a year alone was read as its first or its last day" in page.text
    assert "Taken without a cell that is not understood" in page.text
    assert press(organizer, page, "columns", days="dmy").status_code == 303
    page = organizer.get(f"{HERE}/preview")
    assert "Taken without a cell that is not understood" not in page.text
    assert press(organizer, page, "use").status_code == 303
    with make.looking(app):
        version = services.current(world.petition_id)
        assert version is not None
        (entry,) = services.list_entries(version.id)
        assert (str(entry.term_from), str(entry.term_to)) == ("2019-09-08", "2024-12-31")
