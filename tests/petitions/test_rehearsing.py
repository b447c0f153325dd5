"""Rehearsals: begun by an organizer, seen by nobody outside, walked through like the real thing, thrown away whole."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from petition_app import audit
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.demo import rehearsal
from petition_app.petitions import milestones, rehearsing
from petition_app.storage.db import Base, db
from petition_app.verification.models import Decision
from petition_app.worker.tasks.tally import link_trail
from tests import dumps
from tests import factories as make
from tests.collisions import beside

pytestmark = pytest.mark.standard("A rehearsal is always in standard mode.")


class Begun(NamedTuple):
    """A rehearsal as a test knows it."""

    id: UUID
    slug: str


def begin(app: Any, world: make.World) -> Begun:
    with make.acting(app):
        made = rehearsal.begin(by=make.account(world.organizer), at=utcnow())
        return Begun(made.id, made.slug)


def throw_away(app: Any, petition_id: Any, world: make.World) -> None:
    with make.acting(app):
        rehearsing.throw_away(make.petition(petition_id), by=make.account(world.organizer), at=utcnow())


def walk(app: Any, petition_id: Any, world: make.World) -> None:
    """Seal, verify everything that waits, and take one back."""
    make.seal(app, petition_id, by=world.organizer)
    with make.looking(app):
        waiting = [one.id for one in db.session.scalars(db.select(make.Signature).filter_by(petition_id=petition_id))]
    for signature_id in waiting[:3]:
        make.decide(app, petition_id, signature_id, world.organizer)
    make.act(app, "retract", petition_id, waiting[0], world.organizer, reason="entered_in_error")


def test_nobody_outside_sees_a_rehearsal(app: Any, client: Any) -> None:
    world = make.make_world(app)
    petition = begin(app, world)
    walk(app, petition.id, world)
    make.publish_waiting(app)
    for page in ("", "/sign", "/status.json", "/signatories", "/print", "/versions", "/log/checkpoint", "/embed"):
        assert client.get(f"/p/{petition.slug}{page}").status_code == 404, page
    assert "Rehearsal" not in client.get("/").text
    with make.looking(app):
        for table in ("publications", "published_names", "published_places", "updates", "tally_days"):
            rows = Base.metadata.tables[table]
            assert not db.session.execute(rows.select().where(rows.c.petition_id == petition.id)).first(), table
        assert db.session.scalars(db.select(Decision).filter_by(petition_id=petition.id, correction=True)).first()


def test_nothing_of_a_thrown_away_rehearsal_remains(app: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    make.publish_waiting(app)
    before = dumps.tables(app)
    petition = begin(app, world)
    walk(app, petition.id, world)
    filled = dumps.tables(app)
    assert sum(len(rows) for rows in filled.values()) > sum(len(rows) for rows in before.values()) + 50
    throw_away(app, petition.id, world)
    after = dumps.tables(app)
    told = [row for row in after.pop("audit_events") if row not in before["audit_events"]]
    assert len(told) == 1
    before.pop("audit_events")
    for name in before:
        assert sorted(map(str, after[name])) == sorted(map(str, before[name])), name


def test_the_chain_of_the_trail_holds_afterwards(app: Any) -> None:
    world = make.make_world(app)
    petition = begin(app, world)
    with make.acting(app):
        link_trail(utcnow())
    throw_away(app, petition.id, world)
    with make.acting(app):
        link_trail(utcnow())
        assert audit.find_broken_link() is None
        assert db.session.scalars(db.select(AuditEvent).filter_by(act="rehearsal.thrown_away")).one()


def test_a_real_petition_cannot_be_thrown_away(app: Any) -> None:
    world = make.make_world(app)
    with pytest.raises(rehearsing.NoRehearsalError):
        throw_away(app, world.petition_id, world)


def test_an_organizer_has_one_rehearsal_at_a_time_and_walks_it_on_the_pages(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer")
    first, second = (client.post("/organizer/rehearsals", data={"csrf_token": token}) for _ in range(2))
    assert first.status_code == 303
    assert first.location == second.location
    page = client.get(first.location).text
    assert "Rehearsal with invented people." in page
    assert "Throw the rehearsal away" in page
    assert "Seal batch 1" in page
    assert client.get(f"{first.location}/seal").status_code == 200
    gone = client.post(f"{first.location}/throw-away", data={"csrf_token": token}, follow_redirects=True)
    assert "The rehearsal is thrown away" in gone.text
    assert client.get(first.location).status_code == 404
    refused = client.post(f"/organizer/p/{world.slug}/throw-away", data={"csrf_token": token})
    assert refused.status_code == 409


def test_who_organizes_nothing_begins_no_rehearsal(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.reviewers[0])
    token = make.csrf_token(client, "/organizer/password")
    assert client.post("/organizer/rehearsals", data={"csrf_token": token}).status_code == 404
    assert "Practise" not in client.get("/organizer").text


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_rehearsal_in_which_somebody_is_at_work_stays_whole_and_its_page_says_so(app: Any, language: str) -> None:
    world = make.make_world(app)
    petition = begin(app, world)
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer")
    path, before = f"/organizer/p/{petition.slug}", dumps.tables(app)

    def keep() -> None:
        words = {"words_en": "Beware."}
        by = make.account(world.organizer)
        assert by
        milestones.keep_draft(make.petition(petition.id), "notice", words, by=by, at=utcnow())

    def discard() -> Any:
        return client.post(f"{path}/throw-away?lang={language}", data={"csrf_token": token}, follow_redirects=True)

    told = beside(app, keep, discard)
    assert told.status_code == 200
    assert told.request.path == path
    words = {
        "en": "Somebody is at work in this rehearsal at this moment, so nothing of it was thrown away.",
        "ru": "В этой тренировке сейчас кто-то работает, поэтому ничего не выброшено.",
    }
    assert words[language] in told.text
    after = dumps.tables(app)
    changed = {name for name in before if after[name] != before[name]} - {"account_sessions"}
    assert changed == {"drafts"}, "what was added stays, and nothing else has changed"
    assert "thrown away, with everything" in discard().text or language == "ru"
    assert client.get(path).status_code == 404
