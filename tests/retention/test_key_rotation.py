"""The server's key ring: a new key takes everything over, and an old one goes only when nothing needs it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from petition_app.accounts import inviting
from petition_app.clock import utcnow
from petition_app.config import new_key_ring
from petition_app.crypto import vault
from petition_app.crypto.vault import KeyRing
from petition_app.imports import services as imports
from petition_app.petitions import signing_key
from petition_app.retention import key_rotation
from petition_app.signatures import duress_codes, messages, sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import CodeAttempt, DuressCode, SealedKey, Signature
from petition_app.storage import jobs
from petition_app.storage.db import Base, db
from petition_app.storage.jobs import Job
from petition_app.verification.sampling import services as sampling
from petition_app.worker import loop as worker
from tests import factories as make
from tests.test_operation import alive

pytestmark = pytest.mark.standard("A sealed petition's signatures lie under its own keys; the rest is the server's.")
EMAIL = "somebody@example.org"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Everything that is sealed under the ring while the test runs."""
    boxes: set[bytes] = set()
    close = KeyRing.close

    def note(self: KeyRing, plain: bytes, bound: bytes) -> bytes:
        boxes.add(box := close(self, plain, bound))
        return box

    monkeypatch.setattr(KeyRing, "close", note)
    return boxes


@pytest.fixture
def change(app: Any, settings: Any) -> Callable[[str], None]:
    """Add a key behind those of the ring, or take one away."""
    path = Path(settings.key_ring)

    def call(act: str) -> None:
        lines = path.read_text().split()
        if act.startswith("-"):
            lines = [line for line in lines if not line.startswith(f"{act[1:]}:")]
        else:
            lines.append(new_key_ring(act))
        path.write_text("\n".join(lines))
        vault._read.cache_clear()

    return call


def fill(app: Any) -> tuple[make.World, make.Signed]:
    """Have something of every kind lie under the ring: waiting, given up, half way and done."""
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    client = app.test_client()
    code = make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))
    at = utcnow()
    with make.acting(app):
        petition, organizer = make.petition(world.petition_id), make.account(world.organizer)
        assert organizer is not None
        inviting.invite(
            petition_id=petition.id, email=EMAIL, name="Вера", role="reviewer", language="ru", page="/", by=organizer,
            at=at,
        )  # fmt: skip
        message = messages.Message("ABCD-EFGH", "ru", EMAIL, signed.id)
        messages.enqueue_message("signatures.mail_code", message, petition, at=at)
        signing_key.sign(petition, b"words", at=at)
        job = imports.begin(petition, sha256=b"x" * 32, initial=False, at=at)
        row = make.Row(2, make.Identity("Ада Луговая"), "", "ru", 0, "")
        imports.stage(job, [row], consent_held="", codes=False)
    auditor = make.make_person(app, world.petition_id, "auditor")
    with make.acting(app):
        by = make.account(auditor)
        sampling.commit_to(make.petition(world.petition_id), number=1, population="verified", size=1, by=by, at=at)
        dead = db.session.scalars(select(Job).where(Job.name == "signatures.mail_code")).first()
        assert dead is not None
        jobs.mark_dead(dead.id, failure="RefusedError 550", at=at)
        signing.sign(make.new_signature(email=EMAIL), petition=make.petition(world.petition_id), at=at)
    client.post("/my", data={"code": code})
    client.post("/my", data={"code": "abandon " * 11 + "about"})
    return world, signed


def boxes_by_column() -> dict[tuple[str, str], set[bytes]]:
    """Return every value of every column of every table, as bytes."""
    found: dict[tuple[str, str], set[bytes]] = {}
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                if isinstance(value, bytes):
                    found.setdefault((table.name, str(name)), set()).add(value)
                elif isinstance(value, dict | list):
                    found.setdefault((table.name, str(name)), set()).add(json.dumps(value).encode())
    return found


def test_whatever_is_sealed_under_the_ring_stands_where_rotation_looks(app: Any, made: set[bytes]) -> None:
    fill(app)
    declared = {(shelf.name, column) for shelf in key_rotation.UNDER_THE_RING for column in shelf.columns}
    in_text = {base64.b64encode(box) for box in made}
    with make.looking(app):
        seen = {
            place
            for place, values in boxes_by_column().items()
            if values & made or any(text in value for value in values for text in in_text)
        }
    assert seen <= declared
    assert {table for table, _ in seen} == {shelf.name for shelf in key_rotation.UNDER_THE_RING}, "each was filled"


