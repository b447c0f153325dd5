"""Stored names are folded anew after an update: slice by slice, again from any place, and no sealed name is touched."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.crypto.fingerprints import fingerprint
from petition_app.signatures import refolding
from petition_app.signatures.models import NearKey, Signature
from petition_app.storage import jobs
from petition_app.storage.db import db, transaction
from petition_app.tally import spelled_names
from petition_app.tally.models import PublishedName
from petition_app.worker import loop
from petition_app.worker.tasks.refolding import NAME
from tests import factories as make

NAMES = ("Josef Černý", "रीना शर्मा", "Анна Лучник")


def indexes() -> tuple[set[tuple[Any, bytes | None]], set[tuple[Any, bytes]]]:
    with transaction(saving=False):
        names = {(row.id, row.name_index) for row in db.session.scalars(db.select(Signature))}
        return names, {(row.signature_id, row.key) for row in db.session.scalars(db.select(NearKey))}


@pytest.mark.everywhere
@pytest.mark.standard("A sealed petition keeps no index of a name.")
def test_indexes_and_spellings_are_made_anew_slice_by_slice(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    for name in NAMES:
        make.make_verified(app, world, name)
    make.publish_waiting(app)
    with app.app_context():
        right = indexes()
        assert right[1]
        with transaction():
            db.session.execute(db.update(PublishedName).values(spelled="", folded=""))
            db.session.execute(db.update(Signature).values(name_index=fingerprint("name", world.petition_id, "x")))
            for id_, _ in right[0]:
                db.session.execute(db.delete(NearKey).where(NearKey.signature_id == id_))
                db.session.add(NearKey(signature_id=id_, petition_id=world.petition_id, key=b"x" * 32))
            jobs.enqueue(NAME, {"part": "published"}, at=utcnow())
        monkeypatch.setattr(refolding, "SLICE", 2)
        monkeypatch.setattr(spelled_names, "SLICE", 1)
        while loop.run_task():
            pass
        assert indexes() == right
        with transaction(saving=False):
            shown = {row.name: row.spelled for row in db.session.scalars(db.select(PublishedName))}
            assert set(shown) == set(NAMES)
            assert all(shown.values())
            assert len(shown["Josef Černý"].split()) > len(NAMES[0].split()), "with the mark and without"
