"""kill -9 of the worker in the middle of a bulk act, and of its taking back: nothing is lost, nothing done twice."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import current_app

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.petitions.services import get_by_slug
from petition_app.storage.db import db, transaction
from petition_app.tally.counting import live_tally, recount
from petition_app.verification.bulk import services as acts
from petition_app.verification.bulk.choice import Filter
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import Bulk, Decision
from tests.conftest import DATA
from tests.test_kill import PASSWORD, PETITION, Place, kill_group

pytestmark = pytest.mark.standard("A sealed petition decides no case in bulk.")

PEOPLE = 150
PARTS = ("id", "surname", "first_name", "patronymic", "council")


@pytest.fixture
def place(database: str, tmp_path: Path) -> Iterator[Place]:
    """An installation, looked at from inside, where all who are on the roster have signed and wait at the desk."""
    place = Place(tmp_path, database)
    with (DATA / "roster.csv").open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))[:PEOPLE]
    letter, roster, signed = (str(tmp_path / name) for name in ("letter.toml", "roster.csv", "signed.csv"))
    Path(letter).write_text(PETITION.replace('mail = "optional"', 'mail = "optional"\nroster = true'))
    lines = [",".join(row[part] for part in PARTS) for row in people]
    Path(roster).write_text("\n".join([",".join(PARTS), *lines]))
    rows = [f"{row['surname']} {row['first_name']} {row['patronymic']},{row['council']}" for row in people]
    Path(signed).write_text("\n".join(["name,place", *rows]))
    who = ("--name", "Olga", "--role", "organizer", "--petition", "letter", "--password-stdin")
    with place.inside():
        for words in (
            ("petitions", "create", letter),
            ("accounts", "create", "olga@example.org", *who),
            ("petitions", "open", "letter"),
            ("roster", "import", "letter", roster, "--name", "Deputies", "--as-of", "2022-09-01"),
            ("signatures", "import", "letter", signed),
            ("batches", "seal", "letter"),
        ):
            do(*words)
        left = 1
        while left:
            with transaction():
                left = matches.match_waiting(get_by_slug("letter"), at=utcnow())
        yield place


def test_a_bulk_act_survives_kills_and_so_does_taking_it_back(place: Place) -> None:
    chance = random.Random(4)
    with transaction():
        bulk = acts.prepare(Filter(strength=0), petition=get_by_slug("letter"), by=olga(), at=utcnow())
        bulk_id, total = bulk.id, bulk.total
    assert total > PEOPLE * 0.8
    through_kills(place, bulk_id, acts.start, chance)
    with transaction(saving=False):
        results = acts.progress(db.session.get_one(Bulk, bulk_id)).results
        assert set(results) <= {"done", "alike"}
        assert sum(results.values()) == total
        decided = list(db.session.scalars(db.select(Decision.signature_id)))
        assert len(decided) == len(set(decided)) == results["done"]
        assert live_tally(get_by_slug("letter")).total.verified == results["done"]
        assert recount(get_by_slug("letter")) == []
    through_kills(place, bulk_id, acts.undo, chance)
    with transaction(saving=False):
        after = acts.progress(db.session.get_one(Bulk, bulk_id)).results
        assert after == {name.replace("done", "undone"): number for name, number in results.items()}
        assert live_tally(get_by_slug("letter")).total.verified == 0
        assert recount(get_by_slug("letter")) == []


def do(*words: str) -> None:
    """Run a flask command in this process."""
    done = current_app.test_cli_runner().invoke(args=words, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output


def olga() -> Account:
    """Return the organizer."""
    return db.session.scalars(db.select(Account)).one()


def through_kills(place: Place, bulk_id: UUID, act: acts.Act, chance: random.Random) -> None:
    """Begin, kill the worker early and then after its first slice, wake what it left, and let the last one end it."""
    before = counted(bulk_id)
    wake(bulk_id, act)
    process = place.start("worker")
    time.sleep(chance.uniform(1, 3))
    kill_group(process)
    wake(bulk_id, acts.start)
    process = place.start("worker")
    while counted(bulk_id) == before:
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.5))
    kill_group(process)
    wake(bulk_id, acts.start)
    do("worker", "--drain")
    with transaction(saving=False):
        assert db.session.get_one(Bulk, bulk_id).state in ("done", "undone")


def counted(bulk_id: UUID) -> dict[str, int]:
    """Return how far it is."""
    with transaction(saving=False):
        return acts.progress(db.session.get_one(Bulk, bulk_id)).results


def wake(bulk_id: UUID, act: acts.Act) -> None:
    """Start what waits, or wake what stands still; what has ended needs neither."""
    with transaction():
        if act is acts.undo or db.session.get_one(Bulk, bulk_id).state in ("waiting", "running", "undoing"):
            act(bulk_id, petition=get_by_slug("letter"), by=olga(), at=utcnow())
