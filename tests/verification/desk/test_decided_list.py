"""The list of decisions: filtered by plain columns, page by page, and hiding what a second reviewer must not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.desk.decided_list import Cursor, Decided, Filter, list_decided
from petition_app.verification.models import Decision
from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/decided"


def rows(app: Any, world: make.World, wanted: Filter = Filter(), **more: Any) -> list[Decided]:  # noqa: B008 -- it never changes.
    with make.looking(app):
        by = make.account(world.organizer)
        assert by
        return list_decided(make.petition(world.petition_id), wanted, by=by, **more).rows


def test_each_filter_keeps_what_it_asks_for(app: Any) -> None:
    world = make.make_world(app, staff=2)
    one, two = world.reviewers
    ids = []
    for outcome, by in (("verified", one), ("rejected", two)):
        signed = make.make_signature(app, world.petition_id)
        make.seal(app, world.petition_id)
        reason = {"reason": "not_found"} if outcome == "rejected" else {}
        make.decide(app, world.petition_id, signed.id, by, outcome=outcome, **reason)
        ids.append(signed.id)
    today = utcnow().date()
    for wanted, found in (
        (Filter(), ids[::-1]), (Filter(batch=1), ids[:1]), (Filter(batch=2), ids[1:]), (Filter(batch=9), []),
        (Filter(outcome="verified"), ids[:1]), (Filter(outcome="rejected"), ids[1:]),
        (Filter(reviewer=one.id), ids[:1]), (Filter(reviewer=two.id, outcome="verified"), []),
        (Filter(since=today), ids[::-1]), (Filter(until=today), ids[::-1]),
        (Filter(since=today + timedelta(days=1)), []), (Filter(until=today - timedelta(days=1)), []),
    ):  # fmt: skip
        assert [row.signature_id for row in rows(app, world, wanted)] == found, wanted
    (row,) = rows(app, world, Filter(batch=2))
    assert (row.outcome, row.reason, row.batch, row.state) == ("rejected", "not_found", 2, "rejected")
    page = make.signed_in(app, world.organizer).get(f"{HERE}?outcome=rejected&lang=en")
    assert "Not on the roster" in page.text
    assert page.text.count("<tr>") == 2


def test_what_is_hidden_until_it_is_final_is_found_by_no_outcome(app: Any) -> None:
    world = make.make_world(app, reviewers=2)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="not_found")
    (row,) = rows(app, world)
    assert (row.outcome, row.reason) == (None, None)
    for outcome in ("verified", "rejected", "duplicate", "reopened"):
        assert rows(app, world, Filter(outcome=outcome)) == []
    make.decide(app, world.petition_id, signed.id, world.reviewers[1], outcome="rejected", reason="not_found")
    assert len(rows(app, world, Filter(outcome="rejected"))) == 2


def test_pages_follow_one_another_without_a_gap_also_where_many_were_decided_at_one_moment(app: Any) -> None:
    world = make.make_world(app)
    now = utcnow()
    for _ in range(7):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    with make.acting(app):
        for number, one in enumerate(db.session.scalars(db.select(Signature)).all()):
            at = now - timedelta(seconds=number // 3)
            fields = {"signature_id": one.id, "petition_id": world.petition_id, "account_id": world.reviewers[0].id}
            db.session.add(Decision(position=1, outcome="verified", at=at, enacted=False, **fields))
    with make.looking(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        assert by
        whole = [row.signature_id for row in list_decided(petition, Filter(), by=by).rows]
        seen, before = [], None
        for _ in range(4):
            page = list_decided(petition, Filter(), by=by, before=before, limit=2)
            seen += [row.signature_id for row in page.rows]
            before = Cursor.read(str(page.next)) if page.next else None
            assert (before is None) == (len(seen) == 7)
    assert len(whole) == 7
    assert seen == whole


@pytest.mark.parametrize(
    "text", ["", "x", "~~", "2026-01-01~1~zz", f"2026-01-01T00:00:00~1~{UUID(int=7).hex}", f"now~1~{UUID(int=7).hex}"]
)
def test_a_place_that_is_none_shows_the_first_page(app: Any, text: str) -> None:
    assert Cursor.read(text) is None
    world = make.make_world(app)
    answer = make.signed_in(app, world.organizer).get(HERE, query_string={"before": text, "batch": "x", "since": "x"})
    assert answer.status_code == 200


def test_no_page_counts(app: Any) -> None:
    world = make.make_world(app)
    asked: list[str] = []
    with make.looking(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        assert by
        event.listen(db.engine, "before_cursor_execute", lambda *words: asked.append(words[2].lower()))
        list_decided(petition, Filter(batch=1), by=by, before=Cursor(utcnow(), 1, uuid4()))
    assert asked
    assert not any("count(" in words for words in asked)
