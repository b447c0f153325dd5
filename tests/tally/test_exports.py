"""Exports: what each role gets, that no cell is a formula, and what the trail keeps."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app import audit
from petition_app.accounts import approvals
from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.storage.spreadsheets import plain_cell
from petition_app.tally import claims, exports
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/export"


def agree(client: FlaskClient, world: make.World) -> None:
    """Have another organizer confirm what waits."""
    other = make.make_person(client.application, world.petition_id, "organizer")
    with make.acting(client.application):
        (request,) = approvals.list_open(world.petition_id, at=utcnow())
        who = make.account(other)
        assert who
        approvals.confirm(request.id, request.digest.hex(), petition_id=world.petition_id, by=who, at=utcnow())


def post(client: FlaskClient, **fields: str) -> Any:
    token = make.csrf_token(client, HERE)
    return client.post(HERE, data={"csrf_token": token, "purpose": "check"} | fields)


def with_names(client: FlaskClient, world: make.World, **fields: str) -> list[dict[str, str]]:
    """Ask for an export with names, have it confirmed, and fetch it."""
    make.make_person(client.application, world.petition_id, "organizer")
    assert post(client, names="y", **fields).status_code == 303
    agree(client, world)
    return fetch(client, names="y", **fields)


def fetch(client: FlaskClient, **fields: str) -> list[dict[str, str]]:
    answer = post(client, **fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f"attachment; filename=signatures-{make.SLUG}.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.everywhere
@pytest.mark.standard("of a sealed petition an export holds no name that is not public")
def test_an_organizer_gets_what_was_submitted(app: Any, world: make.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE", 2)
    verified = make.make_verified(app, world)
    signed = [make.make_signature(app, world.petition_id) for _ in range(4)]
    make.withdraw(app, signed[0])
    make.submit(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    rows = {row["case"]: row for row in with_names(client, world)}
    assert len(rows) == 5
    assert "email" not in rows[verified.id.hex[:8]]
    one = rows[verified.id.hex[:8]]
    assert (one["name"], one["state"], one["batch"], one["publish"]) == (verified.name, "verified", "1", "3")
    gone = rows[signed[0].id.hex[:8]]
    assert (gone["name"], gone["state"], gone["batch"]) == ("", "withdrawn", "")
    rows = {row["case"]: row for row in with_names(client, world, addresses="y")}
    assert rows[signed[1].id.hex[:8]]["email"] == signed[1].email
    assert rows[signed[0].id.hex[:8]]["email"] == ""


def test_an_auditor_gets_no_name_and_a_reviewer_nothing(app: Any, world: make.World) -> None:
    signed = make.make_signature(app, world.petition_id)
    auditor = make.signed_in(app, world.auditor)
    (row,) = fetch(auditor, addresses="y")
    assert set(row) == set(exports.OPEN_COLUMNS)
    assert row["state"] == "received"
    assert signed.name not in str(row)
    reviewer = make.signed_in(app, world.reviewers[0])
    assert reviewer.get(HERE).status_code == 404
    token = make.csrf_token(reviewer, "/organizer/password")
    assert reviewer.post(HERE, data={"csrf_token": token, "purpose": "check"}).status_code == 404


@pytest.mark.everywhere
def test_of_a_sealed_petition_only_public_names_leave(app: Any, world: make.World) -> None:
    sealed = make.default_mode == "sealed"
    verified, other = make.make_verified(app, world), make.make_signature(app, world.petition_id)
    make.publish_waiting(app)
    client = make.signed_in(app, world.organizer)
    names = {row["case"]: row["name"] for row in with_names(client, world)}
    assert names[verified.id.hex[:8]] == verified.name
    assert names[other.id.hex[:8]] == ("" if sealed else other.name)
    rows = with_names(client, world, addresses="y")
    assert ("email" in rows[0]) != sealed


def test_the_trail_keeps_each_export_with_its_purpose(app: Any, world: make.World) -> None:
    make.make_signature(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    fetch(client, purpose="records")
    with make.looking(app):
        (event,) = [one for one in audit.list_events(petition_id=world.petition_id) if one.act.startswith("export.")]
        assert (event.act, event.number, event.actor_id) == ("export.records", 1, world.organizer.id)
    for wrong in ({}, {"purpose": "curiosity"}):
        token = make.csrf_token(client, HERE)
        answer = client.post(HERE, data={"csrf_token": token} | wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_with_names_it_takes_two_and_one_file(app: Any, world: make.World) -> None:
    signed = make.make_verified(app, world)
    make.publish_waiting(app)
    client = make.signed_in(app, world.organizer)
    alone = post(client, names="y")
    assert alone.status_code == 422
    assert "you are the only one" in alone.text
    assert signed.name not in str(fetch(client))  # Without names nobody else is needed.
    rows = with_names(client, world)
    assert signed.name in str(rows)
    again = post(client, names="y")
    assert again.status_code == 303, "one leave, one file"
    agree(client, world)
    for other in (
        {"purpose": "records"},
        {"addresses": "y"} if make.default_mode == "standard" else {"purpose": "records"},
    ):
        assert post(client, names="y", **other).status_code in (303, 422), "the leave was for something else"


@pytest.mark.everywhere
def test_the_addressee_gets_those_alone_who_agreed(app: Any, world: make.World) -> None:
    sealed = make.default_mode == "sealed"
    wanted = [make.make_verified(app, world, consent=3), make.make_verified(app, world, consent=3, others=1)]
    to_addressee = make.make_verified(app, world, consent=2)
    unwanted = [
        make.make_verified(app, world, consent=0),
        make.make_verified(app, world, consent=1),
        make.make_verified(app, world, consent=3, others=40),
        make.make_verified(app, world, consent=2, others=40),
        make.make_signature(app, world.petition_id, consent=3),
    ]
    denied, withdrawn, taken = (make.make_verified(app, world, consent=3) for _ in range(3))
    make.publish_waiting(app)
    make.withdraw(app, withdrawn)
    make.act(app, "retract", world.petition_id, taken.id, world.organizer, reason="entered_in_error")
    with make.acting(app):
        claims.claim(make.petition(world.petition_id), name=denied.name, place="", words="", at=utcnow())
    client = make.signed_in(app, world.organizer)
    rows = with_names(client, world, purpose="addressee", addresses="y")
    assert set(rows[0]) == set(exports.NAME_COLUMNS)
    assert sorted(row["name"] for row in rows) == sorted(
        one.name for one in (*wanted, *(() if sealed else (to_addressee,)))
    )
    for one in (*unwanted, denied, withdrawn, taken):
        assert one.name not in str(rows)
        assert one.email not in str(rows)


def test_an_auditor_cannot_export_for_the_addressee(app: Any, world: make.World) -> None:
    make.make_verified(app, world)
    auditor = make.signed_in(app, world.auditor)
    assert "To hand the signatures over" not in auditor.get(HERE).text
    for fields in ({"purpose": "addressee"}, {"names": "y"}):
        assert post(auditor, **fields).status_code in (404, 422)


def test_a_file_that_fails_midway_says_so(app: Any, world: make.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE", 1)
    for _ in range(3):
        make.make_signature(app, world.petition_id)
    client, whole = make.signed_in(app, world.organizer), exports._written

    def break_off(*words: Any) -> list[list[str]]:
        if broken:
            raise RuntimeError("the database is gone")
        broken.append(True)
        return whole(*words)

    broken: list[bool] = []
    monkeypatch.setattr(exports, "_written", break_off)
    token = make.csrf_token(client, HERE)
    answer = client.post(HERE, data={"csrf_token": token, "purpose": "check"}, buffered=False)
    came = []
    with pytest.raises(RuntimeError):
        came.extend(answer.iter_encoded())
    assert "NOT COMPLETE" in b"".join(came).decode()


def test_nothing_is_held_while_a_client_takes_its_time(app: Any, world: make.World) -> None:
    make.make_signature(app, world.petition_id)
    with make.acting(app):
        begun = exports.Export(world.petition_id, "check", 1, False, False)
    with app.app_context():
        rows: Any = exports.read(begun)
        next(rows)
        assert not db.session().in_transaction()
        rows.close()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "﹢1", "－1", "＠x", "|cmd", "%0"]
)
def test_no_cell_can_become_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Анна О'Нил", "a=b", "1-2", "7", "row@example.org"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert plain_cell(text) == text
