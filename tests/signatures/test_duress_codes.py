"""The second code: it opens nothing, and the desk learns calmly that it was used."""

from __future__ import annotations

from typing import Any

from petition_app.clock import utcnow
from petition_app.signatures.models import CodeAttempt, DuressCode, Signature
from petition_app.storage.db import db
from petition_app.verification.desk import case_view
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make


def second_code(client: Any, signed: make.Signed) -> str:
    return make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))


def waiting_case(app: Any) -> tuple[make.World, make.Signed]:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    return world, signed


def work(app: Any) -> None:
    with app.app_context():
        worker.run_once()


def test_it_opens_nothing_and_the_desk_is_told_calmly(app: Any, client: Any) -> None:
    world, signed = waiting_case(app)
    code = second_code(client, signed)
    answer = client.post("/my", data={"code": code, "action": "withdraw"})
    assert "There is no signature here" in answer.text
    assert code not in answer.text
    assert make.state_of(app, signed.id) == "checking"
    work(app)
    make.take_case(app, world.petition_id, signed.id, world.reviewers[0])
    with make.looking(app):
        case = case_view.open_case(
            signed.id,
            access=make.ACCESS,
            petition=make.petition(world.petition_id),
            by=make.account(world.reviewers[0]),
            at=utcnow(),
        )
        assert case.second_code == utcnow().date()
    page = make.signed_in(app, world.reviewers[0]).get(f"/organizer/p/{world.slug}/cases/{signed.id}")
    assert "do not contact this person in the usual way" in page.text


def test_codes_of_nobody_leave_nothing(app: Any, client: Any) -> None:
    waiting_case(app)
    work(app)
    before = dumps.tables(app)
    for typed in ("", "no words", "abandon " * 11 + "about"):
        client.post("/my", data={"code": typed})
    with make.looking(app):
        boxes = {len(box) for box in db.session.scalars(db.select(CodeAttempt.box))}
    assert len(boxes) == 1
    work(app)
    after = dumps.tables(app)
    assert [
        name for name in before if before[name] != after[name] and name not in ("worker_beats", "completions")
    ] == []


def test_a_knock_looks_alike_whoever_it_is(app: Any, client: Any) -> None:
    _, signed = waiting_case(app)
    code = second_code(client, signed)
    for typed in (code, "no words"):
        client.post("/my", data={"code": typed})
    with make.looking(app):
        rows = db.session.execute(db.select(CodeAttempt.key_id, CodeAttempt.box)).all()
    assert len({(key_id, len(box)) for key_id, box in rows}) == 1
    assert len(rows) == 2


def test_a_new_one_ends_the_earlier_and_withdrawing_ends_both(app: Any, client: Any) -> None:
    _, signed = waiting_case(app)
    first, second = second_code(client, signed), second_code(client, signed)
    assert first != second
    with make.looking(app):
        assert len(db.session.scalars(db.select(DuressCode.code_hash)).all()) == 1
    assert client.post("/my", data={"code": signed.secret_code, "action": "withdraw"}).status_code == 303
    with make.looking(app):
        assert db.session.scalars(db.select(DuressCode.code_hash)).all() == []
        assert db.session.get_one(Signature, signed.id).code_hash is None
    work(app)


def test_it_is_stored_as_a_hash_only(app: Any, client: Any) -> None:
    _, signed = waiting_case(app)
    code = second_code(client, signed)
    client.post("/my", data={"code": code})
    work(app)
    assert dumps.traces(dumps.everything(app), code) == []
