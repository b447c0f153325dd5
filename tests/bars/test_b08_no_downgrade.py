"""B8: after the first signature a sealed petition stays sealed, whoever asks and at whichever door."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import services as petitions
from petition_app.petitions.models import Petition
from petition_app.petitions.services import ModeError, NewPetition
from petition_app.signatures import services as signing
from petition_app.signatures.models import SealedKey
from petition_app.storage.db import db
from tests import factories as make


def mode(app: Any, petition_id: Any) -> tuple[str, str]:
    with make.looking(app):
        found = make.petition(petition_id)
        return found.mode, found.mail


def edited(found: Petition, **changes: Any) -> NewPetition:
    values = {
        "slug": found.slug, "titles": found.text.titles, "texts": found.text.texts, "addressee": found.addressee,
        "who_may_sign": found.who_may_sign, "mode": found.mode, "mail": found.mail, "reviewers": found.reviewers,
    }  # fmt: skip
    return NewPetition(**(values | changes))


def save(app: Any, world: make.World, *, signed: bool, **changes: Any) -> None:
    with make.acting(app):
        found = make.petition(world.petition_id)
        new = edited(found, **changes)
        petitions.edit(found, new, has_signed=lambda _id: signed, by=make.account(world.organizer), at=utcnow())


@pytest.mark.parametrize("how", ["submitted", "confirmed", "imported", "withdrawn"])
def test_once_somebody_has_signed_the_organizers_form_cannot_unseal(app: Any, how: str) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    if how == "submitted":
        make.submit(app, world.petition_id)
    elif how == "imported":
        make.import_rows(app, world.petition_id, make.new_name(), initial=True)
    else:
        one = make.make_signature(app, world.petition_id)
        if how == "withdrawn":
            make.withdraw(app, one)
    browser = make.signed_in(app, world.organizer)
    path = f"/organizer/p/{world.slug}/edit"
    page = browser.get(path)
    form = make.form_with(page, "title_en", "goal")
    answer = browser.post(path, data=form | {"mode": "standard", "mail": "required"})
    assert answer.status_code == 422
    assert mode(app, world.petition_id) == ("sealed", "none")
    again = browser.post(path, data=form | {"mode": "sealed", "goal": "77"})
    assert again.status_code == 303, "what is no downgrade is saved"
    with make.looking(app):
        assert make.petition(world.petition_id).goal == 77


def test_a_paused_or_closed_petition_cannot_be_unsealed_either(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    make.make_signature(app, world.petition_id)
    for state in ("paused", "closed"):
        make.set_state(app, world.petition_id, state)
        with pytest.raises(DomainError):
            save(app, world, signed=True, mode="standard")
        assert mode(app, world.petition_id)[0] == "sealed"


def test_an_open_petition_cannot_be_unsealed_even_before_the_first_signature(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    with pytest.raises(ModeError):
        save(app, world, signed=False, mode="standard")
    assert mode(app, world.petition_id)[0] == "sealed"


def test_a_signature_that_races_with_the_downgrade_is_sealed_to_the_petitions_key(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    ready = threading.Barrier(4)

    def at_once(act: Callable[[], object]) -> object:
        ready.wait()
        try:
            return act()
        except DomainError as error:
            return error

    def sign() -> object:
        with make.acting(app):
            return signing.sign(make.new_signature(email=""), petition=make.petition(world.petition_id), at=utcnow())

    acts: list[Callable[[], object]] = [sign, sign, sign]
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(at_once, act) for act in acts]
        futures.append(pool.submit(at_once, lambda: save(app, world, signed=False, mode="standard")))
        results = [future.result() for future in futures]
    assert isinstance(results[-1], ModeError)
    assert mode(app, world.petition_id)[0] == "sealed"
    with make.looking(app):
        boxes = db.session.scalars(db.select(SealedKey.box).where(SealedKey.key_id.is_not(None))).all()
    assert len(boxes) == 3
    assert {box[0] for box in boxes} == {2}, "a signature lies under the server's key ring"


def test_a_draft_may_still_choose(app: Any) -> None:
    petition_id = make.make_petition(app, state="draft", mode="sealed", mail="none")
    organizer = make.make_person(app, petition_id, "organizer")
    world = make.World(petition_id, make.SLUG, organizer, (), organizer)
    save(app, world, signed=False, mode="standard", mail="required")
    assert mode(app, petition_id) == ("standard", "required")
