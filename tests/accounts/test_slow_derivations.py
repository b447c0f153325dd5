"""No password and no passphrase is hashed while a transaction is open, and never more than a few at a time."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import argon2.low_level
import pytest
from sqlalchemy import text

from petition_app.accounts import inviting
from petition_app.accounts.models import StaffInvitation
from petition_app.clock import utcnow
from petition_app.crypto import key_derivation, passwords, vault
from petition_app.crypto.codes import read_mail_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.crypto.key_derivation import BusyError, run_slow
from petition_app.keys import member_keys
from petition_app.storage.db import db, transaction
from petition_app.web import fresh_sign_in
from petition_app.web.access import FRESH, TAKES_SECRETS
from tests import factories as make

PACKAGE = Path(key_derivation.__file__).parents[1]
NEW = "a new and unusual one of tests"


class Watch:
    """Notes for each derivation whether a transaction of its thread was open."""

    def __init__(self) -> None:
        self.open: list[bool] = []

    def look(self) -> None:
        """Look now."""
        self.open.append(db.session().in_transaction())

    def __getattr__(self, name: str) -> Any:
        """Stand in for argon2's own library, below whatever calls it."""
        found = getattr(argon2.low_level.__dict__["_real"], name)
        if name in ("argon2_hash", "argon2_verify"):
            self.look()
        return found


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Watch every Argon2 of this process, whichever library asks for it."""
    watching, real = Watch(), vault.Argon2id

    def made(*words: Any, **named: Any) -> Any:
        watching.look()
        return real(*words, **named)

    monkeypatch.setitem(argon2.low_level.__dict__, "_real", argon2.low_level.lib)
    monkeypatch.setattr(argon2.low_level, "lib", watching)
    monkeypatch.setattr(vault, "Argon2id", made)
    return watching


def invitation_code(app: Any, world: make.World) -> str:
    """Invite somebody and return a code that the test knows."""
    code = "4F7K-92QX-K3M9-4F7K-92QX-K3M9"
    with make.acting(app):
        inviting.invite(
            petition_id=world.petition_id, email="new@example.org", name="Nina", role="reviewer", language="en",
            page="https://letters.example.org/organizer/join", by=make.account(world.organizer), at=utcnow(),
        )  # fmt: skip
        invitation = db.session.scalars(db.select(StaffInvitation)).one()
        invitation.code_hash = hash_secret("join", read_mail_code(code).encode())
    return code


def test_no_page_derives_a_key_while_its_transaction_is_open(app: Any, watch: Watch) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    code, auditor = invitation_code(app, world), make.signed_in(app, world.auditor)
    organizer = make.signed_in(app, world.organizer)
    unlock = f"/organizer/p/{world.slug}/unlock"
    token = {"csrf_token": make.csrf_token(organizer)}
    both = {"passphrase": NEW, "again": NEW}
    stranger = app.test_client()
    form = make.form_with(stranger.get("/organizer/join"), "csrf_token", "code")
    sent: dict[str, list[tuple[Any, str, dict[str, str]]]] = {
        "security.login": [],
        "staff.people.join": [
            (stranger, "/organizer/join",
             form | {"code": code, "take": "1", "name": "N", "new_password": NEW, "again": NEW})
        ],
        "staff.account.change_password": [
            (organizer, "/organizer/password", {"password": old, "new_password": NEW, "new_password_confirm": NEW})
            for old in ("wrong and long enough", make.PASSWORD)
        ],
        "staff.keys.make_own": [(auditor, "/organizer/keys", both | {"duress": "another four unusual words"})],
        "staff.keys.change_passphrase": [
            (organizer, "/organizer/keys/passphrase", both | {"old": old}) for old in ("wrong", make.PASSPHRASE)
        ],
        "staff.unlock.unlock": [
            (organizer, unlock, {"passphrase": words}) for words in ("wrong", make.PASSPHRASE)
        ],
    }  # fmt: skip
    assert set(sent) | {f"staff.{name}" for name in FRESH} == TAKES_SECRETS, "a page that takes a secret is not walked"
    for door in ("staff.keys.make_own", "staff.unlock.unlock", "staff.keys.change_passphrase",
                 "staff.account.change_password", "staff.people.join"):  # fmt: skip
        for client, path, data in sent[door]:
            watch.open.clear()
            if client is not stranger:
                token = {"csrf_token": make.csrf_token(client)}
            answer = client.post(path, data=token | data if client is not stranger else data)
            assert answer.status_code in (200, 303), (door, answer.status_code)
            assert watch.open, f"{door}: nothing was derived"
            assert not any(watch.open), door
    for address, password in (
        (world.organizer.email, "wrong"), ("nobody@example.org", "wrong"), (world.reviewers[0].email, make.PASSWORD),
    ):  # fmt: skip
        watch.open.clear()
        make.sign_in(app.test_client(), address, password)
        assert watch.open == [False], address


def test_no_act_that_asks_for_the_password_again_checks_it_while_its_transaction_is_open(
    app: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    later = utcnow() + fresh_sign_in.LASTS
    with app.test_request_context():
        paths = {
            rule.endpoint: app.url_for(
                rule.endpoint, **{name: uuid4() for name in rule.arguments} | {"slug": world.slug}
            )
            for rule in app.url_map.iter_rules()
            if rule.endpoint.removeprefix("staff.") in FRESH
        }
    assert len(paths) == len(FRESH)
    monkeypatch.setattr(fresh_sign_in, "utcnow", lambda: later)
    for door, path in paths.items():
        client = make.signed_in(app, world.organizer)  # Anew, since the fifth wrong one ends a session.
        token = make.csrf_token(client, "/organizer/password")
        later += fresh_sign_in.LASTS
        for password in ("wrong", make.PASSWORD):
            watch.open.clear()
            client.post(path, data={"csrf_token": token, fresh_sign_in.FIELD: password})
            assert watch.open == [False], (door, password)


def test_every_argon2_of_the_product_stands_in_one_of_two_modules() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        if names & {"Argon2id", "PasswordHasher", "Scrypt", "PBKDF2HMAC", "scrypt", "pbkdf2_hmac"}:
            found.add(path.relative_to(PACKAGE).as_posix())
        assert not names & {"verify_and_update_password", "verify_password"}, path
    assert found == {"crypto/vault.py", "crypto/passwords.py"}


def test_a_password_that_needs_many_hashes_takes_one_turn(app: Any, watch: Watch) -> None:
    with app.app_context(), transaction():
        assert not passwords.check("wrong", None).right
    assert watch.open == [False]


# --- turns ------------------------------------------------------------------------------------------------------


def test_few_derive_at_a_time_few_wait_and_the_others_are_told(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_derivation, "_turns", key_derivation._Turns())
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def derive() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(10)
        with lock:
            running -= 1

    def one(_number: int) -> str:
        with app.app_context():
            try:
                run_slow(derive)
            except BusyError:
                return "busy"
            return "done"

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(one, number) for number in range(20)]
        until = time.monotonic() + 10
        while (
            sum(each.done() for each in asked) < 20 - key_derivation.PARALLEL - key_derivation.WAITING
            and time.monotonic() < until
        ):
            time.sleep(0.01)
        go.set()
        answers = [each.result() for each in asked]
    assert most == key_derivation.PARALLEL
    assert answers.count("done") == key_derivation.PARALLEL + key_derivation.WAITING
    assert answers.count("busy") == 20 - key_derivation.PARALLEL - key_derivation.WAITING


def test_who_waits_too_long_is_told_and_the_turn_is_not_lost(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_derivation, "_turns", key_derivation._Turns())
    monkeypatch.setattr(key_derivation, "PATIENCE", 0.05)
    go = threading.Event()

    def hold() -> None:
        with app.app_context():
            run_slow(lambda: go.wait(10))

    with ThreadPoolExecutor(key_derivation.PARALLEL) as pool:
        held = [pool.submit(hold) for _ in range(key_derivation.PARALLEL)]
        time.sleep(0.1)
        with app.app_context(), pytest.raises(BusyError):
            run_slow(lambda: None)
        go.set()
        for each in held:
            each.result()
    with app.app_context():
        assert run_slow(lambda: "a turn") == "a turn"


def test_a_busy_server_says_so_beside_the_form_and_counts_nothing(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    client, hers = make.signed_in(app, world.organizer), app.test_client()
    unlock = f"/organizer/p/{world.slug}/unlock"
    unlocking = make.form_with(client.get(unlock), "passphrase") | {"passphrase": make.PASSPHRASE}

    def no_turn() -> Any:
        raise BusyError

    for _ in range(6):
        with monkeypatch.context() as busy:
            busy.setattr(key_derivation._turns, "turn", no_turn)
            signing_in, unlocked = make.sign_in(hers, world.organizer), client.post(unlock, data=unlocking)
            assert (signing_in.status_code, unlocked.status_code) == (503, 200)
            for answer in (signing_in, unlocked):
                assert "try again in a moment" in answer.text
                assert "<form" in answer.text
    assert make.sign_in(hers, world.organizer).status_code in (302, 303)
    assert client.post(unlock, data=unlocking).status_code == 303


def test_a_writer_is_not_held_up_by_a_password_that_is_being_hashed(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    hashing, go = threading.Event(), threading.Event()
    real = passwords._check

    def slow(password: str, stored: str | None) -> Any:
        hashing.set()
        go.wait(20)
        return real(password, stored)

    monkeypatch.setattr(passwords, "_check", slow)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(make.sign_in, app.test_client(), world.organizer)
        assert hashing.wait(20)
        began = time.monotonic()
        make.submit(app, world.petition_id)
        took = time.monotonic() - began
        go.set()
        assert asked.result().status_code in (302, 303)
    assert took < 5


def test_what_another_changed_meanwhile_is_seen(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    real = passwords._check

    def meanwhile(password: str, stored: str | None) -> Any:
        found = real(password, stored)
        engine = db.engine
        with engine.begin() as connection:
            connection.execute(text("UPDATE accounts SET active = :no"), {"no": False})
        return found

    monkeypatch.setattr(passwords, "_check", meanwhile)
    assert make.sign_in(app.test_client(), world.organizer).status_code == 200


def test_within_an_act_that_has_written_nothing_is_lost(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    with make.acting(app):
        make.account(world.auditor).name = "Renamed Auditor"
        member_keys.make_account_key(make.account(world.auditor), make.PASSPHRASE, at=utcnow())
    with make.looking(app):
        assert make.account(world.auditor).name == "Renamed Auditor"
