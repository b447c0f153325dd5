"""Publishing: what is refused, what is told, and that folded and unfolded counts are one."""

from __future__ import annotations

import inspect
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyrage
import pytest

from petition_app import audit
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.signatures.models import SealedPart, Signature, SignatureDelta
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.hooks import TransactionHooks
from petition_app.tally import counting, services, timeline
from petition_app.tally import names as publisher
from petition_app.tally.models import Publication, PublishedName, PublishedPlace, TallyTotal, Update
from petition_app.tally.published import list_names, list_places
from petition_app.verification.batches.services import list_batches
from tests import factories as make


def published(app: Any, petition_id: Any) -> dict[str, Any]:
    make.publish_waiting(app)
    with make.looking(app):
        publication = services.get_publication(make.petition(petition_id))
        return publication.tally if publication else {}


def names(app: Any, petition_id: Any) -> list[str]:
    make.publish_waiting(app)
    with make.looking(app):
        return [row.name for row in list_names(make.petition(petition_id)).names]


def updates(app: Any, petition_id: Any) -> list[tuple[str, str]]:
    """Return the timeline, oldest first, as (kind, English text)."""
    make.publish_waiting(app)
    with make.looking(app):
        found = timeline.list_updates(make.petition(petition_id)).updates
        return [(update.kind, update.texts["en"]) for update in reversed(found)]


def publish_now(app: Any, petition_id: Any) -> bool:
    with make.acting(app):
        return services.publish_now(make.petition(petition_id), by=None, at=utcnow()) is not None


# --- publications ------------------------------------------------------------------------------------------------


def test_a_draft_publishes_nothing(app: Any) -> None:
    petition_id = make.make_petition(app, state="draft")
    assert not publish_now(app, petition_id)
    assert published(app, petition_id) == {}


