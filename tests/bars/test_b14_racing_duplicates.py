"""B14: two decisions at the same moment for one person end with one verified signature."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app import worker
from petition_app.clock import utcnow
from petition_app.db import db
from petition_app.roster.tables import Entry
from petition_app.signatures.models import Signature
from petition_app.verification import services as checking
from petition_app.verification.policy import EntryTakenError, NewDecision
from tests import factories as make
from tests.roster.test_services import bring
from tests.test_concurrency import at_once

NAME = "Луговая Вера Ильинична"
RACES = 4
PLACES = ("Речное", "Лесное", "Озёрное")


def make_world(app: Any, mode: str, *, staff: int) -> make.World:
    words = {"reviewers": 1, "roster": True, "staff": staff}
    return make.make_sealed_world(app, **words) if mode == "sealed" else make.make_world(app, **words)


def decide(app: Any, world: make.World, signature_id: Any, by: make.Person, entry: str) -> str:
    new = NewDecision(
        "verified", contact="live_call", contacted_on=utcnow().date(), eligible="on_roster", entry=entry,
        grounds="She told me so in person.",
    )  # fmt: skip
    with make.acting(app):
        found = make.petition(world.petition_id)
        return checking.decide(signature_id, new, petition=found, by=make.account(by), at=utcnow())[1]


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_two_reviewers_at_once_verify_one_person_once(app: Any, mode: str) -> None:
    # Three people of one name: two signatures fit the second and the third best, and both reviewers mean the first.
    world = make_world(app, mode, staff=2)
    entries = [
        Entry(key=f"{race}-{number}", surname="Луговая", given=f"Вера{'абвг'[race]}", patronymic="Ильинична",
              place=f"МО {PLACES[number]}")
        for race in range(RACES) for number in range(3)
    ]  # fmt: skip
    bring(app, world.petition_id, *entries)
    for race in range(RACES):
        rivals = [
            make.make_signature(
                app, world.petition_id, f"Луговая Вера{'абвг'[race]} Ильинична", place=f"МО {place}", consent=0
            )
            for place in PLACES[1:]
        ]
        make.seal(app, world.petition_id, by=world.organizer)
        for one, by in zip(rivals, world.reviewers, strict=True):
            make.take_case(app, world.petition_id, one.id, by)
        results = at_once(*(
            lambda one=one, by=by, entry=f"{race}-0": decide(app, world, one.id, by, entry)
            for one, by in zip(rivals, world.reviewers, strict=True)
        ))  # fmt: skip
        states = sorted(make.state_of(app, one.id) for one in rivals)
        assert states == ["checking", "verified"], results
        assert len([one for one in results if isinstance(one, EntryTakenError)]) == 1
    with make.looking(app):
        held = db.session.scalars(db.select(Signature.entry_index).where(Signature.entry_index.is_not(None))).all()
    assert len(held) == len(set(held)) == RACES
    assert make.tally(app, world.petition_id)["verified"] == RACES
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_many_repetitions_of_one_person_end_with_one_verified(app: Any, mode: str) -> None:
    world = make_world(app, mode, staff=3)
    bring(app, world.petition_id, Entry(key="r1", surname="Луговая", given="Вера", patronymic="Ильинична", place="МО"))
    signed = [make.make_signature(app, world.petition_id, NAME, place="МО", consent=0) for _ in range(3)]
    make.seal(app, world.petition_id, by=world.organizer)
    for one, by in zip(signed, world.reviewers, strict=True):
        make.take_case(app, world.petition_id, one.id, by)
    first, *others = signed
    acts = [lambda: decide(app, world, first.id, world.reviewers[0], "r1")]
    acts += [
        lambda one=one, by=by: call_duplicate(app, world, one.id, by, first.id)
        for one, by in zip(others, world.reviewers[1:], strict=True)
    ]
    results = at_once(*acts)
    # Who was held by another act at that moment is looked at again, with the keys or by the worker.
    make.take(app, world.petition_id, world.reviewers[1])
    with app.app_context():
        worker.run_once()
    states = [make.state_of(app, one.id) for one in signed]
    assert states == ["verified", "duplicate", "duplicate"], results
    assert make.tally(app, world.petition_id)["verified"] == 1
    assert make.problems(app, world.petition_id) == []


def call_duplicate(app: Any, world: make.World, signature_id: Any, by: make.Person, of: Any) -> str:
    with make.acting(app):
        found, new = make.petition(world.petition_id), NewDecision("duplicate", duplicate_of=of)
        return checking.decide(signature_id, new, petition=found, by=make.account(by), at=utcnow())[1]
