"""What runs out is erased in time, what is still needed is not, and everybody can read what is still held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.clock import utcnow
from petition_app.crypto.vault import UnreadableError
from petition_app.keys.models import PetitionKey
from petition_app.retention import services as retention
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services as publishing
from petition_app.tally.models import PublishedName
from petition_app.verification.dialogue import second_looks
from tests import factories as make

DAY = timedelta(days=1)


def retain(app: Any, *, days: float) -> dict[str, int]:
    """Erase what has run out so many days from now; return how much of each kind."""
    with make.acting(app):
        due = retention.list_due(at=utcnow() + days * DAY)
    with make.acting(app):
        petitions = retention.list_petitions_due(at=utcnow() + days * DAY)
        done = [one for petition_id in petitions for one in retention.retain(petition_id, at=utcnow() + days * DAY)]
    assert {one.kind: one.number for one in done if one.number} == {
        one.kind: one.number for one in due if one.number
    }, "a dry run tells exactly what will be done"
    return {one.kind: one.number for one in due if one.number}


def opened(app: Any, signed: make.Signed) -> tuple[str, str] | None:
    """Return the name and address that can still be read."""
    with make.acting(app):
        signature = db.session.get_one(Signature, signed.id)
        try:
            return sealing.open_identity(signature).name, sealing.open_address(signature)
        except UnreadableError:
            return None


def reject(app: Any, world: make.World) -> make.Signed:
    """Sign, seal, and have it rejected."""
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    assert make.decide_by_all(app, world, signed.id, outcome="rejected", reason="not_eligible") == "rejected"
    return signed


@pytest.fixture(params=["standard", "sealed"])
def world(app: Any, request: pytest.FixtureRequest) -> make.World:
    if request.param == "standard":
        return make.make_world(app)
    return make.make_sealed_world(app, reviewers=1)


@pytest.mark.standard("It chooses its mode itself.")
def test_a_rejected_signature_is_erased_after_fourteen_days_and_stays_counted(app: Any, world: make.World) -> None:
    signed = reject(app, world)
    assert retain(app, days=13.9) == {}
    assert opened(app, signed)
    assert retain(app, days=14.1) == {"rejected": 1}
    assert opened(app, signed) is None
    assert make.state_of(app, signed.id) == "rejected"
    assert make.problems(app, world.petition_id) == []
    assert retain(app, days=20) == {}


def test_a_rejected_signature_stays_readable_while_a_second_look_waits(app: Any) -> None:
    world = make.make_world(app)
    signed = reject(app, world)
    for _ in range(2):  # The first wish begins the check anew by itself; the second waits for an organizer.
        with make.acting(app):
            signature, _ = signing.find_by_code(signed.secret_code)
            second_looks.ask(signature, "Please look again.", at=utcnow())
        if make.state_of(app, signed.id) == "checking":
            make.decide_by_all(app, world, signed.id, outcome="rejected", reason="not_eligible")
    other = make.make_verified(app, world)
    for _ in range(2):  # What is decided about somebody else answers nobody.
        make.act(app, "reopen", world.petition_id, other.id, world.organizer)
        make.decide_by_all(app, world, other.id)
    assert "rejected" not in retain(app, days=60)
    assert opened(app, signed)
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    make.decide_by_all(app, world, signed.id, outcome="rejected", reason="not_eligible")
    assert retain(app, days=60)["rejected"] == 1, "it was looked at"


@pytest.mark.standard("It chooses its mode itself.")
def test_a_contact_is_erased_thirty_days_after_the_last_decision(app: Any, world: make.World) -> None:
    signed = make.make_verified(app, world)
    waiting = make.make_signature(app, world.petition_id)
    name, address = opened(app, signed) or ("", "")
    assert address
    assert retain(app, days=29.9) == {}
    assert retain(app, days=30.1) == {"contact": 1}
    assert opened(app, signed) == (name, "")
    assert opened(app, waiting) == (waiting.name, waiting.email), "nothing is decided about it"
    assert retain(app, days=30.1) == {}, "there is nothing left to erase of it, whatever is kept of others"
    with make.looking(app):
        assert db.session.get_one(Signature, signed.id).mailbox_index is None


def test_a_case_without_its_contact_can_be_reopened_and_decided(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    retain(app, days=31)
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    assert make.decide_by_all(app, world, signed.id) == "verified"
    make.publish_waiting(app)
    with make.looking(app):
        assert db.session.get(PublishedName, signed.id)


@pytest.mark.standard("It chooses its mode itself.")
def test_the_keys_of_a_sealed_petition_end_ninety_days_after_it_closed(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = make.make_verified(app, world)
    assert "keys" not in retain(app, days=400), "it is still open"
    make.set_state(app, world.petition_id, "closed", by=world.organizer)
    assert "keys" not in retain(app, days=89.9)
    assert opened(app, signed)
    assert retain(app, days=90.1) == {"keys": 1}
    with make.looking(app):
        assert db.session.scalars(db.select(PetitionKey)).all() == []
    assert make.tally(app, world.petition_id)["verified"] == 1


def test_the_command_says_what_it_would_erase_and_erases_it(app: Any, cli: Callable[..., SimpleNamespace]) -> None:
    petition_id = make.make_petition(app)
    for _ in range(2):
        make.submit(app, petition_id, at=utcnow() - 5 * DAY)
    make.submit(app, petition_id)
    assert "2  unconfirmed signatures older than 72 hours, would be erased" in cli("retention", "--dry-run").out
    assert make.tally(app, petition_id)["unconfirmed"] == 3
    assert "2  unconfirmed signatures older than 72 hours, erased" in cli("retention").out
    assert make.tally(app, petition_id)["unconfirmed"] == 1


def test_everybody_reads_what_is_still_held_as_of_a_day(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    assert "Nothing has been counted yet" in client.get(f"/p/{world.slug}/held").text
    gone, _ = make.make_verified(app, world), make.make_verified(app, world)
    make.submit(app, world.petition_id)
    make.withdraw(app, gone)
    make.publish_waiting(app)
    for days in (0, 0.0001):  # The second time of a day changes nothing.
        with make.acting(app):
            for petition_id in retention.list_unreported(at=utcnow() + days * DAY):
                retention.report(petition_id, at=utcnow() + days * DAY)
        make.make_signature(app, world.petition_id)
    with make.looking(app):
        held = retention.get_held(world.petition_id)
    assert held
    keys = int(make.default_mode == "sealed")
    assert held.numbers == {"unconfirmed": 1, "people": 1, "contacts": 1, "erased": 1, "keys": keys}
    for language, words in (("en", "What is still held"), ("ru", "Что ещё хранится")):
        page = client.get(f"/p/{world.slug}/held?lang={language}")
        assert page.status_code == 200
        assert words in page.text
    assert f"/p/{world.slug}/held" in client.get(f"/p/{world.slug}/how-we-check").text


@pytest.mark.parametrize("database", ["sealed"], indirect=True)
def test_what_is_held_of_a_sealed_letter_tells_nothing_newer_than_its_publication(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    make.publish_waiting(app)
    with make.acting(app):
        assert retention.list_unreported(at=utcnow()) == [world.petition_id]
        retention.report(world.petition_id, at=utcnow())
    make.withdraw(app, signed)
    tomorrow = utcnow() + DAY
    with make.acting(app):
        assert retention.list_unreported(at=tomorrow) == [], "a withdrawal waits to be published"
        before = retention.get_held(world.petition_id)
        publishing.publish_now(make.petition(world.petition_id), by=None, at=tomorrow)
        after = retention.get_held(world.petition_id)
    assert before is not None
    assert after is not None
    assert (before.numbers["people"], after.numbers["people"]) == (1, 0)
    assert after.day == tomorrow.date()
