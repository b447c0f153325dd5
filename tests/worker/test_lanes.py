"""Two lanes: mail waits for no other work, and an end of one is an end of both."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.app import Countersign
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.worker import loop
from petition_app.worker import outage as outages
from petition_app.worker.outage import Outage
from petition_app.worker.schedule import TASKS, Schedule
from tests import factories as make

SLICE, SOON, PATIENCE = 0.3, 10.0, 60.0  # Seconds; a machine that does much else is slow.


@contextmanager
def working(app: Countersign) -> Iterator[Future[None]]:
    """Have a worker run, and end it."""
    stop = threading.Event()

    def work() -> None:
        with app.app_context():
            loop.run_forever(stop.is_set)

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work)
        try:
            yield worker
        finally:
            stop.set()


def sign(app: Countersign, petition_id: UUID) -> None:
    """Sign, and leave the code to the worker."""
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
        make.signing.sign(make.new_signature(), petition=make.petition(petition_id), at=utcnow())


def until(holds: Any, seconds: float) -> float:
    """Wait until something holds; return how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it takes too long"
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_code_is_mailed_while_a_long_import_runs(app: Countersign) -> None:
    slices: list[float] = []

    def import_slice(_payload: dict[str, Any], _at: datetime) -> None:
        """Do a slice and leave the next, which is due before anything else."""
        time.sleep(SLICE)
        slices.append(time.monotonic())
        jobs.enqueue("verification.import", {}, at=utcnow() - timedelta(hours=1))

    app.state.put(Schedule(tasks={**TASKS, "verification.import": import_slice}))
    petition_id = make.make_petition(app)
    with make.acting(app):
        jobs.enqueue("verification.import", {}, at=utcnow() - timedelta(hours=1))
    with working(app) as worker:
        until(lambda: len(slices) > 2, PATIENCE)
        sign(app, petition_id)
        until(lambda: make.outbox(), SOON)
        done = len(slices)
        until(lambda: len(slices) > done, PATIENCE)  # The import goes on.
        assert not worker.done()
    worker.result(PATIENCE)


def test_a_worker_shows_that_it_lives_while_a_long_job_runs(app: Countersign, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(_at: datetime) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    monkeypatch.setattr(loop, "BEAT", timedelta())
    app.state.put(Schedule(periodic=(), outside=((timedelta(hours=1), wait),)))
    with working(app) as worker:
        try:
            assert begun.wait(PATIENCE)

            def last_beat() -> datetime | None:
                with make.looking(app):
                    return jobs.last_heartbeat()

            until(last_beat, PATIENCE)
            before = last_beat()
            until(lambda: last_beat() != before, PATIENCE)
        finally:
            go_on.set()
    worker.result(PATIENCE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # It is the one that is made.
def test_both_lanes_end_when_told_and_with_each_other(app: Countersign, monkeypatch: pytest.MonkeyPatch) -> None:
    with working(app) as worker:
        until(lambda: "mail" in {thread.name for thread in threading.enumerate()}, PATIENCE)
    worker.result(PATIENCE)
    assert "mail" not in {thread.name for thread in threading.enumerate()}
    with monkeypatch.context() as patched:

        class BrokenLane:
            def __init__(self, _line: Any) -> None:
                raise SystemExit

        patched.setattr(loop, "MailLane", BrokenLane)
        with working(app) as worker, pytest.raises(RuntimeError, match="lane of mail has ended"):
            worker.result(PATIENCE)


def test_an_outage_is_said_once_and_so_is_its_end(app: Countersign, caplog: pytest.LogCaptureFixture) -> None:
    outage, lanes = Outage(), [loop.TaskLane(lambda: True) for _ in range(2)]
    for lane in lanes:
        outage.begin(lane, ValueError())
    for lane in lanes:
        outage.end(lane)
    said = [record.getMessage() for record in caplog.records if record.name == outages.__name__]
    assert said == ["The worker stumbled (ValueError); waiting until it goes on.", "The worker goes on."]


def test_letters_wait_while_mail_is_paused_and_other_jobs_do_not(app: Countersign) -> None:
    done: list[str] = []
    app.state.put(Schedule(tasks={"tests.task": lambda *_: done.append("task")}))
    petition_id = make.make_petition(app)
    sign(app, petition_id)
    with make.acting(app):
        loop.maintenance.turn("mail", on=True, by=None, at=utcnow())
        jobs.enqueue("tests.task", {}, at=utcnow())
    with app.app_context():
        assert (loop.run_letters(), loop.run_task(), loop.run_task()) == (0, 1, 0)
    with make.acting(app):
        loop.maintenance.turn("mail", on=False, by=None, at=utcnow())
        jobs.enqueue("tests.task", {}, at=utcnow())
        loop.maintenance.turn("read_only", on=True, by=None, at=utcnow())
    with app.app_context():
        assert (loop.run_letters(), loop.run_task()) == (0, 0)
    with make.acting(app):
        loop.maintenance.turn("read_only", on=False, by=None, at=utcnow())
    with app.app_context():
        assert loop.run_once().jobs == 2
    assert done == ["task", "task"]
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(jobs.Job)) == 0
