"""On one's own machine, too: one act and straight on, the roster by hand, a hold, a slip, a form sent twice."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.verification.models import Decision, Evidence, Lease
from tests import factories as make
from tests.conftest import only_sqlite
from tests.local_desk.test_local_desk import TODAY, Start, id_of, sealed_batch

ONE_ACT = {"outcome": "verified", "one_act": "1", "agrees": "1", "how": "live_call", "contacted_on": TODAY}


@only_sqlite
def test_evidence_and_verdict_travel_together_and_the_next_case_comes(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая", "Борис Крутых", reviewers=2, evidence_rule=3)
    mine = desk(world, world.reviewers[0])
    case = str(mine.next())
    answer = mine.post(f"{case}/decisions", **ONE_ACT, seen="Spoke for a minute.", note="A clear voice.", then="next")
    assert answer.status_code == 303, answer.text
    assert "/cases/" in answer.headers["location"]
    assert case not in answer.headers["location"]
    with make.looking(app):
        (found,) = db.session.scalars(db.select(Evidence)).all()
        (said,) = db.session.scalars(db.select(Decision)).all()
        assert (found.kind, found.strength, found.signature_id) == ("live_call", 3, id_of(case))
        assert (said.outcome, said.contact, said.signature_id) == ("verified", "live_call", id_of(case))
    other = desk(world, world.reviewers[1])
    seen = str(other.next())
    if id_of(seen) != id_of(case):
        other.post(f"{seen}/put-back")
        seen = str(other.next())
    assert "Spoke for a minute." in other.page(seen), "the words were sealed for whoever decides next"


@only_sqlite
def test_the_roster_of_this_machine_is_searched_and_the_server_told_how_many(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая", roster=True)
    mine = desk(world, world.reviewers[0])
    case = str(mine.next())
    answer = mine.post(f"{case}/roster", wanted="вера", outcome="verified", one_act="1", note="Kept.")
    assert answer.status_code == 200, answer.text
    page = html.unescape(answer.text)
    assert 'value="r1"' in page
    assert "Kept." in page
    with make.looking(app):
        (event,) = db.session.scalars(db.select(AuditEvent).filter_by(act="roster.searched")).all()
        assert (event.actor_id, event.object_id, event.number) == (world.reviewers[0].id, id_of(case), 1)
    chosen = ONE_ACT | {"entry": "r1", "grounds": "She has married."}
    assert mine.post(f"{case}/decisions", **chosen).status_code == 303
    assert make.state_of(app, id_of(case)) == "verified"


@only_sqlite
def test_a_hold_is_renewed_on_both_machines(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0])
    case = str(mine.next())
    with make.acting(app):
        db.session.execute(update(Lease).values(until=utcnow() + timedelta(minutes=1)))
    answer = mine.browser.post(
        f"/organizer/p/{world.slug}/{case}/hold", data={"csrf_token": mine.csrf}, headers={"Accept": "application/json"}
    )
    assert answer.json()["seconds"] > 590
    with make.looking(app):
        (lease,) = db.session.scalars(db.select(Lease)).all()
        assert lease.until > utcnow() + timedelta(minutes=9)


@only_sqlite
def test_a_slip_is_taken_back_and_a_form_sent_twice_is_one_act(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая", "Борис Крутых", reviewers=2)
    mine = desk(world, world.reviewers[0])
    case = str(mine.next())
    refused = {"outcome": "rejected", "reason": "not_found"}
    for _ in range(2):
        answer = mine.post(f"{case}/decisions", **refused)
        assert answer.status_code == 303, answer.text
        assert "Your decision is recorded" in mine.page("desk")
    with make.looking(app):
        assert len(db.session.scalars(db.select(Decision)).all()) == 1
    answer = mine.post(f"{case}/undo")
    assert answer.status_code == 303, answer.text
    assert case in answer.headers["location"]
    with make.looking(app):
        found = db.session.scalars(db.select(Decision).order_by(Decision.position)).all()
        assert [row.outcome for row in found] == ["rejected", "undone"]
    assert mine.post(f"{case}/decisions", **ONE_ACT).status_code == 303
