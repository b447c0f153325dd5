"""Sealed mode: what sealing adds to a signature, and how fast the cases of a petition are opened.

`python bench/sealing.py [--size N] [--json]`. Times are of the processor, so that a busy machine tells no other story.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import flask_migrate
from rows import Row, row, table

from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import vault
from petition_app.keys import open_keys
from petition_app.keys import services as keys
from petition_app.petitions import services as petitions
from petition_app.petitions.services import NewPetition
from petition_app.signatures import sealing
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.signatures.new_signatures import NewSignature
from petition_app.signatures.sealing import Identity
from petition_app.signatures.services import add_unconfirmed
from petition_app.storage.db import db, transaction

TURNS = 2_000
MOST_MS, LEAST_A_SECOND = 1.0, 2_000


def sealing_row() -> Row:
    """Return the processor time that HPKE adds to sealing one signature, in ms (median), beside the key ring's."""
    ring = vault.KeyRing({"k1": vault.new_key()})
    lock = vault.PetitionPublicKey("k1", vault.public_half(vault.new_private()))
    standard, sealed = _median(ring), _median(lock)
    return row(
        "sealing a signature: processor time, ms in the median",
        sealed,
        control=standard,
        bar=MOST_MS,
        holds=sealed < MOST_MS,
    )


def _median(lock: vault.KeyRing | vault.PetitionPublicKey) -> float:
    petition, identity, times = uuid4(), Identity("Звонарёва Алиса Марковна", "deputy", "МО Лесное"), []
    for _ in range(TURNS):
        start = time.process_time_ns()
        sealing.seal(
            lock, petition_id=petition, identity=identity, email="alisa@example.org", case={}, tier=3, others=None
        )
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times)


def opening_row(number: int) -> Row:
    """Return how many cases a second are opened, all of a petition, on SQLite; beside it, opening one after another."""
    petition_id, words = _fill(number)
    with open_keys.using(keys.open_with_sheet(petition_id, words, account_id=uuid4())):
        many, one = _opened(petition_id, number), _opened(petition_id, number // 10, at_once=1)
    name = f"opening {number} sealed cases: a second of processor time"
    return row(name, many, control=one, bar=LEAST_A_SECOND, holds=many >= LEAST_A_SECOND)


def _fill(number: int) -> tuple[object, str]:
    new = NewPetition(
        slug="bench", titles={"en": "A letter"}, texts={"en": "Text."}, addressee={"en": "A"}, who_may_sign={"en": "B"},
        mode="sealed", mail="none",
    )  # fmt: skip
    with transaction():
        petition = petitions.create(new, by=None, at=utcnow())
        words = keys.make_petition_keys(petition.id, by=None, at=utcnow())
        petition_id = petition.id
    with transaction():
        petition = petitions.get_by_slug("bench")
        for turn in range(number):
            signer = NewSignature("", Identity(f"Signer {turn}", "deputy", "Council"), "", "en", 3, None)
            add_unconfirmed(signer, petition=petition, case={}, at=utcnow())
    return petition_id, words


def _opened(petition_id: object, number: int, *, at_once: int = 500) -> float:
    with transaction(saving=False):
        found = db.session.scalars(
            db.select(Signature.id).where(Signature.petition_id == petition_id).order_by(Signature.id).limit(number)
        ).all()
        start = time.process_time()
        read = 0
        for place in range(0, len(found), at_once):
            read += len(open_many(petitions.get_by_slug("bench"), found[place : place + at_once]))
        assert read == number
        return number / (time.process_time() - start)


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.from_environment({**os.environ, "COUNTERSIGN_INSTANCE": folder, "DATABASE_URL": ""}))
        with app.app_context():
            flask_migrate.upgrade()
            rows = [sealing_row(), opening_row(min(options.size, 10_000))]
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
