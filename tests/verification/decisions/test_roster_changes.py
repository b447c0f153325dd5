"""A roster that changes while a case is decided: nobody is verified without their entry, and nobody counts twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.roster.file_reader import Entry
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.decisions import services
from petition_app.verification.decisions.policy import EntryTakenError
from petition_app.verification.models import Decision
from petition_app.worker.loop import run_once
from tests import factories as make
from tests.roster.test_services import bring
from tests.verification.decisions.test_policy import GLEB, OTHERS, VERA, conflict, held, listed, on_roster, signs

# The very person, as a later list writes her: nothing about her name matches what was signed.
WRITTEN_ANEW = Entry("r1", "Замужняя", "Ника", "", body="МО Иное")


def entry_of(app: Any, signed: make.Signed) -> bytes | None:
    with make.looking(app):
        return db.session.get_one(Signature, signed.id).entry_index


def go_on(app: Any, world: make.World) -> None:
    """Let the worker do its rounds, and, in sealed mode, somebody with the keys take a case."""
    with app.app_context():
        run_once()
    if taken := make.take(app, world.petition_id, world.reviewers[-1]):
        make.put_back(app, world.petition_id, taken, world.reviewers[-1])


def test_who_waits_is_verified_with_the_entry_though_the_newer_roster_matches_it_no_more(app: Any) -> None:
    world, one, two = conflict(app, match_rule="any")
    assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **on_roster()) == "checking"
    bring(app, world.petition_id, WRITTEN_ANEW, *OTHERS)
    go_on(app, world)  # It is matched anew, and the newest match does not hold the entry.
    make.withdraw(app, two)
    go_on(app, world)
    assert make.state_of(app, one.id) == "verified"
    assert entry_of(app, one) is not None
    late = signs(app, world, "Луговая Вера Ильинична", "МО Речное")
    make.seal(app, world.petition_id)
    go_on(app, world)
    with pytest.raises(EntryTakenError):
        make.decide(app, world.petition_id, late.id, world.reviewers[0], **on_roster(grounds="She married."))
    assert make.problems(app, world.petition_id) == []


def test_who_is_on_the_roster_no_more_goes_back_to_the_desk_with_words(app: Any) -> None:
    world, one, two = conflict(app)
    assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **on_roster()) == "checking"
    bring(app, world.petition_id, GLEB, *OTHERS)
    make.withdraw(app, two)
    go_on(app, world)
    assert make.state_of(app, one.id) == "checking"
    assert entry_of(app, one) is None
    case = held(app, world, one, world.reviewers[0])
    assert case.entry_gone
    page = make.signed_in(app, world.reviewers[0]).get(f"/organizer/p/{world.slug}/cases/{one.id}")
    assert "The roster has changed" in page.text
    with make.looking(app):
        rows = db.session.scalars(db.select(Decision).where(Decision.signature_id == one.id))
        assert [(row.outcome, row.enacted) for row in rows] == [("verified", False), ("reopened", False)]
    go_on(app, world)
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(Decision)) == 2, "it is said once"
    bring(app, world.petition_id, VERA, GLEB, *OTHERS)
    go_on(app, world)
    assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **on_roster()) == "verified"
    assert entry_of(app, one) is not None
    assert make.problems(app, world.petition_id) == []


def test_an_entry_that_nothing_matched_is_bound_as_well(app: Any) -> None:
    world = listed(app, VERA, match_rule="any")
    signed = signs(app, world, "Ада Безродная", "Нигде")
    make.seal(app, world.petition_id)
    words = on_roster(grounds="Her passport shows the earlier name.")
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0], **words) == "verified"
    assert entry_of(app, signed) is not None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_for_one_entry_decided_at_once_while_the_roster_changes_end_with_one_verified(app: Any) -> None:
    world = listed(app, VERA, match_rule="any", staff=2)
    for turn in range(4):
        pair = [signs(app, world, name, "МО Речное") for name in ("Луговая Вера Ильинична", "Ада Безродная")]
        make.seal(app, world.petition_id)
        for signed, reviewer in zip(pair, world.reviewers, strict=True):
            make.take_case(app, world.petition_id, signed.id, reviewer)
        start = threading.Barrier(3)

        def decide(number: int, pair: list[make.Signed] = pair, start: threading.Barrier = start) -> None:
            start.wait()
            with suppress(EntryTakenError), make.acting(app):
                by = make.account(world.reviewers[number])
                assert by is not None
                services.decide(
                    pair[number].id,
                    make.NewDecision(**on_roster(grounds="So it is.")),
                    access=make.ACCESS,
                    petition=make.petition(world.petition_id),
                    by=by,
                    at=utcnow(),
                )

        def change(start: threading.Barrier = start, turn: int = turn) -> None:
            start.wait()
            bring(app, world.petition_id, VERA, *OTHERS, *((GLEB,) if turn % 2 else ()), sha256=bytes([turn]) * 32)

        acts = [partial(decide, 0), partial(decide, 1), change]
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(act) for act in acts]:
                done.result()
        with make.looking(app):
            mine = Signature.petition_id == world.petition_id, Signature.state == "verified"
            verified = db.session.scalars(db.select(Signature).where(*mine)).all()
            assert len(verified) <= 1
            assert all(row.entry_index is not None for row in verified)
    assert make.problems(app, world.petition_id) == []
