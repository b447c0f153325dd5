"""A flood of what has run out is gone after one round of the worker; what fails of it stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from petition_app.clock import utcnow
from petition_app.retention import services as retention
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage import completions
from petition_app.storage.db import db
from petition_app.storage.task_failures import TaskFailure
from petition_app.worker import loop as worker
from tests import factories as make

FLOOD = 2_600
OLD = timedelta(days=5)


@pytest.fixture
def slices(app: Any) -> Iterator[list[int]]:
    """How many signatures each transaction has discarded."""
    sizes = list[int]()

    def note(session: Any) -> None:
        if found := session.info.pop("discarded", set()):
            sizes.append(len(found))

    def count(session: Any, *_: Any) -> None:
        found = {one.id for one in session.dirty if isinstance(one, Signature) and one.state == "discarded"}
        session.info.setdefault("discarded", set()).update(found)

    event.listen(db.session, "before_flush", count)
    event.listen(db.session, "after_commit", note)
    yield sizes
    event.remove(db.session, "before_flush", count)
    event.remove(db.session, "after_commit", note)


def flood(app: Any, petition_id: UUID, number: int) -> None:
    """Copy the row of one signature that nobody confirmed so often."""
    make.submit(app, petition_id, at=utcnow() - OLD)
    table = Signature.__table__
    with make.acting(app):
        own = db.select(table).where(table.c.petition_id == petition_id).limit(1)
        row = dict(db.session.execute(own).mappings().one())
        db.session.execute(db.insert(table), [row | {"id": uuid4()} for _ in range(number - 1)])


def unconfirmed(app: Any, petition_id: UUID) -> int:
    with make.looking(app):
        waits = db.select(Signature).where(Signature.petition_id == petition_id, Signature.state == "unconfirmed")
        return len(db.session.scalars(waits).all())


def test_a_flood_is_gone_after_one_round_a_slice_at_a_time(app: Any, slices: list[int]) -> None:
    petition_id = make.make_petition(app)
    flood(app, petition_id, FLOOD)
    make.submit(app, petition_id)
    assert unconfirmed(app, petition_id) == FLOOD + 1
    with app.app_context():
        working = worker.TaskLane(lambda: False)
        turns = 0
        while unconfirmed(app, petition_id) > 1:
            working.turn()
            turns += 1
            assert turns <= FLOOD / retention.SLICE + 2, "the next slice has to wait for the next hour"
    assert unconfirmed(app, petition_id) == 1, "what may still be confirmed stays"
    assert sum(slices) == FLOOD
    assert max(slices) <= retention.SLICE


def test_a_petition_that_fails_holds_up_no_other(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = (make.make_petition(app, slug=slug) for slug in ("bad", "good"))
    for petition_id in (bad, good):
        flood(app, petition_id, 12)
    monkeypatch.setattr(retention, "SLICE", 5)
    erase = sealing.erase

    def stumble(signature: Signature) -> None:
        if signature.petition_id == bad:
            raise KeyError(signature.id)
        erase(signature)

    monkeypatch.setattr(sealing, "erase", stumble)
    with app.app_context():
        worker.run_once()
    assert (unconfirmed(app, bad), unconfirmed(app, good)) == (12, 0)
    with make.looking(app):
        failed = db.session.get_one(TaskFailure, ("verification.retain", bad))
        assert failed.failure == "KeyError"
        assert completions.last(completions.RETENTION) is None, "something is still due"
    monkeypatch.undo()
    with app.app_context():
        worker.run_once()
    assert unconfirmed(app, bad) == 0
    with make.looking(app):
        assert db.session.scalars(db.select(TaskFailure)).all() == []
        assert completions.last(completions.RETENTION)
