"""Reading a decided case is an act: it is asked for, and the trail keeps who opened what and who searched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.verification.desk import case_view
from petition_app.web.staff import batches
from tests import factories as make


def acts(app: Any, act: str) -> list[Any]:
    with make.looking(app):
        found = db.select(AuditEvent.actor_id, AuditEvent.object_id, AuditEvent.number).where(AuditEvent.act == act)
        return [tuple(row) for row in db.session.execute(found)]


def test_a_decided_case_shows_nothing_before_it_is_opened(app: Any, monkeypatch: Any) -> None:
    world = make.make_world(app)
    one = make.make_verified(app, world, "Ада Луговая")
    client = make.signed_in(app, world.organizer)
    path = f"/organizer/p/{world.slug}/decided/{one.id}"
    assert one.name not in client.get(path).text
    assert acts(app, "case.read") == []
    form = next(form for form in make.forms_of(client.get(path)) if form["action"].endswith("/open"))
    assert client.post(form["action"], data=form["fields"]).status_code == 303
    assert one.name in client.get(path).text
    assert acts(app, "case.read") == [(world.organizer.id, one.id, 1)]
    assert "opened a decided case" in client.get(f"/organizer/p/{world.slug}/trail").text
    other = make.make_person(app, world.petition_id, "organizer")
    assert one.name not in make.signed_in(app, other).get(path).text
    later = utcnow() + case_view.READING + timedelta(seconds=1)
    monkeypatch.setattr(batches, "utcnow", lambda: later)
    assert one.name not in client.get(path).text


def test_searching_the_decided_is_written_down(app: Any) -> None:
    world = make.make_world(app)
    one = make.make_verified(app, world, "Ада Луговая")
    make.publish_waiting(app)
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    for wanted in ("Ада Луговая", "Nobody At All", one.secret_code):
        client.post(f"/organizer/p/{world.slug}/decided", data={"csrf_token": token, "wanted": wanted})
    assert sorted(number for _, _, number in acts(app, "case.searched")) == [0, 1, 1]
    assert acts(app, "case.read") == []
