"""Bringing in the first roster: used at once or not, and what becomes of verdicts that were made without an entry."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.clock import utcnow
from petition_app.verification.cases.decision_log import effective_verdicts
from petition_app.verification.decisions import first_roster
from tests import factories as make
from tests.web.staff.test_roster import HERE, LIST, press, send


@pytest.fixture
def world(app: Any) -> make.World:
    return make.make_world(app, reviewers=2, staff=2)


def uses_roster(app: Any, world: make.World) -> bool:
    with make.looking(app):
        return bool(make.petition(world.petition_id).roster)


def test_the_first_roster_is_used_at_once_unless_the_organizer_says_no(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    send(organizer, LIST)
    page = organizer.get(f"{HERE}/preview")
    assert "Shall signatures be checked against it from now on?" in page.text
    press(organizer, page, "use", check="no")
    assert not uses_roster(app, world)
    send(organizer, LIST + "Зыков Пётр Ильич,МО Северное,,\n")
    press(organizer, organizer.get(f"{HERE}/preview"), "use")
    assert uses_roster(app, world)
    send(organizer, LIST)
    assert "Shall signatures be checked" not in organizer.get(f"{HERE}/preview").text


def test_whoever_was_verified_without_an_entry_is_asked_about_again(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    done, half, untouched = (make.make_signature(app, world.petition_id) for _ in range(3))
    make.seal(app, world.petition_id, by=world.organizer)
    assert make.decide_by_all(app, world, done.id) == "verified"
    assert make.decide(app, world.petition_id, half.id, world.reviewers[0]) == "checking"
    send(organizer, LIST)
    page = organizer.get(f"{HERE}/preview")
    assert "In 1 open case a reviewer said “verified” without an entry" in page.text
    press(organizer, page, "use")
    shown = organizer.get(HERE).text
    assert "1 case in which a reviewer had said “verified” without an entry is asked about again." in shown
    with make.looking(app):
        assert effective_verdicts(half.id) == []
        assert len(effective_verdicts(done.id)) == 2
        assert effective_verdicts(untouched.id) == []
    assert make.tally(app, world.petition_id)["states"]["verified"] == 1
    assert make.problems(app, world.petition_id) == []
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        assert by is not None
        assert first_roster.ask_again(petition, by=by, at=utcnow()) == 0
