"""Servers that put strangers off: a code arrives while it works, or never. The clock is moved, nobody waits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.mailer import delivery
from petition_app.signatures import redelivery, services
from petition_app.signatures.models import Confirmation
from petition_app.signatures.new_signatures import CODE_LIFE
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.worker import loop
from tests import factories as make
from tests.mailer.test_smtp import dead, left, use
from tests.post import Server, serving

ADDRESS = "signer@example.org"


class Clock:
    """What the worker and the mail server take for now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = utcnow()
        for module in (loop, delivery):
            monkeypatch.setattr(module, "utcnow", self.read)

    def read(self) -> datetime:
        """Return what it shows."""
        return self.now

    def run(self, app: Any) -> None:
        """Let the worker do what is due, and let time pass to the next try, until no message waits."""
        while left(app):
            with app.app_context():
                loop.run_letters()
            with make.looking(app):
                due = db.session.scalar(db.select(db.func.min(Job.due_at)).where(Job.dead_on.is_(None)))
            self.now = max(self.now, due or self.now)


@contextmanager
def greylisting(clock: Clock, pause: timedelta) -> Iterator[Server]:
    """Run a server that takes nothing from whom it met less than a while ago."""
    with serving(Server(clock=clock.read, greylisting=pause, manners={ADDRESS: "grey"})) as server:
        use(server)
        yield server


def code_of(server: Server) -> str:
    """Return the code that has arrived."""
    ((_, text),) = server.texts
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert found
    return found[0]


@pytest.mark.parametrize("minutes", [1, 5, 15, 40])
def test_greylisting_ends_with_a_code_that_works(app: Any, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    petition_id, clock = make.make_petition(app), Clock(monkeypatch)
    with greylisting(clock, timedelta(minutes=minutes)) as server:
        with make.acting(app):
            worker_keys.record_heartbeat(at=utcnow())
            new = make.new_signature(email=ADDRESS)
            pending = make.signing.sign(new, petition=make.petition(petition_id), at=clock.now)
        clock.run(app)
    assert dead(app) == []
    with make.acting(app):
        found = make.petition(petition_id)
        later = clock.now + timedelta(minutes=30)
        assert services.confirm(petition=found, pending=pending, code=code_of(server), at=later)


@pytest.mark.parametrize("minute", [0, 4, 9, 14])
def test_a_code_that_has_run_out_is_never_sent_and_the_case_is_told(
    app: Any, monkeypatch: pytest.MonkeyPatch, minute: int
) -> None:
    """Codes end with a quarter of an hour, so some live longer than others."""
    world, clock = make.make_world(app), Clock(monkeypatch)
    clock.now = began = clock.now.replace(minute=minute) + timedelta(hours=1)
    with greylisting(clock, timedelta(days=1)) as server:
        with make.acting(app):
            new = make.new_signature(email=ADDRESS)
            make.signing.sign(new, petition=make.petition(world.petition_id), at=began)
        clock.run(app)
        assert clock.now - began < CODE_LIFE + timedelta(minutes=30)
        assert dead(app) == ["TooLateError"]
        server.manners.clear()
        with make.acting(app):
            for job in jobs.list_dead(world.petition_id):
                jobs.requeue(job, at=clock.now)
        clock.run(app)
        assert not server.taken
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/mail").text
    assert "Its code had run out" in page


@pytest.mark.parametrize("used", [True, False])
def test_a_code_that_was_used_or_replaced_is_not_sent_late(
    app: Any, used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition_id, clock = make.make_petition(app), Clock(monkeypatch)
    with greylisting(clock, timedelta()) as server:
        with make.acting(app):
            worker_keys.record_heartbeat(at=utcnow())
            new = make.new_signature(email=ADDRESS)
            make.signing.sign(new, petition=make.petition(petition_id), at=clock.now)
        with make.acting(app):
            row = db.session.scalars(db.select(Confirmation)).one()
            row.used = used
            row.code_hash = row.code_hash if used else bytes(32)
        clock.run(app)
    assert not server.taken
    assert dead(app) == []


def test_a_code_that_is_sent_again_lives_as_long_as_the_first(app: Any) -> None:
    world = make.make_sealed_world(app)
    start = utcnow()
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
        new = make.new_signature(email=ADDRESS)
        pending = make.signing.sign(new, petition=make.petition(world.petition_id), at=start)
    late = start + CODE_LIFE
    with make.acting(app):
        worker_keys.record_heartbeat(at=late)
        found = make.petition(world.petition_id)
        redelivery.send_again(petition=found, pending=pending, email=ADDRESS, language="en", at=late)
    with make.looking(app):
        assert db.session.scalars(db.select(Confirmation.expires_at)).one() >= late + CODE_LIFE
