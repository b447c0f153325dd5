"""Who locks several rows takes them in one order, so that no two ever wait for each other: see `db.lock`."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select

from petition_app.clock import utcnow
from petition_app.demo import rehearsal
from petition_app.errors import NotFoundError
from petition_app.imports import admission, undo_import
from petition_app.imports import services as imports
from petition_app.petitions import rehearsing
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.roster import uploads
from petition_app.signatures.file_reader import Row
from petition_app.signatures.import_models import Import
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.tally import services as publishing
from petition_app.verification.batches import services as batches
from petition_app.verification.decisions import services
from petition_app.verification.decisions.policy import NewDecision
from petition_app.worker.loop import run_once
from tests import factories as make

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

ORDER = ("petitions", "roster_versions", "imports", "batches", "signatures")
LOCKING = re.compile(r"\bFOR (NO KEY )?UPDATE\b(?!.*SKIP LOCKED)", re.DOTALL)
FILE = b"id,surname,given,patronymic\nr1,\xd0\x9b,\xd0\x92,\nr2,\xd0\x9c,\xd0\x93,\n"


@contextmanager
def watching(app: Flask, act: Callable[[str], None]) -> Iterator[None]:
    """Call `act` with the table of every statement that locks rows, and nothing when a transaction begins."""

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if LOCKING.search(statement) and (found := re.search(r"\bFROM (\w+)", statement)):
            act(found.group(1))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", executed)
    event.listen(engine, "begin", begun := lambda _connection: act(""))
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", executed)
        event.remove(engine, "begin", begun)


def test_a_whole_story_locks_in_one_order(app: Flask) -> None:
    wrong: list[tuple[str, ...]] = []
    held: list[str] = []

    def note(table: str) -> None:
        if not table:
            held.clear()
        elif table in ORDER:
            if table not in held and held and ORDER.index(table) < max(map(ORDER.index, held)):
                wrong.append((*held, table))
            held.append(table)

    world = make.make_world(app, roster=True, match_rule="any", staff=2)
    with watching(app, note):
        for name in ("one", "two"):
            with make.acting(app):
                petition, by = make.petition(world.petition_id), make.account(world.organizer)
                assert by is not None
                data = FILE + f"{name},\u041a,\u041b,\n".encode()
                at = utcnow()
                waiting = uploads.upload(petition, io.BytesIO(data), name=name, as_of=at.date(), by=by, at=at)
                number = waiting.id
            with make.acting(app):
                uploads.use(number, petition=make.petition(world.petition_id), by=_by(world), at=utcnow())
        undone = staged(app, world.petition_id)
        with make.acting(app):
            admission.admit_import(undone, by=None, at=utcnow())
        with make.acting(app):
            undo_import.undo(undone, petition=make.petition(world.petition_id), by=_by(world), at=utcnow())
        with app.app_context():
            run_once()
        with make.looking(app):
            assert db.session.get_one(Import, undone).state == "undone"
        make.import_rows(app, world.petition_id, "Ада Луговая", initial=True)
        signed = [make.make_signature(app, world.petition_id) for _ in range(3)]
        make.seal(app, world.petition_id, by=world.organizer)
        words = {"outcome": "rejected", "reason": "not_found"}
        make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], **words)
        make.ask(app, world.petition_id, signed[1].id, world.reviewers[1])
        make.withdraw(app, signed[2])
        with make.acting(app):
            publishing.publish_now(make.petition(world.petition_id), by=_by(world), at=utcnow())
        with app.app_context():
            run_once()
    assert wrong == []
    assert make.problems(app, world.petition_id) == []


def _by(world: make.World) -> Any:
    return make.account(world.organizer)


def staged(app: Flask, petition_id: UUID, sha256: bytes | None = None) -> UUID:
    """Stage a file of one row; return its import."""
    with make.acting(app):
        job = imports.begin(
            make.petition(petition_id), sha256=sha256 or uuid4().bytes * 2, initial=False, at=utcnow(), terms=("one",)
        )
        row = Row(2, Identity("Ада Луговая"), "", "ru", 0, "")
        imports.stage(job, [row], consent_held="", codes=False)
        return job.id


def both(app: Flask, first: Callable[[], object], second: Callable[[], object]) -> None:
    """Let one act take its first lock, then the other as much as it gets, then both go on; a deadlock is raised."""
    took = {"first": threading.Event(), "second": threading.Event()}

    def pause(table: str) -> None:
        name = threading.current_thread().name
        mine = next((key for key in took if name.startswith(key)), None)
        if table and mine and not took[mine].is_set():
            took[mine].set()
            took["second" if mine == "first" else "first"].wait(1.5)

    def run(name: str, act: Callable[[], object]) -> None:
        threading.current_thread().name = name
        if name == "second":
            assert took["first"].wait(30)
        with make.acting(app):
            act()

    with watching(app, pause), ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run, "first", first), pool.submit(run, "second", second)]:
            done.result(60)


@pytest.mark.parametrize("turned", [False, True])
def test_a_roster_is_put_to_use_while_another_is_begun(app: Flask, turned: bool) -> None:
    world = make.make_world(app)
    with make.acting(app):
        at = utcnow()
        petition = make.petition(world.petition_id)
        waiting = uploads.upload(petition, io.BytesIO(FILE), name="one", as_of=at.date(), by=_by(world), at=at).id

    def use() -> None:
        with_missing = make.petition(world.petition_id)
        try:
            uploads.use(waiting, petition=with_missing, by=_by(world), at=utcnow())
        except rosters.ReplacedError:
            assert turned, "the other was first, and removed it"

    def begin() -> None:
        now = utcnow()
        rosters.begin(
            make.petition(world.petition_id), name="two", as_of=now.date(), sha256=b"2" * 32, columns=["name"], by=None,
            at=now,
        )  # fmt: skip

    both(app, *((begin, use) if turned else (use, begin)))
    with make.looking(app):
        assert (rosters.current(world.petition_id) is None) == turned
        assert rosters.get_staging(world.petition_id) is not None


@pytest.mark.parametrize("turned", [False, True])
def test_an_import_is_admitted_while_it_is_begun_anew(app: Flask, turned: bool) -> None:
    petition_id = make.make_petition(app)
    sha256 = b"same" * 8
    job_id = staged(app, petition_id, sha256)

    def admit() -> None:
        admission.admit_import(job_id, by=None, at=utcnow())

    def begin() -> None:
        imports.begin(make.petition(petition_id), sha256=sha256, initial=False, at=utcnow(), terms=("other words",))

    both(app, *((begin, admit) if turned else (admit, begin)))
    with make.looking(app):
        assert db.session.get_one(Import, job_id).added == (0 if turned else 1)
    assert make.problems(app, petition_id) == []


@pytest.mark.parametrize("turned", [False, True])
def test_an_import_is_taken_back_while_a_batch_is_sealed(app: Flask, turned: bool) -> None:
    world = make.make_world(app)
    job_id = staged(app, world.petition_id)
    with make.acting(app):
        admission.admit_import(job_id, by=None, at=utcnow())
    make.make_signature(app, world.petition_id)
    with make.acting(app):
        undo_import.undo(job_id, petition=make.petition(world.petition_id), by=_by(world), at=utcnow())

    def undo() -> None:
        undo_import.run_undo(job_id, by=world.organizer.id, at=utcnow())

    def seal() -> None:
        batches.seal(make.petition(world.petition_id), by=None, at=utcnow())

    both(app, *((seal, undo) if turned else (undo, seal)))
    with make.looking(app):
        assert db.session.get_one(Import, job_id).state == ("done" if turned else "undone")
        assert [batch.size for batch in batches.list_batches(world.petition_id)] == [2 if turned else 1]
        assert db.session.scalars(select(Job.id).where(Job.name == "verification.undo_import")).all()
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_rehearsal_is_thrown_away_while_a_case_of_it_is_decided(app: Flask, turned: bool) -> None:
    world = make.make_world(app)
    with make.acting(app):
        rehearsal_id = rehearsal.begin(by=_by(world), at=utcnow()).id
    make.seal(app, rehearsal_id, by=world.organizer)
    with make.looking(app):
        waiting = select(make.Signature.id).where(make.Signature.petition_id == rehearsal_id)
        signature_id = db.session.scalars(waiting).all()[0]
    make.take_case(app, rehearsal_id, signature_id, world.organizer)

    def decide() -> None:
        new = NewDecision(outcome="rejected", reason="not_found")
        try:
            services.decide(
                signature_id, new, access=make.ACCESS, petition=make.petition(rehearsal_id), by=_by(world), at=utcnow()
            )
        except NotFoundError:
            assert turned, "the rehearsal was first, and took the case with it"

    def throw_away() -> None:
        rehearsing.throw_away(make.petition(rehearsal_id), by=_by(world), at=utcnow())

    both(app, *((throw_away, decide) if turned else (decide, throw_away)))
    with make.looking(app):
        assert db.session.get(Petition, rehearsal_id) is None
