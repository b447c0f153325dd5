"""Inviting staff by mail: once, for a week, sent again, taken back; and who may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from petition_app import audit
from petition_app.accounts.models import Account, StaffInvitation
from petition_app.storage.db import db
from petition_app.worker import loop as worker
from tests import factories as make

NEW = "ines.new@example.org"
LONG = "a long enough sentence"


@pytest.fixture
def world(app: Any) -> make.World:
    """A petition with its staff."""
    return make.make_world(app)


def invite(app: Any, world: make.World, *, email: str = NEW, role: str = "reviewer", language: str = "en") -> Any:
    """Send an invitation as the organizer, over the page."""
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    words = {"name": "Ines New", "email": email, "invited_role": role, "language": language, "csrf_token": token}
    return client.post(f"/organizer/p/{world.slug}/people/invite", data=words)


def mailed(app: Any, email: str = NEW) -> tuple[str, str]:
    """Let the worker mail; return the newest code to this address, and the whole text."""
    with app.app_context():
        worker.run_once()
    for path in reversed(make.outbox()):
        to, _, text = make.read_mail(path)
        if to == email and (found := re.search(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}\b", text)):
            return found.group(), text
    raise AssertionError(f"no invitation was mailed to {email}")


def waiting(app: Any) -> list[StaffInvitation]:
    """Return the invitations nobody has answered."""
    with make.looking(app):
        found = list(db.session.scalars(db.select(StaffInvitation)))
        db.session.expunge_all()
        return found


def join(client: FlaskClient, code: str, **fields: str) -> Any:
    """Type a code, with more fields to take up the role."""
    token = make.csrf_token(client, "/organizer/join")
    return client.post("/organizer/join", data={"csrf_token": token, "code": code, **fields})


def take_up(client: FlaskClient, code: str, password: str = LONG) -> Any:
    """Take up the role with a new account."""
    return join(client, code, take="1", name="Ines New", new_password=password, again=password)


def age(app: Any, time: timedelta) -> None:
    """Let every invitation be older."""
    with make.acting(app):
        for invitation in db.session.scalars(db.select(StaffInvitation)):
            invitation.sent_at -= time
            invitation.expires_at -= time


def send_again(app: Any, world: make.World) -> Any:
    """Press the button on the page of people."""
    organizer = make.signed_in(app, world.organizer)
    page = organizer.get(f"/organizer/p/{world.slug}/people")
    (form,) = [form for form in make.forms_of(page) if form["action"].endswith("/resend")]
    return organizer.post(form["action"], data=form["fields"])


def test_who_is_invited_chooses_a_password_and_has_the_role(app: Any, client: FlaskClient, world: make.World) -> None:
    assert invite(app, world).status_code == 303
    code, text = mailed(app)
    assert "/organizer/join" in text
    assert world.slug not in text
    assert "letter" not in text.casefold()
    page = join(client, code.lower().replace("-", " "))
    assert page.status_code == 200
    assert NEW in page.text
    assert "reviewer" in page.text
    assert take_up(client, code).status_code == 303
    assert make.sign_in(client, NEW, LONG).status_code == 302
    assert client.get(f"/organizer/p/{world.slug}/desk").status_code == 200
    assert client.get(f"/organizer/p/{world.slug}/people").status_code == 404
    assert waiting(app) == []


def test_a_code_works_once(app: Any, client: FlaskClient, world: make.World) -> None:
    invite(app, world)
    code, _ = mailed(app)
    assert take_up(client, code).status_code == 303
    again = take_up(app.test_client(), code, "another long sentence")
    assert again.status_code == 422
    assert "does not work" in again.text


@pytest.mark.parametrize("password", ["short", ""])
def test_a_weak_password_comes_back_with_the_form_and_nothing_is_lost(
    app: Any, client: FlaskClient, world: make.World, password: str
) -> None:
    invite(app, world)
    code, _ = mailed(app)
    page = take_up(client, code, password)
    assert page.status_code == 422
    assert code in page.text
    assert len(waiting(app)) == 1
    assert take_up(client, code).status_code == 303


def test_an_account_that_exists_keeps_its_password_and_gets_the_role(
    app: Any, client: FlaskClient, world: make.World
) -> None:
    other = make.make_world(app, "other-letter")
    known = other.reviewers[0]
    invite(app, world, email=known.email, role="auditor")
    code, _ = mailed(app, known.email)
    assert "keeps its name and password" in join(client, code).text
    assert join(client, code, take="1").status_code == 303
    signed_in = make.signed_in(app, known)
    assert signed_in.get(f"/organizer/p/{world.slug}/trail").status_code == 200


def test_an_invitation_runs_out_after_a_week_and_can_be_sent_again(
    app: Any, client: FlaskClient, world: make.World
) -> None:
    invite(app, world)
    code, _ = mailed(app)
    age(app, timedelta(days=7, minutes=1))
    assert "does not work" in join(client, code).text
    assert send_again(app, world).status_code == 303
    new, _ = mailed(app)
    assert "does not work" in join(client, code).text
    assert take_up(client, new).status_code == 303


def test_an_invitation_is_mailed_five_times_at_most_and_not_twice_at_once(app: Any, world: make.World) -> None:
    invite(app, world)
    assert send_again(app, world).status_code == 409
    for _ in range(4):
        age(app, timedelta(minutes=6))
        assert send_again(app, world).status_code == 303
    age(app, timedelta(minutes=6))
    assert send_again(app, world).status_code == 409


def test_what_was_sent_again_before_the_worker_came_is_mailed_once(app: Any, world: make.World) -> None:
    invite(app, world)
    age(app, timedelta(minutes=6))
    assert send_again(app, world).status_code == 303
    mailed(app)
    assert len([path for path in make.outbox() if make.read_mail(path)[0] == NEW]) == 1


def test_what_is_taken_back_opens_nothing(app: Any, client: FlaskClient, world: make.World) -> None:
    invite(app, world)
    code, _ = mailed(app)
    (invitation,) = waiting(app)
    organizer = make.signed_in(app, world.organizer)
    token = make.csrf_token(organizer, "/organizer/password")
    path = f"/organizer/p/{world.slug}/people/invitations/{invitation.id}/withdraw"
    assert organizer.post(path, data={"csrf_token": token}).status_code == 303
    assert take_up(client, code).status_code == 422


def test_the_page_of_people_shows_who_has_not_answered(app: Any, world: make.World) -> None:
    invite(app, world)
    organizer, auditor = make.signed_in(app, world.organizer), make.signed_in(app, world.auditor)
    page = organizer.get(f"/organizer/p/{world.slug}/people").text
    assert NEW in page
    assert "Send again" in page
    assert "Take back" in page
    page = auditor.get(f"/organizer/p/{world.slug}/people").text
    assert NEW in page
    assert "Send again" not in page
    assert "Send the invitation" not in page


@pytest.mark.parametrize(
    ("email", "words"),
    [("no address", "not a mail address"), (NEW, "invited already"), ("", "write the person")],
)
def test_who_cannot_be_invited_is_told_why(app: Any, world: make.World, email: str, words: str) -> None:
    invite(app, world)
    answer = invite(app, world, email=email)
    assert answer.status_code == 422
    assert words in answer.text
    assert len(waiting(app)) == 1


def test_a_member_is_not_invited_again(app: Any, world: make.World) -> None:
    answer = invite(app, world, email=world.auditor.email)
    assert answer.status_code == 422
    assert "has a role on this petition already" in answer.text


def test_the_mail_speaks_the_language_that_was_chosen(app: Any, world: make.World) -> None:
    invite(app, world, language="ru")
    assert "приглаш" in mailed(app)[1].casefold() or "код" in mailed(app)[1].casefold()


def test_who_loses_the_role_loses_what_they_sent_and_every_session(app: Any, world: make.World) -> None:
    second = make.make_person(app, world.petition_id, "organizer")
    leaver = make.signed_in(app, second)
    token = make.csrf_token(leaver, "/organizer/password")
    words = {"name": "Ines New", "email": NEW, "invited_role": "organizer", "language": "en", "csrf_token": token}
    assert leaver.post(f"/organizer/p/{world.slug}/people/invite", data=words).status_code == 303
    code, _ = mailed(app)
    organizer = make.signed_in(app, world.organizer)
    page = organizer.get(f"/organizer/p/{world.slug}/people")
    removals = [form for form in make.forms_of(page) if form["action"].endswith("/remove")]
    members = {form["action"] for form in removals}
    with make.looking(app):
        account = db.session.scalar(db.select(Account).where(Account.email == second.email))
        mine = str(next(m.id for m in account.memberships if m.petition_id == world.petition_id))
    path = next(action for action in members if mine in action)
    csrf = make.csrf_token(organizer, "/organizer/password")
    assert organizer.post(path, data={"csrf_token": csrf}).status_code == 303
    assert leaver.get("/organizer").status_code == 302
    assert take_up(app.test_client(), code).status_code == 422


def test_every_step_stands_in_the_trail_without_an_address(app: Any, client: FlaskClient, world: make.World) -> None:
    invite(app, world)
    take_up(client, mailed(app)[0])
    with make.looking(app):
        acts = [event.act for event in audit.list_events(petition_id=world.petition_id)]
    assert "member.invited_reviewer" in acts
    assert "member.added_reviewer" in acts
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/trail").text
    assert NEW not in page


def test_wrong_codes_are_counted(app: Any, client: FlaskClient, world: make.World) -> None:
    for _ in range(20):
        assert join(client, "0000-0000").status_code == 422
    assert join(client, "0000-0000").status_code == 429


def test_an_invitation_of_another_petition_is_out_of_reach(app: Any, world: make.World) -> None:
    other = make.make_world(app, "other-letter")
    invite(app, world)
    (invitation,) = waiting(app)
    stranger = make.signed_in(app, other.organizer)
    token = make.csrf_token(stranger, "/organizer/password")
    for act in ("resend", "withdraw"):
        path = f"/organizer/p/{other.slug}/people/invitations/{UUID(str(invitation.id))}/{act}"
        assert stranger.post(path, data={"csrf_token": token}).status_code == 404
    assert len(waiting(app)) == 1
