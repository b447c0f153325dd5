"""B44: no name is published that as many reviewers as the policy says did not judge, byte for byte."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.tally import names, services
from petition_app.tally.models import DueName, PublishedName
from petition_app.verification.cases import judged_names
from petition_app.verification.cases.desk_results_access import DeskResultsAccess, DeskResultsError
from petition_app.verification.models import Decision
from tests import factories as make

NAME, ROLE, PLACE = "Алёна Звонкая", "депутат", "МО Речное"
CHANGES: dict[str, Callable[[str], str]] = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "folded": str.casefold,
    "a space more": lambda text: f"{text} ",
    "without dots": lambda text: text.replace("ё", "е"),
    "turned round": lambda text: " ".join(reversed(text.split())),
    "another letter": lambda text: text.replace("а", "a"),
    "an invisible letter": lambda text: text[:3] + "\u200b" + text[3:],
    "shorter": lambda text: text[:-1],
    "nothing": lambda _: "",
}


def verified(app: Any, mode: str, *, reviewers: int) -> tuple[make.World, make.Signed]:
    """Make a signature that as many have verified as the policy says; its name is not public yet."""
    made = make.make_sealed_world if mode == "sealed" else make.make_world
    world = made(app, reviewers=reviewers, staff=3)
    signed = make.make_signature(app, world.petition_id, NAME, role=ROLE, place=PLACE, consent=2)
    make.seal(app, world.petition_id, by=world.organizer)
    for reviewer in world.reviewers[:reviewers]:
        make.decide(app, world.petition_id, signed.id, reviewer)
    assert make.state_of(app, signed.id) == "verified"
    make.change_consent(app, signed, 3)
    return world, signed


def hold_back(app: Any, world: make.World) -> None:
    """Let the name be due, with nobody who has the keys open."""
    make.lock_keys()
    with make.acting(app):
        services.publish_now(make.petition(world.petition_id), by=None, at=utcnow())
    with make.looking(app):
        assert len(db.session.scalars(db.select(DueName.signature_id)).all()) == 1


def hand_over(app: Any, world: make.World, signature_id: UUID, identity: Identity, key: bytes) -> bool:
    """Hand a name over as an organizer's own machine does; return whether it was taken."""
    access = DeskResultsAccess(
        world.organizer.id, names={signature_id: vars(identity)}, judged_keys={signature_id: key}
    )
    try:
        with make.acting(app):
            petition = make.petition(world.petition_id)
            return names.open_due_names(petition, access=access, at=utcnow(), only=access.names) == 1
    except DeskResultsError:
        return False


def shown(app: Any) -> list[tuple[str, str, str]]:
    """Return what is public."""
    with make.looking(app):
        return [(row.name, row.role, row.place) for row in db.session.scalars(db.select(PublishedName))]


def key_of(app: Any, world: make.World, signature_id: UUID) -> bytes:
    """Return the key of a signature's proofs, as somebody with the keys has it."""
    make.open_keys(app, world)
    with make.acting(app):
        _, key = judged_names.open_name(db.session.get_one(Signature, signature_id))
    make.lock_keys()
    return key


@pytest.mark.parametrize("reviewers", [1, 2, 3])
def test_a_machine_publishes_nothing_but_what_was_judged(app: Any, reviewers: int) -> None:
    world, signed = verified(app, "sealed", reviewers=reviewers)
    hold_back(app, world)
    key, right = key_of(app, world, signed.id), Identity(NAME, ROLE, PLACE)

    @hypothesis_settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False
    )
    @given(
        field=st.sampled_from(["name", "role", "place"]),
        change=st.sampled_from(sorted(CHANGES)).map(CHANGES.get) | st.text(max_size=40).map(lambda new: lambda _: new),
        other_key=st.booleans(),
    )
    def nothing_else(field: str, change: Callable[[str], str], other_key: bool) -> None:
        words = vars(right) | {field: change(getattr(right, field))}
        if words == vars(right) and not other_key:
            return
        taken = hand_over(app, world, signed.id, Identity(**words), secrets.token_bytes(32) if other_key else key)
        assert (taken, shown(app)) == (False, []), "words were published that nobody judged"

    nothing_else()
    assert hand_over(app, world, signed.id, right, key)
    assert shown(app) == [(NAME, ROLE, PLACE)]


