"""Those who let their role and region be told are told of in numbers, of which none is small."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.tally import breakdown
from petition_app.tally.rules import FEW, merge_small
from petition_app.tally.services import publish_now
from petition_app.worker.loop import run_once
from tests import dumps
from tests import factories as make

RARE = "keeper of the sunken compass"


@given(st.dictionaries(st.text("abc", max_size=2), st.integers(1, 12), max_size=8))
def test_no_number_that_is_told_or_can_be_reckoned_is_small(counts: dict[str, int]) -> None:
    told = list(merge_small(counts))
    assert all(number >= FEW for _, number in told)
    assert sum(number for _, number in told) == (sum(counts.values()) if sum(counts.values()) >= FEW else 0)
    assert [label for label, _ in told].count("") <= 1
    assert all(counts[label] == number for label, number in told if label)
    shown = {label for label, _ in told}
    hidden = sum(number for label, number in counts.items() if label not in shown - {""})
    assert hidden == 0 or hidden >= FEW or not told


def test_the_last_small_label_takes_another_with_it() -> None:
    assert list(merge_small({"Lake": 9, "Hill": 6, "Cape": 1})) == [("Lake", 9), ("", 7)]
    assert list(merge_small({"Lake": 9, "Cape": 5})) == [("Lake", 9), ("Cape", 5)]
    assert list(merge_small({"Lake": 4, "": 5})) == [("", 9)]
    assert list(merge_small({"Lake": 2, "Cape": 2})) == []


def told(app: Any, world: make.World) -> tuple[int, Counter[str], Counter[str]] | None:
    with make.looking(app):
        found = breakdown.get_breakdown(world.petition_id)
        return (found.total, Counter(dict(found.roles)), Counter(dict(found.places))) if found else None


def verified(app: Any, world: make.World, *people: tuple[str, str, int]) -> list[make.Signed]:
    signed = [
        make.make_signature(app, world.petition_id, role=role, place=place, consent=consent)
        for role, place, consent in people
    ]
    make.seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        make.decide_by_all(app, world, one.id, outcome="verified", contact="live_call", contacted_on=utcnow().date())
    return signed


def publish(app: Any, world: make.World) -> None:
    with make.acting(app):
        publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())


@pytest.mark.standard("It chooses its mode itself.")
@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_only_who_chose_it_is_told_of_and_nobody_alone(app: Any, client: Any, mode: str) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)
    people = [("deputy", "Lake", 1)] * 6 + [("deputy", "Cape", 1), (RARE, "Cape", 1)]
    signed = verified(app, world, *people, ("mayor", "Lake", 0), ("mayor", "Lake", 2), ("mayor", "Lake", 3))
    publish(app, world)
    assert told(app, world) == (8, Counter({"": 8}), Counter({"": 8}))
    verified(app, world, *[("deputy", "Cape", 1)] * 3)
    publish(app, world)
    assert told(app, world) == (11, Counter({"": 11}), Counter({"Lake": 6, "Cape": 5}))
    page = client.get(f"/p/{world.slug}/signatories").text
    assert "11 verified people let their role and region be told" in page
    assert "All roles together" in page
    assert RARE not in page
    if mode == "sealed":
        assert dumps.traces(dumps.everything(app), RARE) == []
    for one in signed[:4]:
        make.withdraw(app, one)
    publish(app, world)
    assert told(app, world) == (7, Counter({"": 7}), Counter({"": 7}))


def test_fewer_than_five_are_not_told_of(app: Any, client: Any) -> None:
    world = make.make_world(app, reviewers=1)
    signed = verified(app, world, *[("deputy", "Lake", 1)] * 5)
    publish(app, world)
    assert told(app, world) == (5, Counter({"deputy": 5}), Counter({"Lake": 5}))
    make.withdraw(app, signed[0])
    publish(app, world)
    assert told(app, world) is None
    assert "Published without a name" not in client.get(f"/p/{world.slug}/signatories").text


@pytest.mark.standard("The server may read nothing in sealed mode.")
def test_the_worker_counts_what_the_server_may_read(app: Any) -> None:
    world = make.make_world(app, reviewers=1)
    verified(app, world, *[("deputy", "Lake", 1)] * 5)
    with app.app_context():
        run_once()
    assert told(app, world) == (5, Counter({"deputy": 5}), Counter({"Lake": 5}))


@pytest.mark.standard("It chooses its mode itself.")
def test_sealed_numbers_wait_for_an_organizer_with_open_keys(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    verified(app, world, *[("deputy", "Lake", 1)] * 5)
    make.lock_keys()
    with app.app_context():
        run_once()
    publish(app, world)
    assert told(app, world) is None
    make.open_keys(app, world)
    publish(app, world)
    assert told(app, world) == (5, Counter({"deputy": 5}), Counter({"Lake": 5}))
    with make.acting(app):
        found = breakdown.get_breakdown(world.petition_id)
        assert found
        assert utcnow() - found.as_of < timedelta(minutes=5)
