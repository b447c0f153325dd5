"""The overview of a petition: what waits for whom, growth, and the next sensible act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.tally.models import TallyDay
from petition_app.tally.rules import NEXT, BatchCount, Count, Tally, grown, next_act
from tests import factories as make

CALM: dict[str, Any] = {"frozen": False, "few": False, "over": False, "done": ()}
EMPTY = Tally("letter", None, 0)
WAITING = replace(EMPTY, loose=Count(arrived=2, received=2))
AT_THE_DESK = replace(EMPTY, batches=(BatchCount(1, utcnow(), Count(arrived=1, checking=1)),))
ASKED = replace(EMPTY, batches=(BatchCount(1, utcnow(), Count(arrived=1, needs_info=1)),))


@pytest.mark.parametrize(
    ("act", "state", "tally", "more"),
    [
        ("open", "draft", EMPTY, {}),
        ("thaw", "open", WAITING, {"frozen": True}),
        ("mend", "open", replace(EMPTY, loose=Count(arrived=3)), {}),
        ("invite", "open", AT_THE_DESK, {"few": True}),
        ("check", "open", AT_THE_DESK, {}),
        ("seal", "open", WAITING, {}),
        ("resume", "paused", EMPTY, {}),
        ("close", "open", EMPTY, {"over": True}),
        ("wait", "open", EMPTY, {}),
        ("wait", "closed", ASKED, {}),
        ("hand_over", "closed", EMPTY, {}),
        ("answer", "closed", EMPTY, {"done": ("handed_over",)}),
        ("nothing", "closed", EMPTY, {"done": ("handed_over", "answered")}),
    ],
)
def test_the_next_act_fits_where_the_petition_stands(act: str, state: str, tally: Tally, more: dict[str, Any]) -> None:
    assert next_act(state, tally=tally, **(CALM | more)) == act


@given(
    st.sampled_from(("draft", "open", "paused", "closed")), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from((EMPTY, WAITING, AT_THE_DESK, ASKED)), st.sets(st.sampled_from(("handed_over", "answered"))),
)  # fmt: skip
def test_there_is_always_a_next_act(state: str, frozen: bool, few: bool, over: bool, tally: Tally, done: Any) -> None:
    assert next_act(state, frozen=frozen, few=few, over=over, tally=tally, done=done) in NEXT


def test_growth_is_told_from_the_publication_of_a_week_ago() -> None:
    now = replace(EMPTY, batches=(BatchCount(1, utcnow(), Count(arrived=9, verified=4, checking=5)),))
    assert grown(now, None).received == 9
    assert grown(now, None).whole
    week = grown(now, {"received_total": 6, "verified": 5})
    assert (week.received, week.verified, week.whole) == (3, -1, False)


def test_the_overview_says_what_waits_and_since_when(app: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    signature = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}").text
    assert "The oldest has waited since" in page
    assert "Since the beginning: 2 received, 1 verified." in page
    with make.acting(app):
        early = (utcnow() - timedelta(days=8)).date()
        told = db.session.scalars(db.select(TallyDay)).first()
        assert told is not None
        db.session.add(
            TallyDay(petition_id=world.petition_id, day=early, tally=told.tally | {"received_total": 1, "verified": 0})
        )
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}").text
    assert "In the last seven days: +1 received, +1 verified." in page
    reviewer = world.reviewers[0]
    make.take_case(app, world.petition_id, signature.id, reviewer)
    make.ask(app, world.petition_id, signature.id, reviewer)
    make.answer(app, signature, "In the second term.")
    page = make.signed_in(app, reviewer).get(f"/organizer/p/{world.slug}").text
    assert "1 signer has answered your question" in page


def test_an_auditor_reads_the_overview_and_is_offered_no_act(app: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    page = make.signed_in(app, world.auditor).get(f"/organizer/p/{world.slug}").text
    for act in ("Seal batch", "Record the hand-over", "Pause signing", "Invite"):
        assert act not in page


def test_the_overview_counts_beyond_what_its_lists_show(app: Any) -> None:
    world = make.make_world(app)
    with make.acting(app):
        for _ in range(203):
            job = jobs.Job(name="signatures.mail_code", payload={}, due_at=utcnow(), petition_id=world.petition_id)
            job.dead_on = utcnow().date()
            db.session.add(job)
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}").text
    assert "203 messages were not delivered" in page
