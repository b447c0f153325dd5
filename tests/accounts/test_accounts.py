"""Staff: roles, sign-in with delays, sessions that end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from petition_app.accounts import services
from petition_app.accounts.models import Account, AccountSession, Membership
from petition_app.accounts.services import LastOrganizerError
from petition_app.clock import utcnow
from petition_app.db import db
from petition_app.errors import NotFoundError
from tests import factories as make


def membership(app: Any, person: make.Person) -> Any:
    with make.looking(app):
        return db.session.scalars(db.select(Membership).where(Membership.account_id == person.id)).one().id


def change(app: Any, world: make.World, person: make.Person, role: str | None, *, by: make.Person | None) -> None:
    """Give a member another role, or none."""
    member = membership(app, person)
    with make.acting(app):
        words = {"petition_id": world.petition_id, "by": make.account(by), "at": utcnow()}
        if role is None:
            services.remove_member(member, **words)
        else:
            services.change_role(member, role=role, **words)


@pytest.mark.parametrize("role", [None, "reviewer", "auditor"])
@pytest.mark.parametrize("shell", [True, False])
def test_the_last_organizer_cannot_be_removed_or_made_something_else(app: Any, role: str | None, shell: bool) -> None:
    world = make.make_world(app)
    with pytest.raises(LastOrganizerError):
        change(app, world, world.organizer, role, by=None if shell else world.organizer)
    change(app, world, world.organizer, "organizer", by=None)
    second = make.make_person(app, world.petition_id, "organizer")
    change(app, world, world.organizer, role, by=None if shell else second)
    with pytest.raises(LastOrganizerError):
        change(app, world, second, None, by=None)


def test_the_command_keeps_the_last_organizer(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    said = cli("accounts", "remove", world.organizer.email, "--petition", make.SLUG, code=1).err
    assert "last organizer" in said
    cli("accounts", "remove", world.auditor.email, "--petition", make.SLUG)


@pytest.mark.parametrize("who", ["reviewer", "auditor", "organizer elsewhere"])
def test_only_an_organizer_changes_roles(app: Any, who: str) -> None:
    world, other = make.make_world(app), make.make_world(app, "other-letter")
    by = {"reviewer": world.reviewers[0], "auditor": world.auditor, "organizer elsewhere": other.organizer}[who]
    with pytest.raises(NotFoundError):
        change(app, world, world.reviewers[0], "organizer", by=by)
    with pytest.raises(NotFoundError):
        change(app, other, world.reviewers[0], "organizer", by=other.organizer)


def test_accounts_are_made_from_the_shell(app: Any, cli: Any) -> None:
    make.make_petition(app)
    words = ("accounts", "create", "New.One@Example.org", "--name", "N", "--role", "reviewer", "--petition", make.SLUG)
    assert "12 characters" in cli(*words, "--password-stdin", stdin="short\n", code=1).err
    cli(*words, "--password-stdin", stdin=f"{make.PASSWORD}\n")
    assert "already" in cli(*words, "--password-stdin", stdin=f"{make.PASSWORD}\n", code=1).err
    assert make.sign_in(app.test_client(), "new.one@example.org").status_code in (302, 303)


# --- sign-in ----------------------------------------------------------------------------------------------------


def test_delays_grow_with_failures_and_end(app: Any) -> None:
    world, now = make.make_world(app), utcnow()
    waits = []
    for _ in range(14):
        with make.acting(app):
            account = make.account(world.organizer)
            services.note_failure(account, at=now)
            waits.append(services.delay_left(account, at=now))
    assert waits[:3] == [timedelta(0)] * 3
    assert waits[3:6] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=5)
    with make.looking(app):
        assert services.delay_left(make.account(world.organizer), at=now + timedelta(minutes=5)) == timedelta(0)


def test_the_right_password_must_wait_too_and_then_works(app: Any) -> None:
    world, client = make.make_world(app), app.test_client()
    refused = [make.sign_in(client, world.organizer, "wrong password").status_code for _ in range(4)]
    assert all(status in (200, 422) for status in refused)
    assert make.sign_in(client, world.organizer).status_code not in (302, 303)
    with make.acting(app):
        make.account(world.organizer).delayed_until = utcnow() - timedelta(seconds=1)
    assert make.sign_in(client, world.organizer).status_code in (302, 303)
    with make.looking(app):
        assert make.account(world.organizer).failed_count == 0


def test_a_wrong_password_and_an_unknown_address_get_one_answer(app: Any) -> None:
    world, client = make.make_world(app), app.test_client()
    one = make.sign_in(client, world.organizer.email, "wrong password")
    two = make.sign_in(client, "nobody@example.org", "wrong password")

    def masked(page: str, address: str) -> str:
        return re.sub(r'name="csrf_token"[^>]*', "TOKEN", page).replace(address, "ADDRESS")

    assert one.status_code == two.status_code
    assert masked(one.text, world.organizer.email) == masked(two.text, "nobody@example.org")


def _cookie(client: Any) -> str:
    cookie = client.get_cookie("countersign", path="/organizer")
    assert cookie is not None
    return cookie.value


def _replay(app: Any, value: str) -> int:
    """Return what the staff home answers to an old cookie."""
    client = app.test_client()
    client.set_cookie("countersign", value, path="/organizer")
    return client.get("/organizer").status_code


def test_after_sign_out_the_old_cookie_opens_nothing(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    old = _cookie(client)
    assert _replay(app, old) == 200
    client.post("/organizer/logout", data={"csrf_token": make.csrf_token(client, "/organizer/password")})
    assert client.get("/organizer").status_code == 302
    assert _replay(app, old) == 302


def test_a_new_password_ends_all_other_sessions(app: Any) -> None:
    world = make.make_world(app)
    mine, other = make.signed_in(app, world.organizer), make.signed_in(app, world.organizer)
    before = _cookie(mine)
    form = make.form_with(mine.get("/organizer/password"), "csrf_token", "new_password")
    new = "another long password of tests"
    for wrong in (
        {"password": "not mine at all", "new_password": new, "new_password_confirm": new},
        {"password": make.PASSWORD, "new_password": new, "new_password_confirm": "different from it"},
        {"password": make.PASSWORD, "new_password": "short", "new_password_confirm": "short"},
    ):
        assert mine.post("/organizer/password", data=form | wrong).status_code in (200, 422)
    assert other.get("/organizer").status_code == 200
    done = mine.post(
        "/organizer/password",
        data=form | {"password": make.PASSWORD, "new_password": new, "new_password_confirm": new},
    )
    assert done.status_code in (302, 303)
    assert mine.get("/organizer").status_code == 200
    assert other.get("/organizer").status_code == 302
    assert _replay(app, before) == 302
    assert make.sign_in(app.test_client(), world.organizer).status_code not in (302, 303)
    assert make.sign_in(app.test_client(), world.organizer, new).status_code in (302, 303)


def test_who_loses_a_role_is_signed_out_everywhere(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.reviewers[0])
    assert client.get(f"/organizer/p/{make.SLUG}/desk").status_code == 200
    change(app, world, world.reviewers[0], None, by=world.organizer)
    assert client.get("/organizer").status_code == 302
    with make.looking(app):
        rows = db.session.scalars(db.select(AccountSession).where(AccountSession.account_id == world.reviewers[0].id))
        assert rows.all() == []


def test_a_session_ends_after_twelve_hours_and_its_token_is_stored_hashed(app: Any) -> None:
    world, now = make.make_world(app), utcnow()
    with make.acting(app):
        token = services.start_session(make.account(world.organizer), at=now)
    with make.looking(app):
        assert services.session_account_id(token, at=now + timedelta(hours=11)) == world.organizer.id
        assert services.session_account_id(token, at=now + timedelta(hours=12, seconds=1)) is None
        assert services.session_account_id("", at=now) is None
        assert token.encode() not in db.session.scalars(db.select(AccountSession.token_hash)).one()


def test_the_password_is_stored_as_argon2(app: Any) -> None:
    world = make.make_world(app)
    with make.looking(app):
        stored = db.session.get_one(Account, world.organizer.id).password
    assert "$argon2id$" in stored
    assert make.PASSWORD not in stored
