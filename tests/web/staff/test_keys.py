"""The page of a petition's keys: whoever holds them opens them there, through the door of the desk."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.keys.models import KeyWrap
from petition_app.storage.db import db
from tests import factories as make
from tests.keys.test_duress import DURESS, world_with_duress

FORM = "Your passphrase opens them for you"


@pytest.fixture
def world(app: Any) -> make.World:
    """A sealed petition, whose keys nobody has open."""
    world = make.make_sealed_world(app)
    make.lock_keys()
    return world


def browser(app: Any, person: make.Person) -> FlaskClient:
    """Return a browser in which somebody is signed in and has opened nothing."""
    client: FlaskClient = app.test_client()
    assert make.sign_in(client, person).status_code in (302, 303)
    return client


def type_passphrase(client: FlaskClient, world: make.World, passphrase: str) -> Any:
    """Type a passphrase into the form of the page of keys."""
    page = client.get(f"/organizer/p/{world.slug}/keys")
    (form,) = [form for form in make.forms_of(page) if "passphrase" in form["fields"]]
    return client.post(form["action"], data=form["fields"] | {"passphrase": passphrase})


@pytest.mark.parametrize("who", ["organizer", "reviewer"])
def test_whoever_holds_the_keys_opens_them_on_their_page_and_is_back_on_it(
    app: Any, world: make.World, who: str
) -> None:
    person = world.organizer if who == "organizer" else world.reviewers[0]
    client = browser(app, person)
    opened = type_passphrase(client, world, make.PASSPHRASE)
    assert opened.status_code == 303
    assert opened.location == f"/organizer/p/{world.slug}/keys"
    page = client.get(opened.location).text
    assert "The keys are open for you." in page
    assert FORM not in page


def test_a_wrong_passphrase_there_counts_at_the_desk_too(app: Any, world: make.World) -> None:
    client = browser(app, world.organizer)
    wrong = [type_passphrase(client, world, "never the right one at all") for _ in range(4)]
    assert all(answer.request.path.endswith("/unlock") for answer in wrong)
    here = f"/organizer/p/{world.slug}/unlock"
    form = make.form_with(client.get(here), "passphrase")
    assert "There were too many tries." in client.post(here, data=form | {"passphrase": make.PASSPHRASE}).text
    assert FORM in wrong[0].text
    assert f'value="/organizer/p/{world.slug}/keys"' in wrong[0].text


def test_under_duress_their_page_looks_as_if_they_were_open_and_they_are_gone(app: Any) -> None:
    world, person = world_with_duress(app)
    client = browser(app, person)
    opened = type_passphrase(client, world, DURESS)
    assert (opened.status_code, opened.location) == (303, f"/organizer/p/{world.slug}/keys")
    assert "The keys are open for you." in client.get(opened.location).text
    with make.looking(app):
        assert db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == person.id)).all() == []


def test_whoever_does_not_hold_the_keys_is_not_asked_for_them(app: Any, world: make.World) -> None:
    client = browser(app, world.auditor)
    assert FORM not in client.get(f"/organizer/p/{world.slug}/keys").text
