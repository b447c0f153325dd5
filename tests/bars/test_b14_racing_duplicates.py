"""B14: two decisions at the same moment for one person end with one verified signature."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.keys import member_keys
from petition_app.keys.models import AccountKey
from petition_app.roster.file_reader import Entry
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases import entry_macs
from petition_app.verification.cases.desk_results_access import DeskResultsError
from petition_app.verification.decisions import services as checking
from petition_app.verification.decisions.policy import EntryTakenError, NewDecision
from petition_app.verification.models import Lease
from petition_app.verification.remote import case_acts, signed_commands
from petition_app.verification.rules import LEASE
from petition_app.worker import loop as worker
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
        return checking.decide(signature_id, new, access=make.ACCESS, petition=found, by=make.account(by), at=utcnow())[
            1
        ]


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_two_reviewers_at_once_verify_one_person_once(app: Any, mode: str) -> None:
    # Three people of one name: two signatures fit the second and the third best, and both reviewers mean the first.
    world = make_world(app, mode, staff=2)
    people = [
        Entry(key=f"{race}-{number}", surname="Луговая", given=f"Вера{'абвг'[race]}", patronymic="Ильинична",
              place=f"МО {PLACES[number]}")
        for race in range(RACES) for number in range(3)
    ]  # fmt: skip
    bring(app, world.petition_id, *people)
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
        return checking.decide(signature_id, new, access=make.ACCESS, petition=found, by=make.account(by), at=utcnow())[
            1
        ]


INDEX, KEY, OTHER = b"i" * 32, b"k" * 32, b"o" * 32


class Machines:
    """Two reviewers' own machines, and two cases that only they can read."""

    def __init__(self, app: Any) -> None:
        self.app, self.world = app, make.make_sealed_world(app, reviewers=2, staff=3)
        self.cases = [make.make_signature(app, self.world.petition_id, NAME).id for _ in range(2)]
        make.seal(app, self.world.petition_id, by=self.world.organizer)

    def send(self, person: make.Person, name: str, made: dict[str, Any], **args: Any) -> str:
        """Sign an act on the first case as a machine does, and have the server carry it out without keys."""
        case, petition_id = self.cases[0], self.world.petition_id
        with make.acting(self.app, locked=True):
            halves = member_keys.open_account_key(db.session.get_one(AccountKey, person.id), make.PASSPHRASE)
        assert halves
        sent = {"act": name, "case": str(case), "args": args, "nonce": secrets.token_hex(16),
                "at": utcnow().isoformat(), "made": {"matches": {str(case): None}} | made}  # fmt: skip
        body = json.dumps(sent).encode()
        signed = signed_commands.sign(body, halves[1], petition_id=petition_id, account_id=person.id)
        with make.acting(self.app, locked=True):
            petition, by = make.petition(petition_id), make.account(person)
            assert by
            act = signed_commands.receive(body, signed, petition=petition, by=by, at=utcnow())
            return case_acts.carry_out(act, petition=petition, by=by, at=utcnow())

    def verify(self, person: make.Person, index: bytes = INDEX, claimed: bytes = INDEX, key: bytes = KEY) -> str:
        """Say "verified" of the entry with the claimed index, and hand an index over; another case waits beside."""
        made = {
            "same_entry": {str(self.cases[0]): [str(self.cases[1])]},
            "indexes": opening(claimed, index, key),
            "proofs": {str(self.cases[0]): "00" * 32},
        }
        with make.acting(self.app, locked=True):
            db.session.merge(Lease(signature_id=self.cases[0], account_id=person.id, until=utcnow() + LEASE))
        said = {"outcome": "verified", "contact": "live_call", "contacted_on": utcnow().date().isoformat()}
        return self.send(person, "decide", made, entry=mark_of(claimed, key), **said)

    def settle(self, indexes: dict[str, Any]) -> bytes | None:
        """Carry out what waits, with nobody beside; return the index of the entry that the case now stands for."""
        self.send(self.world.reviewers[2], "settle", {"same_entry": {str(self.cases[0]): []}, "indexes": indexes})
        with make.looking(self.app):
            return db.session.get_one(Signature, self.cases[0]).entry_index


def mark_of(index: bytes, key: bytes = KEY) -> str:
    return entry_macs.bind(key, index).hex()


def opening(claimed: bytes, index: bytes, key: bytes = KEY) -> dict[str, Any]:
    return {mark_of(claimed, key): {"index": index.hex(), "key": key.hex()}}


@pytest.fixture
def machines(app: Any) -> Machines:
    """Reviewers' own machines."""
    return Machines(app)


def test_no_machine_hands_over_another_index_than_was_agreed_on(machines: Machines) -> None:
    first, second, _ = machines.world.reviewers
    with pytest.raises(DeskResultsError):
        machines.verify(first, index=OTHER)
    assert machines.verify(first) == "checking"
    with pytest.raises(DeskResultsError):
        machines.verify(second, index=OTHER)
    assert machines.verify(second) == "checking", "the other case stands beside"
    for wrong in (opening(INDEX, OTHER), {mark_of(INDEX): {"index": INDEX.hex(), "key": OTHER.hex()}},
                  {mark_of(INDEX): INDEX.hex()}):  # fmt: skip
        with pytest.raises(DeskResultsError):
            machines.settle(wrong)
    assert machines.settle(opening(INDEX, INDEX)) == INDEX
    assert make.state_of(machines.app, machines.cases[0]) == "verified"


def test_an_index_that_nobody_agreed_on_verifies_nobody(machines: Machines) -> None:
    for reviewer in machines.world.reviewers[:2]:
        machines.verify(reviewer)
    assert machines.settle(opening(OTHER, OTHER)) is None
    assert machines.settle({mark_of(OTHER): None}) is None
    assert machines.settle(opening(INDEX, INDEX)) == INDEX, "until then it has waited"


def test_reviewers_whose_machines_mean_different_indexes_do_not_agree(machines: Machines) -> None:
    first, second, third = machines.world.reviewers
    machines.verify(first, OTHER, OTHER)
    machines.verify(second)
    assert machines.settle(opening(OTHER, OTHER) | opening(INDEX, INDEX)) is None
    machines.verify(third)
    assert machines.settle(opening(OTHER, OTHER) | opening(INDEX, INDEX)) == INDEX


def test_what_was_agreed_on_is_carried_out_whoever_speaks_last(machines: Machines) -> None:
    first, second, third = machines.world.reviewers
    machines.verify(first)
    machines.verify(second)
    machines.verify(third, OTHER, OTHER)
    assert machines.settle(opening(OTHER, OTHER) | opening(INDEX, INDEX)) == INDEX
