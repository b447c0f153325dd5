"""What is known of who asks for a staff page, before it begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from petition_app import maintenance
from petition_app.accounts import sessions
from petition_app.accounts.services import find_member, remove_member, role_of
from petition_app.clock import utcnow
from petition_app.petitions import staff_access
from petition_app.petitions.staff_access import StaffAccess
from tests import factories as make


def found(app: Any, person: make.Person, *, token: str = "", slug: str = "", hours: int = 0) -> StaffAccess:
    with make.looking(app):
        account = make.account(person)
        assert account
        known = staff_access.find(account.fs_uniquifier, token=token, slug=slug, at=utcnow() + timedelta(hours=hours))
        assert known
        assert (known.petition is None) == (known.role is None)
        assert known.petition is None or known.petition.slug == slug
        return known


def begun(app: Any, person: make.Person) -> str:
    with make.acting(app):
        account = make.account(person)
        assert account
        return sessions.start(account, at=utcnow())


def test_a_session_counts_for_its_own_account_while_it_lasts(app: Any) -> None:
    world = make.make_world(app)
    own, of_another = begun(app, world.organizer), begun(app, world.auditor)
    assert found(app, world.organizer, token=own).in_session
    assert found(app, world.organizer, token=own, hours=11).in_session
    assert not found(app, world.organizer, token=own, hours=13).in_session
    assert not found(app, world.organizer, token=of_another).in_session
    assert not found(app, world.organizer).in_session
    with make.acting(app):
        sessions.end(own)
    assert not found(app, world.organizer, token=own).in_session


def test_a_petition_is_only_there_for_who_has_a_role_on_it(app: Any) -> None:
    world, other = make.make_world(app), make.make_petition(app, "another-letter", mail="none")
    assert other
    here = found(app, world.auditor, slug=world.slug)
    assert here.role == "auditor"
    for slug in ("another-letter", "no-such-letter", ""):
        there = found(app, world.auditor, slug=slug)
        assert (there.petition, there.role) == (None, None)


@pytest.mark.parametrize("is_on", [True, False])
def test_it_says_whether_nothing_may_change(app: Any, is_on: bool) -> None:
    world = make.make_world(app)
    with make.acting(app):
        if is_on:
            maintenance.turn(maintenance.READ_ONLY, on=True, by=None, at=utcnow())
    assert found(app, world.organizer).read_only is is_on


def test_nobody_is_known_by_an_identifier_that_nobody_has(app: Any) -> None:
    with make.looking(app):
        assert staff_access.find("nobody's", token="", slug="", at=utcnow()) is None


def test_a_role_that_is_taken_within_a_transaction_is_gone_in_it(app: Any) -> None:
    world = make.make_world(app)
    with make.acting(app):
        auditor = make.account(world.auditor)
        assert auditor
        assert role_of(auditor, world.petition_id) == "auditor"
        member = find_member(world.auditor.email, petition_id=world.petition_id)
        remove_member(member.id, petition_id=world.petition_id, by=None, at=utcnow())
        assert role_of(auditor, world.petition_id) is None
