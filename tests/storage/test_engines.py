"""Rows that are written in the place of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.storage import engines
from petition_app.storage.db import db
from petition_app.verification.models import Lease
from tests import factories as make


@pytest.mark.everywhere
def test_a_row_is_written_over_where_it_is_free_and_nowhere_else(app: Any) -> None:
    world, now = make.make_world(app, staff=2), utcnow()
    signed = make.make_signature(app, world.petition_id)
    first, second = (person.id for person in world.reviewers)

    def take(by: Any, *, until: timedelta) -> bool:
        with make.acting(app):
            row = {"signature_id": signed.id, "account_id": by, "until": now + until}
            return engines.put_where(Lease, row, Lease.until <= now)

    assert take(first, until=timedelta(minutes=10))
    assert not take(second, until=timedelta(minutes=20))
    with make.acting(app):
        lease = db.session.get_one(Lease, signed.id)
        assert (lease.account_id, lease.until) == (first, now + timedelta(minutes=10))
        lease.until = now
    assert take(second, until=timedelta(minutes=20))
    with make.looking(app):
        assert db.session.get_one(Lease, signed.id).account_id == second
