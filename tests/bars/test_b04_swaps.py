"""B4: fields or rows that are swapped do not open, whoever holds the keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.crypto import signer_box, vault
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError
from petition_app.keys import member_keys, open_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.keys.models import AccountKey, KeyWrap, PetitionKey, Unlock
from petition_app.keys.open_keys import OpenKeys
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db, transaction
from petition_app.verification.dialogue import questions
from petition_app.verification.models import Question
from tests import factories as make

# The id of a part is left out: that two parts swap their ids means that their keys swap `part_id`.
FIELDS = [
    (SealedPart, "signature_id"),
    (SealedPart, "part"),
    (SealedPart, "box"),
    (SealedKey, "signature_id"),
    (SealedKey, "part_id"),
    (SealedKey, "key_id"),
    (SealedKey, "box"),
]
Contents = dict[tuple[UUID, str], list[dict[str, Any]]]


@contextmanager
def spoiling(app: Any) -> Any:
    """Be in a transaction that leaves no trace."""
    with app.app_context(), transaction() as work:
        yield
        work.discard()


def open_all(rings: dict[UUID, OpenKeys]) -> Contents:
    """Open every part of every signature for somebody who holds the keys of all petitions; leave out what fails."""
    found: Contents = {}
    for signature in db.session.scalars(db.select(Signature)).all():
        with open_keys.using(rings.get(signature.petition_id)):
            for part in vault.PARTS:
                try:
                    contents = sealing._open(signature, part)
                except UnreadableError:
                    continue
                found[signature.id, part] = sorted(contents, key=repr)
    return found


def check_many(rings: dict[UUID, OpenKeys], before: Contents) -> None:
    """Open many signatures at once: what opens is what was sealed there."""
    for petition in db.session.scalars(db.select(Petition)).all():
        with open_keys.using(rings.get(petition.id)):
            ids = db.session.scalars(db.select(Signature.id).where(Signature.petition_id == petition.id)).all()
            for signature_id, (identity, address) in open_many(petition, ids).items():
                assert identity.name == before[signature_id, "identity"][0]["name"]
                assert address in ("", before[signature_id, "contact"][0]["email"])


def hanging(row: Any) -> set[UUID]:
    """Return the sealed parts that open with a row."""
    if isinstance(row, SealedPart):
        return {row.id}
    if row.part_id is None:
        return set(db.session.scalars(db.select(SealedPart.id).where(SealedPart.signature_id == row.signature_id)))
    return {row.part_id}


def swap(one: Any, other: Any, field: str) -> None:
    """Let two rows have each other's value, past every service."""
    table, key = type(one).__table__, type(one).__table__.c.id
    values = {row.id: getattr(row, field) for row in (one, other)}
    first, second = values
    if field == "part_id":
        db.session.execute(table.update().where(key.in_(values)).values(part_id=None))
    for row in values:
        value = values[second if row == first else first]
        db.session.execute(table.update().where(key == row).values({field: value}))
    db.session.expire_all()


def fill(app: Any, world: make.World, *, twice: bool) -> None:
    """Let people sign, ask one, and let staff and signer add to the case."""
    signed = [make.make_signature(app, world.petition_id, consent=0) for _ in range(2 if twice else 1)]
    make.seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        make.ask(app, world.petition_id, one.id, world.reviewers[0])
        make.answer(app, one, f"The term before last, {one.name}.")


def sealed_rows(app: Any) -> dict[UUID, OpenKeys]:
    """Make two sealed petitions, one of which has had two keys, with signatures and notes; return all keys."""
    one = make.make_sealed_world(app, reviewers=1)
    fill(app, one, twice=True)
    with make.acting(app):
        organizer = make.account(one.organizer)
        key_services.rotate(one.petition_id, open_keys.require(one.petition_id), by=organizer, at=utcnow())
    first = make.open_keys(app, one)
    fill(app, one, twice=False)
    other = make.make_sealed_world(app, "other-letter", reviewers=1)
    fill(app, other, twice=False)
    return {first.petition_id: first, other.petition_id: make.open_keys(app, other)}


def standard_rows(app: Any) -> dict[UUID, OpenKeys]:
    """Make two petitions in standard mode with signatures and notes; the key ring opens all."""
    for slug in (make.SLUG, "other-letter"):
        world = make.make_world(app, slug, reviewers=1)
        fill(app, world, twice=True)
    return {}


@pytest.mark.parametrize("rows", [sealed_rows, standard_rows], ids=["sealed", "standard"])
def test_a_field_swapped_between_any_two_rows_opens_nothing(
    app: Any, rows: Callable[[Any], dict[UUID, OpenKeys]]
) -> None:
    rings = rows(app)
    with make.looking(app):
        before = open_all(rings)
        ids = {model: list(db.session.scalars(db.select(model.id))) for model in (SealedPart, SealedKey)}
        assert len(before) == 3 * db.session.scalar(db.select(db.func.count()).select_from(Signature))
        whole = sum(len(contents) for contents in before.values())
        assert whole == len(ids[SealedPart]), "not everything opens before anything is swapped"

    @given(st.data())
    @hypothesis_settings(max_examples=120)
    def check(data: st.DataObject) -> None:
        model, field = data.draw(st.sampled_from(FIELDS))
        chosen = data.draw(st.lists(st.sampled_from(ids[model]), min_size=2, max_size=2, unique=True))
        with spoiling(app):
            one, other = (db.session.get_one(model, row) for row in chosen)
            if getattr(one, field) == getattr(other, field):
                return
            touched = hanging(one) | hanging(other)
            swap(one, other, field)
            after = open_all(rings)
            opens = sum(len(contents) for contents in after.values())
            assert opens <= whole - len(touched), f"{model.__name__}.{field} was swapped, and it opened"
            for place, contents in after.items():
                assert all(content in before[place] for content in contents), "something opened in another place"
            check_many(rings, before)

    check()


