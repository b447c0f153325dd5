"""The whole list leaves the server for one run of matching only, to one machine at a time, counted and told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.keys import member_keys
from petition_app.keys.models import KeyWrap
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.matching_cases import pairs
from petition_app.verification.models import Lease, MatchLease
from petition_app.verification.remote import lending
from tests import factories as make
from tests.conftest import only_sqlite
from tests.local_desk.desks import LocalDesk
from tests.local_desk.test_door import Machine
from tests.local_desk.test_local_desk import Start, id_of
from tests.matrix import sample

NOBODY = UUID(int=0)


@pytest.fixture
def world(app: Any) -> make.World:
    """A sealed petition with five signatures in a sealed batch, none of them matched, its keys locked."""
    world = make.make_sealed_world(app, reviewers=2)
    for _ in range(5):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    return world


@pytest.fixture
def machines(app: Any, server: str, world: make.World) -> tuple[Machine, Machine]:
    """The machines of two reviewers."""
    first, second = world.reviewers
    return Machine(app, server, world, first), Machine(app, server, world, second)


def take(machine: Machine, *, after: UUID | None = None, **signing: bytes) -> Any:
    """Ask for the first page of the list, or that after a signature."""
    return machine.send(machine.body("borrow", NOBODY, after=after and str(after)), **signing)


def finish(app: Any, machine: Machine) -> Any:
    """Say that all is matched."""
    with make.looking(app):
        ids = [str(id_) for id_ in db.session.scalars(db.select(Signature.id))]
    return machine.send(machine.body("match", NOBODY, matched=ids, number=0))


def trail(app: Any, act: str) -> list[tuple[UUID | None, int]]:
    """Return who did an act, with how many signatures."""
    with make.looking(app):
        found = db.session.execute(db.select(AuditEvent.actor_id, AuditEvent.number).where(AuditEvent.act == act))
        return [(who, number) for who, number in found]


def test_a_token_alone_takes_nothing(app: Any, machines: tuple[Machine, Machine]) -> None:
    thief, _ = machines
    assert thief.post("next").json() == {"left": 5, "live": 5}
    assert thief.post("ciphertext", after=None).status_code == 404
    refused = take(thief, signing=b"x" * 32)
    assert refused.status_code == 409
    assert "not signed with your key" in refused.text
    body = thief.body("borrow", NOBODY, after=None)
    assert thief.send(body).status_code == 200
    assert "sent twice" in thief.send(body).text, "what was overheard is of no use"
    assert trail(app, "cases.handed_for_matching") == [(thief.person.id, 5)]


def test_the_list_is_lent_to_one_machine_at_a_time(app: Any, machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    assert "not lent to your machine" in take(first, after=NOBODY).text, "it has not begun"
    rows = take(first).json()["signatures"]
    assert len(rows) == 5
    for after in (None, NOBODY):
        refused = take(second, after=after)
        assert refused.status_code == 409
        assert ("not lent" if after else "colleague") in refused.text
    assert take(first, after=UUID(rows[-1]["id"])).json()["signatures"] == [], "there is no second page"
    assert take(first).status_code == 200, "whoever starts a desk anew goes on"
    with make.acting(app):
        db.session.scalars(db.select(MatchLease)).one().until = utcnow() - timedelta(seconds=1)
    assert take(second).status_code == 200
    assert take(first, after=NOBODY).status_code == take(first).status_code == 409, "ten minutes without a sign end it"
    assert finish(app, second).status_code == 200
    with make.looking(app):
        assert db.session.scalars(db.select(MatchLease)).all() == [], "it ends with the run"
    assert take(second).json()["signatures"] == take(first).json()["signatures"] == []
    for act in ("matching.lent", "cases.handed_for_matching"):
        assert sorted(trail(app, act), key=str) == sorted([(first.person.id, 5)] * 2 + [(second.person.id, 5)], key=str)


def test_who_holds_no_keys_is_handed_nothing(app: Any, server: str, world: make.World) -> None:
    person = make.make_person(app, world.petition_id, "reviewer")
    with make.acting(app):
        member_keys.make_account_key(make.account(person), make.PASSPHRASE, at=utcnow())
    machine = Machine(app, server, world, person)
    for answer in (machine.post("next"), take(machine), machine.post(f"cases/{NOBODY}/others", ids=[])):
        assert answer.status_code == 409
        assert "do not hold the keys" in answer.text


def test_who_loses_the_keys_meanwhile_is_handed_no_more(
    app: Any, world: make.World, machines: tuple[Machine, Machine]
) -> None:
    first, _ = machines
    assert take(first).status_code == 200
    with make.acting(app):
        db.session.execute(db.delete(KeyWrap).where(KeyWrap.account_id == first.person.id))
    for after in (None, NOBODY):
        assert "do not hold the keys" in take(first, after=after).text


def test_a_day_has_a_limit_that_is_seen(
    app: Any, world: make.World, machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "FEWEST", 30)
    first, second = machines
    for after in (None, *[NOBODY] * 5):
        assert len(take(first, after=after).json()["signatures"]) == 5
    for _ in range(3):
        refused = take(first)
        assert refused.json()["signatures"] == []
        assert refused.json()["enough"] == {"taken": 30, "most": 30}
    assert trail(app, "cases.handing_stopped") == [(first.person.id, 5)], "once a day is enough"
    assert len(take(second).json()["signatures"]) == 5, "colleagues are not kept waiting"
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(first.person)
        assert by
        assert lending.may_take(5, petition, by=by, at=utcnow() + timedelta(days=1)), "it counts by the day"

    client = make.signed_in(app, world.organizer)
    with make.looking(app):
        names = [by.name for person in world.reviewers if (by := make.account(person))]
    overview = client.get(f"/organizer/p/{world.slug}").text
    for name, number in zip(names, (">30</td>", ">5</td>"), strict=True):
        assert number in overview.split(name, 1)[1][:400], number
    assert "asked for more than a day allows" in overview
    said = client.get(f"/organizer/p/{world.slug}/trail").text
    assert "took sealed signatures to their own machine, to match them" in said
    assert "asked for more than a day allows, and was handed no more sealed signatures that day" in said
    reviewer = make.signed_in(app, world.reviewers[0]).get(f"/organizer/p/{world.slug}").text
    assert "asked for more than a day allows" not in reviewer


def test_what_a_case_is_compared_with_counts_as_well(
    app: Any, world: make.World, machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "FEWEST", 22)
    first, _ = machines
    take(first)
    finish(app, first)
    assert first.post("next").json()["case"]
    with make.looking(app):
        held = db.session.scalars(db.select(Lease.signature_id)).one()
        ids = [str(id_) for id_ in db.session.scalars(db.select(Signature.id))]
    taken = [len(first.post(f"cases/{held}/others", ids=ids).json()["signatures"]) for _ in range(5)]
    assert taken == [5, 5, 5, 0, 0]
    assert first.post(f"cases/{held}/others", ids=ids).json()["enough"] == {"taken": 20, "most": 22}


def test_a_limit_leaves_room_for_a_days_work() -> None:
    assert lending.limit(0) == lending.limit(pairs.AT_ONCE) == 2_000
    assert lending.limit(20_000) == 80_000


@only_sqlite
def test_a_desk_says_why_it_is_given_nothing(
    app: Any, world: make.World, machines: tuple[Machine, Machine], desk: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine: LocalDesk = desk(world, world.reviewers[0])
    assert take(machines[1]).status_code == 200
    answer = mine.post("next")
    assert answer.status_code == 409
    assert "A colleague’s machine is matching" in answer.text
    with make.acting(app):
        db.session.execute(db.delete(MatchLease))
    monkeypatch.setattr(lending, "FEWEST", 4)
    monkeypatch.setattr(lending, "TIMES", 0)
    answer = mine.post("next")
    assert answer.status_code == 409
    assert "would pass the limit of 4" in answer.text
    assert "No more are handed out before tomorrow" in answer.text
    monkeypatch.undo()
    assert id_of(mine.next())


@only_sqlite
def test_more_signatures_than_are_matched_at_once_are_matched_in_slices(app: Any, desk: Start) -> None:
    slices = sample(3, 6)
    number = slices * pairs.SLICE
    assert number > pairs.AT_ONCE
    world = make.make_sealed_world(app, reviewers=1)
    make.import_rows(app, world.petition_id, *(f"{make.new_name()} {each}" for each in range(number)), initial=True)
    make.lock_keys()
    mine = desk(world, world.reviewers[0])
    assert mine.post("next").headers["location"].endswith("/matching")
    for _ in range(slices + 1):
        answer = mine.post("matching")
    assert answer.headers["location"].endswith("/desk")
    assert mine.next()
    with make.looking(app):
        assert not pairs.progress(make.petition(world.petition_id)).left
        assert db.session.scalars(db.select(MatchLease)).all() == []
    handed = trail(app, "cases.handed_for_matching")
    assert {who for who, _ in handed} == {world.reviewers[0].id}
    assert sum(taken for _, taken in handed) == number
