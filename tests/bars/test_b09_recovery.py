"""B9: the drills of the keys: a new holder, a leaver, a renewed key, the printed sheet; with old and new rows."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.crypto.vault import UnreadableError
from petition_app.keys import leaving, member_keys, open_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.keys.models import AccountKey, KeyWrap
from petition_app.keys.open_keys import OpenKeys
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.factories import Person, Signed, World


def keys_of(app: Any, world: World, who: Person, passphrase: str = make.PASSPHRASE) -> OpenKeys:
    with make.acting(app, locked=True):
        return unlocking.open_once(db.session.get_one(Account, who.id), world.petition_id, passphrase, at=utcnow())


def reads(app: Any, keys: OpenKeys, *signed: Signed) -> list[bool]:
    """Return which of these signatures the holder of these keys can read."""
    found = []
    with make.looking(app), open_keys.using(keys):
        for one in signed:
            try:
                name = sealing.open_identity(db.session.get_one(Signature, one.id)).name
            except UnreadableError:
                found.append(False)
            else:
                assert name == one.name
                found.append(True)
    return found


def new_key(app: Any, who: Person, passphrase: str = make.PASSPHRASE) -> None:
    with make.acting(app):
        member_keys.make_account_key(db.session.get_one(Account, who.id), passphrase, at=utcnow())


def renew(app: Any, world: World, keys: OpenKeys) -> None:
    with make.acting(app):
        key_services.rotate(world.petition_id, keys, by=make.account(world.organizer), at=utcnow())


def grant(app: Any, world: World, to: Person, keys: OpenKeys, by: Person) -> None:
    with make.acting(app):
        key_services.grant(to.id, world.petition_id, keys, by=make.account(by), at=utcnow())


def test_a_new_holder_reads_old_and_new_rows_after_one_rewrap(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    old = make.make_signature(app, world.petition_id)
    renew(app, world, keys_of(app, world, world.organizer))
    between = make.make_signature(app, world.petition_id)
    late = make.make_person(app, world.petition_id, "reviewer")
    with pytest.raises(member_keys.NoKeyError):
        grant(app, world, late, keys_of(app, world, world.reviewers[0]), by=world.reviewers[0])
    new_key(app, late, "yet another four words")
    with pytest.raises(unlocking.NotAHolderError):
        keys_of(app, world, late, "yet another four words")
    grant(app, world, late, keys_of(app, world, world.reviewers[0]), by=world.reviewers[0])
    keys = keys_of(app, world, late, "yet another four words")
    assert reads(app, keys, old, between) == [True, True]
    new = make.make_signature(app, world.petition_id)
    assert reads(app, keys, new) == [True]
    renew(app, world, keys_of(app, world, world.organizer))
    newest = make.make_signature(app, world.petition_id)
    assert reads(app, keys_of(app, world, late, "yet another four words"), old, between, new, newest) == [True] * 4


def test_who_leaves_opens_nothing_and_a_copy_of_the_old_key_opens_nothing_new(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    leaver, stays = world.reviewers
    old = make.make_signature(app, world.petition_id)
    copied = keys_of(app, world, leaver)
    with make.acting(app):
        secret = unlocking.unlock(make.account(leaver), world.petition_id, make.PASSPHRASE, at=utcnow())
        leaving.take_as_operator(leaver.id, world.petition_id, at=utcnow())
    with pytest.raises(unlocking.NotAHolderError):
        keys_of(app, world, leaver)
    with make.looking(app):
        assert unlocking.open_again(leaver.id, world.petition_id, secret or "", at=utcnow()) is None
    renew(app, world, keys_of(app, world, world.organizer))
    new = make.make_signature(app, world.petition_id)
    assert reads(app, copied, old, new) == [True, False]
    for who in (world.organizer, stays):
        assert reads(app, keys_of(app, world, who), old, new) == [True, True]
    with make.looking(app):
        assert db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == leaver.id)).all() == []


def test_the_index_key_outlives_every_renewal(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    first = keys_of(app, world, world.organizer)
    renew(app, world, first)
    second = keys_of(app, world, world.reviewers[0])
    assert first.index("entry", "r1") == second.index("entry", "r1")
    assert len(second.keys) == 2
    assert set(first.keys) < set(second.keys)


def test_the_printed_sheet_brings_everything_back_when_every_holder_has_forgotten(app: Any) -> None:
    world = make.make_world(app, mode="sealed", mail="none", state="draft", reviewers=1)
    people = (world.organizer, *world.reviewers)
    for who in people:
        new_key(app, who)
    with make.acting(app):
        words = key_services.make_petition_keys(world.petition_id, by=make.account(world.organizer), at=utcnow())
    make.set_state(app, world.petition_id, "open")
    old = make.make_signature(app, world.petition_id)
    renew(app, world, keys_of(app, world, world.organizer))
    new = make.make_signature(app, world.petition_id)
    with make.acting(app):
        for who in people:
            member_keys.remove_account_key(db.session.get_one(Account, who.id), at=utcnow())
    for who in people:
        with pytest.raises(member_keys.NoKeyError):
            keys_of(app, world, who)
    new_key(app, world.organizer, "a fresh and unused passphrase")
    wrong = " ".join([*words.split()[:-1], "zoo" if words.split()[-1] != "zoo" else "abandon"])
    for typed in ("abandon " * 24, wrong, words.split()[0], ""):
        with make.acting(app), pytest.raises(key_services.WrongSheetError):
            key_services.recover(world.petition_id, typed, by=make.account(world.organizer), at=utcnow())
    with make.acting(app):
        try:
            key_services.recover(world.petition_id, f" {words.upper()} ", by=make.account(world.organizer), at=utcnow())
        except key_services.WrongSheetError:
            pytest.fail("the words of the printed sheet open nothing")
    keys = keys_of(app, world, world.organizer, "a fresh and unused passphrase")
    assert reads(app, keys, old, new) == [True, True]
    new_key(app, world.reviewers[0])
    grant(app, world, world.reviewers[0], keys, by=world.organizer)
    assert reads(app, keys_of(app, world, world.reviewers[0]), old, new) == [True, True]


def test_a_changed_passphrase_opens_what_the_old_one_did_and_the_old_one_nothing(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    old = make.make_signature(app, world.petition_id)
    who = world.reviewers[0]
    with make.acting(app):
        member_keys.change_passphrase(make.account(who), make.PASSPHRASE, "a fresh and unused passphrase", at=utcnow())
    with pytest.raises(member_keys.WrongPassphraseError):
        keys_of(app, world, who)
    assert reads(app, keys_of(app, world, who, "a fresh and unused passphrase"), old) == [True]
    with make.looking(app):
        assert db.session.get_one(AccountKey, who.id).public


def test_the_drills_hold_at_the_shell_too(app: Any, cli: Any) -> None:
    petition_id = make.make_petition(app, state="draft", mode="sealed", mail="none", reviewers=1)
    people = [make.make_person(app, petition_id, role) for role in ("organizer", "reviewer", "reviewer")]
    world = World(petition_id, make.SLUG, people[0], tuple(people[1:]), people[0])
    words = f"{make.PASSPHRASE}\n"
    for who in people[:2]:
        cli("keys", "own", who.email, "--passphrase-stdin", stdin=words)
    sheet = cli("keys", "make", make.SLUG).out.strip()
    cli("petitions", "open", make.SLUG)
    old = make.make_signature(app, petition_id)
    cli("keys", "renew", make.SLUG, "--as", people[0].email, "--passphrase-stdin", stdin=words)
    new = make.make_signature(app, petition_id)
    cli("keys", "own", people[2].email, "--passphrase-stdin", stdin=words)
    cli("keys", "grant", make.SLUG, people[2].email, "--as", people[1].email, "--passphrase-stdin", stdin=words)
    assert reads(app, keys_of(app, world, people[2]), old, new) == [True, True]
    cli("keys", "take", make.SLUG, people[2].email)
    cli("keys", "renew", make.SLUG, "--as", people[0].email, "--passphrase-stdin", stdin=words)
    with pytest.raises(unlocking.NotAHolderError):
        keys_of(app, world, people[2])
    newest = make.make_signature(app, petition_id)
    with make.acting(app):
        for who in people[:2]:
            member_keys.remove_account_key(db.session.get_one(Account, who.id), at=utcnow())
    cli("keys", "own", people[0].email, "--passphrase-stdin", stdin=words)
    cli("keys", "recover", make.SLUG, people[0].email, "--passphrase-stdin", stdin=f"{sheet}\n")
    assert reads(app, keys_of(app, world, people[0]), old, new, newest) == [True, True, True]
