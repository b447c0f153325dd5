"""The passphrase of duress: whoever watches sees no difference, and only a colleague ends the alarm."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from petition_app.accounts.models import Membership
from petition_app.clock import utcnow
from petition_app.keys import leaving, member_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.keys.models import DuressAlarm, KeyWrap, Unlock
from petition_app.storage.db import db
from tests import factories as make

DURESS, NEW = "words that are given up", "a new and unusual one of tests"


def world_with_duress(app: Any) -> tuple[make.World, make.Person]:
    """Make a sealed petition, one of whose reviewers has a passphrase of duress and holds the keys."""
    world = make.make_sealed_world(app, reviewers=2)
    person = world.reviewers[0]
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        member_keys.remove_account_key(make.account(person), at=utcnow())
        member_keys.make_account_key(make.account(person), make.PASSPHRASE, duress=DURESS, at=utcnow())
    grant(app, world, person)
    make.lock_keys()
    return world, person


def grant(app: Any, world: make.World, person: make.Person) -> None:
    with make.acting(app, locked=True):
        keys = unlocking.open_once(make.account(world.organizer), world.petition_id, make.PASSPHRASE, at=utcnow())
        key_services.grant(person.id, world.petition_id, keys, by=make.account(world.organizer), at=utcnow())


def unlock(client: FlaskClient, world: make.World, passphrase: str) -> Any:
    path = f"/organizer/p/{world.slug}/unlock"
    return client.post(path, data=make.form_with(client.get(path), "passphrase") | {"passphrase": passphrase})


def secret_of(app: Any, client: FlaskClient) -> dict[str, str]:
    cookie = client.get_cookie("countersign", path="/organizer")
    assert cookie
    with app.test_request_context("/organizer", headers={"Cookie": f"countersign={cookie.value}"}):
        return dict(flask.session["unlock"])


def alarms(app: Any) -> list[Any]:
    with make.looking(app):
        return list(db.session.scalars(db.select(DuressAlarm.account_id)))


def test_cookie_row_and_pages_look_the_same(app: Any) -> None:
    world, person = world_with_duress(app)
    seen = []
    for passphrase in (make.PASSPHRASE, DURESS):
        client = make.signed_in(app, person)
        answer = unlock(client, world, passphrase)
        kept = secret_of(app, client)
        with make.looking(app):
            (box,) = db.session.scalars(db.select(Unlock.box).where(Unlock.account_id == person.id))
        keys = client.get(f"/organizer/p/{world.slug}/keys").text
        seen.append((answer.status_code, answer.location, len(kept["secret"]), sorted(kept), len(box),
                     "The keys are open for you" in keys, keys.count("holds the keys"), "An alarm" in keys,
                     "Lock the keys now" in keys))  # fmt: skip
        client.post(f"/organizer/p/{world.slug}/lock", data={"csrf_token": make.csrf_token(client)})
    assert seen[0] == seen[1]
    assert alarms(app) == [person.id]
    with make.looking(app):
        assert not db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == person.id)).all()


def test_after_it_the_queue_is_empty_and_the_other_passphrase_opens_no_more(app: Any) -> None:
    world, person = world_with_duress(app)
    for passphrase in (DURESS, make.PASSPHRASE, DURESS):
        client = make.signed_in(app, person)
        assert unlock(client, world, passphrase).status_code == 303
        token = {"csrf_token": make.csrf_token(client)}
        answer = client.post(f"/organizer/p/{world.slug}/next", data=token, follow_redirects=True)
        assert "No case waits for you" in answer.text
        with make.acting(app, locked=True), pytest.raises(unlocking.UnderDuressError):
            unlocking.open_once(make.account(person), world.petition_id, passphrase, at=utcnow())


def test_the_passphrase_of_duress_can_be_changed_as_the_other_and_raises_the_alarm(app: Any) -> None:
    _, person = world_with_duress(app)
    client = make.signed_in(app, person)
    form = make.form_with(client.get("/organizer/keys"), "old") | {"old": DURESS, "passphrase": NEW, "again": NEW}
    answer = client.post("/organizer/keys/passphrase", data=form, follow_redirects=True)
    assert "Your passphrase is changed" in answer.text
    assert alarms(app) == [person.id]
    with make.acting(app, locked=True):
        key = member_keys.get_account_key(make.account(person))
        assert key
        assert member_keys.open_account_key(key, NEW) is None
        assert member_keys.open_account_key(key, make.PASSPHRASE)
        with pytest.raises(member_keys.WrongPassphraseError):
            member_keys.open_account_key(key, DURESS)


def test_neither_a_new_key_nor_the_sheet_ends_the_alarm_and_a_colleague_does(app: Any) -> None:
    world, person = world_with_duress(app)
    client = make.signed_in(app, person)
    unlock(client, world, DURESS)
    client.post("/organizer/keys/remove", data={"csrf_token": make.csrf_token(client)})
    assert alarms(app) == [person.id]
    with make.acting(app, locked=True):
        member_keys.make_account_key(make.account(person), make.PASSPHRASE, at=utcnow())
    assert alarms(app) == [person.id]
    hers = make.signed_in(app, world.organizer)
    assert "An alarm" in hers.get(f"/organizer/p/{world.slug}/keys").text
    grant(app, world, person)
    assert alarms(app) == []
    assert "An alarm" not in hers.get(f"/organizer/p/{world.slug}/keys").text
    with make.acting(app, locked=True):
        assert unlocking.open_once(make.account(person), world.petition_id, make.PASSPHRASE, at=utcnow())


@pytest.mark.parametrize("passphrase", [make.PASSPHRASE, DURESS])
def test_who_gives_the_keys_up_seems_to_have_given_them_up_after_duress_as_well(app: Any, passphrase: str) -> None:
    world, person = world_with_duress(app)
    with make.acting(app):
        make.account(person).memberships[0].role = "organizer"
    client, page = make.signed_in(app, person), f"/organizer/p/{world.slug}/keys"
    unlock(client, world, passphrase)
    before = client.get(page).text.count("holds the keys")
    token = {"csrf_token": make.csrf_token(client)}
    assert "The keys are taken" in client.post(f"{page}/take/{person.id}", data=token, follow_redirects=True).text
    assert client.get(page).text.count("holds the keys") == before - 1
    assert "does not hold" in client.get(page).text


def test_keys_that_somebody_gave_up_and_got_again_by_the_sheet_seem_held_after_duress(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets, print_sheet = [], key_services.make_petition_keys
    monkeypatch.setattr(
        key_services, "make_petition_keys", lambda *given, **words: sheets.append(print_sheet(*given, **words))
    )
    world, person = world_with_duress(app)
    with make.acting(app, locked=True):
        make.account(person).memberships[0].role = "organizer"
    with make.acting(app, locked=True):
        leaving.take(person.id, world.petition_id, by=make.account(person), at=utcnow())
    with make.acting(app, locked=True):
        key_services.recover(world.petition_id, sheets[0], by=make.account(person), at=utcnow())
    client, page = make.signed_in(app, person), f"/organizer/p/{world.slug}/keys"
    before = client.get(page).text.count("holds the keys")
    unlock(client, world, DURESS)
    assert client.get(page).text.count("holds the keys") == before


def test_a_petition_whose_keys_somebody_never_held_looks_after_duress_as_before(app: Any) -> None:
    world, person = world_with_duress(app)
    other = make.make_sealed_world(app, "other")
    with make.acting(app, locked=True):
        db.session.add(Membership(account_id=person.id, petition_id=other.petition_id, role="reviewer"))
    client, page = make.signed_in(app, person), "/organizer/p/other/keys"
    before = client.get(page).text.count("holds the keys")
    assert before
    unlock(client, world, DURESS)
    assert client.get(page).text.count("holds the keys") == before


def test_the_trail_tells_everybody_but_the_person_who_was_forced(app: Any) -> None:
    world, person = world_with_duress(app)
    with make.acting(app, locked=True):
        unlocking.unlock(make.account(person), world.petition_id, DURESS, at=utcnow())
        membership = make.account(person).memberships[0]
        membership.role = "organizer"
    trail = f"/organizer/p/{world.slug}/trail"
    assert "passphrase for duress" in make.signed_in(app, world.organizer).get(trail).text
    assert "passphrase for duress" in make.signed_in(app, world.auditor).get(trail).text
    hers = make.signed_in(app, person).get(trail).text
    assert "passphrase for duress" not in hers
    assert "keys.duress" not in hers


def test_who_was_forced_sees_no_difference_when_they_would_become_an_auditor(app: Any) -> None:
    world, person = world_with_duress(app)
    with make.acting(app):
        membership = make.account(person).memberships[0]
        membership.role, path = "organizer", f"/organizer/p/{world.slug}/people/{membership.id}/role"
    client = make.signed_in(app, person)
    sent, seen = {"role": "auditor", "csrf_token": make.csrf_token(client)}, []
    for passphrase in (make.PASSPHRASE, DURESS):
        unlock(client, world, passphrase)
        answer = client.post(path, data=sent)
        seen.append((answer.status_code, "Take the keys first" in answer.text))
    assert seen == [(409, True), (409, True)]
    assert alarms(app) == [person.id]
