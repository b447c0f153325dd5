"""Sealed cases are matched slice by slice while the keys are open: it can be left at any slice and gone on with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.audit import AuditEvent
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases import pair_notes
from petition_app.verification.cases.stored_matches import latest
from petition_app.verification.matching_cases import pairs
from petition_app.verification.models import MatchPage
from tests import factories as make
from tests.verification.bulk.test_services import PEOPLE, admit_roster

pytestmark = pytest.mark.standard("It chooses its mode itself.")


@pytest.fixture
def world(app: Any, monkeypatch: pytest.MonkeyPatch) -> make.World:
    """A sealed petition whose run takes five slices: twelve deputies, two of whom have signed twice."""
    monkeypatch.setattr(pairs, "SLICE", 3)
    monkeypatch.setattr(pairs, "AT_ONCE", 0)
    world = make.make_sealed_world(app, reviewers=1, roster=True)
    admit_roster(app, world, *PEOPLE)
    for one in (*PEOPLE, *PEOPLE[:2]):
        make.make_signature(app, world.petition_id, " ".join(one), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    return world


def unlocked(app: Any, world: make.World, person: make.Person) -> FlaskClient:
    """Return a browser without JavaScript in which the keys are open."""
    client, path = make.signed_in(app, person), f"/organizer/p/{world.slug}/unlock"
    words = make.form_with(client.get(path), "passphrase", "csrf_token") | {"passphrase": make.PASSPHRASE}
    assert client.post(path, data=words).status_code == 303
    return client


def go_on(client: FlaskClient, world: make.World) -> str:
    """Press the button of the page; return the page that follows."""
    path = f"/organizer/p/{world.slug}/matching"
    answer = client.post(path, data={"csrf_token": make.form_with(client.get(path), "csrf_token")["csrf_token"]})
    assert answer.status_code == 303
    return str(client.get(answer.location).text)


def done(page: str) -> list[str]:
    return re.findall(r"(\d+) of 14 signatures looked at", page)


def found(app: Any, world: make.World) -> tuple[dict[str, str], set[frozenset[str]]]:
    """Return the best entry of each case, and the pairs that the cases speak of."""
    entries, alike = {}, set()
    with make.acting(app):
        for row in db.session.scalars(db.select(Signature).where(Signature.petition_id == world.petition_id)):
            match = latest(row)
            assert match is not None
            entries[str(row.id)] = match.candidates[0].key
            alike |= {frozenset((str(row.id), str(other))) for other in pair_notes.alike(row)}
    return entries, alike


def test_a_run_shows_how_far_it_is_and_goes_on_where_it_was_left(app: Any, world: make.World) -> None:
    first = unlocked(app, world, world.reviewers[0])
    assert "14 cases are not matched yet" in first.get(f"/organizer/p/{world.slug}/matching").text
    assert done(go_on(first, world)) == ["3"]
    assert done(go_on(first, world)) == ["6"]
    first.post("/organizer/logout", data={"csrf_token": make.csrf_token(first)})
    with make.looking(app):
        seen = db.select(db.func.count()).select_from(Signature).where(Signature.matched_roster.is_not(None))
        assert db.session.scalar(seen) == 6

    second = unlocked(app, world, world.organizer)
    assert done(second.get(f"/organizer/p/{world.slug}/matching").text) == ["6"]
    assert [done(go_on(second, world)) for _ in range(2)] == [["9"], ["12"]]
    assert "All cases are matched" in go_on(second, world)

    make.open_keys(app, world)
    entries, alike = found(app, world)
    assert sorted(entries.values()) == sorted([f"R{n}" for n in range(1, 13)] + ["R1", "R2"])
    twice = {frozenset(case for case, key in entries.items() if key == twofold) for twofold in ("R1", "R2")}
    assert alike == twice, "a pair may lie in two slices of two runs"
    with make.looking(app):
        assert db.session.scalars(db.select(MatchPage)).all() == []
        acts = db.select(AuditEvent.act, AuditEvent.number).where(AuditEvent.act == "matching.ran")
        assert sorted(number for _, number in db.session.execute(acts)) == [2, 3, 3, 3, 3]
        opened = db.select(db.func.count()).select_from(AuditEvent).where(AuditEvent.act == "case.opened")
        assert db.session.scalar(opened) == 0, "the machine's openings are told apart from a person's"


def test_without_the_keys_no_slice_is_run(app: Any, world: make.World) -> None:
    client = make.signed_in(app, world.reviewers[0])
    path = f"/organizer/p/{world.slug}/matching"
    answer = client.post(path, data={"csrf_token": make.csrf_token(client)})
    assert "/unlock" in answer.location
    with make.looking(app):
        assert db.session.scalars(db.select(MatchPage)).all() == []
