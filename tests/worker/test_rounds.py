"""Work that comes round: one petition that fails stops no other, is told, and goes on by itself."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from petition_app import config
from petition_app.crypto import vault
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.task_failures import TaskFailure
from petition_app.tally.models import Publication
from petition_app.worker import loop as worker
from petition_app.worker import schedule
from petition_app.worker.rounds import Each, Rounds, name_of
from petition_app.worker.tasks import tally as tally_tasks
from petition_app.worker.tasks import verification as verification_tasks
from tests import factories as make
from tests.test_operation import TOKEN, alive, read

PER_PETITION = (
    "accounts.tell_waiting",  # By person.
    "tally.publish_left",
    "tally.fold_deltas",
    "tally.count_roles",
    "tally.sort_names",
    "verification.match_waiting",
    "verification.retain",
    "verification.settle_waiting",
    "verification.remind",
    "verification.close_unanswered",
    "verification.report_held",
    "petitions.freeze_silent",
    "signatures.forget_imports",
    "roster.discard_versions",
)


def round_of(app: Any, task: Any) -> int:
    with app.app_context():
        return worker.run_periodic(task)


def failures(app: Any) -> list[tuple[str, UUID, str, int]]:
    with make.looking(app):
        found = db.session.scalars(select(TaskFailure).order_by(TaskFailure.task))
        return [(row.task, row.object_id, row.failure, row.times) for row in found]


def test_every_round_over_many_things_takes_each_in_a_transaction_of_its_own() -> None:
    each = [task.name for _, task in schedule.PERIODIC if isinstance(task, Each)]
    assert sorted(each) == sorted(PER_PETITION)
    names = [name_of(task) for _, task in schedule.PERIODIC]
    assert len(names) == len(set(names)), "a failure is remembered under the name of its task"


def test_one_that_fails_stops_no_other_and_is_told_by_its_id(
    app: Any, cli: Any, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, broken = [uuid4(), uuid4()], uuid4(), [True]
    done: list[UUID] = []

    def act(object_id: UUID, _at: datetime) -> int:
        if object_id == bad and broken:
            raise KeyError("a name that nobody may read")
        done.append(object_id)
        return 1

    task = Each("tests.act", find=lambda _at: [good[0], bad, good[1]], act=act)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            assert round_of(app, task) == 2
    assert done == good * 5
    assert failures(app) == [("tests.act", bad, "KeyError", 5)]
    told = [record.getMessage() for record in caplog.records if "tests.act" in record.getMessage()]
    assert len(told) == 3, "the first time, the second, the fourth"
    assert all(str(bad) in line and "KeyError" in line for line in told)
    assert "a name that nobody may read" not in caplog.text
    alive(app)
    words = cli("doctor", code=1).out
    assert f"mend  tasks     tests.act fails for {bad} (KeyError), 5 times since" in words
    config.activate(replace(config.current(), metrics_token=TOKEN))
    assert read(client)["countersign_tasks_failing task=tests.act"] == 1
    broken.clear()
    assert round_of(app, task) == 3
    assert failures(app) == []
    assert "countersign_tasks_failing task=tests.act" not in read(client)


def test_a_search_that_fails_and_a_task_about_nothing_in_particular_are_told_as_well(app: Any) -> None:
    broken = [True]

    def find(_at: datetime) -> list[UUID]:
        if broken:
            raise ValueError
        return []

    def whole(_at: datetime) -> None:
        if broken:
            raise TypeError

    task = Each("tests.find", find=find, act=lambda _id, _at: None)
    round_of(app, task)
    round_of(app, whole)
    assert {(name, kind) for name, _, kind, _ in failures(app)} == {
        ("tests.find", "ValueError"),
        (name_of(whole), "TypeError"),
    }
    broken.clear()
    round_of(app, task)
    round_of(app, whole)
    assert failures(app) == []


def test_what_is_not_due_any_more_is_no_failure_any_more(app: Any) -> None:
    waiting = [uuid4()]

    def act(_id: UUID, _at: datetime) -> None:
        raise KeyError

    task = Each("tests.due", find=lambda _at: list(waiting), act=act)
    round_of(app, task)
    assert len(failures(app)) == 1
    waiting.clear()
    round_of(app, task)
    assert failures(app) == []


def test_what_failed_rests_longer_each_time_and_the_others_do_not(app: Any) -> None:
    bad, good = uuid4(), uuid4()
    tried: list[UUID] = []

    def act(object_id: UUID, _at: datetime) -> None:
        tried.append(object_id)
        if object_id == bad:
            raise KeyError

    task = Each("tests.rest", find=lambda _at: [bad, good], act=act)
    with app.app_context():
        rounds = Rounds(patient=True)
        for _ in range(4):
            rounds.run(task)
    assert tried.count(good) == 4
    assert tried.count(bad) == 1


# --- what is really broken --------------------------------------------------------------------------------------


def number_of(app: Any, world: make.World) -> int:
    with make.looking(app):
        newest = select(func.max(Publication.number)).where(Publication.petition_id == world.petition_id)
        return db.session.scalar(newest) or 0


def test_a_petition_whose_last_publication_is_damaged_keeps_no_other_from_being_published(app: Any) -> None:
    broken, sound = make.make_world(app, "broken"), make.make_world(app, "sound")
    for world in (broken, sound):
        make.make_verified(app, world)
        make.publish_waiting(app)
    before = number_of(app, sound)
    whole: dict[UUID, Any] = {}
    with make.acting(app):
        for row in db.session.scalars(select(Publication).where(Publication.petition_id == broken.petition_id)):
            whole[row.id], row.named = row.named, ["damaged"]  # type: ignore[assignment] # Damaged on purpose.
        for world in (broken, sound):
            jobs.defer_to_worker(world.petition_id)
    round_of(app, tally_tasks.publish_left)
    assert number_of(app, sound) > before
    assert [(task, petition_id) for task, petition_id, _, _ in failures(app)] == [
        ("tally.publish_left", broken.petition_id)
    ]
    with make.acting(app):
        for row in db.session.scalars(select(Publication).where(Publication.petition_id == broken.petition_id)):
            row.named = whole[row.id]
    round_of(app, tally_tasks.publish_left)
    assert failures(app) == [], "once it is mended it goes on by itself"


def test_a_damaged_signature_keeps_no_other_from_being_matched(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    world = make.make_world(app, roster=True, match_rule="any")
    signed = [make.make_signature(app, world.petition_id) for _ in range(3)]
    with make.acting(app):
        ruin(signed[1].id)
        db.session.execute(update(Signature).values(matched_roster=None))
    with caplog.at_level(logging.ERROR):
        assert round_of(app, verification_tasks.match_waiting) == 3
    with make.looking(app):
        found = {row.id: row.matched_roster for row in db.session.scalars(select(Signature))}
    assert all(number is not None for number in found.values()), "nothing is tried for ever"
    assert str(world.petition_id) in caplog.text
    assert failures(app) == []


def ruin(signature_id: UUID) -> None:
    """Let what was submitted open and lack what it must hold."""
    signature = db.session.get_one(Signature, signature_id)
    row = db.session.scalars(
        select(SealedPart).where(SealedPart.signature_id == signature_id, SealedPart.part == "identity")
    ).one()
    key = db.session.scalars(select(SealedKey).where(SealedKey.part_id == row.id)).one()
    place = vault.SealContext(signature.petition_id, signature_id, "identity")
    sealed = vault.seal_part(sealing.signature_key(signature), place, {"nothing": "here"})
    row.box, key.box = sealed.box, sealed.wrapped_key


def test_drained_is_drained_however_much_waits(app: Any, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petition_app.verification.matching_cases.matches.SLICE", 2)
    world = make.make_world(app)
    for _ in range(7):
        make.make_signature(app, world.petition_id)
    cli("worker", "--drain")
    with make.looking(app):
        waiting = select(func.count()).select_from(Signature).where(Signature.matched_roster.is_(None))
        assert db.session.scalar(waiting) == 0
