"""How long signatures wait for their decision, and how often reviewers agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.tally import services as publishing
from petition_app.tally.rules import public_speed
from petition_app.verification.batches import throughput as measured
from petition_app.verification.batches.throughput import Agreement, Speed
from petition_app.verification.rules import percentile
from tests import factories as make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
times = st.lists(st.timedeltas(timedelta(0), timedelta(days=400)), min_size=1, max_size=60)


def speed(app: Any, world: make.World, at: datetime | None = None) -> Speed:
    with make.looking(app):
        return measured.speed(world.petition_id, at=at or utcnow())


def agreement(app: Any, world: make.World) -> Agreement:
    with make.looking(app):
        return measured.agreement(world.petition_id)


def published(app: Any, world: make.World) -> dict[str, Any] | None:
    with make.looking(app):
        publication = publishing.get_publication(make.petition(world.petition_id))
        assert publication is not None
        return publication.speed


def sealed(app: Any, number: int, *, at: datetime, **policy: Any) -> tuple[make.World, list[make.Signed]]:
    world = make.make_world(app, **policy)
    signed = [make.make_signature(app, world.petition_id) for _ in range(number)]
    make.seal(app, world.petition_id, at=at)
    return world, signed


# --- percentiles ------------------------------------------------------------------------------------------------


@given(times, st.integers(1, 100))
def test_a_percentile_is_the_shortest_time_that_holds_that_share(waited: list[timedelta], share: int) -> None:
    found = percentile(waited, share)
    assert found in waited
    assert sum(time <= found for time in waited) * 100 >= share * len(waited)
    assert sum(time < found for time in waited) * 100 < share * len(waited)


@given(times, st.integers(1, 100), st.integers(1, 100))
def test_a_greater_share_takes_no_less_time(waited: list[timedelta], one: int, other: int) -> None:
    low, high = (percentile(waited, share) for share in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high


def test_of_no_times_there_is_no_percentile() -> None:
    assert percentile([], 50) is None


# --- time to decision -------------------------------------------------------------------------------------------


def test_nothing_is_said_while_nothing_is_decided(app: Any) -> None:
    world, _ = sealed(app, 2, at=utcnow() - DAY)
    assert speed(app, world) == Speed(None, None, decided=0, waiting=2, per_day=0, expected=None)


def test_time_counts_from_the_sealing_to_the_decision(app: Any) -> None:
    at = utcnow()
    world, signed = sealed(app, 11, at=at - 4 * DAY)
    for hours, one in enumerate(signed[:10], 1):
        make.decide(app, world.petition_id, one.id, world.reviewers[0], at=at - 4 * DAY + hours * HOUR)
    found = speed(app, world, at)
    assert (found.median, found.ninetieth, found.decided, found.waiting) == (5 * HOUR, 9 * HOUR, 10, 1)
    assert found.per_day == pytest.approx(2.5)
    assert found.expected == timedelta(days=0.4)


def test_initial_signatories_wait_from_their_import_whenever_they_are_sealed(app: Any) -> None:
    world, minute = make.make_world(app), timedelta(minutes=1)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    case, at = make.take(app, world.petition_id, world.reviewers[0]), utcnow()
    assert case
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, at=at + 5 * minute)
    make.decide(app, world.petition_id, case, world.reviewers[0], at=at + 9 * minute)
    median = speed(app, world, at + 9 * minute).median
    assert median
    assert 9 * minute <= median < 10 * minute


def test_only_the_decision_that_changed_the_state_counts(app: Any) -> None:
    at = utcnow()
    world, signed = sealed(app, 1, at=at - DAY, reviewers=2)
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], at=at - 20 * HOUR)
    assert speed(app, world, at).decided == 0
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[1], at=at - 14 * HOUR)
    assert (speed(app, world, at).decided, speed(app, world, at).median) == (1, 10 * HOUR)


def test_nobody_can_say_how_long_it_takes_when_nobody_decides(app: Any) -> None:
    at = utcnow()
    world, signed = sealed(app, 2, at=at - 20 * DAY)
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], at=at - 10 * DAY)
    found = speed(app, world, at)
    assert (found.decided, found.waiting, found.per_day, found.expected) == (1, 1, 0, None)


def test_no_more_than_the_last_decisions_are_looked_at(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "LATELY", 2)
    at = utcnow()
    world, signed = sealed(app, 4, at=at - DAY)
    for hours, one in zip((1, 12, 18), signed, strict=False):
        make.decide(app, world.petition_id, one.id, world.reviewers[0], at=at - DAY + hours * HOUR)
    found = speed(app, world, at)
    assert (found.decided, found.median) == (2, 12 * HOUR)
    # Two in the twelve hours since the older of them.
    assert found.per_day == pytest.approx(4)


# --- in public --------------------------------------------------------------------------------------------------


def test_hours_are_rounded_up_and_told_only_of_five_or_more() -> None:
    given = {"median": 61 * timedelta(minutes=1), "ninetieth": timedelta(0), "expected": None, "waiting": 3}
    assert public_speed(decided=4, **given) is None
    assert public_speed(decided=5, **given) == {
        "median_hours": 2, "ninetieth_hours": 1, "expected_hours": None, "waiting": 3,
    }  # fmt: skip


def test_how_we_check_tells_the_speed_as_it_was_published(app: Any, client: Any) -> None:
    at = utcnow()
    world, signed = sealed(app, 8, at=at - 4 * DAY)
    for hours, one in zip((5, 5, 5, 30), signed, strict=False):
        make.decide(app, world.petition_id, one.id, world.reviewers[0], at=at - 4 * DAY + hours * HOUR)
    page = f"/p/{world.slug}/how-we-check"
    assert published(app, world) is None
    assert "As soon as five signatures have been decided" in client.get(page).text
    make.decide(app, world.petition_id, signed[4].id, world.reviewers[0], at=at - 4 * DAY + 71 * HOUR)
    assert published(app, world) == {"median_hours": 5, "ninetieth_hours": 71, "expected_hours": 58, "waiting": 3}
    text = " ".join(client.get(page).text.split())
    assert "Half of the signatures were decided within 5 hours of the sealing of their batch" in text
    assert "nine in ten within 3 days." in text
    assert "3 wait for a decision. At the speed of the last seven days that takes about 3 days." in text
    assert "speed" not in client.get(f"/p/{world.slug}/status.json").get_json()


# --- agreement --------------------------------------------------------------------------------------------------


def test_agreement_is_of_the_first_two_reviewers(app: Any) -> None:
    world, signed = sealed(app, 4, at=utcnow() - DAY, reviewers=2, staff=3)
    assert agreement(app, world) == Agreement(0, 0)
    one, two, three = world.reviewers
    no = {"outcome": "rejected", "reason": "not_eligible"}
    for reviewer in (one, two):
        make.decide(app, world.petition_id, signed[0].id, reviewer)
    make.decide(app, world.petition_id, signed[1].id, one)
    make.decide(app, world.petition_id, signed[1].id, two, **no)
    make.decide(app, world.petition_id, signed[2].id, one)
    assert agreement(app, world) == Agreement(2, 1)
    make.decide(app, world.petition_id, signed[1].id, three)
    assert agreement(app, world) == Agreement(2, 1)
    assert agreement(app, world).percent == 50


def test_organizers_and_auditors_see_the_agreement_and_reviewers_do_not(app: Any) -> None:
    world, signed = sealed(app, 1, at=utcnow() - DAY, reviewers=2)
    page = f"/organizer/p/{world.slug}"
    boss = make.signed_in(app, world.organizer)
    assert "No case has been decided by two reviewers yet" in boss.get(page).text
    make.decide_by_all(app, world, signed[0].id)
    for person in (world.organizer, world.auditor):
        assert "100%" in make.signed_in(app, person).get(page).text
    assert "Do reviewers agree?" not in make.signed_in(app, world.reviewers[0]).get(page).text