def test_every_change_is_published_once_it_is_committed(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    assert published(app, world.petition_id)["states"]["received"] == 1
    make.seal(app, world.petition_id)
    assert published(app, world.petition_id)["states"]["checking"] == 1
    make.decide(app, world.petition_id, signed.id, world.reviewers[0])
    assert published(app, world.petition_id)["verified"] == 1
    make.withdraw(app, signed)
    assert published(app, world.petition_id)["verified"] == 0
    with make.looking(app):
        assert jobs.list_due() == []


def test_an_unconfirmed_arrival_alone_publishes_nothing(app: Any) -> None:
    petition_id = make.make_petition(app)
    with make.looking(app):
        before = services.get_publication(make.petition(petition_id))
        number = before.number if before else 0
    make.submit(app, petition_id)
    with make.looking(app):
        after = services.get_publication(make.petition(petition_id))
        assert after is not None
        assert after.number == number


@pytest.mark.standard("What changes in sealed mode waits for five, or for a day.")
def test_under_load_changes_wait_for_the_worker_and_none_is_lost(app: Any) -> None:
    petition_id = make.make_petition(app)
    publish_now(app, petition_id)
    with make.acting(app):
        for _ in range(services.MANY):
            db.session.add(jobs.PendingPublication(petition_id=petition_id))
    at = utcnow()
    with make.acting(app):
        newest = services.get_publication(make.petition(petition_id))
        assert newest is not None
        assert services.publish_due(petition_id, at=newest.as_of + timedelta(milliseconds=500)) is None
        assert jobs.count_due(petition_id) == services.MANY
        assert services.publish_due(petition_id, at=at + services.PAUSE * 2) is not None
        assert jobs.count_due(petition_id) == 0


def test_publications_are_numbered_and_their_time_never_goes_back(app: Any) -> None:
    petition_id = make.make_petition(app)
    with make.acting(app):
        services.publish_now(make.petition(petition_id), by=None, at=utcnow() + timedelta(hours=1))
        services.publish_now(make.petition(petition_id), by=None, at=utcnow())
    with make.looking(app):
        rows = db.session.scalars(db.select(Publication).order_by(Publication.number)).all()
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert [row.as_of for row in rows] == sorted(row.as_of for row in rows)


@pytest.mark.parametrize("change", [{"verified": 1}, {"arrived": 1}, {"received": -9, "arrived": -9}])
def test_a_tally_that_does_not_add_up_is_refused_and_told(
    app: Any, caplog: pytest.LogCaptureFixture, change: dict[str, int]
) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    before = published(app, world.petition_id)
    with make.acting(app):
        db.session.add(SignatureDelta(petition_id=world.petition_id, **change))
    with caplog.at_level(logging.ERROR):
        assert not publish_now(app, world.petition_id)
    assert "refused" in caplog.text
    assert world.slug not in caplog.text
    assert published(app, world.petition_id) == before
    with make.looking(app):
        assert audit.count_acts(("tally.refused",), petition_id=world.petition_id) == 1
    assert make.problems(app, world.petition_id)
    make.make_signature(app, world.petition_id)  # Signing goes on; publishing does not.
    assert published(app, world.petition_id) == before
    with make.acting(app):
        undo = {name: -number for name, number in change.items()}
        db.session.add(SignatureDelta(petition_id=world.petition_id, **undo))
    assert publish_now(app, world.petition_id)
    assert published(app, world.petition_id)["received_total"] == 2
    assert make.problems(app, world.petition_id) == []


def test_a_refused_tally_loses_no_change_and_is_published_by_itself_once_it_adds_up(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    before = published(app, world.petition_id)
    with make.acting(app):
        db.session.add(SignatureDelta(petition_id=world.petition_id, verified=1))
        for _ in range(5):
            jobs.mark_due(world.petition_id, urgent=True)
    at = utcnow() + timedelta(days=2)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            with make.acting(app):
                assert services.publish_due(world.petition_id, at=at) is None
    assert caplog.text.count("was refused") <= 1, "it is told once"
    with make.looking(app):
        assert audit.count_acts(("tally.refused",), petition_id=world.petition_id) == 1
        assert jobs.count_due(world.petition_id) >= 5, "what waits goes on waiting"
    assert published(app, world.petition_id) == before
    with make.acting(app):
        db.session.add(SignatureDelta(petition_id=world.petition_id, verified=-1))
    with make.acting(app):
        assert services.publish_due(world.petition_id, at=at) is not None
    assert make.problems(app, world.petition_id) == []


def test_a_wrong_number_in_one_batch_is_refused_even_if_another_makes_up_for_it(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    make.make_verified(app, world)
    before = published(app, world.petition_id)
    with make.acting(app):
        one, other = list_batches(world.petition_id)
        db.session.add(SignatureDelta(petition_id=world.petition_id, batch_id=one.id, verified=1))
        db.session.add(SignatureDelta(petition_id=world.petition_id, batch_id=other.id, arrived=1))
    assert not publish_now(app, world.petition_id)
    assert published(app, world.petition_id) == before


def test_the_command_says_that_nothing_was_published(app: Any, cli: Any) -> None:
    petition_id = make.make_petition(app)
    assert "publication" in cli("tally", "publish", make.SLUG).out
    with make.acting(app):
        db.session.add(SignatureDelta(petition_id=petition_id, arrived=1))
    assert "Nothing was published" in cli("tally", "publish", make.SLUG, code=1).err
    assert cli("tally", "audit", code=1).out


def test_the_audit_finds_a_state_changed_behind_the_services(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    assert "no difference" in cli("tally", "audit").out
    make.publish_waiting(app)
    with make.acting(app):
        db.session.get_one(make.Signature, signed.id).state = "rejected"
    said = cli("tally", "audit", code=1).out
    assert "verified: 1, not 0" in said
    assert "names stand in public" in said


# --- folding -----------------------------------------------------------------------------------------------------


def test_folding_changes_no_number(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", "Ben Sample", initial=True)
    make.make_verified(app, world)
    make.withdraw(app, make.make_signature(app, world.petition_id))
    make.submit(app, world.petition_id)
    before = make.tally(app, world.petition_id)
    with make.acting(app):
        assert services.list_unfolded() == [world.petition_id]
        services.fold_one(world.petition_id)
        assert db.session.scalar(db.select(db.func.count()).select_from(SignatureDelta)) == 0
        assert counting.fold(world.petition_id) == 0
    after = make.tally(app, world.petition_id)
    assert {**after, "as_of": None} == {**before, "as_of": None}
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(TallyTotal)) == 3
    assert make.problems(app, world.petition_id) == []


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "contact", "public"),
    [
        (3, "in_person", True),
        (3, None, False),
        (2, "in_person", False),
        (1, "in_person", False),
        (0, "in_person", False),
    ],
)
def test_a_name_needs_consent_and_a_recorded_contact(app: Any, consent: int, contact: str | None, public: bool) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id, "Ada Sample", consent=consent)
    make.seal(app, world.petition_id)
    assert names(app, world.petition_id) == []
    make.decide(
        app, world.petition_id, signed.id, world.reviewers[0],
        outcome="verified", contact=contact, contacted_on=utcnow().date() if contact else None,
    )  # fmt: skip
    assert names(app, world.petition_id) == (["Ada Sample"] if public else [])


@pytest.mark.standard("In sealed mode a withdrawn name is taken down apart from publications.")
def test_a_withdrawn_name_is_gone_before_the_next_publication(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, "Ada Sample")
    assert names(app, world.petition_id) == ["Ada Sample"]
    hooks = app.state.get(TransactionHooks)
    app.state.put(replace(hooks, after_commit=()))
    make.withdraw(app, signed)
    app.state.put(hooks)
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(PublishedName)) == 1
    assert names(app, world.petition_id) == []
    with make.acting(app):
        assert services.publish_due(world.petition_id, at=utcnow()) is not None
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(PublishedName)) == 0


