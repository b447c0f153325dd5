"""Claims of “I did not sign this”: the name is hidden at once, the signature stays until somebody has looked."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.tally import claims
from petition_app.tally.models import Claim
from tests import factories as make


def say(client: FlaskClient, name: str, **fields: str) -> str:
    make_client = client.application.test_client()
    answer = make_client.post(f"/p/{make.SLUG}/not-me", data={"name": name, "place": "", "words": ""} | fields)
    assert answer.status_code == 303
    return make_client.get(answer.location).text


def public(client: FlaskClient) -> str:
    make.publish_waiting(client.application)
    return client.get(f"/p/{make.SLUG}/signatories").text + client.get(f"/p/{make.SLUG}").text


def test_a_claimed_name_is_hidden_and_its_signature_stays_verified(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed, other = make.make_verified(app, world), make.make_verified(app, world)
    assert signed.name in public(client)
    say(client, signed.name.upper(), words="It was not me.")
    assert signed.name not in public(client)
    assert other.name in public(client)
    assert make.state_of(app, signed.id) == "verified"


def test_the_answer_does_not_tell_whether_such_a_name_is_published(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    nobody = "Никто Такой"
    assert say(client, signed.name).replace(signed.name, nobody) == say(client, nobody)


def test_an_organizer_lets_the_name_stand_or_takes_the_signature_back(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed, other = make.make_verified(app, world), make.make_verified(app, world)
    make.publish_waiting(app)
    for each in (signed, other):
        say(client, each.name, words="It was not me.")
    olga = make.signed_in(app, world.organizer)
    page = olga.get(f"/organizer/p/{make.SLUG}/claims")
    assert page.text.count("the name is hidden") == 2
    assert signed.name not in page.text
    assert "It was not me." in make.open_decided(olga, signed.id).text
    with make.acting(app):
        waiting = db.session.scalars(db.select(Claim).where(Claim.signature_id == signed.id)).one()
        organizer = make.account(world.organizer)
        assert organizer
        claims.leave(waiting.id, petition=make.petition(world.petition_id), by=organizer, at=utcnow())
    make.act(app, "retract", world.petition_id, other.id, world.organizer, reason="denies_signing")
    assert signed.name in public(client)
    assert other.name not in public(client)
    assert "Nobody has said so." in olga.get(f"/organizer/p/{make.SLUG}/claims").text


def test_no_more_than_five_names_are_hidden_by_claims(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed = [make.make_verified(app, world) for _ in range(7)]
    make.publish_waiting(app)
    with make.acting(app):
        for each in signed:
            claims.claim(make.petition(world.petition_id), name=each.name, place="", words="", at=utcnow())
    shown = public(client)
    assert sum(each.name in shown for each in signed) == 2


def test_too_many_claims_of_one_client_are_refused(app: Any, client: FlaskClient) -> None:
    make.make_world(app)
    codes = [client.post(f"/p/{make.SLUG}/not-me", data={"name": "Кто-то"}).status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]


@pytest.mark.standard("It chooses its mode itself.")
def test_a_claim_reaches_a_sealed_petition_without_any_key(app: Any, client: FlaskClient) -> None:
    world = make.make_sealed_world(app)
    signed = [make.make_signature(app, world.petition_id) for _ in range(5)]
    make.seal(app, world.petition_id, by=world.organizer)
    for each in signed:
        make.decide_by_all(app, world, each.id)
    named = next(each for each in signed if each.name in public(client))
    make.lock_keys()
    say(client, named.name)
    assert named.name not in public(client)


def test_a_name_that_was_let_stand_is_not_hidden_again(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed, other = make.make_verified(app, world), make.make_verified(app, world)
    make.publish_waiting(app)
    organizer_says_it_stands(app, world, client, signed)
    say(client, signed.name, words="Once more.")
    say(client, other.name)
    assert signed.name in public(client), "whoever wants a name gone could hide it for ever"
    assert other.name not in public(client)
    with make.looking(app):
        organizer = make.account(world.organizer)
        assert organizer
        waiting = claims.list_waiting(make.petition(world.petition_id), by=organizer)
    assert {one.signature_id: one.hides for one in waiting} == {signed.id: False, other.id: True}


def organizer_says_it_stands(app: Any, world: make.World, client: FlaskClient, signed: make.Signed) -> None:
    say(client, signed.name)
    with make.acting(app):
        waiting = db.session.scalars(db.select(Claim).where(Claim.signature_id == signed.id)).one()
        organizer = make.account(world.organizer)
        assert organizer
        claims.leave(waiting.id, petition=make.petition(world.petition_id), by=organizer, at=utcnow())


@pytest.mark.parametrize("typed", ["Звонкая Алёна", "АЛЕНА звонкая", "Алёна  Звонкая,"])
def test_a_claim_finds_the_name_however_it_is_written(app: Any, client: FlaskClient, typed: str) -> None:
    world = make.make_world(app)
    signed, other = make.make_verified(app, world, name="Алёна Звонкая"), make.make_verified(app, world)
    make.publish_waiting(app)
    say(client, typed)
    shown = public(client)
    assert signed.name not in shown
    assert other.name in shown


def test_a_stranger_who_names_nobody_holds_nobody_up(app: Any, client: FlaskClient) -> None:
    """The claim reads what an index finds, takes no lock and folds no name, however many are published."""
    world = make.make_world(app)
    for _ in range(3):
        make.make_verified(app, world)
    make.publish_waiting(app)
    asked: list[str] = []
    with make.acting(app):
        petition = make.petition(world.petition_id)
        event.listen(db.engine, "before_cursor_execute", lambda _c, _r, words, *_: asked.append(words))
        claims.claim(petition, name="Никто Такой", place="", words="", at=utcnow())
    told = [words for words in asked if "SELECT" in words]
    assert len(told) == 1
    assert "folded = " in told[0]
    assert "FOR " not in told[0]
