"""The door for reviewers' own machines, asked as they ask it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from petition_app.keys.models import DuressAlarm, KeyWrap
from petition_app.storage.db import db
from tests import factories as make
from tests.local_desk.desks import make_token


@pytest.mark.everywhere
def test_who_was_made_to_open_a_desk_is_believed(app: Flask, client: FlaskClient) -> None:
    world = make.make_sealed_world(app)
    reviewer, path = world.reviewers[0], f"/desk/{world.slug}/alarm"
    token = make_token(app, world.petition_id, reviewer)
    assert client.post(path, headers={"Authorization": "Bearer nobody's"}).status_code == 404
    with make.looking(app):
        assert db.session.get(DuressAlarm, reviewer.id) is None
    assert client.post(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with make.looking(app):
        assert db.session.get(DuressAlarm, reviewer.id) is not None
        held = db.session.scalars(db.select(KeyWrap.account_id)).all()
    assert held
    assert reviewer.id not in held
