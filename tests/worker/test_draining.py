"""`flask worker --drain` works off what is due, in however many slices, and says how much that was."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.verification.matching_cases import matches
from petition_app.worker import loop
from tests import factories as make


@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_signatures_are_matched_until_none_waits(app: Any, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(matches, "SLICE", 2)
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, *(f"Ada Sample{'abcdef'[each]}" for each in range(number)), initial=True)
    with app.app_context():
        done = loop.run_once()
        again = loop.run_once()
    assert (done.in_slices, again.in_slices, again.jobs) == (number, 0, 0)
    with make.looking(app):
        assert matches.list_waiting() == []
