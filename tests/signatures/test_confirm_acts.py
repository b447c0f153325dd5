"""A code confirms by its own form only: a button that the page does not have changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import dumps
from tests import factories as make
from tests.conftest import only_sqlite


def states(app: Any) -> list[str]:
    with make.looking(app):
        return list(db.session.scalars(db.select(Signature.state)))


@only_sqlite
@pytest.mark.parametrize("act", ["", "Show", "show ", "discard", "agree", "refuse"])
def test_a_code_with_an_act_that_is_not_its_own_confirms_nothing(app: Any, client: FlaskClient, act: str) -> None:
    world = make.make_world(app)
    waiting = make.submit(app, world.petition_id)
    before = dumps.tables(app)["signatures"]
    data = {"pending": waiting.pending, "code": waiting.code}
    answer = client.post(f"/p/{world.slug}/confirm", data=data | {"act": act})
    assert answer.status_code == (200 if act in ("agree", "refuse") else 422)
    assert dumps.tables(app)["signatures"] == before
    assert states(app) == ["unconfirmed"]
    client.post(f"/p/{world.slug}/confirm", data=data)
    assert states(app) == ["received"]
