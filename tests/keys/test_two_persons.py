"""A colleague's keys are taken by two, whichever function is called; the operator acts alone, and the trail says so."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.accounts import approvals
from petition_app.accounts import services as accounts
from petition_app.accounts.models import ApprovalRequest, Membership
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.keys import leaving, member_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.storage.db import db
from tests import factories as make
from tests.accounts.test_approvals import digest_shown, only_request, post, press
from tests.conftest import only_sqlite


def still_holds(app: Any, world: make.World, person: make.Person) -> bool:
    with make.looking(app):
        return leaving.holds(person.id, world.petition_id)


@only_sqlite
@pytest.mark.parametrize("agreed", ["nothing", "their own", "of another person", "open"])
def test_no_organizer_takes_a_holders_role_or_keys_alone(app: Any, agreed: str) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    second = make.make_person(app, world.petition_id, "organizer")
    holder, other = world.reviewers
    given = None
    if agreed != "nothing":
        given = ApprovalRequest(
            petition_id=world.petition_id, kind="take_keys", state="open" if agreed == "open" else "used",
            payload={"account_id": str((other if agreed == "of another person" else holder).id)},
            asked_by_id=(world.organizer if agreed == "their own" else second).id, decided_by_id=world.organizer.id,
        )  # fmt: skip
    with make.acting(app):
        membership = accounts.find_member(holder.email, petition_id=world.petition_id).id
        words = {"by": make.account(world.organizer), "at": utcnow(), "agreed": given}
        with pytest.raises(accounts.TwoOrganizersError):
            accounts.remove_member(membership, petition_id=world.petition_id, **words)
        with pytest.raises(accounts.TwoOrganizersError):
            leaving._take(holder.id, world.petition_id, **words)
    assert still_holds(app, world, holder)


@only_sqlite
def test_two_organizers_take_them_and_the_role(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    second = make.make_person(app, world.petition_id, "organizer")
    holder = world.reviewers[0]
    with make.acting(app):
        membership = accounts.find_member(holder.email, petition_id=world.petition_id).id
        words = {"petition_id": world.petition_id, "at": utcnow()}
        assert not leaving.remove(membership, by=make.account(world.organizer), **words)
    with make.acting(app):
        (request,) = approvals.list_open(world.petition_id, at=utcnow())
        approvals.confirm(
            request.id, request.digest.hex(), petition_id=world.petition_id, by=make.account(second), at=utcnow()
        )
    assert not still_holds(app, world, holder)


@only_sqlite
@pytest.mark.parametrize("command", ["take", "remove"])
def test_the_operator_takes_them_alone_and_the_trail_says_so(app: Any, cli: Any, command: str) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    holder = world.reviewers[0]
    if command == "take":
        cli("keys", "take", world.slug, holder.email)
    else:
        cli("accounts", "remove", holder.email, "--petition", world.slug)
    assert not still_holds(app, world, holder)
    with make.looking(app):
        (event,) = db.session.scalars(db.select(AuditEvent).where(AuditEvent.act == "keys.taken")).all()
        assert (event.actor_id, event.object_id) == (None, holder.id)


# --- a change of role -------------------------------------------------------------------------------------------


def make_auditor(app: Any, client: Any, world: make.World, person: make.Person, *, language: str = "en") -> Any:
    with make.looking(app):
        member = db.session.scalars(db.select(Membership.id).where(Membership.account_id == person.id)).one()
    return post(client, world, f"/people/{member}/role?lang={language}", role="auditor")


def role_of(app: Any, world: make.World, person: make.Person) -> str | None:
    with make.looking(app):
        return accounts.role_of_id(person.id, world.petition_id)


def test_a_colleague_becomes_an_auditor_once_two_organizers_have_taken_the_keys(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    asker, holder = make.signed_in(app, world.organizer), world.reviewers[0]
    confirmer = make.signed_in(app, make.make_person(app, world.petition_id, "organizer"))
    answer = make_auditor(app, asker, world, holder)
    assert answer.status_code == 409
    assert "Take the keys first" in answer.text
    assert (role_of(app, world, holder), still_holds(app, world, holder)) == ("reviewer", True)
    assert post(asker, world, f"/keys/take/{holder.id}").status_code == 303
    assert make_auditor(app, confirmer, world, holder).status_code == 409
    press(confirmer, world, only_request(app), "confirm", digest=digest_shown(confirmer, world))
    assert make_auditor(app, asker, world, holder).status_code == 303
    assert (role_of(app, world, holder), still_holds(app, world, holder)) == ("auditor", False)


def test_an_organizer_gives_up_their_own_keys_before_they_become_an_auditor(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    make.make_person(app, world.petition_id, "organizer")
    person, client = world.organizer, make.signed_in(app, world.organizer)
    assert make_auditor(app, client, world, person).status_code == 409
    assert (role_of(app, world, person), still_holds(app, world, person)) == ("organizer", True)
    post(client, world, f"/keys/take/{person.id}")
    assert make_auditor(app, client, world, person).status_code == 303
    assert (role_of(app, world, person), still_holds(app, world, person)) == ("auditor", False)


def test_an_auditor_who_was_granted_keys_stays_one_with_them(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    with make.acting(app):
        member_keys.make_account_key(make.account(world.auditor), make.PASSPHRASE, at=utcnow())
        opened = unlocking.open_once(make.account(world.organizer), world.petition_id, make.PASSPHRASE, at=utcnow())
        words = {"by": make.account(world.organizer), "at": utcnow()}
        key_services.grant(world.auditor.id, world.petition_id, opened, **words)
    client = make.signed_in(app, world.organizer)
    assert make_auditor(app, client, world, world.auditor).status_code == 303
    assert still_holds(app, world, world.auditor)


def test_why_a_holder_of_keys_becomes_no_auditor_is_said_in_russian(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    client = make.signed_in(app, world.organizer)
    answer = make_auditor(app, client, world, world.reviewers[0], language="ru")
    assert "Сначала отберите ключи" in answer.text