def test_after_a_rotation_the_old_key_may_go_and_nothing_is_lost(
    app: Any, cli: Any, change: Callable[[str], None]
) -> None:
    world, signed = fill(app)
    with make.looking(app):
        before = key_rotation.count_by_key()
    assert before.keys() == {"k1"}
    assert before["k1"].keys() == {shelf.name for shelf in key_rotation.UNDER_THE_RING}
    change("k2")
    said = cli("keys", "rotate").out
    assert "k1 may leave KEY_RING now; keep a copy for as long as you keep backups" in said
    assert "damaged" not in said
    with make.looking(app):
        assert {key: tables.total() for key, tables in key_rotation.count_by_key().items()} == {
            "k2": before["k1"].total()
        }
    change("-k1")
    alive(app)
    cli("doctor")
    with app.app_context():
        worker.run_once()
        mailed = [make.read_mail(path) for path in make.outbox()]
    assert [to for to, _, _ in mailed].count(EMAIL) == 2, "the invitation, and the code that was not given up"
    with make.acting(app):
        dead = db.session.scalars(select(Job).where(Job.dead_on.is_not(None))).one()
        assert messages.open_message(dead.payload).words == "ABCD-EFGH"
        signature = db.session.get_one(Signature, signed.id)
        notes = sealing.open_case(signature)
        assert [note.get("kind") for note in notes].count("second_code") == 1, "the alarm was heard"
        signing_key.sign(make.petition(world.petition_id), b"words", at=utcnow())
    assert make.problems(app, world.petition_id) == []


def test_an_alarm_under_a_missing_key_waits_for_it(app: Any, change: Callable[[str], None], settings: Any) -> None:
    _, signed = fill(app)
    path = Path(settings.key_ring)
    copy = path.read_text()
    change("k2")
    change("-k1")
    with make.acting(app):
        duress_codes.look_at_attempts()
        assert len(db.session.scalars(select(CodeAttempt)).all()) == 2
    path.write_text(copy)
    vault._read.cache_clear()
    with make.acting(app):
        duress_codes.look_at_attempts()
        assert db.session.scalars(select(CodeAttempt)).all() == []
        notes = sealing.open_case(db.session.get_one(Signature, signed.id))
        assert [note.get("kind") for note in notes].count("second_code") == 1


def test_a_ring_without_a_key_in_use_is_refused_in_one_line(app: Any, cli: Any, change: Callable[[str], None]) -> None:
    fill(app)
    change("k2")
    change("-k1")
    alive(app)
    words = "The key ring lacks k1, under which"
    assert words in cli("worker", "--drain", code=1).err
    assert words in cli("serve", code=1).err
    assert words in cli("keys", "rotate", code=1).err
    doctor = cli("doctor", code=1).out
    assert any(line.startswith("mend  keys") and words in line for line in doctor.splitlines())


def test_the_doctor_says_which_older_keys_are_needed(app: Any, cli: Any, change: Callable[[str], None]) -> None:
    fill(app)
    change("k2")
    alive(app)
    assert "k1 is an older key of the ring: " in (said := cli("doctor").out)
    assert "things lie under it; run: flask keys rotate" in said
    cli("keys", "rotate")
    assert "k1 is an older key of the ring: nothing needs it any more" in cli("doctor").out


def test_a_damaged_row_stops_no_other_and_keeps_its_key(app: Any, cli: Any, change: Callable[[str], None]) -> None:
    _, signed = fill(app)
    other = make.make_signature(app, make.make_petition(app, "other"))
    with make.acting(app):
        key = db.session.scalars(
            select(SealedKey).where(SealedKey.signature_id == signed.id, SealedKey.part_id.is_(None))
        ).one()
        key.box = key.box[:-1] + bytes([key.box[-1] ^ 1])
    change("k2")
    said = cli("keys", "rotate").out
    assert "1 rows of sealed_keys do not open with their key: they are damaged, and left as they are" in said
    assert "k1 must stay in KEY_RING: 1 in sealed_keys still lie under it" in said
    with make.looking(app):
        assert sealing.open_identity(db.session.get_one(Signature, other.id)).name == other.name


def test_rotation_goes_on_over_many_slices(
    app: Any, cli: Any, change: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "SLICE", 2)
    petition_id: UUID = make.make_petition(app)
    for _ in range(5):
        make.make_signature(app, petition_id)
    change("k2")
    cli("keys", "rotate")
    with make.looking(app):
        assert key_rotation.count_by_key().keys() == {"k2"}
        assert db.session.scalars(select(DuressCode)).all() == []
