"""A colleague's keys are taken by two, whichever function is called; the operator acts alone, and the trail says so."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.accounts import approvals
from petition_app.accounts import services as accounts
from petition_app.accounts.models import ApprovalRequest
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.db import db
from petition_app.keys import leaving
from tests import factories as make
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
