"""Claims of “I did not sign this”: the name is hidden at once, the signature stays until somebody has looked."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.clock import utcnow
from petition_app.db import db
from petition_app.tally import claims
from petition_app.tally.models import Claim
from tests import factories as make


def say(client: FlaskClient, name: str, **fields: str) -> str:
    make_client = client.application.test_client()
    answer = make_client.post(f"/p/{make.SLUG}/not-me", data={"name": name, "place": "", "words": ""} | fields)
    assert answer.status_code == 200
    return answer.text


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
    assert say(client, signed.name) == say(client, "Никто Такой")


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
    assert "It was not me." in olga.get(f"/organizer/p/{make.SLUG}/decided/{signed.id}").text
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
    assert codes == [200] * 5 + [429]


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
