"""Work for later: it exists if its change does, and one worker does it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.storage import jobs
from petition_app.storage.db import db, transaction
from petition_app.storage.jobs import Job
from petition_app.worker import loop as worker
from tests import factories as make


def all_jobs(app: Any) -> list[tuple[str, int, str | None]]:
    with make.looking(app):
        return [(job.name, job.tries, job.failure) for job in db.session.scalars(db.select(Job))]


def test_a_job_exists_only_if_its_transaction_was_committed(app: Any) -> None:
    with app.app_context(), transaction() as work:
        jobs.enqueue("test.nothing", {}, at=utcnow())
        work.discard()

    def fail() -> None:
        with make.acting(app):
            jobs.enqueue("test.nothing", {}, at=utcnow())
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert all_jobs(app) == []
    with make.acting(app):
        jobs.enqueue("test.nothing", {}, at=utcnow())
    assert len(all_jobs(app)) == 1


def test_many_workers_claim_each_job_once(app: Any) -> None:
    number, workers = 30, 8
    with make.acting(app):
        for one in range(number):
            jobs.enqueue("test.nothing", {"number": one}, at=utcnow())
    ready = threading.Barrier(workers)

    def work() -> list[int]:
        claimed = []
        ready.wait()
        while True:
            with make.acting(app):
                job = jobs.claim(at=utcnow())
                if job is None:
                    return claimed
                claimed.append(job.payload["number"])
                jobs.finish(job.id)

    with ThreadPoolExecutor(workers) as pool:
        done = [one for result in [pool.submit(work) for _ in range(workers)] for one in result.result()]
    assert sorted(done) == list(range(number))
    assert all_jobs(app) == []


def test_a_claimed_job_is_hidden_until_its_worker_must_have_died(app: Any) -> None:
    start = utcnow()
    with make.acting(app):
        jobs.enqueue("test.nothing", {}, at=start)
    with make.acting(app):
        assert jobs.claim(at=start) is not None
    with make.acting(app):
        assert jobs.claim(at=start + jobs.CLAIM - timedelta(seconds=1)) is None
    with make.acting(app):
        assert jobs.claim(at=start + jobs.CLAIM + timedelta(seconds=1)) is not None


def test_a_job_that_fails_is_tried_again_with_growing_pauses_and_then_left(app: Any) -> None:
    now = utcnow()
    with make.acting(app):
        jobs.enqueue("test.nothing", {}, at=now)
    pauses = []
    for _ in range(jobs.MAX_TRIES):
        with make.acting(app):
            job = jobs.claim(at=now)
            assert job is not None
            jobs.postpone(job.id, failure="OSError", at=now)
            pauses.append(job.due_at - now)
            now = job.due_at
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=5)
    assert pauses[-1] <= timedelta(hours=1)
    with make.acting(app):
        assert jobs.claim(at=now + timedelta(days=1)) is None


def test_the_worker_drains_what_is_due(app: Any, cli: Any) -> None:
    petition_id = make.make_petition(app)
    for _ in range(3):
        with make.acting(app):
            make.signing.sign(make.new_signature(), petition=make.petition(petition_id), at=utcnow())
    assert "3 jobs done" in cli("worker", "--drain").out
    assert all_jobs(app) == []
    with app.app_context():
        assert len(make.outbox()) == 3
    assert "0 jobs done" in cli("worker", "--drain").out


def test_the_mail_is_neutral(app: Any) -> None:
    petition_id = make.make_petition(app)
    with make.acting(app):
        make.signing.sign(
            make.new_signature("Ada Sample", email="ada@example.org"), petition=make.petition(petition_id), at=utcnow()
        )
    with app.app_context():
        worker.run_once()
        (path,) = make.outbox()
        to, subject, text = make.read_mail(path)
        raw = path.read_text()
    assert to == "ada@example.org"
    for word in ("http", "://", "Ada", "letter", "petition", "Countersign", make.SLUG, "localhost"):
        assert word not in subject + text, word
    assert "\nReceived:" not in raw
    assert (path.stat().st_mode & 0o077 == 0) or (path.parent.stat().st_mode & 0o077 == 0)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_comes_round_is_done_by_one_worker_at_a_time(app: Any) -> None:
    began, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def long(_at: Any) -> None:
        began.set()
        assert go_on.wait(30)
        done.append("long")

    def run() -> None:
        with app.app_context():
            worker.run_periodic(long, together=False)

    first = threading.Thread(target=run)
    first.start()
    assert began.wait(30)
    run()
    assert done == [], "the second worker passes on"
    go_on.set()
    first.join()
    run()
    assert done == ["long", "long"]
