"""Several people are invited at once: each line is looked at, bad ones are said and kept, good ones go in one act."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.accounts import inviting, inviting_several
from petition_app.accounts.models import StaffInvitation
from petition_app.clock import utcnow
from petition_app.storage.db import db
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/people/invite-several"
LIST = "Anna Zarechnaya <anna@example.org>\n\nboris@example.org\nno mailbox here\nAnna again, anna@example.org"


def invited(app: Any) -> dict[str, tuple[str, str]]:
    with make.looking(app):
        rows = db.session.scalars(db.select(StaffInvitation)).all()
        return {row.email: (row.name, row.role) for row in rows}


def send(client: Any, act: str = "look", **fields: Any) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    words = {"role_for_all": "reviewer", "language_for_all": "ru", "act": act}
    return client.post(HERE, data=words | fields | {"csrf_token": token})


def listed(answer: Any) -> dict[str, Any]:
    return next(form["fields"] for form in make.forms_of(answer) if form["action"] == HERE)


@pytest.mark.parametrize(
    ("line", "name", "address"),
    [
        ("anna@example.org", "anna", "anna@example.org"),
        ("<anna@example.org>", "anna", "anna@example.org"),
        ("Anna <anna@example.org>", "Anna", "anna@example.org"),
        ('"Anna Z." <anna@example.org>,', "Anna Z.", "anna@example.org"),
        ("Анна Заречная\tanna@example.org;", "Анна Заречная", "anna@example.org"),
        ("Anna, anna@example.org", "Anna", "anna@example.org"),
        ("anna", "", ""),
        ("Anna <anna@>", "", ""),
        ("anna@example.org boris@example.org", "", ""),
    ],
)
def test_a_line_is_a_mailbox_or_a_name_and_a_mailbox(app: Any, line: str, name: str, address: str) -> None:
    world = make.make_world(app)
    with make.acting(app):
        by = make.account(world.organizer)
        assert by
        (found,) = inviting_several.read(line, petition_id=world.petition_id, by=by, at=utcnow())
    assert (found.name, found.address, bool(found.problem)) == (name, address, not address)


def test_good_lines_are_invited_after_a_look_and_bad_ones_are_kept(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    answer = send(client, people=LIST)
    assert answer.status_code == 200
    assert "Send 2 invitations" in answer.text
    assert "stands in the list already" in answer.text
    assert invited(app) == {}, "nobody is written to before the button"
    form = listed(answer)
    assert form["rest"].splitlines() == ["no mailbox here", "Anna again, anna@example.org"]
    after = client.post(HERE, data=form | {"act": "send"})
    assert "2 invitations are on their way" in after.text
    assert invited(app) == {
        "anna@example.org": ("Anna Zarechnaya", "reviewer"), "boris@example.org": ("boris", "reviewer"),
    }  # fmt: skip
    assert "no mailbox here" in listed(after)["rest"]


def test_a_line_that_was_mended_is_shown_before_anybody_in_it_is_written_to(app: Any) -> None:
    client = make.signed_in(app, make.make_world(app).organizer)
    form = listed(send(client, people=LIST))
    after = client.post(HERE, data=form | {"act": "send", "rest": "Vera <vera@example.org>"})
    assert "vera@example.org" not in invited(app)
    assert "Send 1 invitation" in after.text
    done = client.post(HERE, data=listed(after) | {"act": "send"})
    assert done.status_code == 303
    assert "vera@example.org" in invited(app)


def test_who_is_here_or_invited_already_is_said_and_a_double_tap_invites_once(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    answer = send(client, people=f"{world.auditor.email}\nnew@example.org")
    assert "Send 1 invitation" in answer.text
    form = listed(answer)
    client.post(HERE, data=form | {"act": "send"})
    again = client.post(HERE, data=form | {"act": "send"})
    assert again.status_code == 200
    assert "invited already" in again.text
    assert len(invited(app)) == 1


def test_one_whom_somebody_else_invites_meanwhile_stops_no_other(app: Any, monkeypatch: Any) -> None:
    world = make.make_world(app)
    first = inviting.invite

    def invite(**words: Any) -> Any:
        if words["email"] == "anna@example.org":
            raise inviting.InvitedAlreadyError
        return first(**words)

    monkeypatch.setattr(inviting, "invite", invite)
    client = make.signed_in(app, world.organizer)
    after = client.post(HERE, data=listed(send(client, people=LIST)) | {"act": "send"})
    assert list(invited(app)) == ["boris@example.org"]
    assert "anna@example.org" in listed(after)["rest"]


def test_an_empty_list_a_long_one_and_an_unknown_act_invite_nobody(app: Any) -> None:
    client = make.signed_in(app, make.make_world(app).organizer)
    many = "\n".join(f"p{number}@example.org" for number in range(inviting_several.MOST + 1))
    for act, people in (("look", " \n"), ("look", many), ("send", many), ("", LIST), ("other", LIST)):
        answer = send(client, act, people=people)
        assert answer.status_code == 422
    assert "At most 50 people" in send(client, people=many).text
    assert invited(app) == {}


@pytest.mark.parametrize("role", ["reviewers", "auditor"])
def test_only_organizers_invite(app: Any, role: str) -> None:
    world = make.make_world(app)
    person = world.auditor if role == "auditor" else world.reviewers[0]
    assert send(make.signed_in(app, person), people=LIST).status_code == 404
