"""The accounting identity, and what of a tally may be shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.tally.rules import (
    COUNTED,
    NOT_COUNTED,
    ON_THE_ROAD,
    BatchCount,
    Count,
    IdentityError,
    Tally,
    add_up,
    differences,
    hide_few,
    rfc3339,
)

VIOLATION = json.loads((Path(__file__).parent.parent / "data" / "sampling.json").read_text())["identity_violation"]
NOW = datetime(2026, 9, 12, 18, 40, 0, 999, tzinfo=UTC)

states = st.fixed_dictionaries({state: st.integers(0, 1000) for state in ON_THE_ROAD})
sound = states.map(lambda numbers: Count(arrived=sum(numbers.values()), **numbers))


@given(sound)
def test_a_count_that_adds_up_is_taken(count: Count) -> None:
    count.check()


@given(sound, st.sampled_from(["arrived", *ON_THE_ROAD]), st.integers(-5, 5).filter(bool))
def test_a_count_with_one_number_changed_is_refused(count: Count, name: str, change: int) -> None:
    with pytest.raises(IdentityError):
        replace(count, **{name: getattr(count, name) + change}).check()


@given(sound, st.sampled_from(["unconfirmed", "discarded"]))
def test_a_number_below_nothing_is_refused(count: Count, name: str) -> None:
    with pytest.raises(IdentityError):
        replace(count, **{name: -1}).check()


@given(st.lists(sound, max_size=3))
def test_sums_of_sound_counts_are_sound(counts: list[Count]) -> None:
    total = add_up(counts)
    total.check()
    assert total.arrived == sum(count.arrived for count in counts)


@given(sound, sound, st.sampled_from(ON_THE_ROAD))
def test_errors_of_two_batches_that_cancel_out_are_refused_all_the_same(one: Count, other: Count, name: str) -> None:
    tally = Tally(
        "letter",
        None,
        0,
        batches=(
            BatchCount(0, NOW, replace(one, **{name: getattr(one, name) + 1})),
            BatchCount(1, NOW, replace(other, arrived=other.arrived + 1)),
        ),
    )
    assert not tally.holds
    with pytest.raises(IdentityError):
        tally.check()


def test_the_daily_report_of_a_referendum_that_did_not_add_up_is_refused() -> None:
    reasons = VIOLATION["reasons"]
    assert sum(reasons.values()) == 10574
    assert VIOLATION["accepted"] + VIOLATION["rejected"] == VIOLATION["checked"]
    as_published = Count(
        arrived=VIOLATION["checked"],
        verified=VIOLATION["accepted"],
        duplicate=reasons["duplicate"],
        rejected=reasons["mismatch"] + reasons["not_found"],
        checking=reasons["awaiting"],
    )
    with pytest.raises(IdentityError, match="88191 arrived, but the states add up to 88211"):
        as_published.check()
    assert not Tally("referendum-71", None, 0, loose=as_published).holds


@given(st.fixed_dictionaries({kind: st.integers(0, 12) for kind in NOT_COUNTED}))
def test_kinds_show_only_where_each_is_nothing_or_at_least_five(kinds: dict[str, int]) -> None:
    shown = hide_few(kinds)
    if all(number == 0 or number >= 5 for number in kinds.values()):
        assert shown == kinds
    else:
        assert shown == dict.fromkeys(kinds)


@pytest.mark.parametrize(("rejected", "hidden"), [(0, False), (1, True), (4, True), (5, False)])
def test_the_border_lies_between_four_and_five(rejected: int, hidden: bool) -> None:
    shown = hide_few({"rejected": rejected, "duplicate": 0, "withdrawn": 9})
    assert (shown["withdrawn"] is None) == hidden


@given(sound, sound)
def test_the_public_object_keeps_the_sum_and_each_batch_adds_up(loose: Count, batch: Count) -> None:
    tally = Tally("letter", 100, 2, loose=loose, batches=(BatchCount(1, NOW, replace(batch, received=0)),))
    shown = tally.as_json(as_of=NOW, public=True)
    assert shown["not_counted"] == tally.total.not_counted
    kinds = [shown["states"][kind] for kind in NOT_COUNTED]
    assert kinds == [None] * 3 or sum(kinds) == shown["not_counted"]
    for row in shown["batches"]:
        assert row["checking"] + row["verified"] + row["not_counted"] + row["retracted"] == (
            tally.total.checking + tally.total.needs_info + tally.total.verified
            + tally.total.not_counted + tally.total.retracted
            - loose.checking - loose.needs_info - loose.verified - loose.not_counted - loose.retracted
        )  # fmt: skip
    exact = tally.as_json(as_of=NOW, public=False)
    assert None not in exact["states"].values()


def test_initial_counts_only_verified_ones_of_batch_nought() -> None:
    count = Count(arrived=3, verified=2, checking=1)
    assert Tally("letter", None, 0, batches=(BatchCount(0, None, count), BatchCount(1, NOW, count))).initial == 2


@pytest.mark.parametrize(
    ("sealed_at", "count", "state"),
    [
        (None, Count(arrived=1, checking=1), "open"),
        (NOW, Count(arrived=2, checking=1, verified=1), "checking"),
        (NOW, Count(arrived=1, needs_info=1), "checking"),
        (NOW, Count(arrived=3, verified=1, rejected=1, withdrawn=1), "closed"),
    ],
)
def test_a_batch_closes_with_its_last_signature(sealed_at: datetime | None, count: Count, state: str) -> None:
    assert BatchCount(1, sealed_at, count).state == state


@given(sound, st.sampled_from(COUNTED))
def test_every_difference_between_two_counts_is_named(count: Count, name: str) -> None:
    assert differences(count, count) == []
    assert [line.split(":")[0] for line in differences(count, replace(count, **{name: getattr(count, name) + 1}))] == [
        name
    ]


def test_moments_are_written_to_the_second_in_utc() -> None:
    assert rfc3339(NOW) == "2026-09-12T18:40:00Z"