@pytest.mark.parametrize("lacking", ["a copy of the colleague's", "of another round", "none", "of another name"])
def test_each_of_the_reviewers_must_have_judged_it(app: Any, lacking: str) -> None:
    world, signed = verified(app, "sealed", reviewers=2)
    hold_back(app, world)
    key, right = key_of(app, world, signed.id), Identity(NAME, ROLE, PLACE)
    make.open_keys(app, world)
    with make.acting(app):
        first, second = db.session.scalars(db.select(Decision).order_by(Decision.position)).all()
        signature = db.session.get_one(Signature, signed.id)
        mine = judged_names.proved(signature, right, key, [first, second])[1]
        second.judged = {
            "a copy of the colleague's": first.judged,
            "of another round": judged_names._proof(
                key, signature, right, judged_names.Grounds(**vars(mine) | {"rounds": 1})
            ),
            "none": None,
            "of another name": judged_names._proof(key, signature, Identity("Ада Звонкая", ROLE, PLACE), mine),
        }[lacking]
    make.lock_keys()
    assert not hand_over(app, world, signed.id, right, key)
    assert shown(app) == []


def seal_anew(signature_id: UUID, **changes: str) -> None:
    """Put other words in the place of what was sealed, as only somebody with the keys can."""
    signature = db.session.get_one(Signature, signature_id)
    place = SealContext(signature.petition_id, signature.id, "identity")
    words = sealing._open(signature, "identity")[0] | changes
    part = db.session.scalars(
        db.select(SealedPart).where(SealedPart.signature_id == signature_id, SealedPart.part == "identity")
    ).one()
    made = vault.seal_part(sealing.signature_key(signature), place, words)
    part.box = made.box
    db.session.scalars(db.select(SealedKey).where(SealedKey.part_id == part.id)).one().box = made.wrapped_key


@pytest.mark.parametrize("mode", ["sealed", "standard"])
@pytest.mark.parametrize("field", ["name", "role", "place"])
def test_the_server_publishes_nothing_but_what_was_judged(app: Any, mode: str, field: str) -> None:
    world, signed = verified_but_held(app, mode)
    with make.acting(app):
        seal_anew(signed.id, **{field: "Борис Крутых"})
    publish(app, world)
    assert shown(app) == [], "words were published that nobody judged"
    with make.acting(app):
        seal_anew(signed.id, name=NAME, role=ROLE, place=PLACE)
        db.session.get_one(Signature, signed.id).names_stale = True
    publish(app, world)
    assert shown(app) == [(NAME, ROLE, PLACE)]


def verified_but_held(app: Any, mode: str) -> tuple[make.World, make.Signed]:
    """Make a verified signature whose name is agreed to, looked at anew by the next publication."""
    world, signed = verified(app, mode, reviewers=2)
    with make.acting(app):
        for row in db.session.scalars(db.select(PublishedName)).all():
            db.session.delete(row)
        db.session.get_one(Signature, signed.id).names_stale = True
    return world, signed


def mode_of(app: Any, world: make.World) -> str:
    """Return the mode of a world's petition."""
    with make.looking(app):
        return make.petition(world.petition_id).mode


def publish(app: Any, world: make.World) -> None:
    """Publish as an organizer with the keys open."""
    if mode_of(app, world) == "sealed":
        make.open_keys(app, world)
    with make.acting(app):
        services.publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())


@pytest.mark.parametrize("name", ["=1+1", "Ада http://example.org", "", "А" * 241, "Ада\u202eЗвонкая"])
def test_what_is_no_name_is_not_published_even_if_it_was_judged(app: Any, name: str) -> None:
    """Who can seal can seal anything; the rules of names are asked again before the public sees it."""
    world = make.make_sealed_world(app, reviewers=1)
    signed = make.make_signature(app, world.petition_id)
    with make.acting(app):
        seal_anew(signed.id, name=name)
    make.seal(app, world.petition_id, by=world.organizer)
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0]) == "verified"
    publish(app, world)
    assert shown(app) == []
    with make.acting(app):
        db.session.get_one(Signature, signed.id).names_stale = True
    hold_back(app, world)
    signature_key, words = key_of(app, world, signed.id), Identity(name, "deputy", "Springfield council")
    assert not hand_over(app, world, signed.id, words, signature_key)
    assert shown(app) == []
