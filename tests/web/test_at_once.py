"""Two who do the same at one moment: one succeeds, the other is told what happened; what cannot be opened is said."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from petition_app.clock import utcnow
from petition_app.keys import member_keys
from petition_app.keys import services as keys
from petition_app.keys.models import AccountKey, PetitionKey
from petition_app.signatures.models import SealedKey
from petition_app.storage.db import db
from petition_app.verification.models import SignedAct
from petition_app.verification.remote import signed_commands
from tests import factories as make

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def at_once(app: Flask, act: Callable[[], object], times: int = 3) -> list[str]:
    """Do the same in several transactions that are all open before any is over; return how each ended."""
    start = threading.Barrier(times)

    def run(_number: int) -> str:
        try:
            with make.acting(app):
                db.session.execute(select(1))
                start.wait(30)
                act()
        except Exception as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(run, range(times)))


def test_two_passphrases_at_one_moment_do_not_wait_for_each_other_for_ever() -> None:
    """In a process of its own, which would hang; at the full cost, since only several lanes do."""
    program = (
        "import os\nfrom concurrent.futures import ThreadPoolExecutor as Pool\nfrom petition_app.crypto import vault\n"
        "list(Pool(3).map(lambda n: vault.close_with_passphrase('words', b'x', b'y'), range(3)))\nos._exit(0)"
    )
    environ = {**os.environ, "FULL_COSTS": "yes"}
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False, env=environ).returncode == 0


@on_postgresql
def test_the_keys_of_a_petition_are_made_once(app: Flask) -> None:
    petition_id = make._make_petition(app, "sealed", state="draft", mode="sealed")
    found = at_once(app, lambda: keys.make_petition_keys(petition_id, by=None, at=utcnow()))
    assert found == ["KeysMadeError", "KeysMadeError", "done"]
    with make.looking(app):
        assert len(db.session.scalars(select(PetitionKey.id)).all()) == 1


@on_postgresql
def test_a_signed_act_that_comes_twice_at_one_moment_is_taken_once(app: Flask) -> None:
    found = at_once(app, lambda: signed_commands._take_once(b"n" * 16, at=utcnow()))
    assert found == ["ReplayedError", "ReplayedError", "done"]
    with make.looking(app):
        assert len(db.session.scalars(select(SignedAct.nonce)).all()) == 1


@on_postgresql
def test_a_key_of_ones_own_is_made_once(app: Flask) -> None:
    world = make.make_world(app)
    passphrase = "four rather unusual words"

    def act() -> None:
        account = make.account(world.organizer)
        assert account is not None
        member_keys.make_account_key(account, passphrase, at=utcnow())

    found = at_once(app, act, times=2)
    assert found == ["HasKeyError", "done"]
    with make.looking(app):
        assert len(db.session.scalars(select(AccountKey.account_id)).all()) == 1


def test_a_collision_that_no_service_foresaw_is_no_mistake_of_ours(app: Any) -> None:
    """Whatever collides with a row that another request has written at this moment is told to try again."""
    collision = IntegrityError("", {}, Exception())
    with app.test_request_context("/p/letter/sign", method="POST"):
        page, code = app.handle_user_exception(collision)
    assert code == 409
    assert "Somebody changed the same at this moment. Nothing was changed. Please try again." in page


def test_what_does_not_open_is_told_in_words_and_not_as_our_mistake(app: Any, client: FlaskClient) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    reviewer = make.signed_in(app, world.reviewers[0])
    make.take_case(app, world.petition_id, signed.id, world.reviewers[0])
    with make.acting(app):
        for key in db.session.scalars(select(SealedKey).where(SealedKey.signature_id == signed.id)):
            key.box = b"damaged"
    there = f"/organizer/p/{world.slug}/cases/{signed.id}"
    assert reviewer.get(there).status_code == 200, "the case itself is shown as empty"
    words = {"outcome": "rejected", "reason": "not_found", "note": "She called."}
    answer = reviewer.post(
        f"{there}/decisions", data={"csrf_token": make.csrf_token(reviewer, f"/organizer/p/{world.slug}"), **words}
    )
    assert answer.status_code == 409
    assert "cannot be opened: its key is missing, or it is damaged" in answer.text
    assert make.state_of(app, signed.id) == "checking"
