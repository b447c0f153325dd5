"""`flask petitions …` where a page is not enough."""

from __future__ import annotations

from typing import Any

from petition_app.petitions import freezing
from petition_app.petitions.models import Petition
from petition_app.storage.db import db
from tests import factories as make
from tests.factories import utcnow


def test_two_organizers_end_a_freeze_from_the_shell_each_with_their_own_password(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    second = make.make_person(app, world.petition_id, "organizer")
    with make.acting(app):
        freezing.freeze(make.petition(world.petition_id), by=None, at=utcnow())
    unfreeze = ("petitions", "unfreeze", world.slug, "--password-stdin", "--by")
    refused = cli(*unfreeze, world.organizer.email, stdin="not the password\n", code=1)
    assert "not right" in refused.output
    assert "Another organizer must confirm" in cli(*unfreeze, world.organizer.email, stdin=f"{make.PASSWORD}\n").out
    alone = cli(*unfreeze, world.organizer.email, stdin=f"{make.PASSWORD}\n", code=1)
    assert "Another organizer must confirm" in alone.output
    assert "no longer frozen" in cli(*unfreeze, second.email, stdin=f"{make.PASSWORD}\n").out
    with make.looking(app):
        assert db.session.get_one(Petition, world.petition_id).frozen_at is None
