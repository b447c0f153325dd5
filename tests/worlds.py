"""What many tests begin with: an open letter and its staff. A test that needs another one makes it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories as make


@pytest.fixture
def world(app: Any) -> make.World:
    """An open letter with an organizer, as many reviewers as its policy asks for, and an auditor."""
    return make.make_world(app)


@pytest.fixture
def organizer(app: Any, world: make.World) -> FlaskClient:
    """The browser of its organizer, signed in."""
    return make.signed_in(app, world.organizer)
