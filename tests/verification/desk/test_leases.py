"""Which case comes next while the worker holds rows: what is locked for a moment is passed over, or waited for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select

from petition_app import app_state
from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.verification.desk import leases, own_work
from tests import factories as make

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # Elsewhere one writes at a time.


@on_postgresql
@pytest.mark.parametrize("locked", [1, 2], ids=["another case is free", "every case is locked"])
def test_a_reviewer_gets_a_case_while_others_are_locked(app: Any, database: str, locked: int) -> None:
    world = make.make_world(app)
    signed = sorted(make.make_signature(app, world.petition_id).id for _ in range(2))
    make.seal(app, world.petition_id)

    def take() -> UUID | None:
        with app_state.using(app.state), make.acting(app):
            reviewer = make.account(world.reviewers[0])
            return leases.lease_next(make.petition(world.petition_id), by=reviewer, at=utcnow())

    engine = create_engine(database)
    with ThreadPoolExecutor(1) as threads, engine.connect() as other:
        rows = select(Signature.id).where(Signature.id.in_(signed[:locked])).with_for_update()
        assert len(other.execute(rows).all()) == locked
        taking = threads.submit(take)
        sleep(0.5)
        assert taking.done() == (locked == 1)
        other.rollback()
        assert taking.result(timeout=20) == signed[1 if locked == 1 else 0]
    engine.dispose()


def test_a_reviewer_for_whom_there_is_none_is_told_so(app: Any) -> None:
    world = make.make_world(app)
    with make.acting(app):
        reviewer = make.account(world.reviewers[0])
        assert leases.lease_next(make.petition(world.petition_id), by=reviewer, at=utcnow()) is None


def test_what_a_reviewer_has_decided_does_not_come_back_when_another_case_is_looked_at_again(app: Any) -> None:
    world = make.make_world(app, reviewers=2, staff=2)
    decided, other = (make.make_signature(app, world.petition_id).id for _ in range(2))
    make.seal(app, world.petition_id)
    one, two = world.reviewers
    make.decide_by_all(app, world, other)
    make.act(app, "reopen", world.petition_id, other, world.organizer)
    for each in (one, two):
        make.decide(app, world.petition_id, other, each)
    make.decide(app, world.petition_id, decided, one)
    assert make.take(app, world.petition_id, one) is None
    with make.looking(app):
        petition, by = make.petition(world.petition_id), make.account(one)
        assert own_work.count_own(petition, by=by, at=utcnow()) == own_work.OwnWork(today=2, left=0, done=1)
    assert make.take(app, world.petition_id, two) == decided
