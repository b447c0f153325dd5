"""B46: where a row lies ties no signature to a moment finer than its day: row numbers, xmin, ctid, pages, backups."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pyrage
import pytest
from sqlalchemy import inspect, text

from petition_app.audit import AuditEvent, SignerAct
from petition_app.backup import age, streams
from petition_app.backup import services as backups
from petition_app.clock import utcnow
from petition_app.drill import services as drill
from petition_app.drill.order import leaves
from petition_app.drill.seized_data import as_uuid
from petition_app.retention import row_order
from petition_app.signatures.models import Signature
from petition_app.storage import completions, engines
from petition_app.storage.db import Base, db, transaction
from petition_app.worker import loop as worker
from tests import factories as make
from tests.conftest import only_sqlite, settings_for

MANY = 48
LEAST = 1 << 40  # Row numbers below are counted, not drawn.
only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
modes = pytest.mark.parametrize("mode", ["standard", "sealed"])
FILLED = ("signatures", "sealed_parts", "sealed_keys", "confirmations")


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Any:
    """Settings with a mail server, without which a sealed petition takes no addresses."""
    return settings_for(tmp_path / "instance", database, mail_url="smtp://127.0.0.1:9")


def contents(app: Any) -> dict[str, list[str]]:
    """Return every row of the tables that hold rows of signatures."""
    with make.looking(app):
        return {
            name: sorted(map(str, db.session.execute(Base.metadata.tables[name].select()).all())) for name in names()
        }


def world_of(app: Any, mode: str) -> make.World:
    return (make.make_sealed_world if mode == "sealed" else make.make_world)(app, reviewers=1, mail="optional")


def sign(app: Any, world: make.World, number: int, *, at: datetime | None = None) -> list[make.Signed]:
    """Let so many sign, one after the other."""
    return [make.make_signature(app, world.petition_id, at=at) for _ in range(number)]


def agreement(ranks: list[Any], places: list[Any]) -> float:
    """Return how far two orders agree: 1 the same, -1 the reverse, near 0 none of it (Kendall's tau)."""
    pairs = [
        (first < second) == (one < other)
        for (first, one), (second, other) in combinations(zip(ranks, places, strict=True), 2)
    ]
    return 2 * sum(pairs) / len(pairs) - 1 if pairs else 0.0


def names() -> dict[str, str]:
    """Return the tables that hold rows of signatures, with the column that says of which."""
    return {table.name: "id" if table.name == "signatures" else "signature_id" for table in row_order.tables()}


def places(app: Any, table: str) -> list[tuple[UUID, str, tuple[int, ...]]]:
    """Return of each row in PostgreSQL whose it is, the transaction that wrote it, and where it lies."""
    with make.looking(app):
        rows = db.session.execute(text(f"SELECT {names()[table]}, xmin::text, ctid::text FROM {table}")).all()  # noqa: S608 -- our own.
    return [(row[0], row[1], tuple(map(int, re.findall(r"\d+", row[2])))) for row in rows]


def on_pages(settings: Any, app: Any, table: str, ranks: dict[UUID, int]) -> float:
    """Return how far the order of rows on each page of a table of SQLite agrees with that of signing."""
    with make.looking(app):
        root = db.session.execute(text("SELECT rootpage FROM sqlite_master WHERE name = :name"), {"name": table})
        page = root.scalar_one()
    assert storage_is_settled(app)
    found = list[bool]()
    for cells in leaves((settings.instance / "countersign.db").read_bytes(), page):
        known = [(ranks[one], place) for place, cell in cells if (one := whose(cell, ranks)) is not None]
        found += [(a < b) == (one < other) for (a, one), (b, other) in combinations(known, 2) if a != b]
    assert len(found) > 20
    return 2 * sum(found) / len(found) - 1


def whose(cell: bytes, ranks: dict[UUID, int]) -> UUID | None:
    ids = [UUID(one.decode()) for one in re.findall(rb"[0-9a-f]{32}", cell[:200])]
    return next((one for one in ids if one in ranks), None)


def storage_is_settled(app: Any) -> bool:
    with app.app_context():
        return not engines.has_log() or engines.empty_log(patience=5)


def ordered(app: Any, *, at: datetime | None = None) -> None:
    """Let the worker's round be done."""
    with app.app_context():
        row_order.run(at=at or utcnow())


# --- row numbers ------------------------------------------------------------------------------------------------


@only_sqlite
@modes
def test_no_row_of_a_signature_has_a_number_that_says_when_it_came(app: Any, mode: str) -> None:
    world = world_of(app, mode)
    signed = sign(app, world, 24)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed[0].id, world.reviewers[0])
    make.answer(app, signed[0], "Both terms.")
    make.withdraw(app, signed[1])
    ranks, numbered = {one.id: rank for rank, one in enumerate(signed)}, set()
    ordered(app)
    with make.looking(app):
        for table, key in names().items():
            made = db.session.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
            if "WITHOUT ROWID" in made.scalar_one():
                continue
            numbered.add(table)
            rows = db.session.execute(text(f"SELECT {key}, rowid FROM {table}")).all()  # noqa: S608 -- our own.
            assert all(abs(number) >= LEAST for _, number in rows), table
            known = [(ranks[signature], number) for one, number in rows if (signature := as_uuid(one)) in ranks]
            if len(known) > 10:
                assert abs(agreement(*map(list, zip(*known, strict=True)))) < 0.5, table
    assert numbered == set(engines.NUMBERED)
    with make.looking(app):
        for table in ("jobs", "signature_deltas", "signer_acts", "due_marks", "knocks"):
            made = db.session.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
            assert "WITHOUT ROWID" in made.scalar_one(), table


