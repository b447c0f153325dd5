"""One rule for mail addresses: how they are written to, and when two of them are one."""

from __future__ import annotations

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from petition_app.accounts import inviting
from petition_app.accounts.models import Account
from petition_app.accounts.services import find_account
from petition_app.clock import utcnow
from petition_app.mailer.addresses import address_key, read_address
from petition_app.signatures.rules import fold_mailbox
from petition_app.storage.db import db
from tests import factories as make

SHARP, PLAIN = "olga@straße.org", "olga@strasse.org"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        (" Olga.Petrova@Example.ORG ", "Olga.Petrova@example.org"),
        ("olga@STRASSE.org", PLAIN),
        (SHARP, SHARP),
        ("olga@xn--strae-oqa.org", SHARP),
        ("Ольга@почта.рф", "Ольга@почта.рф"),
        ("o'neil+list@example.org", "o'neil+list@example.org"),
    ],
)
def test_an_address_is_written_to_as_its_owner_writes_it(typed: str, written: str) -> None:
    assert read_address(typed) == written


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Olga@Example.org", "olga@example.ORG", True),
        (SHARP, PLAIN, False),
        (SHARP, "olga@xn--strae-oqa.org", True),
        ("straße@example.org", "strasse@example.org", False),
        ("olga@почта.рф", "olga@ПОЧТА.РФ", True),
        ("olga@example.org", "olga@example.com", False),
    ],
)
def test_two_addresses_are_one_only_where_their_mail_server_is_one(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same
    assert (fold_mailbox(one) == fold_mailbox(other)) is same


WORDS = st.text("abcXYZ09-_.+'ßи", min_size=1, max_size=12)
DOMAINS = st.sampled_from(["example.org", "Example.ORG", "a-b.example.org", "x--y.org", "localhost", "mail.test",
                           "1.2.3.4", "-a.org", "xn--strae-oqa.org", "straße.org", "example", "a..org"])  # fmt: skip


@given(local=WORDS, domain=DOMAINS)
def test_the_quick_look_says_what_the_close_one_says(local: str, domain: str) -> None:
    typed = f"{local}@{domain}"
    try:
        close: str | None = validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        close = None
    try:
        quick: str | None = read_address(typed)
    except EmailNotValidError:
        quick = None
    assert quick == close


def test_an_invitation_goes_to_the_address_that_was_typed(app: Any) -> None:
    world = make.make_world(app)
    with make.acting(app):
        for email in (SHARP, PLAIN):
            inviting.invite(
                petition_id=world.petition_id, email=email, name="O", role="reviewer", language="en", page="x",
                by=make.account(world.organizer), at=utcnow(),
            )  # fmt: skip
    with make.looking(app):
        asked = inviting.list_open(world.petition_id, by=make.account(world.organizer))
        assert {each.email for each in asked} == {SHARP, PLAIN}
    with make.acting(app), pytest.raises(inviting.InvitedAlreadyError):
        inviting.invite(
            petition_id=world.petition_id, email="olga@xn--strae-oqa.org", name="O", role="reviewer", language="en",
            page="x", by=make.account(world.organizer), at=utcnow(),
        )  # fmt: skip


@pytest.mark.parametrize("address", [SHARP, "Ольга@почта.рф", "O.Petrova@Example.org"])
def test_an_account_signs_in_however_its_address_is_spelled(app: Any, address: str) -> None:
    petition_id = make.make_petition(app)
    person = make.make_person(app, petition_id, "reviewer", address)
    local, domain = address.split("@")
    for typed in (address, f" {local.upper()}@{domain.upper()} " if "ß" not in address else address):
        assert make.sign_in(app.test_client(), typed).status_code in (302, 303), typed
    with make.looking(app):
        assert db.session.get_one(Account, person.id).email == read_address(address)
        assert find_account(PLAIN) is None
