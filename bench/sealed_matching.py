"""Sealed mode: matching a batch with its roster while the keys are open, slice by slice, as the page does it.

`python bench/sealed_matching.py [--size N] [--json]`: 10,000 signatures against a roster of 100,000, on SQLite. The
control of a slice is opening the same cases and doing nothing with them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import flask_migrate
from roster_names import Population
from rows import Row, row, table

from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.keys import open_keys
from petition_app.keys import services as keys
from petition_app.petitions import services as petitions
from petition_app.petitions.services import NewPetition
from petition_app.roster import services as rosters
from petition_app.roster.file_reader import Entry
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.signatures.new_signatures import NewSignature
from petition_app.signatures.sealing import Identity
from petition_app.signatures.services import add_unconfirmed
from petition_app.signatures.states import move
from petition_app.storage.db import db, transaction
from petition_app.verification.batches import services as batches
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.matching_cases import pairs

LONGEST_SLICE = 10.0  # Seconds of a processor: a request that is waited for, with its progress shown after it.


def prepare(cases: int, entries: int, seed: int) -> tuple[UUID, str]:
    """Fill a sealed petition with a roster, and with signatures of people on it."""
    population = Population(seed)
    people = [population.person() for _ in range(entries)]
    new = NewPetition(
        slug="bench", titles={"en": "A letter"}, texts={"en": "Text."}, addressee={"en": "A"}, who_may_sign={"en": "B"},
        mode="sealed", mail="none", roster=True,
    )  # fmt: skip
    with transaction():
        petition = petitions.create(new, by=None, at=utcnow())
        words = keys.make_petition_keys(petition.id, by=None, at=utcnow())
        version = rosters.begin(
            petition, name="People", as_of=utcnow().date(), columns=["name"], by=None, at=utcnow(),
            sha256=hashlib.sha256(str(seed).encode()).digest(),
        )  # fmt: skip
        petition_id, version_id = petition.id, version.id
    listed = [Entry(str(n), one.surname, one.given, one.patronymic, one.body) for n, one in enumerate(people)]
    with transaction():
        rosters.stage(version_id, listed)
        rosters.admit(version_id, by=None, at=utcnow())
    with transaction():
        petition = petitions.get_by_slug("bench")
        for turn in range(cases):
            one = people[turn * len(people) // cases]
            identity = Identity(f"{one.surname} {one.given} {one.patronymic}".strip(), "deputy", one.body)
            signer = NewSignature("", identity, "", "en", 0, None)
            signature_id = add_unconfirmed(signer, petition=petition, case={}, at=utcnow())
            move(db.session.get_one(Signature, signature_id), "received")
    with transaction():
        petition = petitions.get_by_slug("bench")
        batches.seal(petition, by=None, at=utcnow())
    return petition_id, words


def measure(cases: int, entries: int, seed: int) -> list[Row]:
    """Run slice after slice, each in a transaction of its own, with the keys opened anew as a request does."""
    petition_id, words = prepare(cases, entries, seed)
    times: list[float] = []
    with open_keys.using(keys.open_with_sheet(petition_id, words, account_id=uuid4())):
        control = _opening(petition_id)
        while True:
            start = time.process_time()
            with transaction():
                petition = petitions.get_by_slug("bench")
                found = pairs.run_slice(petition, access=OpenKeysAccess(), by=_nobody(), at=utcnow())
            times.append(time.process_time() - start)
            if not found.under_way:
                break
        matched = db.session.scalar(
            db.select(db.func.count()).select_from(Signature).where(Signature.matched_roster.is_not(None))
        )
    total = sum(times)
    return [
        row(
            f"sealed matching: {cases} cases with {entries} entries, a second of processor time",
            cases / total, control=control, holds=matched == cases,
        ),
        row(
            f"sealed matching: the longest of {len(times)} slices, seconds of processor time",
            max(times), bar=LONGEST_SLICE, holds=max(times) < LONGEST_SLICE,
        ),
    ]  # fmt: skip


def _opening(petition_id: UUID) -> float:
    with transaction(saving=False):
        ids = db.session.scalars(db.select(Signature.id).where(Signature.petition_id == petition_id).limit(500)).all()
        petition = petitions.get_by_slug("bench")
        start = time.process_time()
        read = open_many(petition, ids)
        return len(read) / (time.process_time() - start)


def _nobody() -> object:
    """Stand for the person at the page; only the id is written into the trail."""
    return type("Person", (), {"id": None})()


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20260912)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.from_environment({**os.environ, "COUNTERSIGN_INSTANCE": folder, "DATABASE_URL": ""}))
        with app.app_context():
            flask_migrate.upgrade()
            rows = measure(options.size // 10, options.size, options.seed)
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