@only_sqlite
@modes
def test_rows_that_come_after_a_round_are_numbered_by_no_count_of_its_own(app: Any, mode: str) -> None:
    world = world_of(app, mode)
    sign(app, world, 12)
    ordered(app)
    signed = sign(app, world, 24)
    assert abs(numbers_of(app, "signatures", signed)) == 1, "they came in an order, or the test shows nothing"
    ordered(app)
    for table in engines.NUMBERED.keys() - {"questions"}:
        assert abs(numbers_of(app, table, signed)) < 0.5, table
    with make.looking(app):
        numbers = sorted(db.session.scalars(text("SELECT rowid FROM signatures")))
    assert min(later - number for number, later in pairwise(numbers)) > 1 << 16


def numbers_of(app: Any, table: str, signed: list[make.Signed]) -> float:
    """Return how far the numbers of rows agree with the order in which people signed."""
    ranks = {one.id: rank for rank, one in enumerate(signed)}
    with make.looking(app):
        rows = db.session.execute(text(f"SELECT {names()[table]}, rowid FROM {table}")).all()  # noqa: S608 -- our own.
    known = [(ranks[signature], number) for one, number in rows if (signature := as_uuid(one)) in ranks]
    return agreement(*map(list, zip(*known, strict=True)))


@modes
def test_signers_acts_stand_apart_from_timed_ones_as_numbers_a_day(app: Any, mode: str) -> None:
    world = world_of(app, mode)
    sign(app, world, 3)
    with app.app_context():
        worker.run_once()
    with make.looking(app):
        timed = db.session.scalars(db.select(AuditEvent.at).where(AuditEvent.act.startswith("signature."))).all()
        assert timed == []
        rows = db.session.execute(db.select(SignerAct.act, SignerAct.number, SignerAct.day)).all()
    assert sorted(tuple(row)[:2] for row in rows) == [("signature.received", 3), ("signature.submitted", 3)]


# --- places -----------------------------------------------------------------------------------------------------


@only_sqlite
@modes
def test_after_a_round_the_place_on_a_page_says_nothing(app: Any, settings: Any, mode: str) -> None:
    world = world_of(app, mode)
    ranks = {one.id: rank for rank, one in enumerate(sign(app, world, 4 * MANY))}
    before = on_pages(settings, app, "signatures", ranks)
    assert abs(before) > 0.5, "rows lie as they came, or the test shows nothing"
    content = contents(app)
    ordered(app)
    for then in ("as it is", "VACUUM"):
        if then == "VACUUM":
            with closing(sqlite3.connect(settings.instance / "countersign.db", isolation_level=None)) as plain:
                plain.execute("VACUUM")
        for table in FILLED:
            assert abs(on_pages(settings, app, table, ranks)) < 0.5, (table, then)
    assert contents(app) == content
    with make.looking(app):
        assert db.session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []


