"""Staff: roles, sign-in with delays, sessions that end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask_security import UserMixin

from petition_app.accounts import services, sessions
from petition_app.accounts.models import Account, AccountSession, Membership
from petition_app.accounts.services import LastOrganizerError
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.petitions import staff_access
from petition_app.storage.db import db
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
        {"password": make.PASSWORD, "new_password": "password1234", "new_password_confirm": "password1234"},
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


def _session_of(app: Any, client: Any) -> dict[str, Any]:
    with app.test_request_context("/organizer", headers={"Cookie": f"countersign={_cookie(client)}"}):
        return dict(flask.session)


def test_the_secret_of_forms_is_a_new_one_after_sign_in_and_old_forms_are_refused(app: Any) -> None:
    world, client = make.make_world(app), app.test_client()
    before = make.form_with(client.get("/organizer/login"), "csrf_token", "email")["csrf_token"]
    secret = _session_of(app, client)["csrf_token"]
    assert make.sign_in(client, world.organizer).status_code in (302, 303)
    assert _session_of(app, client).get("csrf_token") != secret
    assert client.post("/organizer/logout", data={"csrf_token": before}).status_code == 400
    token = make.csrf_token(client, "/organizer/password")
    assert client.post("/organizer/logout", data={"csrf_token": token}).status_code == 302


def test_the_cookie_of_a_session_says_nothing_about_the_browser(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    kept = _session_of(app, client)
    assert "_id" not in kept
    known = "fresh _fresh _permanent _user_id _flashes csrf_token fs_cc fs_paa identity.auth_type identity.id token"
    assert set(kept) <= set(known.split())


@pytest.mark.parametrize("path", ["/organizer/login", "/organizer/password", "/organizer"])
def test_pages_of_staff_are_kept_nowhere(app: Any, path: str) -> None:
    world = make.make_world(app)
    client = app.test_client() if path.endswith("login") else make.signed_in(app, world.organizer)
    assert client.get(path).headers.getlist("Cache-Control") == ["no-store"]


def test_the_sign_in_library_answers_no_json_and_gives_no_token(app: Any) -> None:
    world, client = make.make_world(app), app.test_client()
    wish = {"Accept": "application/json"}
    page = client.get("/organizer/login", headers=wish)
    assert page.mimetype == "text/html"
    form = make.form_with(page, "csrf_token", "email") | {"email": world.organizer.email, "password": make.PASSWORD}
    sent = wish | {"X-CSRFToken": form["csrf_token"]}
    for answer in (
        client.post("/organizer/login?include_auth_token", json=form, headers=sent),
        client.get("/organizer/login?include_auth_token", headers=wish),
    ):
        assert answer.mimetype != "application/json"
        assert "authentication_token" not in answer.text
    with make.looking(app):
        account = make.account(world.organizer)
        assert account
        as_it_knows = type("Known", (UserMixin,), {"fs_uniquifier": account.fs_uniquifier})
        token = as_it_knows().get_auth_token()
    for headers in ({"Authentication-Token": token}, {"Authorization": f"Bearer {token}"}):
        assert app.test_client().get("/organizer", headers=headers).status_code == 302
    assert app.test_client().get(f"/organizer?auth_token={token}").status_code == 302


def test_who_loses_a_role_is_signed_out_everywhere(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.reviewers[0])
    assert client.get(f"/organizer/p/{make.SLUG}/desk").status_code == 200
    change(app, world, world.reviewers[0], None, by=world.organizer)
    assert client.get("/organizer").status_code == 302
    with make.looking(app):
        rows = db.session.scalars(db.select(AccountSession).where(AccountSession.account_id == world.reviewers[0].id))
        assert rows.all() == []


def is_in_session(person: make.Person, token: str, *, at: datetime) -> bool:
    account = make.account(person)
    found = staff_access.find(account.fs_uniquifier, token=token, slug="", at=at) if account else None
    return found is not None and found.in_session


def test_a_session_ends_after_twelve_hours_and_its_token_is_stored_hashed(app: Any) -> None:
    world, now = make.make_world(app), utcnow()
    with make.acting(app):
        token = sessions.start(make.account(world.organizer), at=now)
    with make.looking(app):
        assert is_in_session(world.organizer, token, at=now + timedelta(hours=11))
        assert not is_in_session(world.organizer, token, at=now + timedelta(hours=12, seconds=1))
        assert not is_in_session(world.organizer, "", at=now)
        assert token.encode() not in db.session.scalars(db.select(AccountSession.token_hash)).one()


def test_the_password_is_stored_as_argon2(app: Any) -> None:
    world = make.make_world(app)
    with make.looking(app):
        stored = db.session.get_one(Account, world.organizer.id).password
    assert "$argon2id$" in stored
    assert make.PASSWORD not in stored
