"""The road of a signature in sealed mode, through the services, and what the store holds meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.accounts.models import Membership
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.keys.models import KeyWrap
from petition_app.keys.open_keys import LockedError
from petition_app.signatures import invitation_lists, sealing
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.tally.models import DueName, PublishedName
from petition_app.tally.names import open_due_names
from petition_app.verification.bulk import services as bulk
from petition_app.verification.bulk.choice import Filter
from petition_app.verification.matching_cases.candidates import list_candidates
from tests import factories as make


def names(app: Any) -> list[str]:
    with make.looking(app):
        return sorted(db.session.scalars(db.select(PublishedName.name)))


def test_a_signature_walks_the_whole_road_while_the_keys_are_open(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    signed = make.make_verified(app, world, "Аксинья Долгая")
    assert make.state_of(app, signed.id) == "verified"
    assert make.tally(app, world.petition_id)["verified"] == 1
    assert make.problems(app, world.petition_id) == []


def test_nothing_of_a_person_is_indexed(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1, roster=False)
    signed = make.make_verified(app, world)
    with make.looking(app):
        row = db.session.get_one(Signature, signed.id)
        assert row.name_index is row.mailbox_index is row.match_index is row.match_class is None
        assert db.session.scalars(db.select(NearKey)).all() == []


def test_without_the_keys_a_case_is_neither_given_nor_read(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    with pytest.raises(LockedError):
        make.take(app, world.petition_id, world.reviewers[0])
    with make.looking(app), pytest.raises(LockedError):
        sealing.open_identity(db.session.get_one(Signature, signed.id))


def test_names_wait_until_an_organizer_has_the_keys_open(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = [make.make_signature(app, world.petition_id) for _ in range(6)]
    make.seal(app, world.petition_id, by=world.organizer)
    keys = make.open_keys(app, world)
    reviewer = world.reviewers[0]
    make._open_keys[:] = [type(keys)(keys.petition_id, reviewer.id, keys.keys, keys.index_key)]
    for each in signed:
        assert make.decide(app, world.petition_id, each.id, reviewer) == "verified"
    assert names(app) == []
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(DueName)) == 5
    make.open_keys(app, world)
    with make.acting(app):
        open_due_names(make.petition(world.petition_id), access=make.ACCESS, at=utcnow())
    assert len(names(app)) == 5
    assert set(names(app)) < {each.name for each in signed}


def test_a_repetition_is_found_among_the_sealed(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    first = make.make_signature(app, world.petition_id, "Торстейн Глыбин")
    again = make.make_signature(app, world.petition_id, "Thorstein Glybin")
    make.seal(app, world.petition_id, by=world.organizer)
    make.take_case(app, world.petition_id, first.id, world.reviewers[0])
    with make.acting(app):
        found = list_candidates(db.session.get_one(Signature, first.id))
    assert [each.id for each in found] == [again.id]


def test_a_lost_message_is_sent_again_to_the_address_typed_anew(app: Any, client: FlaskClient) -> None:
    world = make.make_sealed_world(app)
    with make.acting(app):
        make.petition(world.petition_id).mail = "required"
        worker_keys.record_heartbeat(at=utcnow())
    page = make.sign_page(client, email="anna@example.org")
    pending = make.form_with(page, "pending", "code")["pending"]
    worker_keys.forget_own_keys()
    with make.acting(app):
        assert worker_keys.drop_lost(at=utcnow() + timedelta(minutes=10)) == 1
    answer = client.post(f"/p/{make.SLUG}/confirm/again", data={"pending": pending, "email": "anna@example.org"})
    assert answer.status_code == 503, "no worker lives"
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    answer = client.post(f"/p/{make.SLUG}/confirm/again", data={"pending": pending, "email": "not an address"})
    assert answer.status_code == 422
    answer = client.post(f"/p/{make.SLUG}/confirm/again", data={"pending": pending, "email": "anna@example.org"})
    assert "A new code is on its way" in answer.text
    code = make.mailed_code(app, "anna@example.org")
    done = client.post(f"/p/{make.SLUG}/confirm", data={"pending": pending, "code": code})
    assert make.shown_code(done)


def test_whoever_is_invited_reads_no_sealed_name_and_signs(app: Any, client: FlaskClient) -> None:
    world = make.make_sealed_world(app)
    with make.acting(app):
        people = [Identity("Аксинья Долгая")]
        new = invitation_lists.NewEntry("form", "A list", people, "en")
        sheet = invitation_lists.enter(new, petition=make.petition(world.petition_id), by=None, at=utcnow())
    code = sheet.invitations[0].code
    make.lock_keys()
    page = client.post(f"/p/{make.SLUG}/confirm", data={"pending": "", "code": code})
    assert "It is sealed" in page.text
    assert "Аксинья" not in page.text


def test_a_sealed_petition_is_never_verified_in_bulk(app: Any) -> None:
    world = make.make_sealed_world(app)
    with make.acting(app):
        petition, organizer = make.petition(world.petition_id), make.account(world.organizer)
        assert organizer
        with pytest.raises(bulk.SealedBulkError):
            bulk.prepare(Filter(), petition=petition, by=organizer, at=utcnow())


def test_who_loses_the_role_loses_the_keys(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    olga = make.signed_in(app, world.organizer)
    page = olga.get(f"/organizer/p/{make.SLUG}/people")
    token = make.csrf_token(olga, f"/organizer/p/{make.SLUG}/people")
    with make.looking(app):
        membership = db.session.scalars(
            db.select(Membership.id).where(Membership.account_id == world.reviewers[0].id)
        ).one()
    assert str(membership) in page.text
    olga.post(f"/organizer/p/{make.SLUG}/people/{membership}/remove", data={"csrf_token": token})
    second = make.make_person(app, world.petition_id, "organizer")
    answer = olga.post(f"/organizer/p/{make.SLUG}/people/{membership}/remove", data={"csrf_token": token})
    pat = make.signed_in(app, second)
    page = pat.get(answer.location)
    button = next(form for form in make.forms_of(page) if form["action"].endswith("/confirm"))
    pat.post(button["action"], data=button["fields"])
    with make.looking(app):
        held = db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == world.reviewers[0].id)).all()
    assert held == []


def test_a_run_of_matching_goes_on_where_an_address_was_erased(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    first = make.make_signature(app, world.petition_id, "Торстейн Глыбин")
    again = make.make_signature(app, world.petition_id, "Thorstein Glybin")
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        sealing.erase_contact(db.session.get_one(Signature, first.id))
    make.take_case(app, world.petition_id, again.id, world.reviewers[0])
    with make.acting(app):
        found = list_candidates(db.session.get_one(Signature, again.id))
    assert [each.id for each in found] == [first.id]
