"""The desk however many wait: no query reads all signatures, and namesakes make no case dearer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from petition_app.clock import utcnow
from petition_app.storage.db import db, transaction
from petition_app.verification.desk import case_view, own_work
from petition_app.worker.loop import run_periodic
from petition_app.worker.schedule import PERIODIC
from tests import factories as make
from tests.conftest import only_sqlite

SCAN = re.compile(r"SCAN (signatures|near_keys|sealed_parts|sealed_keys|audit_events|jobs)\b")
# What comes round seldom may look at everything.
OFTEN = [task for interval, task in PERIODIC if interval.total_seconds() <= 10]


@contextmanager
def listening(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Note every statement with its values."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        heard.append((statement, values))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def scans(app: Flask, heard: list[tuple[str, Any]]) -> list[str]:
    """Return how SQLite would read a large table from one end to the other for any of these statements."""
    found = []
    with app.app_context(), transaction(saving=False):
        for statement, values in heard:
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and isinstance(values, tuple):
                plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                found += [f"{row[3]}: {statement}" for row in plan if SCAN.match(row[3])]
    return found


@only_sqlite
def test_no_act_at_the_desk_and_no_task_that_comes_round_often_reads_every_signature(app: Any) -> None:
    world = make.make_world(app, roster=True, match_rule="any")
    for _ in range(4):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    client = make.signed_in(app, world.reviewers[0])
    here = f"/organizer/p/{world.slug}"
    organizer = make.signed_in(app, world.organizer)
    with listening(app) as heard:
        token = make.csrf_token(client, f"{here}/desk")
        for number in range(3):
            there = client.post(f"{here}/next", data={"csrf_token": token}).headers["location"]
            client.get(there)
            fields = {"csrf_token": token, "outcome": "rejected", "reason": "not_found"}
            assert client.post(f"{there}/decisions", data=fields).status_code == 303, number
        for page in (here, f"{here}/seal", f"{here}/decided", f"{here}/trail"):
            assert organizer.get(page).status_code == 200, page
        with app.app_context():
            for task in OFTEN:
                run_periodic(task)
    assert len(heard) > 100
    assert scans(app, heard) == []


@pytest.mark.standard("In sealed mode what waits is matched first, in steps that each look anew.")
def test_no_request_at_the_desk_reads_anything_twice(app: Any) -> None:
    world = make.make_world(app, reviewers=1)
    for _ in range(6):
        make.make_signature(app, world.petition_id, "Вера Луговая", consent=0)
    make.seal(app, world.petition_id)
    client = make.signed_in(app, world.reviewers[0])
    here = f"/organizer/p/{world.slug}"
    token = make.csrf_token(client, f"{here}/desk")
    today = utcnow().date().isoformat()
    words = {"outcome": "verified", "agrees": "1", "contact": "known_account", "contacted_on": today}

    def ask(method: str, path: str, **fields: str) -> str:
        with listening(app) as heard:
            answer = client.open(path, method=method, data={"csrf_token": token, **fields} if fields else None)
        assert answer.status_code in (200, 303)
        asked = Counter((statement, repr(values)) for statement, values in heard if statement.startswith("SELECT"))
        assert [statement for (statement, _), times in asked.items() if times > 1] == []
        return answer.headers.get("location", "")

    for _ in range(2):
        there = ask("POST", f"{here}/next", asked="")
        ask("GET", there)
        ask("POST", f"{there}/decisions", **words)


@only_sqlite
def test_a_case_with_many_namesakes_takes_as_many_statements_as_one_with_few(app: Any) -> None:
    world = make.make_world(app)
    numbers = []
    for _ in range(3):
        for _ in range(5):
            make.make_signature(app, world.petition_id, "Вера Луговая")
        make.seal(app, world.petition_id)
        with app.app_context(), transaction():
            petition, by = make.petition(world.petition_id), make.account(world.reviewers[0])
            assert by
            signature_id = case_view.next_case(petition, access=make.ACCESS, by=by, at=utcnow())
            assert signature_id
        with listening(app) as heard, make.looking(app):
            petition, by = make.petition(world.petition_id), make.account(world.reviewers[0])
            assert by
            shown = case_view.open_case(signature_id, access=make.ACCESS, petition=petition, by=by, at=utcnow())
            assert len(shown.candidates) in (4, 5)
        numbers.append(len(heard))
    assert len(set(numbers)) == 1


@pytest.mark.standard("The count opens nothing.")
def test_who_must_look_further_is_counted_from_the_cases_that_differ(app: Any, database: str) -> None:
    world = make.make_world(app, reviewers=2, staff=3)
    cases = [make.make_signature(app, world.petition_id).id for _ in range(6)]
    make.seal(app, world.petition_id)
    one, two, third = world.reviewers
    for case in cases[:4]:
        make.decide(app, world.petition_id, case, one, outcome="rejected", reason="not_found")
    for case in cases[:2]:
        make.decide(app, world.petition_id, case, two)
    for case in cases[4:]:  # Agreed, and begun anew: nobody differs on it any more.
        for each in (one, two):
            make.decide(app, world.petition_id, case, each)
        make.act(app, "reopen", world.petition_id, case, world.organizer)
    with listening(app) as heard, make.looking(app):
        petition = make.petition(world.petition_id)
        counts = [own_work.count_disagreed(petition, by=make.account(each)) for each in (None, one, two, third)]
    assert counts == [2, 0, 0, 2]
    if not database.startswith("sqlite"):  # There so few rows are read at once, whatever index there is.
        return
    asked = [(text, values) for text, values in heard if "count(DISTINCT signatures.id)" in text]
    assert len(asked) == 4
    with make.looking(app):
        for text, values in asked:
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            steps = "\n".join(row[3] for row in plan)
            assert "USING INDEX ix_decisions_open (petition_id=? AND enacted=? AND position>?)" in steps
            assert "SCAN" not in steps