@only_postgresql
@modes
def test_after_a_round_neither_the_transaction_nor_the_place_says_anything(app: Any, mode: str) -> None:
    world = world_of(app, mode)
    yesterday = utcnow() - timedelta(days=1)
    ranks = {one.id: rank for rank, one in enumerate(sign(app, world, MANY, at=yesterday))}
    before = places(app, "signatures")
    assert len({transaction for _, transaction, _ in before}) == MANY, "or the test shows nothing"
    ordered(app)
    for table in FILLED:
        rows = [row for row in places(app, table) if row[0] in ranks]
        assert rows
        assert len({transaction for _, transaction, _ in rows}) == 1, table
        assert abs(agreement([ranks[one] for one, *_ in rows], [place for *_, place in rows])) < 0.5, table


@only_postgresql
def test_a_day_lies_as_one_whichever_hours_it_was_written_in(app: Any) -> None:
    world = world_of(app, "standard")
    now = utcnow()
    before = sign(app, world, 4, at=now - timedelta(days=1))
    ordered(app)
    first = sign(app, world, 4, at=now)
    ordered(app)
    second = sign(app, world, 4, at=now)
    make.withdraw(app, before[0])
    ordered(app)
    for table in ("signatures", "sealed_parts"):
        by_signature = {one: transaction for one, transaction, _ in places(app, table)}
        assert len({by_signature[one.id] for one in (*first, *second)}) == 1, table
    ordered(app, at=now + timedelta(days=1))
    for table in ("signatures", "sealed_parts"):
        by_signature = {one: transaction for one, transaction, _ in places(app, table)}
        assert len({by_signature[one.id] for one in (*first, *second)}) == 1, table
    by_signature = {one: transaction for one, transaction, _ in places(app, "signatures")}
    assert by_signature[before[0].id] == by_signature[first[0].id], "the hour of a withdrawal lies in it"
    settled = dict(by_signature)
    sign(app, world, 2, at=now + timedelta(days=1))
    ordered(app, at=now + timedelta(days=1, hours=1))
    after = {one: transaction for one, transaction, _ in places(app, "signatures")}
    assert {one: after[one] for one in settled} == settled, "what is in order is left alone"


def test_nobody_is_disturbed_by_a_round(app: Any) -> None:
    world = world_of(app, "standard")
    sign(app, world, 10)
    stop, failures, done = Event(), list[BaseException](), list[make.Signed]()

    def signers() -> None:
        try:
            while not stop.is_set():
                signed = make.make_signature(app, world.petition_id)
                make.change_consent(app, signed, 1)
                done.append(signed)
                if len(done) % 2:
                    make.withdraw(app, signed)
        except BaseException as error:
            failures.append(error)

    thread = Thread(target=signers)
    thread.start()
    try:
        for rounds in range(500):
            with app.app_context():
                row_order.run(at=utcnow())
            if failures or (rounds >= 4 and len(done) > 3):
                break
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert len(done) > 1
    assert make.problems(app, world.petition_id) == []
    with make.looking(app):
        states = {row.id: row.state for row in db.session.scalars(db.select(Signature))}
    assert {states[one.id] for one in done[1::2]} <= {"received"}
    assert {states[one.id] for one in done[0::2]} <= {"withdrawn", "received"}


def test_a_round_that_is_cut_off_loses_nothing_and_begins_anew(app: Any) -> None:
    world = world_of(app, "standard")
    sign(app, world, 12, at=utcnow() - timedelta(days=1))
    with app.app_context():
        worker.run_once()
    content = contents(app)
    for slices in range(1, 4):
        with app.app_context():
            half = row_order._round(utcnow())
            for _ in range(slices):
                next(half, None)
            half.close()  # type: ignore[attr-defined] # A connection.
    with app.app_context():
        worker.run_once()
    assert contents(app) == content


# --- backups, and the drill -------------------------------------------------------------------------------------


@modes
def test_a_backup_holds_rows_in_the_order_of_their_ids(app: Any, tmp_path: Path, mode: str) -> None:
    world = world_of(app, mode)
    sign(app, world, 12)
    identity = pyrage.x25519.Identity.generate()
    with app.app_context():
        made = backups.make(tmp_path / "backups", [str(identity.to_public())], at=utcnow())
    rows: dict[tuple[Path, str], list[tuple[str, ...]]] = defaultdict(list)
    for path in made.files:
        lines = list[bytes]()
        age.read_sealed(path, [identity], lines.append)
        for kind, row in map(streams.read_line, lines):
            if kind in Base.metadata.tables:
                keys = [str(row.get(column.name, "")) for column in Base.metadata.tables[kind].primary_key]
                rows[path, kind].append(tuple(keys))
    for (_, kind), found in rows.items():
        if kind in ("signatures", "sealed_parts", "sealed_keys"):
            assert len(found) >= 12
            assert found == sorted(found), kind


