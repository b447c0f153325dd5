"""Names that an organizer's own machine opens: asked for, agreed to by another organizer, handed over."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.tally import handing_names
from petition_app.verification.cases.desk_results_access import DeskResultsError
from tests import factories as make


@pytest.mark.everywhere
@pytest.mark.parametrize("asked", ["none", "not due", "twice"])
def test_leave_is_asked_only_for_names_that_are_due(app: Any, asked: str) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    cases = {"none": [], "not due": [signed.id], "twice": [signed.id, signed.id]}[asked]
    with pytest.raises(DeskResultsError), make.acting(app):
        handing_names.ask(
            cases, petition=make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow()
        )
