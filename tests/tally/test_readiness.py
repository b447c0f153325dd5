"""Before a letter opens: what it has and lacks, the one next act, and what opening it all the same would mean."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from petition_app import config
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.petitions import previewing, services
from petition_app.petitions.services import NewPetition
from petition_app.tally import readiness
from petition_app.tally.counting import live_tally
from tests import factories as make
from tests.petitions.test_opening import GOOD
from tests.verification.bulk.test_services import PEOPLE, admit_roster

BEHIND = {"organizers": {"en": "The council's deputies", "ru": "Депутаты совета"}, "contact": "desk@example.org"}
DRAFT = {"state": "draft", "reviewers": 2, "staff": 0}


def ready(app: Any, world: make.World, by: make.Person | None = None) -> readiness.Readiness:
    with make.looking(app):
        petition = make.petition(world.petition_id)
        account = make.account(by or world.organizer)
        assert account is not None
        return readiness.find(petition, live_tally(petition), by=account)


def missing(app: Any, world: make.World) -> list[str]:
    return [step.name for step in ready(app, world).missing]


def press(client: Any, world: make.World, path: str, **fields: str) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"/organizer/p/{world.slug}{path}", data={"csrf_token": token, **fields})


def digest(app: Any, world: make.World) -> str:
    with make.looking(app):
        return make.petition(world.petition_id).text.digest


@pytest.mark.standard("the mode adds steps, which have tests of their own")
def test_a_draft_lists_what_it_lacks_until_nothing_is_left(app: Any) -> None:
    world = make.make_world(app, roster=True, **DRAFT)
    assert missing(app, world) == ["text", "contact", "danger", "people", "organizers", "roster", "preview"]
    with make.acting(app):
        petition = make.petition(world.petition_id)
        petition.organizers, petition.contact = BEHIND["organizers"], BEHIND["contact"]
    assert missing(app, world)[0] == "danger"
    client = make.signed_in(app, world.organizer)
    press(client, world, "/before-opening", **GOOD)
    assert ready(app, world).next == readiness.Step("people", done=False, have=1, need=2)
    make.make_person(app, world.petition_id, "reviewer")
    assert missing(app, world) == ["organizers", "roster", "preview"]
    make.make_person(app, world.petition_id, "organizer")
    admit_roster(app, world, *PEOPLE)
    assert missing(app, world) == ["preview"]
    assert press(client, world, "/preview", text=digest(app, world)).status_code == 303
    found = ready(app, world)
    assert found.missing == []
    assert found.next is None
    assert [step.name for step in found.steps if not step.done] == ["initial"], "it may be left out"
    text = client.get(f"/organizer/p/{world.slug}").text
    assert "Everything is there: open it for signing" in text
    assert "still open" not in text


def test_what_opening_requires_is_told_from_what_it_only_should_have(app: Any) -> None:
    world = make.make_world(app, **DRAFT)
    client = make.signed_in(app, world.organizer)
    for path in ("", "/preview"):
        page = unescape(client.get(f"/organizer/p/{world.slug}{path}").text)
        assert "Whoever loses the twelve words has nobody else to turn to. It cannot be opened without." in page
        assert f"/p/{world.slug}/open" not in page, "there is no button that would fail"
    with make.acting(app):
        petition = make.petition(world.petition_id)
        petition.organizers, petition.contact = BEHIND["organizers"], BEHIND["contact"]
    config.activate(replace(config.current(), mail_url="smtp://127.0.0.1:1"))
    found = ready(app, world)
    assert found.may_open
    page = unescape(client.get(f"/organizer/p/{world.slug}").text)
    assert "Each case needs more people who agree than there are." in page or make.default_mode == "sealed"
    assert "Open for signing all the same" in page
    assert press(client, world, "/open").status_code == 303
    page = client.get(f"/organizer/p/{world.slug}").text
    assert "checklist" not in page, "an open letter is no draft any more"


@pytest.mark.standard("which step asks what is the same in both modes")
def test_what_is_missing_leads_to_the_step_of_drafting_that_mends_it(app: Any) -> None:
    world = make.make_world(app, **DRAFT)
    client, here = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}"

    def parts() -> dict[str, str]:
        return {step.name: step.part for step in ready(app, world).steps if step.part}

    def links() -> set[str]:
        return set(re.findall(rf'href="{here}/draft/(\w+)"', client.get(here).text))

    whole = {"text": "people", "contact": "people", "danger": "danger"}
    assert parts() == whole, "the letter is whole, and nobody is named"
    assert links() == {"people", "danger"}
    with make.acting(app):
        petition = make.petition(world.petition_id)
        petition.addressee = {}
        petition.unfinished = {"danger": {}}
    assert parts() == whole | {"text": "letter", "draft": "danger"}
    for part in links():
        assert client.get(f"{here}/draft/{part}").status_code == 200
    with make.acting(app):
        make.petition(world.petition_id).text.titles = {}
    assert parts()["draft"] == "letter"
    make.import_rows(app, world.petition_id, "Вера Луговая", initial=True)
    assert parts() == {}, "with names in it, it is changed on its page Edit"
    assert links() == set()
    assert f'href="{here}/edit#title_en"' in client.get(here).text


@pytest.mark.standard("only a sealed petition has keys")
def test_a_sealed_draft_needs_two_holders_and_mail_or_none(app: Any) -> None:
    world = make.make_world(app, mode="sealed", **DRAFT)
    names = [step.name for step in ready(app, world).steps]
    assert names.index("keys") < names.index("mail") < names.index("preview")
    found = ready(app, world)
    assert [step for step in found.steps if step.name == "keys"] == [readiness.Step("keys", False, have=0, need=2)]
    assert not found.may_open
    with make.acting(app):
        make.petition(world.petition_id).mail = "none"
    assert "mail" not in [step.name for step in ready(app, world).steps]


@pytest.mark.standard("texts are the same in both modes")
def test_one_language_is_enough_and_the_other_is_told(app: Any) -> None:
    world = make.make_world(app, **DRAFT)
    with make.acting(app):
        petition = make.petition(world.petition_id)
        petition.organizers, petition.contact = {"en": "Deputies"}, "desk@example.org"
    step = ready(app, world).steps[0]
    assert (step.name, step.done, step.languages) == ("text", True, ("ru",))
    assert "not in: RU" in make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}").text


@pytest.mark.standard("texts are the same in both modes")
def test_a_read_preview_is_of_one_text_alone(app: Any) -> None:
    world = make.make_world(app, **DRAFT)
    client = make.signed_in(app, world.organizer)
    old = digest(app, world)
    new = NewPetition(
        slug=world.slug, titles={"en": "An open letter"}, texts={"en": "We ask for an answer."}, addressee={},
        who_may_sign={}, goal=None, mail="required", reviewers=2,
    )  # fmt: skip
    press(client, world, "/preview", text=old)
    assert "preview" not in missing(app, world)
    with make.acting(app):
        by = make.account(world.organizer)
        services.edit(make.petition(world.petition_id), new, has_signed=lambda _: False, by=by, at=utcnow())
    assert "preview" in missing(app, world), "another text was read"
    answer = press(client, world, "/preview", text=old)
    assert "has been changed since you opened the preview" in client.get(answer.headers["Location"]).text
    assert "preview" in missing(app, world)
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        assert by is not None
        with pytest.raises(previewing.PreviewChangedError):
            previewing.note_read(petition, "", by=by, at=utcnow())


@pytest.mark.standard("roles are the same in both modes")
def test_only_organizers_note_a_preview_and_reviewers_see_no_checklist(app: Any) -> None:
    world = make.make_world(app, **(DRAFT | {"staff": 1}))
    for person in (world.reviewers[0], world.auditor):
        assert press(make.signed_in(app, person), world, "/preview", text=digest(app, world)).status_code == 404
    with pytest.raises(NotFoundError):
        ready(app, world, world.reviewers[0])
    assert ready(app, world, world.auditor).missing
    assert "checklist" not in make.signed_in(app, world.reviewers[0]).get(f"/organizer/p/{world.slug}").text