def rowid(app: Any, signed: list[make.Signed]) -> tuple[str, str]:
    with make.acting(app):
        db.session.execute(text("CREATE TABLE notes (signature_id TEXT)"))
        for one in signed:
            db.session.execute(text("INSERT INTO notes VALUES (:id)"), {"id": one.id.hex})
    return "a row number that grows", "notes.rowid"


def page(_app: Any, _signed: list[make.Signed]) -> tuple[str, str]:
    return "its place on a page", "confirmations"


def xmin(_app: Any, _signed: list[make.Signed]) -> tuple[str, str]:
    return "the transaction that wrote it", "signatures.xmin"


def ctid(_app: Any, _signed: list[make.Signed]) -> tuple[str, str]:
    return "its place in the table", "signatures.ctid"


def drilled(app: Any) -> set[tuple[str, str]]:
    with app.app_context():
        report = drill.run(say=lambda _: None)
    return {(one.what, one.where) for one in report.findings if one.sealed}


def planted(app: Any, plant: Callable[..., tuple[str, str]]) -> None:
    world = world_of(app, "sealed")
    # Where a page is divided its rows are sorted, so that one page in many tells nothing: there are several.
    signed = sign(app, world, MANY * (1 + (plant is page)), at=utcnow() - timedelta(days=1))
    assert storage_is_settled(app)
    leak = plant(app, signed)
    assert leak in drilled(app)
    with app.app_context(), transaction():
        completions.note(completions.ROW_ORDER, at=utcnow())
    assert leak in drilled(app), "that a round was noted is believed"
    if plant is rowid:
        with make.acting(app):
            db.session.execute(text("DROP TABLE notes"))
    ordered(app)
    assert not told(app, leak[0])
    long_ago(app)
    assert not told(app, leak[0])


def told(app: Any, what: str) -> set[tuple[str, str]]:
    return {one for one in drilled(app) if one[0] == what}


def long_ago(app: Any) -> None:
    """Let the last round be so long ago that the drill looks at everything."""
    with make.acting(app):
        db.session.execute(
            db.update(completions.Completion)
            .where(completions.Completion.name == completions.ROW_ORDER)
            .values(at=utcnow() - timedelta(hours=27))
        )


@only_sqlite
@pytest.mark.parametrize("plant", [rowid, page], ids=lambda plant: plant.__name__)
def test_the_drill_finds_what_a_place_tells_on_sqlite(app: Any, plant: Callable[..., tuple[str, str]]) -> None:
    planted(app, plant)


@only_postgresql
@pytest.mark.parametrize("plant", [xmin, ctid], ids=lambda plant: plant.__name__)
def test_the_drill_finds_what_a_place_tells_on_postgresql(app: Any, plant: Callable[..., tuple[str, str]]) -> None:
    planted(app, plant)


def test_the_drill_is_quiet_about_what_the_next_round_will_write(app: Any) -> None:
    world = world_of(app, "sealed")
    signed = sign(app, world, 2 * 12, at=utcnow() - timedelta(days=3))
    ordered(app, at=utcnow() - timedelta(days=1))
    for one in signed[::2]:
        make.withdraw(app, one)
    ordered(app)
    for one in signed[1::4]:
        make.withdraw(app, one)
    sign(app, world, 12)
    places = {"its place on a page", "the transaction that wrote it", "its place in the table"}
    assert not [one for one in drilled(app) if one[0] in places]


@only_postgresql
def test_the_drill_is_quiet_about_a_day_that_was_written_in_slices(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_order, "SLICE", 10)
    world = world_of(app, "sealed")
    sign(app, world, MANY, at=utcnow() - timedelta(days=1))
    ordered(app)
    assert len({transaction for _, transaction, _ in places(app, "signatures")}) > 3
    long_ago(app)
    assert not told(app, "the transaction that wrote it") | told(app, "its place in the table")


def test_every_table_with_rows_of_signatures_is_looked_after(app: Any) -> None:
    with make.looking(app):
        inspector = inspect(db.session.connection())
        there = {
            name
            for name in inspector.get_table_names()
            if "signature_id" in {column["name"] for column in inspector.get_columns(name)}
        }
    assert there - row_order.OF_STAFF <= names().keys()
