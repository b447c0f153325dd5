"""The ground the other tests stand on."""

from __future__ import annotations

from typing import Any

from tests import factories as make


def test_a_signature_walks_the_whole_road(app: Any) -> None:
    world = make.make_world(app, reviewers=2)
    signed = make.make_verified(app, world)
    assert make.state_of(app, signed.id) == "verified"
    assert make.tally(app, world.petition_id)["verified"] == 1
    assert make.problems(app, world.petition_id) == []


def test_each_test_begins_with_an_empty_database(app: Any) -> None:
    assert make.make_world(app).slug == make.SLUG
