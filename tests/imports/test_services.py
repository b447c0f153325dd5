"""Importing files of signatures through the command."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.imports import admission, undo_import
from petition_app.imports import services as imports
from petition_app.petitions import freezing
from petition_app.petitions.models import Freeze
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.file_reader import Row
from petition_app.signatures.import_models import Import, StagedRow
from petition_app.signatures.models import SentLetter, Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.tally.models import PublishedName
from petition_app.verification.models import Batch
from petition_app.worker.loop import run_once
from tests import factories as make
from tests.conftest import DATA

HELD = "The organizer holds each word on paper."


@pytest.fixture
def petition(app: Any) -> Any:
    return make.make_petition(app)


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Write a file to import and return its path."""

    def write(text: str | bytes, name: str = "rows.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def bring(cli: Any, path: Path, *options: object, code: int = 0) -> Any:
    return cli("signatures", "import", make.SLUG, path, *options, code=code)


def people(app: Any) -> list[tuple[str, str, str, str, str, int]]:
    with make.looking(app):
        return sorted(
            (
                identity.name, identity.role, identity.place, sealing.open_address(signature),
                signature.language, signature.publication_tier,
            )
            for signature in db.session.scalars(db.select(Signature))
            for identity in [sealing.open_identity(signature)]
        )  # fmt: skip


def errors(path: Path) -> list[list[str]]:
    file = path.with_name(f"{path.name}.errors.csv")
    return list(csv.reader(file.read_text().splitlines())) if file.exists() else []


@pytest.mark.parametrize(
    ("header", "delimiter", "bom"),
    [
        ("name,role,place,email,lang,publish,ref", ",", False),
        ("NAME;Role;council;E-Mail;lang;publish;ref", ";", True),
        ("ФИО;Должность;Совет;Почта;Язык;Публикация;ref", ";", True),
        ("фио,должность,место,почта,язык,публикация,ref", ",", False),
        ("ФИО\tДолжность\tМесто\tПочта\tЯзык\tПубликация\tref", "\t", False),
    ],
    ids=["english", "mixed case, semicolon, bom", "russian, bom", "russian, comma", "tabs"],
)
def test_headers_in_both_languages_are_understood(
    app: Any, cli: Any, petition: Any, put: Any, header: str, delimiter: str, bom: bool
) -> None:
    header = header.replace("E-Mail", "email")
    row = delimiter.join(["Иванова Мария", "депутат", "МО Лесное", "m@example.org", "ru", "name", "r1"])
    path = put(f"{header}\r\n{row}\r\n", encoding="utf-8-sig" if bom else "utf-8")
    assert "1 signatures added, 0 rows not taken" in bring(cli, path, "--consent", HELD).out
    assert people(app) == [("Иванова Мария", "депутат", "МО Лесное", "m@example.org", "ru", 3)]
    assert errors(path) == []
    assert make.problems(app, petition) == []


def test_only_the_name_is_required_and_the_rest_has_defaults(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name\nAda Sample\nИванова Мария\n"))
    assert people(app) == [("Ada Sample", "", "", "", "en", 0), ("Иванова Мария", "", "", "", "ru", 0)]


def test_unknown_columns_are_named_and_ignored(app: Any, cli: Any, petition: Any, put: Any) -> None:
    said = bring(cli, put("name,phone,shoe size\nAda Sample,555-0100,39\n")).err
    assert "column ignored: phone" in said
    assert "column ignored: shoe size" in said
    assert "555" not in said


def test_bad_rows_are_told_by_line_and_reason_without_their_content(
    app: Any, cli: Any, petition: Any, put: Any
) -> None:
    path = put(
        "name,email,lang,publish,ref\n"
        "Ada Sample,ada@example.org,en,count,a1\n"
        "=HYPERLINK(1),x@example.org,en,count,a2\n"
        "Ben Sample,not an address,en,count,a3\n"
        "Cid Sample,c@example.org,xx,count,a4\n"
        "Dee Sample,d@example.org,en,everything,a5\n"
        "Eve Sample,e@example.org,en,name,a6\n"
        "Fay Sample,f@example.org\n"
        "Gil Sample,g@example.org,en,count,a1\n"
        ",h@example.org,en,count,a8\n"
        "\n"
        '"Ivy\nSample",i@example.org,en,count,a9\n'
        "Joe Sample,j@example.org,en,count,a10\n"
    )
    said = bring(cli, path)
    assert "4 signatures added, 7 rows not taken" in said.out
    assert "1 lines have fewer cells than titles, the first is line 8" in said.err
    told = errors(path)
    assert told[0] == ["line", "reason"]
    assert [row[0] for row in told[1:]] == ["3", "4", "5", "6", "7", "9", "10"]
    text = path.with_name("rows.csv.errors.csv").read_text()
    for content in ("Sample", "HYPERLINK", "example.org", "a1", "everything", "xx"):
        assert content not in text
    assert "--consent" in dict(told)["7"]
    assert {name for name, *_ in people(app)} == {"Ada Sample", "Fay Sample", "Ivy Sample", "Joe Sample"}


@pytest.mark.standard("No hash of a file and no reference is remembered in sealed mode.")
def test_a_second_try_without_bad_rows_removes_the_old_list(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put("name\nAda Sample\n12345\n")
    bring(cli, path)
    assert len(errors(path)) == 2
    bring(cli, put("name\nAda Sample\nBen Sample\n"))
    assert errors(path) == []


@pytest.mark.standard("No hash of a file and no reference is remembered in sealed mode.")
def test_the_same_file_twice_adds_nothing(app: Any, cli: Any, petition: Any, put: Any) -> None:
    path = put("name\nAda Sample\n")
    bring(cli, path)
    again = bring(cli, put("name\nAda Sample\n", name="copy.csv"))
    assert "imported before" in again.out
    assert make.tally(app, petition)["received_total"] == 1
    assert make.problems(app, petition) == []


@pytest.mark.standard("No hash of a file and no reference is remembered in sealed mode.")
def test_the_same_reference_in_another_file_adds_nothing(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name,ref\nAda Sample,r1\n"))
    bring(cli, put("name,ref\nAda Q. Sample,r1\nBen Sample,r2\n", name="more.csv"))
    assert [name for name, *_ in people(app)] == ["Ada Sample", "Ben Sample"]


def test_consent_held_by_the_organizer_is_kept_as_evidence(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name,publish\nAda Sample,name\nBen Sample,count\n"), "--consent", HELD)
    with make.looking(app):
        kept = {
            sealing.open_identity(signature).name: sealing.open_case(signature)[0]["text"]
            for signature in db.session.scalars(db.select(Signature))
        }
    assert kept == {"Ada Sample": HELD, "Ben Sample": ""}


def test_initial_signatories_are_checked_in_batch_nought(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name,publish\nAda Sample,name\n"), "--initial", "--consent", HELD)
    tally = make.tally(app, petition)
    assert (tally["states"]["checking"], tally["received_total"], tally["initial"]) == (1, 1, 0)
    assert [(batch["number"], batch["state"], batch["sealed_at"]) for batch in tally["batches"]] == [(0, "open", None)]
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(PublishedName)) == 0


def test_batch_nought_takes_additions_until_batch_one_is_sealed(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name\nAda Sample\n"), "--initial")
    bring(cli, put("name\nBen Sample\n", name="b.csv"), "--initial")
    bring(cli, put("name\nCid Sample\n", name="c.csv"))
    cli("batches", "seal", make.SLUG)
    assert "Batch 1 is sealed" in bring(cli, put("name\nDee Sample\n", name="d.csv"), "--initial", code=1).err
    with make.looking(app):
        sizes = {batch.number: batch.size for batch in db.session.scalars(db.select(Batch))}
        assert sizes == {0: 2, 1: 1}
        assert db.session.scalar(db.select(db.func.count()).select_from(StagedRow)) == 0
    assert make.problems(app, petition) == []


def test_written_codes_open_their_signatures(app: Any, cli: Any, petition: Any, put: Any, tmp_path: Path) -> None:
    out = tmp_path / "codes.csv"
    bring(cli, put("name\nAda Sample\nИванова Мария\n"), "--codes", out)
    assert out.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["line"] for row in rows] == ["2", "3"]
    with make.looking(app):
        found = [sealing.open_identity(signing.find_by_code(row["code"])[0]).name for row in rows]
    assert found == ["Ada Sample", "Иванова Мария"]
    assert "already" in bring(cli, put("name\nBen Sample\n", name="b.csv"), "--codes", out, code=1).err


def test_without_codes_nobody_gets_one(app: Any, cli: Any, petition: Any, put: Any) -> None:
    bring(cli, put("name\nAda Sample\n"))
    with make.looking(app):
        assert db.session.scalars(db.select(Signature)).one().code_hash is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.xlsx", b"PK\x03\x04 a spreadsheet"),
        ("rows.csv", b""),
        ("rows.csv", b"\n\n"),
        ("rows.csv", bytes(range(256)) * 4),
        ("rows.csv", b"surname,role\nSample,deputy\n"),
        ("rows.csv", "name,ФИО\nAda,Ada\n".encode()),
        ("rows.csv", b"name\n" + b"A" * 70_000 + b"\n"),
        ("rows.csv", b'name\n"' + b"A" * 200_000),
        ("rows.csv", b"name\nAda\x00 Sample\n"),
    ],
    ids=[
        "spreadsheet", "empty", "blank", "binary", "no name", "name twice", "huge field", "open quote", "nul",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    app: Any, cli: Any, petition: Any, put: Any, name: str, content: bytes
) -> None:
    path = put(content, name)
    if b"\x00 Sample" in content:
        said = cli("signatures", "import", make.SLUG, path)
        assert len(errors(path)) == 2
        assert "Ada" not in said.output
        return
    said = bring(cli, path, code=1)
    lines = [line for line in said.err.splitlines() if line.strip()]
    assert len([line for line in lines if line.startswith("Error:")]) == 1
    assert "Traceback" not in said.output
    assert make.tally(app, petition)["received_total"] == 0
    assert make.problems(app, petition) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16", "utf-16-le"])
def test_a_file_is_read_in_whichever_encoding_it_is(
    app: Any, cli: Any, petition: Any, put: Any, encoding: str
) -> None:  # fmt: skip
    path = put("ФИО;Город\nИванова Мария;Лесное\nПётр Ёлкин;Заречье\n".encode(encoding), "rows.csv")
    assert "2 signatures added, 0 rows" in bring(cli, path).out
    assert sorted(name for name, *_ in people(app)) == ["Иванова Мария", "Пётр Ёлкин"]


def test_a_row_with_a_stray_quotation_mark_is_told_and_stops_no_other(
    app: Any, cli: Any, petition: Any, put: Any
) -> None:  # fmt: skip
    path = put('name,place\n"Ada "Q" Sample",Ely\nBen Sample,Ely\n')
    assert "1 signatures added, 1 rows not taken" in bring(cli, path).out
    assert errors(path)[1][0] == "2"
    assert "quotation mark" in errors(path)[1][1]


def test_a_file_that_is_not_there_is_refused_in_one_line(cli: Any, petition: Any, tmp_path: Path) -> None:
    assert bring(cli, tmp_path / "none.csv", code=1).err.strip().count("\n") == 0


def test_nothing_is_imported_into_a_closed_or_unknown_petition(app: Any, cli: Any, put: Any) -> None:
    make.make_petition(app, state="closed")
    path = put("name\nAda Sample\n")
    assert "closed" in bring(cli, path, code=1).err
    cli("signatures", "import", "no-such-letter", path, code=1)


def test_an_import_that_was_cut_off_begins_anew_and_adds_each_row_once(
    app: Any, cli: Any, petition: Any, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("name\nAda Sample\nBen Sample\n")
    with monkeypatch.context() as patch:

        def die(*_: Any, **__: Any) -> None:
            raise SystemExit(9)

        patch.setattr(admission, "admit_import", die)
        bring(cli, path, code=9)
    assert make.tally(app, petition)["received_total"] == 0
    assert "2 signatures added" in bring(cli, path).out
    assert len(people(app)) == 2
    assert make.problems(app, petition) == []


@pytest.mark.parametrize(("file", "number"), [("initial.csv", 20), ("batch1.csv", 84)])
def test_the_founding_files_are_taken_whole(
    app: Any, cli: Any, petition: Any, file: str, number: int, put: Any
) -> None:
    path = put((DATA / file).read_bytes(), file)
    assert f"{number} signatures added, 0 rows" in bring(cli, path, "--consent", HELD).out
    assert make.problems(app, petition) == []


@pytest.mark.everywhere
def test_a_file_that_became_signatures_is_not_admitted_once_more(app: Any) -> None:
    petition_id = make.make_petition(app)
    organizer = make.make_person(app, petition_id, "organizer")
    with make.acting(app):
        job = imports.begin(make.petition(petition_id), sha256=b"x" * 32, initial=False, at=utcnow())
        imports.stage(job, [Row(2, Identity("Ада Луговая"), "", "ru", 0, "")], consent_held="", codes=False)
        job_id = job.id
    with make.acting(app):
        by = make.account(organizer)
        db.session.expire(by)  # As whoever has asked may be, once rows of hundreds went before.
        assert admission.admit_import(job_id, by=by, at=utcnow()) == 1
    for state in ("done", "undoing", "undone", "stopped", "waiting"):
        with make.acting(app):
            db.session.get_one(Import, job_id).state = state
        with pytest.raises(imports.ImportBrokenError), make.acting(app):
            admission.admit_import(job_id, by=None, at=utcnow())
        with make.looking(app):
            assert db.session.get_one(Import, job_id).added == 1
    assert make.problems(app, petition_id) == []


def test_whatever_points_to_a_signature_and_does_not_go_with_it_keeps_an_import(app: Any) -> None:
    """By the tables' own keys: what somebody adds to the product tomorrow keeps it, too."""
    columns = {f"{column.table.name}.{column.name}" for column in undo_import._blocking()}
    dependent = {model.__tablename__ for model in undo_import.DEPENDENT_TABLES}
    assert {"decisions.signature_id", "decisions.duplicate_of_id", "evidence.signature_id"} <= columns
    assert not {name.partition(".")[0] for name in columns} & dependent
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ада Луговая")
    with make.acting(app):
        job = db.session.scalars(db.select(Import)).one()
        assert undo_import.look_at_undo(job).size == 1
        signed = db.session.scalars(db.select(Signature.id)).one()
        db.session.add(SentLetter(message_index=bytes(32), signature_id=signed, sent_on=utcnow().date()))
    with make.looking(app), pytest.raises(undo_import.CannotUndoError):
        undo_import.look_at_undo(db.session.scalars(db.select(Import)).one())


def test_an_import_that_is_to_be_taken_back_waits_for_the_end_of_a_freeze(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ада Луговая")
    with make.acting(app):
        job_id = db.session.scalars(db.select(Import.id)).one()
        by = make.account(world.organizer)
        assert by is not None
        undo_import.undo(job_id, petition=make.petition(world.petition_id), by=by, at=utcnow())
    with make.acting(app):
        freezing.freeze(make.petition(world.petition_id), by=None, at=utcnow())
    with app.app_context():
        run_once()
    with make.acting(app):
        assert db.session.get_one(Import, job_id).state == "undoing"
        (waiting,) = db.session.scalars(db.select(Job).where(Job.name == "verification.undo_import"))
        waiting.due_at = utcnow()
        petition = make.petition(world.petition_id)
        petition.frozen_at = None
        db.session.delete(db.session.get_one(Freeze, petition.id))
    with app.app_context():
        run_once()
    with make.looking(app):
        assert db.session.get_one(Import, job_id).state == "undone"
        assert db.session.scalars(db.select(Signature.id)).all() == []
    assert make.problems(app, world.petition_id) == []
