"""What is stored about a signer: sealed, bound to its place, of one length, and gone after withdrawal."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from petition_app import audit, config
from petition_app.audit import AuditEvent, SignerAct
from petition_app.clock import utcnow
from petition_app.crypto import fingerprints, vault, worker_keys
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import StorageSealedError
from petition_app.signatures import case_additions, sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import Confirmation, SealedKey, SealedPart, Signature, SignatureDelta
from petition_app.storage.db import Base, db, transaction
from petition_app.storage.jobs import Job, PendingPublication
from petition_app.tally.models import PublishedName
from petition_app.verification.dialogue import questions
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make

NAME, ROLE, PLACE = "Канареева Зинаида Тестовна", "смотрительница маяка", "Совет Выдуманного мыса"
MAIL = "zinaida.kanareeva@example.org"
QUESTION, ANSWER, NOTE = (
    "В каком году был ваш первый созыв?",
    "Первый созыв был в позапрошлом",
    "Голос по телефону узнан",
)


def test_no_canary_is_found_outside_the_sealed_parts(app: Any) -> None:
    world = make.make_world(app, reviewers=1)
    by = world.reviewers[0]
    submitted = make.submit(
        app,
        world.petition_id,
        make.new_signature(NAME, role=ROLE, place=PLACE, email=MAIL, language="ru", consent=2),
    )
    assert not dumps.traces(dumps.everything(app), NAME, ROLE, PLACE, MAIL, submitted.code)
    signed = make.confirm(app, world.petition_id, submitted)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, by, QUESTION)
    make.answer(app, signed, ANSWER)
    today = utcnow().date()
    make.decide(
        app, world.petition_id, signed.id, by,
        outcome="verified", contact="live_call", contacted_on=today, note=NOTE,
    )  # fmt: skip
    with app.app_context():
        worker.run_once()
    canaries = (NAME, ROLE, PLACE, MAIL, QUESTION, ANSWER, NOTE, submitted.code, signed.secret_code)
    assert dumps.traces(dumps.everything(app), *canaries) == []
    words = [word for text in (NAME, QUESTION) for word in text.split() if len(word) > 6]
    assert dumps.traces(dumps.everything(app), *words) == []


def test_the_search_finds_a_canary_that_lies_about(app: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world, NAME, place=PLACE)
    make.publish_waiting(app)
    found = dumps.traces(dumps.everything(app), NAME, PLACE)
    assert any(line.startswith(NAME) for line in found), "a published name must be seen, or the search is void"
    (config.current().instance / "note.txt").write_bytes(MAIL.encode("utf-16-le"))
    assert dumps.traces(dumps.everything(app), MAIL)


def test_imported_people_are_sealed_too(app: Any) -> None:
    petition_id = make.make_petition(app)
    make.import_rows(app, petition_id, NAME, consent=3)
    assert dumps.traces(dumps.everything(app), NAME) == []


def test_every_part_and_every_key_has_the_length_of_all_others(app: Any) -> None:
    petition_id = make.make_petition(app)
    make.make_signature(app, petition_id, "Li", role="", place="", email="a@example.org")
    make.make_signature(app, petition_id, "А" * 120, role="Р" * 200, place="П" * 200, email=f"{'m' * 60}@example.org")
    with make.looking(app):
        boxes = {(part.part, len(part.box)) for part in db.session.scalars(db.select(SealedPart))}
        keys = {(key.part_id is None, len(key.box)) for key in db.session.scalars(db.select(SealedKey))}
    assert len(boxes) == len(vault.PARTS)
    assert len(keys) == 2  # Wraps of signature keys, and of part keys.


def _opens(signature: Signature) -> list[str]:
    opened = []
    for part in vault.PARTS:
        try:
            sealing._open(signature, part)
        except UnreadableError:
            continue
        opened.append(part)
    return opened


@pytest.mark.parametrize("model", [SealedPart, SealedKey])
def test_rows_swapped_between_signatures_or_parts_do_not_open(app: Any, model: Any) -> None:
    petition_id = make.make_petition(app)
    ids = [make.make_signature(app, petition_id).id for _ in range(2)]
    with make.looking(app):
        rows = [row.id for row in db.session.scalars(db.select(model))]
        assert [_opens(db.session.get_one(Signature, one)) for one in ids] == [list(vault.PARTS)] * 2
    assert len(rows) == (6 if model is SealedPart else 8)
    for one, other in itertools.combinations(rows, 2):
        with make.acting(app) as work:
            first, second = db.session.get_one(model, one), db.session.get_one(model, other)
            first.box, second.box = second.box, first.box
            db.session.flush()
            opened = [_opens(db.session.get_one(Signature, signature_id)) for signature_id in ids]
            work.discard()
        touched = [(row.signature_id, _part_of(app, row)) for row in (_row(app, model, one), _row(app, model, other))]
        for signature_id, part in touched:
            still = opened[ids.index(signature_id)]
            assert (part not in still) if part else (still == []), "a swapped row was opened"


def _row(app: Any, model: Any, row_id: Any) -> Any:
    with make.looking(app):
        row = db.session.get_one(model, row_id)
        db.session.expunge(row)
        return row


def _part_of(app: Any, row: Any) -> str | None:
    if isinstance(row, SealedPart):
        return row.part
    if row.part_id is None:
        return None
    with make.looking(app):
        return db.session.get_one(SealedPart, row.part_id).part


@pytest.mark.standard("Keys of two sealed petitions are never open at once.")
def test_a_part_moved_to_another_signature_or_petition_does_not_open(app: Any) -> None:
    one = make.make_signature(app, make.make_petition(app))
    other = make.make_signature(app, make.make_petition(app, "other-letter"))
    with app.app_context(), transaction() as work:
        for model in (SealedKey, SealedPart):
            for row in db.session.scalars(db.select(model)):
                row.signature_id = other.id if row.signature_id == one.id else one.id
        db.session.flush()
        assert [_opens(db.session.get_one(Signature, signed.id)) for signed in (one, other)] == [[], []]
        work.discard()
    with app.app_context(), transaction() as work:
        signature = db.session.get_one(Signature, one.id)
        signature.petition_id = db.session.get_one(Signature, other.id).petition_id
        db.session.flush()
        assert _opens(signature) == []
        work.discard()


def test_after_withdrawal_the_keys_are_gone_and_nothing_opens(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, NAME)
    make.withdraw(app, signed)
    with make.looking(app):
        signature = db.session.get_one(Signature, signed.id)
        assert _opens(signature) == []
        assert (signature.name_index, signature.mailbox_index) == (None, None)
        assert not db.session.scalars(db.select(SealedKey).where(SealedKey.signature_id == signed.id)).all()
        assert not db.session.scalars(db.select(PublishedName)).all()


@pytest.mark.standard("It begins with an index, and sealed mode stores none.")
def test_after_withdrawal_no_file_holds_the_erased_keys(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, NAME, place=PLACE)
    with make.looking(app):
        keys = [key.box for key in db.session.scalars(db.select(SealedKey).where(SealedKey.signature_id == signed.id))]
        index = db.session.get_one(Signature, signed.id).name_index
    assert len(keys) == 4
    assert index is not None
    make.withdraw(app, signed)
    held = dumps.everything(app)
    assert [key for key in (*keys, index) if key in held] == []
    assert dumps.traces(held, NAME, PLACE) == []


def test_the_secret_r_hashes_to_the_commitment(app: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    with make.looking(app):
        signature = db.session.get_one(Signature, signed.id)
        r = bytes.fromhex(sealing._open(signature, "identity")[0]["r"])
        assert len(r) == 32
        assert fingerprints.commitment(signature.petition_id, r) == signature.commitment


def test_a_signers_acts_leave_no_id_and_no_time_of_day(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.change_consent(app, signed, 1)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    make.answer(app, signed, ANSWER)
    make.withdraw(app, signed)
    with make.looking(app):
        acts = list(db.session.scalars(db.select(SignerAct.act).order_by(SignerAct.act)))
        assert acts == [
            "signature.answered",
            "signature.consent_changed",
            "signature.received",
            "signature.submitted",
            "signature.withdrawn",
        ]
        events = db.session.scalars(db.select(AuditEvent.act)).all()
        assert events
        assert not [act for act in events if act.startswith("signature.")], "they stand apart from timed acts"
    assert set(SignerAct.__table__.columns.keys()) == {"id", "act", "petition_id", "number", "day"}


def test_signers_acts_join_the_trail_as_one_number_a_day_when_the_day_is_over(app: Any) -> None:
    world = make.make_world(app)
    for _ in range(3):
        make.make_signature(app, world.petition_id)
    with make.acting(app):
        audit.add_up(at=utcnow())
        rows = db.session.execute(db.select(SignerAct.act, SignerAct.number).order_by(SignerAct.act)).all()
        assert [tuple(row) for row in rows] == [("signature.received", 3), ("signature.submitted", 3)]
        audit.link_events()
        assert audit.count_acts(("signature.received",), petition_id=world.petition_id) == 3
    with make.acting(app):
        audit.add_up(at=utcnow() + timedelta(days=1))
        audit.link_events()
    with make.looking(app):
        assert db.session.scalars(db.select(SignerAct)).all() == []
        query = db.select(AuditEvent).where(AuditEvent.act == "signature.received")
        event = db.session.scalars(query).one()
        assert (event.number, event.at, event.object_id, event.actor_id) == (3, None, None, None)
        assert event.position
        assert audit.find_broken_link() is None
        assert audit.count_acts(("signature.received",), petition_id=world.petition_id) == 3
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize("model", [SignatureDelta, PendingPublication, Signature, SealedPart, SealedKey])
def test_what_a_signer_writes_has_no_column_for_a_time_of_day(model: Any) -> None:
    moments = [column.name for column in model.__table__.columns if column.type.python_type is datetime]
    assert moments == []


@pytest.mark.parametrize("model", [SignatureDelta, PendingPublication, Job, AuditEvent, SignerAct])
def test_rows_about_counts_work_and_acts_cannot_point_to_a_signature(model: Any) -> None:
    assert not [key for key in model.__table__.foreign_keys if key.column.table.name == "signatures"]


def test_a_job_and_a_confirmation_do_not_tell_the_second_of_signing(app: Any) -> None:
    petition_id = make.make_petition(app)
    at = utcnow().replace(second=37, microsecond=123456)
    with make.acting(app):
        worker_keys.record_heartbeat(at=at)
        signing.sign(make.new_signature(), petition=make.petition(petition_id), at=at)
    with make.looking(app):
        job, confirmation = (db.session.scalars(db.select(model)).one() for model in (Job, Confirmation))
        assert (job.due_at.second, job.due_at.microsecond) == (0, 0)
        assert (confirmation.expires_at.minute % 15, confirmation.expires_at.second) == (0, 0)
        assert isinstance(db.session.scalars(db.select(Signature)).one().arrived_on, date)


def test_ids_are_random_and_tell_no_order(app: Any) -> None:
    petition_id = make.make_petition(app)
    ids = [make.make_signature(app, petition_id).id for _ in range(12)]
    assert {one.version for one in ids} == {4}
    assert ids != sorted(ids)


@pytest.mark.standard("The ring wraps nothing in sealed mode.")
def test_without_its_ring_the_server_stores_nothing(app: Any) -> None:
    petition_id = make.make_petition(app)
    before = dumps.tables(app)
    ring = Path(config.current().key_ring)
    kept = ring.read_text()
    ring.unlink()
    with pytest.raises(StorageSealedError):
        make.submit(app, petition_id)
    assert dumps.tables(app) == before
    ring.write_text(kept)
    make.submit(app, petition_id)


def test_an_answer_is_sealed_without_opening_anything(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    with monkeypatch.context() as patch:
        # The signer's door may only write: any attempt to unwrap a key fails here.
        patch.setattr(vault.KeyRing, "unwrap", lambda *_: pytest.fail("the signer's door opened a key"))
        make.answer(app, signed, ANSWER)
    with make.looking(app):
        notes = sealing.open_case(db.session.get_one(Signature, signed.id))
    assert [note.get("text") for note in notes if note.get("kind") == "answer"] == [ANSWER]


def test_the_case_keeps_the_order_in_which_it_grew(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    with make.acting(app):
        signature = db.session.get_one(Signature, signed.id)
        for number in range(6):
            add = case_additions.add_to_case if number % 2 else case_additions.add_by_signer
            add(signature, {"kind": "note", "text": str(number)})
    with make.looking(app):
        notes = sealing.open_case(db.session.get_one(Signature, signed.id))
    assert [note["text"] for note in notes if note.get("kind")] == [str(number) for number in range(6)]


def test_plain_columns_are_those_that_name_nobody() -> None:
    plain = {column.name for column in Base.metadata.tables["signatures"].columns}
    assert plain == {
        "id", "petition_id", "text_version_id", "batch_id", "state", "language", "publication_tier",
        "min_named_others", "arrived_on",
        "commitment", "code_hash", "signer_key", "name_index", "mailbox_index", "names_stale",
        "match_class", "matched_roster", "match_index", "entry_index", "awaiting_enactment", "agreement_box",
    }  # fmt: skip
    assert questions.Question.__table__.columns.keys() == [
        "id", "signature_id", "account_id", "box", "asked_on", "answered_on", "reminders", "reminded_on",
    ]  # fmt: skip
    assert Base.metadata.tables["evidence"].columns.keys() == [
        "id", "signature_id", "petition_id", "account_id", "kind", "strength", "danger", "own_word", "on", "removed_on",
    ]  # fmt: skip
    assert audit.AuditEvent.__table__.columns.keys() == [
        "id", "act", "petition_id", "actor_id", "object_id", "number", "day", "at", "position", "link",
    ]  # fmt: skip
