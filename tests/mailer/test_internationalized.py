"""Addresses in the letters of the world, against real servers with and without SMTPUTF8 (RFC 6531)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.accounts import inviting, inviting_several
from petition_app.clock import utcnow
from petition_app.mailer import offers
from petition_app.mailer.addresses import address_on_the_wire, needs_utf8, read_address
from petition_app.storage.db import db
from petition_app.worker import loop as worker
from petition_app.worker.tasks.mail import ask_server
from tests import factories as make
from tests.mailer.test_smtp import dead, left, sign, use, work_off
from tests.post import Server, serving

COUNCIL, WIRE = "olga@совет.рф", "olga@xn--b1agzli.xn--p1ai"
NATIVE = "ольга@совет.рф"


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("typed", [COUNCIL, WIRE])
def test_mail_to_an_internationalized_domain_arrives(app: Any, typed: str, utf8: bool) -> None:
    world = make.make_world(app)
    with serving(Server(), enable_SMTPUTF8=utf8) as server:
        use(server)
        sign(app, world.petition_id, typed)
        work_off(app, 1)
    assert server.taken == {WIRE: 1}
    assert server.headers[0]["To"] == WIRE
    assert (left(app), dead(app)) == (0, [])


def test_a_mailbox_in_other_letters_is_reached_where_the_server_offers_it(app: Any) -> None:
    world = make.make_world(app)
    with serving(Server(), enable_SMTPUTF8=True) as server:
        use(server)
        for address in (NATIVE, "plain@example.org", "用户@例子.广告"):
            sign(app, world.petition_id, address)
        work_off(app, 1)
    assert set(server.taken) == {"ольга@xn--b1agzli.xn--p1ai", "plain@example.org", "用户@xn--fsqu00a.xn--4rr70v"}
    assert {str(headers["To"]) for headers in server.headers} == set(server.taken)
    assert (left(app), dead(app)) == (0, [])


def test_where_it_does_not_the_message_is_given_up_at_once_and_the_page_says_why(app: Any) -> None:
    world = make.make_world(app)
    with serving(Server(), enable_SMTPUTF8=False) as server:
        use(server)
        for address in (NATIVE, "plain@example.org"):
            sign(app, world.petition_id, address)
        work_off(app, 1)
    assert server.taken == {"plain@example.org": 1}
    assert dead(app) == ["NoUtf8Error"]
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/mail").text
    assert "cannot write to addresses with letters beyond ASCII" in page
    assert "could not be reached" not in page


@pytest.mark.parametrize("utf8", [True, False])
def test_forms_refuse_a_mailbox_that_the_server_cannot_write_to(app: Any, client: Any, utf8: bool) -> None:
    world = make.make_world(app)
    with serving(Server(), enable_SMTPUTF8=utf8) as server:
        use(server)
        assert make.sign_page(client, email="мария@совет.рф").status_code == 200, "nothing was known yet"
        with app.app_context():
            ask_server(utcnow())
            ask_server(utcnow())
        assert server.connections == 1
        with make.looking(app):
            assert offers.is_known()
        answer = make.sign_page(client, email=NATIVE)
        assert answer.status_code == (200 if utf8 else 422)
        assert ("cannot write to addresses with such letters" in answer.text) is not utf8
        assert make.sign_page(client, email=COUNCIL).status_code == 200
        with make.acting(app):
            lines = inviting_several.read(
                f"{NATIVE}\n{COUNCIL}", petition_id=world.petition_id, by=make.account(world.organizer), at=utcnow()
            )
            assert [isinstance(line.problem, inviting.NoWayError) for line in lines] == [not utf8, False]


def test_invitations_go_to_internationalized_domains_and_mailboxes_are_refused_at_the_form(app: Any) -> None:
    world = make.make_world(app)
    said: dict[str, Any] = {"petition_id": world.petition_id, "name": "O", "role": "reviewer", "language": "en"}
    with serving(Server(), enable_SMTPUTF8=False) as server:
        use(server)
        with app.app_context():
            ask_server(utcnow())
        with make.acting(app):
            inviting.invite(email=COUNCIL, page="x", by=make.account(world.organizer), at=utcnow(), **said)
        with make.acting(app), pytest.raises(inviting.NoWayError):
            inviting.invite(email=NATIVE, page="x", by=make.account(world.organizer), at=utcnow(), **said)
        work_off(app, 1)
    assert server.taken == {WIRE: 1}


@pytest.mark.everywhere
def test_what_the_server_offers_is_learnt_anew_from_each_greeting(app: Any) -> None:
    world = make.make_world(app)
    for utf8 in (False, True, False):
        with serving(Server(), enable_SMTPUTF8=utf8) as server:
            use(server)
            sign(app, world.petition_id, COUNCIL)
            with app.app_context():
                worker.run_once()
            assert server.taken == {WIRE: 1}
        with make.acting(app):
            assert offers.may_reach(NATIVE) is utf8
            db.session.rollback()


@given(
    local=st.text("abcя用.-_", min_size=1, max_size=10),
    labels=st.lists(st.text("abcßяїқ用一éñ-09", min_size=1, max_size=12), min_size=1, max_size=3),
)
def test_every_address_that_is_read_can_be_given_to_a_server(local: str, labels: list[str]) -> None:
    try:
        address = read_address(f"{local}@{'.'.join(labels)}.рф")
    except ValueError:
        return
    wire = address_on_the_wire(address)
    assert wire.rpartition("@")[2].isascii()
    assert wire.isascii() is not needs_utf8(address)
    assert read_address(wire) == address
