"""What tests of signing share."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app import couriers
from petition_app.clock import utcnow
from tests import factories as make


@pytest.fixture
def petition_id(app: Any) -> Any:
    """An open petition that nobody has signed, and a worker that lives."""
    made = make.make_petition(app)
    with make.acting(app):
        couriers.beat(at=utcnow())
    return made
