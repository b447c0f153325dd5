"""Before opening: the questions about danger, and what the server warns of."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.petitions import risk_assessment
from petition_app.roster.warnings import find_warnings
from tests import factories as make
from tests.verification.bulk.test_services import PEOPLE, admit_roster

ONE = {"en": "We ask to be heard."}
GOOD = {"harm": ["work", "law"], "holders": "apart", "server": "abroad"}


def page(world: make.World) -> str:
    return f"/organizer/p/{world.slug}/before-opening"


def test_the_answers_are_kept_and_shown_again(app: Any) -> None:
    world = make.make_world(
        app,
        state="draft",
        organizers={"en": "Deputies"},
        contact="desk@example.org",
        texts=ONE,
        titles=ONE,
        addressee=ONE,
        who_may_sign=ONE,
    )
    client = make.signed_in(app, world.organizer)
    assert "Answer three questions about danger" in client.get(f"/organizer/p/{world.slug}").text
    token = make.csrf_token(client, "/organizer/password")
    for name in GOOD:
        half = {key: value for key, value in GOOD.items() if key != name}
        assert client.post(page(world), data={"csrf_token": token, **half}).status_code == 422
    assert client.post(page(world), data={"csrf_token": token, **GOOD}).status_code == 303
    shown = make.form_with(client.get(page(world)), "holders", "server")
    assert (shown["holders"], shown["server"]) == ("apart", "abroad")
    advised = "this petition is in standard mode" in client.get(page(world)).text
    assert advised == (make.default_mode == "standard")
    with make.looking(app):
        kept = make.petition(world.petition_id).threat
        assert kept == {**GOOD, "on": kept["on"]}
    assert make.signed_in(app, world.auditor).get(page(world)).status_code == 200
    assert make.signed_in(app, world.reviewers[0]).get(page(world)).status_code == 404


def test_words_of_ones_own_are_not_taken(app: Any) -> None:
    world = make.make_world(app, state="draft")
    for wrong in ({"harm": ("Ada Sample",)}, {"harm": ()}, {"holders": "Ada"}, {"server": "Here"}):
        answers = risk_assessment.Answers(**{"harm": ("law",), "holders": "one", "server": "reach", **wrong})
        with make.acting(app):
            petition, organizer = make.petition(world.petition_id), make.account(world.organizer)
            with pytest.raises(risk_assessment.AnswerMissingError):
                risk_assessment.answer(petition, answers, by=organizer, at=utcnow())


def test_the_server_counts_what_may_endanger_people(app: Any) -> None:
    world = make.make_world(app, roster=True)
    admit_roster(app, world, *PEOPLE[:4])
    with make.looking(app):
        found = find_warnings(make.petition(world.petition_id), by=make.account(world.organizer))
        with pytest.raises(NotFoundError):
            find_warnings(make.petition(world.petition_id), by=make.account(world.reviewers[0]))
    assert (found.organizers, found.holders) == (1, 2 if make.default_mode == "sealed" else None)
    assert found.staff_mailboxes == 3  # example.org is no provider of private mailboxes.
    assert found.small_places == 1
    assert found.any
    text = make.signed_in(app, world.organizer).get(page(world)).text
    assert "There is one organizer" in text
    assert "fewer than five people" in text
    make.make_person(app, world.petition_id, "organizer", "second@posteo.de")
    with make.looking(app):
        again = find_warnings(make.petition(world.petition_id), by=make.account(world.organizer))
    assert (again.organizers, again.staff_mailboxes) == (2, 3)
