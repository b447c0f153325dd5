"""Bringing a roster in, comparing it, and being killed half way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.clock import utcnow
from petition_app.errors import NotAllowedError
from petition_app.roster import services
from petition_app.roster.file_reader import Entry, key_today, open_table
from petition_app.roster.models import RosterEntry, RosterVersion
from petition_app.roster.services import AsOfError, EmptyRosterError, ReplacedError
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from tests import factories as make
from tests.conftest import DATA

TODAY = utcnow().date()


def bring(app: Any, petition_id: UUID, *entries: Entry, sha256: bytes = b"", by: Any = None, **words: Any) -> UUID:
    """Begin, stage and admit a version with these people; return its id."""
    values = {"name": "A list", "as_of": TODAY, "columns": ["name"], "at": utcnow()} | words
    with make.acting(app):
        version_id = services.begin(
            make.petition(petition_id),
            sha256=sha256 or hashlib.sha256(str(entries).encode()).digest(),
            by=make.account(by),
            **values,
        ).id
    with make.acting(app):
        services.stage(version_id, entries)
    with make.acting(app):
        services.admit(version_id, by=make.account(by), at=utcnow())
    return version_id


def people(*names: str, **fields: Any) -> list[Entry]:
    return [Entry(key=name, surname=name, **fields) for name in names]


def stands(app: Any, petition_id: UUID) -> list[tuple[int, str, int, int, int, int]]:
    with make.looking(app):
        versions = services.list_versions(petition_id, by=None)
        return [(v.number, v.state, v.size, v.added, v.gone, v.changed) for v in versions]


@pytest.fixture
def petition(app: Any) -> UUID:
    return make.make_petition(app)


def test_a_newer_version_takes_the_place_of_the_older_one(app: Any, petition: UUID) -> None:
    with make.looking(app):
        assert services.current(petition) is None
    bring(app, petition, *people("A", "B", "C"))
    second = bring(app, petition, *people("B"), *people("C", body="MO"), *people("D", "E"))
    assert stands(app, petition) == [(2, "current", 4, 2, 1, 1), (1, "past", 3, 3, 0, 0)]
    with make.looking(app):
        used = services.current(petition)
        assert used
        assert used.id == second
        assert [entry.surname for entry in services.list_entries(second)] == ["B", "C", "D", "E"]
        assert [entry.surname for entry in services.iter_entries(second)] == ["B", "C", "D", "E"]
        found = services.get_entry(second, "C")
        assert found
        assert (found.name, found.body) == ("C", "MO")
        assert services.get_entry(second, "A") is None


def test_a_comparison_names_a_few_of_each_kind_and_what_changed(app: Any, petition: UUID) -> None:
    old = [Entry(key=f"{n}", surname=f"P{n}", term_to=date(2024, 1, 1), contact_safe=True) for n in range(20)]
    new = [Entry(key=f"{n}", surname=f"P{n}", term_to=date(2029, 1, 1)) for n in range(10, 17)] + old[17:]
    new += [Entry(key="x", surname="New", body="MO")]
    first = bring(app, petition, *old)
    second = bring(app, petition, *new)
    with make.looking(app):
        found = services.compare(first, second)
        assert (found.added, found.gone, found.changed, found.same) == (1, 10, 7, 3)
        assert [(one.name, one.body) for one in found.some_added] == [("New", "MO")]
        assert len(found.some_gone) == len(found.some_changed) == services.EXAMPLES
        assert {one.fields for one in found.some_changed} == {("term_to", "contact_safe")}
        assert services.compare(None, second).added == len(new)
        assert services.compare(second, second).same == len(new)


def test_a_use_leaves_a_job_for_those_who_were_not_found(app: Any, petition: UUID) -> None:
    version = bring(app, petition, *people("A"))
    with make.looking(app):
        (job,) = db.session.scalars(db.select(Job).where(Job.name == "verification.rematch"))
        assert job.payload == {"petition_id": str(petition), "version_id": str(version)}


def test_the_file_in_use_is_not_begun_again_unless_it_is_read_otherwise(app: Any, petition: UUID) -> None:
    version = bring(app, petition, *people("A"), sha256=b"x")
    with make.acting(app):
        words: Any = {"name": "A list", "as_of": TODAY, "sha256": b"x", "by": None, "at": utcnow()}
        again = services.begin(make.petition(petition), columns=["name"], **words)
        assert (again.id, again.state) == (version, "current")
        assert services.begin(make.petition(petition), columns=["surname"], **words).state == "staging"
    bring(app, petition, *people("B"), sha256=b"y")
    bring(app, petition, *people("A"), sha256=b"x")
    assert [row[:2] for row in stands(app, petition)] == [(3, "current"), (2, "past"), (1, "past")]


def test_a_later_file_removes_one_that_was_never_used(app: Any, petition: UUID) -> None:
    with make.acting(app):
        words: Any = {"name": "A list", "as_of": TODAY, "columns": ["name"], "by": None, "at": utcnow()}
        first = services.begin(make.petition(petition), sha256=b"x", **words).id
        services.stage(first, people("A"))
    bring(app, petition, *people("B"))
    with make.looking(app):
        assert db.session.get(RosterVersion, first) is None
        assert [entry.surname for entry in db.session.scalars(db.select(RosterEntry))] == ["B"]
    for act in (lambda: services.stage(first, people("C")), lambda: services.admit(first, by=None, at=utcnow())):
        with pytest.raises(ReplacedError), make.acting(app):
            act()


def test_what_is_in_use_cannot_be_added_to_or_used_again(app: Any, petition: UUID) -> None:
    version = bring(app, petition, *people("A"))
    for act in (lambda: services.stage(version, people("C")), lambda: services.admit(version, by=None, at=utcnow())):
        with pytest.raises(ReplacedError), make.acting(app):
            act()


def test_what_was_never_used_is_forgotten_after_a_day(app: Any, petition: UUID) -> None:
    bring(app, petition, *people("A"))
    at = utcnow()
    with make.acting(app):
        waiting = services.begin(
            make.petition(petition), name="B", as_of=TODAY, sha256=b"b", columns=["name"], by=None, at=at
        )
        services.stage(waiting.id, people("B"))
        begun = waiting.id
    with make.acting(app):
        assert services.list_old(at=at + timedelta(hours=23)) == []
        old = services.list_old(at=at + timedelta(hours=25))
        assert old == [begun]
        services.discard(old[0])
    assert stands(app, petition) == [(1, "current", 1, 1, 0, 0)]


def test_an_empty_list_or_one_from_the_future_is_refused(app: Any, petition: UUID) -> None:
    bring(app, petition, *people("A"))
    with pytest.raises(EmptyRosterError):
        bring(app, petition)
    with pytest.raises(AsOfError):
        bring(app, petition, *people("B"), as_of=TODAY + timedelta(days=2))
    assert stands(app, petition) == [(1, "current", 1, 1, 0, 0)]


def test_only_an_organizer_brings_one_in_or_reads_the_versions(app: Any) -> None:
    world = make.make_world(app)
    version = bring(app, world.petition_id, *people("A"), by=world.organizer)
    for person in (world.reviewers[0], world.auditor, make.make_world(app, "other").organizer):
        with pytest.raises(NotAllowedError):
            bring(app, world.petition_id, *people("B"), by=person)
        with pytest.raises(NotAllowedError), make.looking(app):
            services.list_versions(world.petition_id, by=make.account(person))
    with make.looking(app):
        used = services.current(world.petition_id)
        assert used
        assert used.id == version


def test_the_founding_roster_is_taken_whole(app: Any, petition: UUID) -> None:
    rows = list(open_table(DATA / "roster.csv").rows())
    version = bring(app, petition, *[row for row in rows if isinstance(row, Entry)])
    assert stands(app, petition) == [(1, "current", 424, 424, 0, 0)]
    with make.looking(app):
        found = services.get_entry(version, "R0001")
        assert found
        assert found.name == "Колчина Валентина Борисовна"
        assert (found.body, found.term_from, found.term_to) == ("МО Северное", date(2019, 9, 8), date(2024, 9, 8))
        assert (found.contact, found.contact_safe) == ("", None)


def test_who_was_known_by_a_key_of_an_earlier_folding_keeps_it(app: Any, petition: UUID) -> None:
    before = [Entry(key="a" * 64, surname="\u0930\u0940\u0928\u093e", body="A council"), *people("id-1")]
    after = [replace(before[0], key=key_today(before[0]), role="deputy"), *people("id-1", "id-2")]
    bring(app, petition, *before)
    version = bring(app, petition, *after)
    assert stands(app, petition)[0][2:] == (3, 1, 0, 1), "one was added, one changed, nobody is gone"
    with make.looking(app):
        assert [entry.key for entry in services.list_entries(version)] == ["a" * 64, "id-1", "id-2"]
    third = bring(app, petition, *after[:2])
    with make.looking(app):
        assert [entry.key for entry in services.list_entries(third)] == ["a" * 64, "id-1"]


def test_an_id_of_a_file_that_looks_like_a_made_key_stays(app: Any, petition: UUID) -> None:
    listed = [Entry(key="b" * 64, surname="Lugovaya"), *people("id-1")]
    bring(app, petition, *listed)
    version = bring(app, petition, *listed, *people("id-2"))
    assert stands(app, petition)[0][2:] == (3, 1, 0, 0)
    with make.looking(app):
        assert [entry.key for entry in services.list_entries(version)] == ["b" * 64, "id-1", "id-2"]