def test_a_name_goes_when_consent_is_lowered_and_comes_back_when_it_is_raised(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, "Ada Sample")
    make.change_consent(app, signed, 2)
    assert names(app, world.petition_id) == []
    assert make.tally(app, world.petition_id)["verified"] == 1
    make.change_consent(app, signed, 3)
    assert names(app, world.petition_id) == ["Ada Sample"]


def test_names_on_a_condition_appear_and_go_together(app: Any) -> None:
    world = make.make_world(app)
    first = make.make_verified(app, world, "Ada Sample", others=2)
    make.make_verified(app, world, "Ben Sample", others=2)
    assert names(app, world.petition_id) == []
    third = make.make_verified(app, world, "Cid Sample")
    assert sorted(names(app, world.petition_id)) == ["Ada Sample", "Ben Sample", "Cid Sample"]
    make.withdraw(app, third)
    assert names(app, world.petition_id) == []
    make.change_consent(app, first, 0)
    assert names(app, world.petition_id) == []
    assert make.problems(app, world.petition_id) == []


def test_small_places_are_merged_and_counted(app: Any) -> None:
    world = make.make_world(app)
    made = [make.make_signature(app, world.petition_id, place="Large") for _ in range(5)]
    made += [make.make_signature(app, world.petition_id, place="Small")]
    make.seal(app, world.petition_id)
    for signed in made:
        make.decide(app, world.petition_id, signed.id, world.reviewers[0])
    make.publish_waiting(app)
    with make.looking(app):
        petition = make.petition(world.petition_id)
        assert [(place.place, place.number) for place in list_places(petition)] == [("Large", 5)]
        assert len(list_names(petition, place="Large").names) == 5
        assert [row.place for row in list_names(petition, place="").names] == ["Small"]
        page = list_names(petition, per_page=4, page=2)
        assert (len(page.names), page.more) == (2, False)
    make.withdraw(app, made[0])
    make.withdraw(app, made[5])
    make.publish_waiting(app)
    with make.looking(app):
        assert list_places(make.petition(world.petition_id)) == []
        assert {row.place: row.number for row in db.session.scalars(db.select(PublishedPlace))} == {"Large": 4}


# --- the timeline ------------------------------------------------------------------------------------------------


def test_a_batch_closes_with_a_report_and_a_later_change_amends_it(app: Any) -> None:
    world = make.make_world(app)
    made = [make.make_signature(app, world.petition_id) for _ in range(2)]
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, made[0].id, world.reviewers[0])
    assert [kind for kind, _ in updates(app, world.petition_id)] == ["opened", "batch"]
    make.decide(app, world.petition_id, made[1].id, world.reviewers[0], outcome="rejected", reason="not_reached")
    kinds = [kind for kind, _ in updates(app, world.petition_id)]
    assert kinds == ["opened", "batch", "report"]
    with make.looking(app):
        report = db.session.scalars(db.select(Update).where(Update.kind == "report")).one()
        assert report.counts == {"received": 2, "verified": 1, "not_counted": 1, "retracted": 0, "checking": 0}
        old = dict(report.texts)
    make.withdraw(app, made[0])
    assert [kind for kind, _ in updates(app, world.petition_id)].count("amended") == 1
    with make.looking(app):
        assert db.session.scalars(db.select(Update).where(Update.kind == "report")).one().texts == old
        amended = db.session.scalars(db.select(Update).where(Update.kind == "amended")).one()
        assert amended.counts == {"received": 2, "verified": 0, "not_counted": 2, "retracted": 0, "checking": 0}


