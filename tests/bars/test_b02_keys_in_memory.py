"""B2: between requests no live object holds a private key; with UNLOCK_ON_SERVER=false none ever does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from flask import session

from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.keys import member_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.keys.models import AccountKey, Unlock
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedPart, Signature
from petition_app.storage.db import db
from petition_app.web.access import HOLDS_KEYS, ROLES, SIGNED_IN
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make
from tests.bars.memory import digest, digest_word, found_in_memory, words_in_memory
from tests.conftest import settings_for, start_app, stop_app


def secrets_of(app: Any, world: make.World) -> set[str]:
    """Return the digests of every private key of a petition and its holders, its index key, and all signature keys."""
    with make.looking(app):
        found = set()
        for person in (world.organizer, *world.reviewers):
            halves = member_keys.open_account_key(db.session.get_one(AccountKey, person.id), make.PASSPHRASE)
            assert halves
            found |= {digest(half) for half in halves}
            keys = key_services.open_wraps(world.petition_id, person.id, halves[0], account_id=person.id)
            found |= {digest(key) for key in keys.keys.values()} | {digest(keys.index_key)}
        with make.opened.using(keys):
            found |= {digest(sealing.signature_key(one)) for one in db.session.scalars(db.select(Signature)).all()}
    return found


def unlock(browser: Any, world: make.World) -> Any:
    path = f"/organizer/p/{world.slug}/unlock"
    form = make.form_with(browser.get(path), "passphrase")
    return browser.post(path, data=form | {"passphrase": make.PASSPHRASE})


def hold(private: bytes) -> list[Any]:
    """Hold a key in every way that a slip could."""
    return [
        {"keys": {"one": private}},
        f'{{"keys": "{private.hex()}"}}',
        vault.X25519PrivateKey.from_private_bytes(private),
    ]


def test_the_search_of_the_memory_finds_what_lies_there() -> None:
    held = hold(private := vault.new_private())
    sought = {digest(private)}
    assert sorted(found_in_memory(sought)) == ["X25519PrivateKey", "bytes", "str"]
    del held, private
    assert found_in_memory(sought) == []


def test_between_requests_no_live_object_holds_a_key(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    sought = secrets_of(app, world)
    assert len(sought) == 2 * 2 + 2 + 1
    assert found_in_memory(sought) == []
    browser = make.signed_in(app, world.reviewers[0])
    assert unlock(browser, world).status_code == 303
    assert found_in_memory(sought) == []
    case = browser.post(f"/organizer/p/{world.slug}/next", data={"csrf_token": make.csrf_token(browser)})
    assert case.status_code == 303
    page = browser.get(case.location)
    assert signed.name in page.text, "the keys were not open"
    assert found_in_memory(sought) == []
    answer = browser.post(f"{case.location}/decisions", data=make.form_with(page, "csrf_token"))
    assert answer.status_code in (303, 409, 422)
    renewed = make.signed_in(app, world.organizer)
    assert unlock(renewed, world).status_code == 303
    token = {"csrf_token": make.csrf_token(renewed)}
    assert renewed.post(f"/organizer/p/{world.slug}/keys/renew", data=token).status_code == 303
    assert found_in_memory(sought | secrets_of(app, world)) == []


def sign_unseen(app: Any, world: make.World) -> set[str]:
    """Sign with a name, an office and a place that nobody else has; return only the digests of their words."""
    words = [f"{letter}лозд{token_hex(2).translate(LETTERS)}ева" for letter in "жшщ"]
    name, role, place = f"Аксинья {words[0].title()}", f"{words[1]} deputy", f"{words[2]} council"
    make.make_signature(app, world.petition_id, name, role=role, place=place)
    return {digest_word(word) for word in words}


LETTERS = str.maketrans("0123456789abcdef", "бвгджзклмнпрстфх")


def test_the_search_of_the_memory_finds_a_name_whole_or_in_pieces() -> None:
    word = f"флозд{token_hex(2).translate(LETTERS)}ева"
    held = [f"Аксинья {word.title()}", (word,), {word: 1}]
    assert len(words_in_memory({digest_word(word)})) >= 2
    sought = {digest_word(word)}
    del held, word
    assert words_in_memory(sought) == []


def test_no_word_of_a_signer_stays_in_memory_after_the_keys_are_let_go_of(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    sought = sign_unseen(app, world)
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    browser = make.signed_in(app, world.reviewers[0])
    assert unlock(browser, world).status_code == 303
    asked = browser.post(f"/organizer/p/{world.slug}/next", data={"csrf_token": make.csrf_token(browser)})
    assert asked.status_code == 303
    page = browser.get(asked.location)
    shown = {digest_word(word) for word in re.findall(r"\w+", page.text)}
    assert sought <= shown, "the case was not opened"
    del page, shown
    assert words_in_memory(sought) == []


def test_what_lies_open_is_closed_after_fifteen_minutes_without_an_act_whoever_has_the_cookie(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    at = utcnow().replace(second=30, microsecond=0)

    def opens(cookie: str, minutes: float) -> bool:
        with make.acting(app, locked=True):
            later = at + timedelta(minutes=minutes)
            return unlocking.open_again(world.organizer.id, world.petition_id, cookie, at=later) is not None

    with make.acting(app, locked=True):
        cookie = unlocking.unlock(make.account(world.organizer), world.petition_id, make.PASSPHRASE, at=at)
    assert cookie
    assert opens(cookie, 15)
    assert not opens(cookie, 16)
    with make.acting(app, locked=True):
        unlocking.note_act(cookie, at=at + timedelta(minutes=10))
    assert opens(cookie, 24)
    assert not opens(cookie, 26)
    for minutes in range(10, 8 * 60 + 20, 10):
        with make.acting(app, locked=True):
            unlocking.note_act(cookie, at=at + timedelta(minutes=minutes))
    assert not opens(cookie, 8 * 60 + 11)


def test_the_worker_removes_what_nobody_acts_with(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    with make.acting(app, locked=True):
        db.session.execute(db.update(Unlock).values(seen_at=utcnow() - timedelta(minutes=17)))
    with make.acting(app, locked=True):
        unlocking.unlock(make.account(world.organizer), world.petition_id, make.PASSPHRASE, at=utcnow())
        db.session.add(Unlock(token_hash=b"x" * 32, account_id=world.organizer.id, petition_id=world.petition_id,
                              box=b"x", started_at=utcnow(), seen_at=utcnow() - timedelta(minutes=17)))  # fmt: skip
    with app.app_context():
        worker.run_once()
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(Unlock)) == 1


def test_an_act_keeps_the_keys_open_and_looking_at_a_page_does_not(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    browser, keys = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/keys"
    assert unlock(browser, world).status_code == 303

    def seen() -> list[Any]:
        with make.looking(app):
            return sorted(db.session.scalars(db.select(Unlock.seen_at)))

    def idle(minutes: int) -> None:
        with make.acting(app, locked=True):
            db.session.execute(db.update(Unlock).values(seen_at=utcnow() - timedelta(minutes=minutes)))

    idle(10)
    before = seen()
    assert "Lock the keys now" in browser.get(keys).text
    assert seen() == before
    assert browser.post(f"{keys}/token", data={"csrf_token": make.csrf_token(browser)}).status_code == 200
    assert seen() != before
    idle(20)
    assert "Lock the keys now" not in browser.get(keys).text


def test_what_is_open_lies_in_no_row_and_no_file_in_plain(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    make.make_signature(app, world.petition_id)
    make.lock_keys()
    browser = make.signed_in(app, world.reviewers[0])
    assert unlock(browser, world).status_code == 303
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(Unlock)) == 2
        halves = member_keys.open_account_key(db.session.get_one(AccountKey, world.organizer.id), make.PASSPHRASE)
        assert halves
        keys = key_services.open_wraps(world.petition_id, world.organizer.id, halves[0], account_id=world.organizer.id)
    dump = dumps.everything(app)
    for secret in (*keys.keys.values(), keys.index_key, *halves):
        assert secret not in dump
        assert secret.hex().encode() not in dump
    cookie = browser.get_cookie("countersign", path="/organizer")
    assert cookie
    with app.test_request_context("/organizer", headers={"Cookie": f"countersign={cookie.value}"}):
        kept = session["unlock"]["secret"]
    assert kept.encode() not in dump
    assert bytes.fromhex(kept[32:]) not in dump, "the secret of the cookie is stored beside what it opens"


# --- where the server never opens anything ----------------------------------------------------------------------


@pytest.fixture
def closed(app: Any, settings: Any, tmp_path: Path) -> Any:
    """The same database behind a server that never opens keys."""
    second = start_app(settings_for(tmp_path / "instance", settings.database_url, unlock_on_server=False))
    yield second
    stop_app(second)


def test_a_closed_server_has_no_page_that_opens_or_makes_a_key(app: Any, closed: Any) -> None:
    names = {rule.endpoint for rule in closed.url_map.iter_rules()}
    assert not [name for name in names if "unlock" in name]
    for name in HOLDS_KEYS:
        assert name in ROLES or name in SIGNED_IN
    world = make.make_sealed_world(app, reviewers=1)
    browser = make.signed_in(closed, world.organizer)
    token = {"csrf_token": make.csrf_token(browser)}
    words = {"passphrase": make.PASSPHRASE, "again": make.PASSPHRASE, "old": make.PASSPHRASE, "words": "abandon"}
    tried = 0
    for rule in closed.url_map.iter_rules():
        if rule.endpoint.removeprefix("staff.") in HOLDS_KEYS and "POST" in (rule.methods or ()):
            path = rule.rule.replace("<slug>", world.slug).replace("<uuid:account_id>", str(world.auditor.id))
            assert browser.post(path, data=token | words).status_code == 404, path
            tried += 1
    assert tried == len(HOLDS_KEYS)
    for page in ("/organizer/keys", f"/organizer/p/{world.slug}/keys"):
        answer = browser.get(page)
        assert answer.status_code == 200
        assert "flask keys" in answer.text
        assert 'name="passphrase"' not in answer.text


def test_a_closed_server_holds_no_key_while_it_answers(app: Any, closed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    code = make.make_signature(app, world.petition_id).secret_code
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    sought = secrets_of(app, world)
    held: list[str] = []

    def watch(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            result = function(*words, **named)
            held.extend(
                name for name in (digest(one) for one in (*words, result) if isinstance(one, bytes)) if name in sought
            )
            return result

        return call

    for name in ("hpke_open", "open_with_passphrase", "unwrap_with", "decrypt", "public_half", "encrypt", "hpke_seal"):
        monkeypatch.setattr(vault, name, watch(getattr(vault, name)))
    made: list[object] = []
    monkeypatch.setattr(vault, "new_private", lambda: made.append(1))
    browser = make.signed_in(closed, world.reviewers[0])
    organizer = make.signed_in(closed, world.organizer)
    stranger = closed.test_client()
    assert make.sign_page(stranger, world.slug, email=None).status_code == 200
    assert stranger.post("/my", data={"code": code, "action": "consent", "value": "count"}).status_code == 200
    token = {"csrf_token": make.csrf_token(browser)}
    with make.looking(app):
        case = db.session.scalars(db.select(SealedPart.signature_id)).first()
    assert browser.post(f"/organizer/p/{world.slug}/next", data=token).status_code == 409
    for path in ("", "/keys", "/desk", f"/cases/{case}", "/unlock"):
        for who in (browser, organizer):
            assert who.get(f"/organizer/p/{world.slug}{path}").status_code in (200, 404, 409)
    organizer.post(f"/organizer/p/{world.slug}/publish", data={"csrf_token": make.csrf_token(organizer)})
    assert held == []
    assert made == []
    assert found_in_memory(sought) == []
