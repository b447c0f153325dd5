"""A changed text of a letter that can be signed is looked at first, as a difference; only its button publishes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import factories as make

HERE = f"/organizer/p/{make.SLUG}/edit"
NEW = {"text_en": "We ask to be heard\nand answered.", "title_en": "An open letter, mended"}


def texts(app: Any, world: make.World) -> list[str]:
    with make.looking(app):
        return [version.texts["en"] for version in make.petition(world.petition_id).versions]


def form_of(client: Any) -> dict[str, Any]:
    return make.form_with(client.get(HERE), "title_en", "goal")


def publish_form(answer: Any) -> dict[str, Any]:
    mark = re.search(r'name="looked_at" value="(\w+)"', answer.text)
    assert mark
    kept = next(
        form["fields"] for form in make.forms_of(answer) if "text_en" in form["fields"] and form["action"] == HERE
    )
    return kept | {"looked_at": mark[1]}


@pytest.mark.parametrize("state", ["open", "paused"])
@pytest.mark.parametrize("signed", [True, False])
def test_a_changed_text_is_shown_first_and_published_by_its_button(app: Any, state: str, signed: bool) -> None:
    world = make.make_world(app)
    if signed:
        make.make_signature(app, world.petition_id)
    make.set_state(app, world.petition_id, "paused") if state == "paused" else None
    client = make.signed_in(app, world.organizer)
    before = texts(app, world)
    answer = client.post(HERE, data=form_of(client) | NEW | {"goal": "77"})
    assert answer.status_code == 200
    assert texts(app, world) == before, "nothing is published by looking"
    assert "<ins>" in answer.text
    assert ("1 signature was received" in answer.text) is signed
    assert ("Nobody has signed yet" in answer.text) is not signed
    kept = publish_form(answer)
    assert kept["goal"] == "77"
    assert client.post(HERE, data=kept).status_code == 303
    assert texts(app, world) == ([*before, NEW["text_en"]] if signed else [NEW["text_en"]])
    with make.looking(app):
        assert make.petition(world.petition_id).goal == 77


def test_a_draft_and_an_unchanged_text_are_saved_at_once(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    assert client.post(HERE, data=form_of(client) | {"goal": "55"}).status_code == 303
    make.make_petition(app, "drafted", state="draft", mode="standard")


def test_what_was_looked_at_is_what_is_published(app: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    one, two = (make.signed_in(app, world.organizer) for _ in range(2))
    kept = publish_form(one.post(HERE, data=form_of(one) | NEW))
    other = publish_form(two.post(HERE, data=form_of(two) | {"text_en": "Something else."}))
    for forged in (
        kept | {"text_en": "Not looked at."},
        kept | {"looked_at": other["looked_at"]},
        kept | {"looked_at": ""},
    ):
        answer = one.post(HERE, data=forged)
        assert answer.status_code == 200
        assert "Look at the change first" in answer.text
    assert two.post(HERE, data=other).status_code == 303
    again = one.post(HERE, data=kept)
    assert again.status_code == 200, "somebody else has changed the text meanwhile, so that the difference is another"
    assert "Something else" in again.text
    assert len(texts(app, world)) == 2
    assert one.post(HERE, data=publish_form(again)).status_code == 303
    assert texts(app, world)[-1] == NEW["text_en"]


def test_going_back_to_the_form_loses_nothing(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    answer = client.post(HERE, data=form_of(client) | NEW | {"goal": "77", "evidence_kinds": ["in_person", "vouched"]})
    kept = publish_form(answer)
    kept.pop("looked_at")
    assert answer.text.split("</main>")[0].count('name="evidence_kinds"') == 2
    back = client.post(HERE, data=kept | {"act": "again", "evidence_kinds": ["in_person", "vouched"]})
    assert back.status_code == 200
    form = make.form_with(back, "title_en", "goal")
    assert (form["title_en"], form["goal"]) == (NEW["title_en"], "77")
    assert form["text_en"].strip().replace("\r\n", "\n") == NEW["text_en"]
    assert 'value="vouched"' in back.text


def test_a_password_is_asked_for_before_the_difference_where_less_is_asked_of_signatures(app: Any) -> None:
    world = make.make_world(app, reviewers=2)
    make.make_person(app, world.petition_id, "organizer")
    make.make_signature(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    answer = client.post(HERE, data=form_of(client) | NEW | {"reviewers": "1"})
    assert "password_again" not in publish_form(answer)
    assert client.post(HERE, data=publish_form(answer)).location.endswith("/approvals")
    assert texts(app, world)[-1] == NEW["text_en"]
