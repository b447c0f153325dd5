"""Exports: what each role gets, that no cell is a formula, and what the trail keeps."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app import audit
from petition_app.sheets import plain_cell
from petition_app.tally import exports
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/export"


@pytest.fixture
def world(app: Any) -> make.World:
    return make.make_world(app)


def fetch(client: FlaskClient, **fields: str) -> list[dict[str, str]]:
    token = make.csrf_token(client, HERE)
    answer = client.post(HERE, data={"csrf_token": token, "purpose": "check"} | fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f"attachment; filename=signatures-{make.SLUG}.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.standard("of a sealed petition an export holds no name that is not public")
def test_an_organizer_gets_what_was_submitted(app: Any, world: make.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE", 2)
    verified = make.make_verified(app, world)
    signed = [make.make_signature(app, world.petition_id) for _ in range(4)]
    make.withdraw(app, signed[0])
    make.submit(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    rows = {row["case"]: row for row in fetch(client)}
    assert len(rows) == 5
    assert "email" not in rows[verified.id.hex[:8]]
    one = rows[verified.id.hex[:8]]
    assert (one["name"], one["state"], one["batch"], one["publish"]) == (verified.name, "verified", "1", "3")
    gone = rows[signed[0].id.hex[:8]]
    assert (gone["name"], gone["state"], gone["batch"]) == ("", "withdrawn", "")
    rows = {row["case"]: row for row in fetch(client, addresses="y")}
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


def test_of_a_sealed_petition_only_public_names_leave(app: Any, world: make.World) -> None:
    sealed = make.default_mode == "sealed"
    verified, other = make.make_verified(app, world), make.make_signature(app, world.petition_id)
    make.publish_waiting(app)
    client = make.signed_in(app, world.organizer)
    names = {row["case"]: row["name"] for row in fetch(client)}
    assert names[verified.id.hex[:8]] == verified.name
    assert names[other.id.hex[:8]] == ("" if sealed else other.name)
    rows = fetch(client, addresses="y")
    assert ("email" in rows[0]) != sealed


def test_the_trail_keeps_each_export_with_its_purpose(app: Any, world: make.World) -> None:
    make.make_signature(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    fetch(client, purpose="addressee")
    with make.looking(app):
        (event,) = [one for one in audit.list_events(petition_id=world.petition_id) if one.act.startswith("export.")]
        assert (event.act, event.number, event.actor_id) == ("export.addressee", 1, world.organizer.id)
    for wrong in ({}, {"purpose": "curiosity"}):
        token = make.csrf_token(client, HERE)
        answer = client.post(HERE, data={"csrf_token": token} | wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "﹢1", "－1", "＠x", "|cmd", "%0"]
)
def test_no_cell_can_become_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Анна О'Нил", "a=b", "1-2", "7", "row@example.org"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert plain_cell(text) == text