def test_a_signature_that_is_moved_to_another_petition_does_not_open(app: Any) -> None:
    rings = sealed_rows(app)
    with spoiling(app):
        found = {each.petition_id: each for each in db.session.scalars(db.select(Signature)).all()}
        one, other = found.values()
        one.petition_id, other.petition_id = other.petition_id, one.petition_id
        db.session.flush()
        assert not {one.id, other.id} & {signature_id for signature_id, _ in open_all(rings)}


# --- what opens the keys ----------------------------------------------------------------------------------------


def refusal(who: Any, petition_id: Any) -> type[DomainError] | None:
    """Return with which error a member's right passphrase opens nothing, or nothing where it opens."""
    try:
        unlocking.open_once(make.account(who), petition_id, make.PASSPHRASE, at=utcnow())
    except DomainError as refused:
        return type(refused)
    return None


def test_keys_that_are_handed_to_the_wrong_holder_do_not_open(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    people = (world.organizer, *world.reviewers)
    with spoiling(app):
        wraps = [db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == who.id)).one() for who in people]
        wraps[0].box, wraps[1].box = wraps[1].box, wraps[0].box
        db.session.flush()
        for who in people:
            assert refusal(who, world.petition_id) is unlocking.NotAHolderError
    with spoiling(app):
        one, other = (db.session.get_one(AccountKey, who.id) for who in people)
        one.private_box, other.private_box = other.private_box, one.private_box
        db.session.flush()
        for who in people:
            assert refusal(who, world.petition_id) is member_keys.WrongPassphraseError


def test_a_wrap_or_an_index_key_of_another_petition_does_not_open(app: Any) -> None:
    one = make.make_sealed_world(app, reviewers=1)
    other = make.make_sealed_world(app, "other-letter", reviewers=1)
    account_id = one.organizer.id
    with make.looking(app):
        private, _ = member_keys.open_account_key(db.session.get_one(AccountKey, account_id), make.PASSPHRASE) or (
            b"",
            b"",
        )
        assert key_services.open_wraps(one.petition_id, account_id, private, account_id=account_id)
    for field in ("box", "public", "id"):
        with spoiling(app):
            keys = [
                db.session.scalars(db.select(PetitionKey).where(PetitionKey.petition_id == world.petition_id)).one()
                for world in (one, other)
            ]
            if field == "box":
                keys[0].index_box, keys[1].index_box = keys[1].index_box, keys[0].index_box
            elif field == "id":
                for wrap in db.session.scalars(db.select(KeyWrap)).all():
                    wrap.key_id = keys[1].id if wrap.key_id == keys[0].id else keys[0].id
            else:
                keys[0].number = 2  # A petition has one key of each number.
                db.session.flush()
                keys[0].petition_id, keys[1].petition_id = keys[1].petition_id, keys[0].petition_id
            db.session.flush()
            for world in (one, other):
                with pytest.raises(UnreadableError):
                    key_services.open_wraps(world.petition_id, account_id, private, account_id=account_id)


def test_what_somebody_has_open_opens_for_nobody_else(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    people = (world.organizer, *world.reviewers)
    secrets = {}
    with make.acting(app):
        for who in people:
            secrets[who.id] = unlocking.unlock(make.account(who), world.petition_id, make.PASSPHRASE, at=utcnow())
    with spoiling(app):
        rows = [
            db.session.get_one(Unlock, unlocking.hash_secret("unlock", bytes.fromhex((secret or "")[:32])))
            for secret in secrets.values()
        ]
        assert unlocking.open_again(people[0].id, world.petition_id, secrets[people[0].id] or "", at=utcnow())
        rows[0].box, rows[1].box = rows[1].box, rows[0].box
        rows[0].account_id, rows[1].account_id = rows[1].account_id, rows[0].account_id
        db.session.flush()
        for who in people:
            for secret in secrets.values():
                assert unlocking.open_again(who.id, world.petition_id, secret or "", at=utcnow()) is None


def test_a_question_put_to_another_signature_does_not_open(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = [make.make_signature(app, world.petition_id) for _ in range(2)]
    make.seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        make.ask(app, world.petition_id, one.id, world.reviewers[0])
    with spoiling(app):
        found = [db.session.get_one(Signature, one.id) for one in signed]
        entropy = [make.signing.find_by_code(one.secret_code)[1] for one in signed]
        keys = [signer_box.signer_keys(each, world.petition_id) for each in entropy]
        assert questions.questions_for(found[0], keys[0])
        rows = [db.session.scalars(db.select(Question).where(Question.signature_id == one.id)).one() for one in signed]
        rows[0].signature_id, rows[1].signature_id = rows[1].signature_id, rows[0].signature_id
        db.session.flush()
        for signature in found:
            for key in keys:
                shown = questions.questions_for(signature, key)
                assert shown
                assert [question.text for question in shown] == [None] * len(shown)
