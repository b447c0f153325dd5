"""What a transaction has read stays known until it ends, or may have waited for somebody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from petition_app import app_state
from petition_app.accounts.services import find_member, remove_member, role_of
from petition_app.clock import utcnow
from petition_app.petitions.models import Petition
from petition_app.storage.db import get_for_update
from petition_app.storage.known_rows import known_here
from tests import factories as make


def test_nothing_is_known_from_one_transaction_to_the_next(app: Any) -> None:
    world = make.make_world(app)
    for _ in range(2):
        with make.acting(app):
            make.petition(world.petition_id)
            assert known_here("things") == {}
            known_here("things")["one"] = 1
            assert known_here("things") == {"one": 1}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # Elsewhere one writes at a time.
def test_who_has_waited_for_a_lock_knows_what_was_changed_meanwhile(app: Any) -> None:
    world = make.make_world(app)

    def leave() -> None:
        with app_state.using(app.state), make.acting(app):
            member = find_member(world.auditor.email, petition_id=world.petition_id)
            remove_member(member.id, petition_id=world.petition_id, by=None, at=utcnow())

    with make.acting(app), ThreadPoolExecutor(1) as threads:
        auditor = make.account(world.auditor)
        assert auditor
        assert role_of(auditor, world.petition_id) == "auditor"
        threads.submit(leave).result(timeout=20)
        assert role_of(auditor, world.petition_id) == "auditor", "it is asked once"
        get_for_update(Petition, world.petition_id)
        assert role_of(auditor, world.petition_id) is None
