"""A case is looked up by exactly a name or a mailbox: one is opened or none, never a list, and the trail keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.audit import AuditEvent
from petition_app.storage.db import db
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/decided"
NAME = "Вера Луговая"


def look_up(client: Any, **fields: str) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"{HERE}/look-up", data=fields | {"csrf_token": token})


def trail(app: Any) -> list[tuple[str, Any, int]]:
    with make.looking(app):
        wanted = AuditEvent.act.in_(("case.looked_up", "case.read"))
        rows = db.session.scalars(db.select(AuditEvent).where(wanted).order_by(AuditEvent.at)).all()
        return [(row.act, row.object_id, row.number) for row in rows]


@pytest.mark.parametrize("by", ["name", "mailbox", "both"])
def test_a_decided_case_is_opened_and_written_down(app: Any, by: str) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    signed = make.make_verified(app, world, NAME, email="vera@example.org")
    client = make.signed_in(app, world.organizer)
    wanted = {"name": "вера  ЛУГОВАЯ", "mailbox": "Vera@example.org"}
    answer = look_up(client, **{name: words for name, words in wanted.items() if by in (name, "both")})
    assert answer.location == f"{HERE}/{signed.id}"
    assert NAME in client.get(answer.location).text, "it is open already: nothing is asked twice"
    assert [(act, one) for act, one, _ in trail(app)] == [("case.looked_up", signed.id), ("case.read", signed.id)]


def test_two_people_of_one_name_are_told_apart_by_the_mailbox_alone(app: Any) -> None:
    world = make.make_world(app)
    one = make.make_verified(app, world, NAME, email="one@example.org")
    make.make_verified(app, world, NAME, email="two@example.org")
    client = make.signed_in(app, world.organizer)
    answer = look_up(client, name=NAME)
    assert answer.status_code == 200
    assert "None is opened" in answer.text.replace("\n", " ")
    assert str(one.id) not in answer.text.split("<table")[0]
    assert NAME in answer.text, "what was typed is kept"
    assert trail(app)[-1] == ("case.looked_up", None, 1)
    assert look_up(client, name=NAME, mailbox="one@example.org").location == f"{HERE}/{one.id}"


@pytest.mark.parametrize("wanted", [{"name": "Вера"}, {"name": "Вера Лугова"}, {"mailbox": "vera@example.com"}])
def test_nothing_that_only_nearly_fits_is_found(app: Any, wanted: dict[str, str]) -> None:
    world = make.make_world(app)
    make.make_verified(app, world, NAME, email="vera@example.org")
    answer = look_up(make.signed_in(app, world.organizer), **wanted)
    assert answer.status_code == 200
    assert "No signature has exactly this" in answer.text
    assert trail(app) == [("case.looked_up", None, 0)]


def test_of_a_case_that_nobody_has_decided_only_its_state_is_said(app: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id, NAME)
    client = make.signed_in(app, world.organizer)
    answer = look_up(client, name=NAME)
    assert answer.location == HERE
    page = client.get(HERE)
    assert "Nobody has decided it yet" in page.text
    assert NAME not in page.text
    assert [act for act, *_ in trail(app)] == ["case.looked_up"]


def test_an_empty_form_is_no_look_up_and_many_are_too_many(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    assert look_up(client).status_code == 422
    assert trail(app) == []
    for _ in range(20):
        assert look_up(client, name="Никто").status_code == 200
    assert look_up(client, name="Никто").status_code == 429


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_only_organizers_look_up_and_only_by_post(app: Any, role: str) -> None:
    world = make.make_world(app)
    make.make_verified(app, world, NAME)
    client = make.signed_in(app, world.auditor if role == "auditor" else world.reviewers[0])
    assert look_up(client, name=NAME).status_code == 404
    assert make.signed_in(app, world.organizer).get(f"{HERE}/look-up?name={NAME}").status_code in (404, 405)
    assert trail(app) == []
