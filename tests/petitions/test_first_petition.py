"""The first run and the guide: how somebody with an empty server gets to a first petition, and where help stands."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from petition_app import config
from petition_app.i18n import LANGUAGES
from tests import factories as make

ADA = ("accounts", "create", "ada@example.org", "--name", "Ada", "--password-stdin")


def run(app: Any, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=words, input=make.PASSWORD)


def test_an_empty_server_says_what_to_do(app: Any, client: Any) -> None:
    page = client.get("/").text
    assert "Nothing stands here yet" in page
    assert "accounts create" in page
    make.make_petition(app, state="draft")
    assert "Nothing stands here yet" not in client.get("/").text


@pytest.mark.standard("it drafts a petition without keys")
def test_the_first_organizer_needs_no_petition_and_drafts_one(app: Any) -> None:
    told = run(app, *ADA, "--role", "organizer")
    assert told.exit_code == 0, told.output
    assert "may draft the first petition" in told.output
    client = make.signed_in(app, make.Person(uuid4(), "ada@example.org", "organizer"))
    assert "There is no petition on this server yet" in client.get("/organizer").text
    assert client.get("/organizer/petitions/new").status_code == 200
    make.make_petition(app, "of-somebody-else")
    assert client.get("/organizer/petitions/new").status_code == 404
    assert "You have no role on any petition" in client.get("/organizer").text


@pytest.mark.parametrize("role", ["organizer", "reviewer"])
def test_everybody_else_needs_a_petition(app: Any, role: str) -> None:
    if role == "organizer":
        make.make_petition(app)
    told = run(app, *ADA, "--role", role)
    assert told.exit_code == 1
    assert "--petition" in told.output


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("guide_of", "number"), [("organizers", 7), ("reviewers", None)])
def test_the_guide_is_the_same_text_as_in_the_docs(app: Any, language: str, guide_of: str, number: int | None) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer if guide_of == "organizers" else world.reviewers[0])
    page = client.get(f"/organizer/help?lang={language}")
    assert page.status_code == 200
    name = f"{guide_of}.md" if language == "en" else f"{guide_of}.{language}.md"
    guide = (config.DOCS / name).read_text()
    assert guide.splitlines()[0].removeprefix("# ") in page.text
    headings = [line.removeprefix("## ") for line in guide.splitlines() if line.startswith("## ")]
    assert len(headings) == (number or len(headings)) > 0
    assert all(f"<h2>{heading}</h2>" in page.text for heading in headings)
    assert "/organizer/help" in client.get("/organizer").text
