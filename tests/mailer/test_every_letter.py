"""However a mail server answers, each letter is taken by it once, or given up with its reason; none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petition_app.storage import jobs
from tests import factories as make
from tests.mailer.test_smtp import MANNERS, TRIES, dead, left, sign, use, work_off
from tests.post import Server, serving

# What a server that does not answer costs in time, one test shows (`test_smtp`).
QUICK = [manner for manner in MANNERS if manner != "stall"]
TOLD = {"refuse", "full", "drop", "drop after", "garble"}
NEVER_TAKEN = {"refuse", "full", "drop"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        use(running)
        yield running


@given(manners=st.lists(st.sampled_from(QUICK), min_size=1, max_size=5))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_letters_in_are_letters_taken_once_and_letters_told(
    app: Any, world: make.World, server: Server, monkeypatch: pytest.MonkeyPatch, manners: list[str]
) -> None:
    monkeypatch.setattr(jobs, "LETTER_TRIES", TRIES)
    before = len(dead(app))
    letters = {f"{uuid4().hex}@example.org": manner for manner in manners}
    server.manners |= letters
    for address in letters:
        sign(app, world.petition_id, address)
    work_off(app)
    assert left(app) == 0
    assert len(dead(app)) - before == sum(manner in TOLD for manner in manners)
    assert all(dead(app)), "each with its reason"
    taken = {address: server.taken.get(address, 0) for address in letters}
    assert taken == {address: int(manner not in NEVER_TAKEN) for address, manner in letters.items()}
