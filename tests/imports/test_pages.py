"""The organizer's road of an import: upload, preview, columns, run, rows not taken, taking it back."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from petition_app.accounts.models import Membership
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.imports import files as import_files
from petition_app.imports import runs as import_runs
from petition_app.signatures import sealing
from petition_app.signatures.import_models import Import, ImportChunk, ImportedRef, ImportMember, StagedRow
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db, transaction
from petition_app.storage.jobs import Job
from petition_app.tally.models import Update
from petition_app.tally.services import publish_now
from petition_app.verification.models import Batch
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/imports"
FILE = "ФИО,Должность,Место,Публикация,ref\nАнна Долгих,депутат,Лесное,count,a1\nБорис Белых,врач,Лесное,0,a2\n"
HELD = "The organizer holds each word on paper."


def send(client: FlaskClient, content: str | bytes) -> TestResponse:
    """Send a file with the form of the imports' page."""
    form = make.form_with(client.get(HERE), "csrf_token")
    raw = content if isinstance(content, bytes) else content.encode()
    token = {"csrf_token": form["csrf_token"], "file": FileStorage(io.BytesIO(raw), "rows.csv", "file")}
    boundary, body = encode_multipart(token)
    return client.post(HERE, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def press(client: FlaskClient, page: str, button: str, **fields: Any) -> TestResponse:
    """Send the form of a page whose address ends so."""
    (form,) = [form for form in make.forms_of(client.get(page)) if form["action"].split("?")[0].endswith(f"/{button}")]
    return client.post(form["action"], data=form["fields"] | fields)


def work(app: Any) -> None:
    """Let the worker do all that is due."""
    with app.app_context():
        with transaction():
            worker_keys.record_heartbeat(at=utcnow())
        worker.run_once()


def bring(app: Any, client: FlaskClient, content: str | bytes, **reading: Any) -> str:
    """Import a file to its end; return its page."""
    make.worker_lives(client)
    page = send(client, content).location
    assert page, "the file was refused"
    if reading:
        assert press(client, page, "columns", **reading).status_code == 303
    answer = press(client, page, "start")
    assert (answer.status_code, answer.location) == (303, page), answer.text
    work(app)
    return str(page)


def names(app: Any) -> list[str]:
    with make.looking(app):
        rows = db.session.scalars(db.select(Signature)).all()
        return sorted(sealing.open_identity(row).name for row in rows if sealing.is_readable(row))


def rows(app: Any, table: Any) -> int:
    with make.looking(app):
        return db.session.scalar(db.select(db.func.count()).select_from(table)) or 0


def test_an_upload_is_looked_at_then_imported_then_taken_back(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    make.worker_lives(organizer)
    assert "Nothing was imported yet" in organizer.get(HERE).text
    page = send(organizer, FILE).location
    before = dumps.tables(app)
    shown = organizer.get(page).text
    assert dumps.tables(app) == before
    for words in ("Анна Долгих", "врач", "Лесное", "signatures would be added", "Every row can be taken"):
        assert words in shown
    assert names(app) == []
    assert press(organizer, page, "start").location == page
    running = organizer.get(page)
    assert running.headers["Refresh"] == "2"
    assert "of 2 rows sealed" in running.text
    work(app)
    done = organizer.get(page)
    assert "Refresh" not in done.headers
    assert "signatures added" in done.text
    assert names(app) == ["Анна Долгих", "Борис Белых"]
    assert make.problems(app, world.petition_id) == []
    assert rows(app, ImportChunk) == rows(app, StagedRow) == 0

    asked = organizer.get(f"{page}/undo")
    assert "signatures would be removed" in asked.text
    assert press(organizer, f"{page}/undo", "undo").location == page
    assert organizer.get(page).headers["Refresh"] == "2"
    work(app)
    assert "were taken back" in organizer.get(page).text
    for table in (Signature, SealedPart, SealedKey, ImportMember, ImportedRef):
        assert rows(app, table) == 0
    assert make.problems(app, world.petition_id) == []
    bring(app, organizer, FILE)
    assert names(app) == ["Анна Долгих", "Борис Белых"]
    assert make.problems(app, world.petition_id) == []


def test_guessed_columns_can_be_corrected(app: Any, world: make.World, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    page = send(organizer, "Кто,Где,Что\nАнна Долгих,Лесное,name\n").location
    shown = organizer.get(page)
    assert "one of them must hold the name" in shown.text
    assert "/start" not in shown.text
    for wrong in ({"column0": "name", "column1": "name"}, {"column0": ""}, {"column0": "shoes"}):
        answer = press(organizer, page, "columns", **wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert press(organizer, page, "columns", column0="name", column1="place", column2="consent").status_code == 303
    assert "1 row asks for more than being counted." in organizer.get(page).text
    reading = {"column0": "name", "column1": "place", "column2": "consent", "consent": HELD}
    assert press(organizer, page, "columns", **reading).status_code == 303
    assert "name in public" in organizer.get(page).text
    press(organizer, page, "start")
    work(app)
    with make.looking(app):
        (signature,) = db.session.scalars(db.select(Signature)).all()
        assert (signature.publication_tier, sealing.open_identity(signature).place) == (3, "Лесное")
        assert sealing.open_case(signature)[0]["text"] == HELD


def test_rows_that_cannot_be_taken_are_named_and_left_out(app: Any, world: make.World, organizer: FlaskClient) -> None:
    lines = [f"Анна Долгих,a{number}@example.org,r{number % 1300}" for number in range(1400)]
    lines[700] = "=1+1,x@example.org,z1"
    lines[701] = "Вера Седых,nowhere,z2"
    make.worker_lives(organizer)
    page = send(organizer, "name,email,ref\n" + "\n".join(lines) + "\n").location
    shown = organizer.get(page).text
    assert '<b class="figure">1,298</b> signatures would be added' in shown
    assert "102 rows cannot be taken" in shown
    expected = [702, 703, *range(1302, 1402)]
    for started in (False, True):
        if started:
            press(organizer, page, "start")
            work(app)
        answer = organizer.get(f"{page}/rows-not-taken.csv")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert [int(line.split(",")[0]) for line in answer.text.splitlines()[1:]] == expected
        assert answer.text.splitlines()[0] == "line,reason"
        for content in ("=1+1", "nowhere", "Вера"):
            assert content not in answer.text
    shown = organizer.get(page).text
    assert '<b class="figure">1,298</b> signatures added' in shown
    assert rows(app, Signature) == 1298
    assert make.problems(app, world.petition_id) == []


def test_what_is_kept_of_a_waiting_file_holds_no_word_of_it(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    make.worker_lives(organizer)
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["name", "email", "Анна в заголовке"])
    book.active.append(["Анна Долгих", "anna@example.org", ""])
    book.save(out)
    page = send(organizer, out.getvalue()).location
    press(organizer, page, "columns", consent="Вера Седых holds it")
    settled = app.instance_path
    words = [word.encode() for word in ("Анна", "Долгих", "anna@example.org", "Вера Седых")]
    words += [json.dumps(word.decode())[1:-1].encode() for word in words]
    press(organizer, page, "start")
    kept = json.dumps({name: str(table) for name, table in dumps.tables(app).items()}).encode()
    files = [path.read_bytes() for path in Path(settled).rglob("*") if path.is_file()]
    for word in words:
        assert not any(word in text for text in (kept, *files)), word


def test_only_the_browser_that_uploaded_a_file_can_read_it(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = send(organizer, FILE).location
    again = make.signed_in(app, world.organizer)
    shown = again.get(page)
    assert "Only the browser that uploaded this file" in shown.text
    assert "Анна" not in shown.text
    token = make.form_with(shown, "csrf_token")
    for act in ("start", "columns"):
        assert again.post(f"{page}/{act}", data=token).status_code in (409, 422)
    assert again.get(f"{page}/rows-not-taken.csv").status_code == 409
    other = make.signed_in(app, make.make_person(app, world.petition_id, "organizer"))
    for path in (page, f"{page}/rows-not-taken.csv", f"{page}/undo"):
        assert other.get(path).status_code == 404
    assert press(again, page, "stop").status_code == 303
    assert rows(app, Import) == rows(app, ImportChunk) == 0


def test_a_forgotten_file_is_gone_after_a_day(app: Any, world: make.World, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    send(organizer, FILE)
    page = send(organizer, "name\nAda Sample\n").location
    assert rows(app, Import) == 1
    press(organizer, page, "start")
    send(organizer, FILE)
    for ahead, left in ((timedelta(hours=23), 2), (timedelta(hours=25), 1)):
        with make.acting(app):
            for import_id in import_files.list_old(at=utcnow() + ahead):
                import_files.forget(import_id)
        assert rows(app, Import) == left
    assert rows(app, ImportChunk) == 0
    assert "ended before anything was added" in organizer.get(page).text
    work(app)
    assert names(app) == []


@pytest.mark.standard("a sealed petition keeps nothing by which a file could be recognized")
def test_the_same_file_and_the_same_ref_add_nothing(app: Any, world: make.World, organizer: FlaskClient) -> None:
    bring(app, organizer, FILE)
    answer = send(organizer, FILE)
    assert answer.status_code == 422
    assert "imported before" in answer.text
    page = send(organizer, FILE + "Вера Седых,,,,a3\n").location
    shown = organizer.get(page).text
    assert "Import 1 name as received; 2 rows are left out" in shown
    assert "The references of 2 rows were imported before." in shown
    press(organizer, page, "start")
    work(app)
    assert "2 rows were not taken" in organizer.get(page).text
    assert names(app) == ["Анна Долгих", "Борис Белых", "Вера Седых"]
    assert press(organizer, f"{page}/undo", "undo").status_code == 303
    work(app)
    assert names(app) == ["Анна Долгих", "Борис Белых"]
    assert "1 row" not in organizer.get(bring(app, organizer, FILE + "Вера Седых,,,,a3\n")).text
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (bytes(range(256)) * 4, "cannot be read in this encoding"),
        (b"PK\x03\x04 no archive", "not a spreadsheet"),
    ],
    ids=["empty", "binary", "broken archive"],
)
def test_a_file_that_cannot_be_read_is_refused_and_kept_nowhere(
    app: Any, world: make.World, organizer: FlaskClient, content: bytes, words: str
) -> None:
    answer = send(organizer, content)
    assert answer.status_code == 422
    assert words in answer.text
    assert rows(app, Import) == rows(app, ImportChunk) == 0


def test_a_file_without_a_good_row_starts_nothing(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = send(organizer, "name\n=1\n").location
    shown = organizer.get(page)
    assert "/start" not in shown.text
    token = make.form_with(shown, "csrf_token")["csrf_token"]
    assert organizer.post(f"{page}/start", data={"csrf_token": token}).status_code == 409
    assert organizer.post(f"{page}/undo", data={"csrf_token": token}).status_code == 409
    assert organizer.get(f"{page}/undo").status_code == 409


def test_what_is_sealed_into_a_batch_stays(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = bring(app, organizer, FILE)
    token = make.form_with(organizer.get(f"{page}/undo"), "csrf_token")
    make.seal(app, world.petition_id)
    assert rows(app, ImportMember) == 0
    assert "cannot be taken back any more" in organizer.get(page).text
    assert organizer.get(f"{page}/undo").status_code == 409
    assert organizer.post(f"{page}/undo", data=token).status_code == 409
    later = bring(app, organizer, "name\nAda Sample\n")
    press(organizer, f"{later}/undo", "undo")
    make.seal(app, world.petition_id)
    work(app)
    assert names(app) == ["Ada Sample", "Анна Долгих", "Борис Белых"]
    assert "signature added" in organizer.get(later).text
    assert make.problems(app, world.petition_id) == []


def test_initial_signatories_are_taken_back_until_one_is_decided(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    page = bring(app, organizer, FILE, initial="y")
    with make.looking(app):
        assert db.session.scalars(db.select(Batch.size)).one() == 2
    assert press(organizer, f"{page}/undo", "undo").status_code == 303
    work(app)
    with make.looking(app):
        assert db.session.scalars(db.select(Batch.size)).one() == 0
    assert make.problems(app, world.petition_id) == []
    page = bring(app, organizer, FILE, initial="y")
    make.decide_by_all(app, world, make.take(app, world.petition_id, world.reviewers[0]) or page)
    assert organizer.get(f"{page}/undo").status_code == 409
    assert rows(app, Signature) == 2
    assert make.problems(app, world.petition_id) == []


def test_whoever_withdrew_meanwhile_goes_too(app: Any, world: make.World, organizer: FlaskClient) -> None:
    kept = make.make_signature(app, world.petition_id)
    page = bring(app, organizer, FILE)
    with make.acting(app):
        one = db.session.scalars(db.select(Signature).join(ImportMember).limit(1)).one()
        make.signing.withdraw(one, at=utcnow())
    assert "1 of them has been withdrawn" in organizer.get(f"{page}/undo").text
    press(organizer, f"{page}/undo", "undo")
    work(app)
    assert names(app) == [kept.name]
    assert make.problems(app, world.petition_id) == []


def test_the_timeline_tells_of_what_the_public_had_seen(
    app: Any, world: make.World, organizer: FlaskClient, client: FlaskClient
) -> None:
    def told() -> list[str]:
        with make.looking(app):
            found = db.session.scalars(db.select(Update).where(Update.kind == "taken_back"))
            return [update.texts["en"] for update in found]

    def publish() -> None:
        with make.acting(app):
            publish_now(make.petition(world.petition_id), by=None, at=utcnow())

    def total() -> int:
        return int(client.get(f"/p/{make.SLUG}/status.json").get_json()["received_total"])

    page = bring(app, organizer, FILE)
    publish()
    assert total() == 2
    press(organizer, f"{page}/undo", "undo")
    work(app)
    publish()
    assert total() == 0
    words = "An import of 2 signatures was taken back before they were sealed into a batch."
    assert told() == [words]
    assert words in client.get(f"/p/{make.SLUG}/updates").text
    publish()
    assert told() == [words]


def test_a_slice_that_comes_twice_adds_nothing_twice(app: Any, world: make.World, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    page = send(organizer, "name\n" + "Анна Долгих\n" * 1200).location
    for _ in range(3):
        assert press(organizer, page, "start").status_code == 303  # Waking starts another chain of slices.
    with make.looking(app):
        payloads = [job.payload for job in db.session.scalars(db.select(Job).where(Job.name == "verification.import"))]
    work(app)
    for payload in payloads:
        with make.acting(app):
            import_runs.run_slice(payload, at=utcnow())
    assert rows(app, Signature) == 1200
    assert make.problems(app, world.petition_id) == []


def test_a_stopped_import_leaves_nothing_but_its_line(app: Any, world: make.World, organizer: FlaskClient) -> None:
    make.worker_lives(organizer)
    page = send(organizer, FILE).location
    press(organizer, page, "start")
    assert press(organizer, page, "stop").status_code == 303
    work(app)
    assert names(app) == []
    assert rows(app, ImportChunk) == rows(app, StagedRow) == 0
    assert "stopped, nothing was added" in organizer.get(HERE).text
    bring(app, organizer, FILE)
    assert len(names(app)) == 2


@pytest.mark.parametrize("event", ["closed", "organizer gone"])
def test_an_import_ends_where_it_may_not_go_on(app: Any, world: make.World, organizer: FlaskClient, event: str) -> None:
    make.worker_lives(organizer)
    page = send(organizer, FILE).location
    press(organizer, page, "start")
    if event == "closed":
        make.set_state(app, world.petition_id, "closed")
    else:
        make.make_person(app, world.petition_id, "organizer")
        with make.acting(app):
            db.session.execute(db.delete(Membership).where(Membership.account_id == world.organizer.id))
    work(app)
    assert names(app) == []
    with make.looking(app):
        assert db.session.scalars(db.select(Import.state)).one() == "stopped"