def test_a_correction_tells_a_class_of_reason_and_no_name(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, "Ada Sample", place="Springfield")
    make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="entered_in_error")
    told = [text for kind, text in updates(app, world.petition_id) if kind == "correction"]
    assert len(told) == 1
    assert "entered in error" in told[0]
    with make.looking(app):
        correction = db.session.scalars(db.select(Update).where(Update.kind == "correction")).one()
        assert correction.reason == "entered_in_error"
        assert "Ada" not in repr(correction.texts)
        assert "Springfield" not in repr(correction.texts)
        assert str(signed.id) not in repr(correction.texts)


def test_each_event_is_told_once_however_often_is_published(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    make.make_verified(app, world)
    for _ in range(3):
        publish_now(app, world.petition_id)
    kinds = [kind for kind, _ in updates(app, world.petition_id)]
    assert sorted(kinds) == sorted(["opened", "initial", "batch", "report"])


def test_a_signers_own_withdrawal_is_no_correction(app: Any) -> None:
    world = make.make_world(app)
    make.withdraw(app, make.make_verified(app, world))
    assert make.tally(app, world.petition_id)["corrections"] == 0
    assert "correction" not in [kind for kind, _ in updates(app, world.petition_id)]


# --- the trail ---------------------------------------------------------------------------------------------------


def test_the_trail_is_whole_until_a_row_is_changed_added_or_removed(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    assert "whole" in cli("audit", "verify").out
    for harm in ("change", "remove"):
        with app.app_context(), make.transaction() as work:
            event = db.session.scalars(db.select(AuditEvent).where(AuditEvent.position == 3)).one()
            if harm == "change":
                event.number += 1
            else:
                db.session.delete(event)
            db.session.flush()
            assert audit.find_broken_link() == 3
            work.discard()
    with make.acting(app):
        event = db.session.scalars(db.select(AuditEvent).where(AuditEvent.position == 3)).one()
        event.actor_id = world.auditor.id
    assert "row 3" in cli("audit", "verify", code=1).err


def test_a_trail_whose_end_was_cut_off_does_not_verify(app: Any, cli: Any, tmp_path: Path) -> None:
    world = make.make_world(app)
    with make.acting(app):
        audit.link_events()
    make.make_verified(app, world)
    make.publish_waiting(app)
    cli("audit", "verify")
    with make.looking(app):
        length, _ = audit.head()
    with make.acting(app):
        audit.record("tally.refused", petition_id=world.petition_id, at=utcnow())
        audit.link_events()
    key = str(pyrage.x25519.Identity.generate().to_public())
    told = cli("backup", "--to", tmp_path / "backups", "--recipient", key).out
    words = told.partition("flask audit verify ")[2].split()
    assert int(words[1]) == length + 1
    cli("audit", "verify", *words)
    with make.acting(app):
        db.session.execute(db.delete(AuditEvent).where(AuditEvent.position == length + 1))
    assert "whole" in cli("audit", "verify").out, "no publication knew of it"
    assert f"another row {length + 1}" in cli("audit", "verify", *words, code=1).err
    with make.acting(app):
        db.session.execute(db.delete(AuditEvent).where(AuditEvent.position > 1))
    assert "cut off" in cli("audit", "verify", code=1).err
    assert "together" in cli("audit", "verify", "--length", "1", code=2).err


def test_the_audit_finds_sealed_rows_that_belong_to_nobody(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    assert "no difference" in cli("tally", "audit").out
    with make.acting(app):
        db.session.add(SealedPart(signature_id=uuid4(), part="case", box=b"left behind"))
    assert "1 rows of sealed_parts belong to no signature" in cli("tally", "audit", code=1).out


def test_a_publication_in_slices_is_never_inside_itself(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand names would nest two hundred publications deep."""
    world = make.make_world(app, reviewers=1)
    signed = [make.make_signature(app, world.petition_id) for _ in range(12)]
    make.seal(app, world.petition_id, by=world.organizer)
    monkeypatch.setattr(publisher, "CHUNK", 2)
    depths: list[int] = []
    look = publisher._look_at_due
    monkeypatch.setattr(publisher, "_look_at_due", lambda *words: depths.append(len(inspect.stack())) or look(*words))
    with make.acting(app):
        for one in db.session.scalars(db.select(Signature)).all():
            one.names_stale = True
        jobs.mark_due(world.petition_id)
    make.publish_waiting(app)
    assert len(depths) >= len(signed) // 2
    assert len(set(depths)) <= 2, "each slice follows the one before"
