"""B13: in sealed mode the numbers wait for five changes or a day; what must be seen is published at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.tally import services
from petition_app.tally.models import Publication
from tests import factories as make

PAGES = ("", "/status.json", "/signatories", "/updates", "/updates.atom", "/how-we-check", "/badge.svg", "/chart.svg",
         "/embed", "/history.csv", "/corrections", "/print")  # fmt: skip


def number(app: Any, petition_id: UUID) -> int:
    with make.looking(app):
        return db.session.scalar(
            db.select(db.func.count()).select_from(Publication).where(Publication.petition_id == petition_id)
        ) or 0  # fmt: skip


def public(client: Any) -> list[str]:
    """Return all that the public reads, with random tokens masked."""
    return [re.sub(r"[0-9a-f]{32}\.[0-9a-f]{32}", "…", client.get(f"/p/{make.SLUG}{page}").text) for page in PAGES]


def publish_later(app: Any, petition_id: UUID, after: timedelta) -> Publication | None:
    with make.acting(app, locked=True):
        return services.publish_due(petition_id, at=utcnow() + after)


def test_four_changes_of_any_kind_change_no_public_page_and_the_fifth_shows_all(app: Any, client: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    one = make.make_signature(app, world.petition_id, consent=0)
    other = make.make_signature(app, world.petition_id, consent=0)
    make.seal(app, world.petition_id, by=world.organizer)
    before, count = public(client), number(app, world.petition_id)
    acts: list[Callable[[], Any]] = [
        lambda: make.submit(app, world.petition_id),
        lambda: make.decide(app, world.petition_id, one.id, world.reviewers[0], outcome="rejected", reason="not_found"),
        lambda: make.ask(app, world.petition_id, other.id, world.reviewers[0]),
        lambda: make.change_consent(app, one, 1),
    ]
    for act in acts:
        act()
        assert number(app, world.petition_id) == count
        assert public(client) == before
    make.withdraw(app, other)
    assert number(app, world.petition_id) == count + 1
    shown = json.loads(client.get(f"/p/{make.SLUG}/status.json").text)
    assert (shown["unconfirmed"], shown["not_counted"]) == (1, 1)


def test_unconfirmed_and_confirmed_count_and_no_publication_holds_fewer_than_five(app: Any, client: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    count = number(app, world.petition_id)
    for signed in range(1, 8):
        make.make_signature(app, world.petition_id, consent=0)
        assert number(app, world.petition_id) == count + 2 * signed // 5
        shown = json.loads(client.get(f"/p/{make.SLUG}/status.json").text)
        assert shown["unconfirmed"] + shown["received_total"] <= signed


def test_one_decision_of_two_reviewers_is_a_change_of_its_own(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    ids = [make.make_signature(app, world.petition_id, consent=0).id for _ in range(5)]
    make.seal(app, world.petition_id, by=world.organizer)
    count = number(app, world.petition_id)
    for done, one in enumerate(ids, start=1):
        make.decide(app, world.petition_id, one, world.reviewers[0])
        assert number(app, world.petition_id) == count + (done == 5)


def test_what_waits_for_a_day_is_published_by_the_worker(app: Any, client: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    count = number(app, world.petition_id)
    make.make_signature(app, world.petition_id, consent=0)
    before = public(client)
    for hours in (1, 12, 22.9):
        assert publish_later(app, world.petition_id, timedelta(hours=hours)) is None
        assert public(client) == before
    assert publish_later(app, world.petition_id, timedelta(hours=24)) is not None
    assert number(app, world.petition_id) == count + 1
    assert publish_later(app, world.petition_id, timedelta(days=9)) is None, "nothing waits any more"


@pytest.mark.parametrize("what", ["seal", "retract", "close", "now"])
def test_what_must_be_seen_takes_along_what_waits(app: Any, client: Any, what: str) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    verified = make.make_verified(app, world, consent=0) if what == "retract" else None
    make.make_signature(app, world.petition_id, consent=0)
    count, before = number(app, world.petition_id), public(client)
    if what == "seal":
        make.seal(app, world.petition_id, by=world.organizer)
    elif what == "retract":
        assert verified
        words = {"reason": "entered_in_error"}
        make.act(app, "retract", world.petition_id, verified.id, world.organizer, **words)
    elif what == "close":
        make.set_state(app, world.petition_id, "closed", by=world.organizer)
    else:
        with make.acting(app):
            found = make.petition(world.petition_id)
            services.publish_now(found, by=make.account(world.organizer), at=utcnow())
    assert number(app, world.petition_id) == count + 1
    assert public(client) != before
    assert make.problems(app, world.petition_id) == []


def test_opening_publishes(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    assert number(app, world.petition_id) == 1


def test_in_standard_mode_every_change_is_published(app: Any) -> None:
    world = make.make_world(app)
    count = number(app, world.petition_id)
    make.make_signature(app, world.petition_id)
    assert number(app, world.petition_id) == count + 1


def test_what_waits_tells_an_hour_and_nothing_finer(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    make.submit(app, world.petition_id)
    with make.looking(app):
        marks = list(db.session.scalars(db.select(make.jobs.PendingPublication.since)))
    assert len(marks) == 1
    assert all(isinstance(one, datetime) and (one.minute, one.second, one.microsecond) == (0, 0, 0) for one in marks)
