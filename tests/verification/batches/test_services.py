"""Batches: sealed once, announced in two languages, closed to late arrivals."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.batches import services as batches
from petition_app.verification.batches.services import (
    AnnouncementError,
    CountChangedError,
    NothingToSealError,
    draft_announcement,
)
from petition_app.verification.models import Batch
from tests import factories as make

OWN = {"en": "They came in one day.", "ru": "Они пришли за один день."}


@pytest.mark.parametrize(
    ("number", "english", "russian"),
    [
        (1, "1 signature has been received, now we will check it.", "Получена ещё 1 подпись, сейчас мы её проверяем."),
        (2, "2 signatures have been received", "Получены ещё 2 подписи, сейчас мы их проверяем."),
        (5, "5 signatures have been received", "Получены ещё 5 подписей, сейчас мы их проверяем."),
        (11, "11 signatures have been received", "Получены ещё 11 подписей, сейчас мы их проверяем."),
        (21, "21 signatures have been received", "Получена ещё 21 подпись, сейчас мы её проверяем."),
        (84, "84 signatures have been received", "Получены ещё 84 подписи, сейчас мы их проверяем."),
    ],
)
def test_the_announcement_has_the_plurals_of_both_languages(number: int, english: str, russian: str) -> None:
    drafted = draft_announcement(number)
    assert english in drafted["en"]
    assert drafted["en"].startswith("Another ")
    assert drafted["en"].endswith("check it." if number == 1 else "now we will check them.")
    if number in (5, 11):
        # Both «Получены» and «Получено» are good Russian before five and more.
        assert drafted["ru"].replace("Получено", "Получены") == russian
    elif number == 21:
        assert drafted["ru"].replace("мы их", "мы её") == russian
    else:
        assert drafted["ru"] == russian


def test_a_sealed_batch_is_frozen_and_a_late_arrival_goes_to_the_next(app: Any) -> None:
    world = make.make_world(app)
    early = [make.make_signature(app, world.petition_id) for _ in range(2)]
    waiting = make.submit(app, world.petition_id)
    assert make.seal(app, world.petition_id, by=world.organizer) == 1
    late = make.confirm(app, world.petition_id, waiting)
    assert make.state_of(app, late.id) == "received"
    assert make.tally(app, world.petition_id)["batches"][0]["received"] == 2
    assert make.seal(app, world.petition_id, by=world.organizer) == 2
    with make.looking(app):
        batch_of = {row.id: row.batch_id for row in db.session.scalars(db.select(Signature))}
        sizes = {batch.number: batch.size for batch in db.session.scalars(db.select(Batch))}
    assert batch_of[early[0].id] == batch_of[early[1].id] != batch_of[late.id]
    assert sizes == {1: 2, 2: 1}
    make.withdraw(app, early[0])
    assert make.tally(app, world.petition_id)["batches"][0]["received"] == 2
    assert make.problems(app, world.petition_id) == []


def test_one_withdrawn_before_sealing_joins_no_batch(app: Any) -> None:
    world = make.make_world(app)
    gone, _ = (make.make_signature(app, world.petition_id) for _ in range(2))
    make.withdraw(app, gone)
    make.seal(app, world.petition_id)
    tally = make.tally(app, world.petition_id)
    assert [batch["received"] for batch in tally["batches"]] == [1]
    assert (tally["received_total"], tally["states"]["withdrawn"]) == (2, 1)
    assert make.problems(app, world.petition_id) == []


def test_nothing_received_nothing_sealed(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.submit(app, world.petition_id)
    with pytest.raises(NothingToSealError):
        make.seal(app, world.petition_id)
    assert "nothing to seal" in cli("batches", "seal", make.SLUG, code=1).err
    assert make.tally(app, world.petition_id)["batches"] == []


def test_sealing_batch_one_closes_batch_nought(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    make.make_signature(app, world.petition_id)
    assert make.tally(app, world.petition_id)["batches"][0]["state"] == "open"
    make.seal(app, world.petition_id)
    nought = make.tally(app, world.petition_id)["batches"][0]
    assert nought["state"] == "checking"
    assert nought["sealed_at"] is not None


def _announced(app: Any) -> Any:
    with make.looking(app):
        return db.session.scalars(db.select(Batch)).one().announcement


def test_a_drafted_text_follows_the_number_and_an_own_text_is_given_back(app: Any) -> None:
    world = make.make_world(app)
    for _ in range(3):
        make.make_signature(app, world.petition_id)
    with pytest.raises(CountChangedError) as changed:
        make.seal(app, world.petition_id, announcement=OWN, written_for=2)
    assert changed.value.values["number"] == 3
    assert make.tally(app, world.petition_id)["batches"] == []
    make.seal(app, world.petition_id, announcement=draft_announcement(2), written_for=2)
    assert _announced(app) == draft_announcement(3)


def test_an_own_text_for_the_right_number_is_published_as_written(app: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, announcement=OWN, written_for=1)
    assert _announced(app) == OWN


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_announcement_has_words_in_each_language(app: Any, language: str, text: str) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    with pytest.raises(AnnouncementError):
        make.seal(app, world.petition_id, announcement=OWN | {language: text}, written_for=1)
    assert make.tally(app, world.petition_id)["states"]["received"] == 1


@pytest.mark.parametrize("who", ["reviewer", "auditor"])
def test_only_an_organizer_seals(app: Any, who: str) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    person = world.reviewers[0] if who == "reviewer" else world.auditor
    with pytest.raises(NotFoundError):
        make.seal(app, world.petition_id, by=person)


def test_sealing_touches_no_other_petition(app: Any) -> None:
    one, other = make.make_world(app), make.make_world(app, "other-letter")
    make.make_signature(app, one.petition_id)
    kept = make.make_signature(app, other.petition_id)
    make.seal(app, one.petition_id)
    assert make.state_of(app, kept.id) == "received"
    assert make.problems(app, other.petition_id) == []


def test_what_is_refused_to_be_sealed_has_written_nothing_even_where_the_refusal_is_caught(app: Any) -> None:
    world = make.make_world(app)
    for words, error in (
        ({}, batches.NothingToSealError),
        ({"announcement": {"en": "", "ru": ""}}, batches.AnnouncementError),
        ({"announcement": {"en": "Thanks.", "ru": "Спасибо."}, "written_for": 7}, batches.CountChangedError),
    ):
        with make.acting(app), pytest.raises(error):
            batches.seal(make.petition(world.petition_id), by=None, at=utcnow(), **words)
        with make.looking(app):
            assert batches.list_batches(world.petition_id) == []
            assert {row.state for row in db.session.scalars(db.select(Signature))} <= {"received"}
        if error is batches.NothingToSealError:
            make.make_signature(app, world.petition_id)
    assert make.problems(app, world.petition_id) == []
