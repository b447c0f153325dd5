"""A new petition is drafted in steps: each is kept by itself, danger is asked without a default, and gaps are told."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.petitions.completeness import STEPS, list_gaps
from petition_app.petitions.letter_templates import TEMPLATES
from petition_app.petitions.models import Petition
from petition_app.storage.db import db
from tests import factories as make

DRAFT = "/organizer/p/new-letter/draft"
pytestmark = pytest.mark.standard("a draft has no keys yet")


@pytest.fixture
def olga(app: Any) -> FlaskClient:
    return make.signed_in(app, make.make_world(app).organizer)


def begin(client: FlaskClient, template: str = "none", **fields: Any) -> None:
    form = make.form_with(client.get("/organizer/petitions/new"), "csrf_token", "slug")
    sent = form | {"slug": "new-letter", "template": template, "languages": ["en", "ru"]} | fields
    answer = client.post("/organizer/petitions/begin", data=sent)
    assert (answer.status_code, answer.location) == (303, f"{DRAFT}/letter"), answer.text


def send(client: FlaskClient, step: str, act: str = "next", **fields: Any) -> Any:
    form = make.form_with(client.get(f"{DRAFT}/{step}"), "csrf_token", *fields.pop("has", ()))
    return client.post(f"{DRAFT}/{step}", data=form | {"act": act} | fields)


def draft(app: Any) -> Petition:
    with make.looking(app):
        petition = db.session.scalars(db.select(Petition).where(Petition.slug == "new-letter")).one()
        assert petition.text.titles is not None
        db.session.expunge_all()
        return petition


def gaps(app: Any, *, blocks: bool = True) -> list[str]:
    with make.looking(app):
        petition = db.session.scalars(db.select(Petition).where(Petition.slug == "new-letter")).one()
        return [gap.what for gap in list_gaps(petition) if gap.blocks is blocks]


def test_nothing_about_danger_is_chosen_beforehand(app: Any, olga: FlaskClient) -> None:
    for template in (*TEMPLATES, "none"):
        slug = f"letter-{template}"
        form = make.form_with(olga.get("/organizer/petitions/new"), "csrf_token", "slug")
        assert "template" not in form
        olga.post(
            "/organizer/petitions/begin", data=form | {"slug": slug, "template": template, "languages": ["en", "ru"]}
        )
        fields = make.form_with(olga.get(f"/organizer/p/{slug}/draft/danger"), "csrf_token")
        assert fields.keys() & {"mode", "harm", "holders", "server"} == set()
        assert "mode" not in make.form_with(olga.get(f"/organizer/p/{slug}/edit"), "title_en")


def test_each_step_is_kept_by_its_own_post_and_the_draft_is_opened_when_whole(app: Any, olga: FlaskClient) -> None:
    begin(olga)
    assert gaps(app) == ["text", "organizers", "contact", "mode"]
    words = {"title_en": "Lights", "text_en": "Keep them on.", "addressee_en": "The council"}
    assert send(olga, "letter", **words).location == f"{DRAFT}/people"
    assert draft(app).text.titles == {"en": "Lights"}
    people = {"organizers_en": "A working group", "contact": "letter@example.org", "who_may_sign_en": "deputies"}
    assert send(olga, "people", **people).location == f"{DRAFT}/danger"
    assert draft(app).contact == "letter@example.org"
    answers = {"harm": ["work", "law"], "holders": "apart", "server": "abroad", "mode": "standard"}
    assert send(olga, "danger", **answers).location == f"{DRAFT}/checking"
    assert draft(app).mode == "standard"
    assert send(olga, "checking", reviewers="3", evidence_rule="2", roster="y").location == f"{DRAFT}/days"
    assert (draft(app).reviewers, draft(app).evidence_rule, draft(app).roster) == (3, 2, True)
    days = {"goal": "84", "opens": "2026-01-02", "closes": "2026-02-03", "time_zone": "Asia/Yekaterinburg"}
    assert send(olga, "days", **days).location == DRAFT
    assert (draft(app).goal, draft(app).time_zone) == (84, "Asia/Yekaterinburg")
    assert gaps(app) == gaps(app, blocks=False) == []
    assert draft(app).unfinished is None
    assert "The draft is whole" in olga.get(DRAFT).text
    assert draft(app).threat["harm"] == ["work", "law"]
    token = make.csrf_token(olga, "/organizer/password")
    assert olga.post("/organizer/p/new-letter/open", data={"csrf_token": token}).status_code == 303
    assert draft(app).state == "open"


@pytest.mark.parametrize(
    ("act", "leads"), [("back", f"{DRAFT}/people"), ("leave", "/organizer/p/new-letter"), ("next", f"{DRAFT}/checking")]
)
def test_back_and_leave_keep_a_step_that_is_half_answered(app: Any, olga: FlaskClient, act: str, leads: str) -> None:
    begin(olga)
    assert send(olga, "danger", act, harm=["violence"], server="unknown").location == leads
    kept = make.form_with(olga.get(f"{DRAFT}/danger"), "csrf_token", "harm")
    assert (kept["harm"], kept["server"]) == ("violence", "unknown")
    assert kept.keys() & {"mode", "holders"} == set()
    assert draft(app).threat is None
    assert draft(app).mode == "sealed", "until it is answered, it counts as sealed"
    assert send(olga, "letter", act, title_en="A title alone").status_code == 303
    assert "A title alone" in olga.get(f"{DRAFT}/letter").text
    assert "the letter in English" in olga.get(DRAFT).text
    assert "text_en" in gaps(app)


@pytest.mark.parametrize("lacks", ["mode", "text", "blanks"])
def test_a_draft_that_lacks_something_is_not_opened_by_any_door(
    app: Any, olga: FlaskClient, cli: Any, lacks: str
) -> None:
    begin(olga, "deputies" if lacks == "blanks" else "none")
    if lacks == "mode":
        send(olga, "letter", title_en="A", text_en="We ask.")
    else:
        send(olga, "danger", mode="standard")
    send(olga, "people", organizers_en="A group", contact="letter@example.org")
    assert lacks in gaps(app)
    token = make.csrf_token(olga, "/organizer/password")
    answer = olga.post("/organizer/p/new-letter/open", data={"csrf_token": token})
    assert answer.status_code == 409
    assert "The draft is not finished" in answer.text
    assert "not finished" in cli("petitions", "open", "new-letter", code=1).err
    assert draft(app).state == "draft"


def test_what_cannot_be_read_is_said_and_nothing_typed_is_lost(app: Any, olga: FlaskClient) -> None:
    begin(olga)
    for act in ("next", "back", "leave"):
        answer = send(olga, "days", act, goal="many", opens="2026-05-05", closes="2026-01-01")
        assert answer.status_code == 422
        assert 'value="many"' in answer.text
    answer = send(olga, "days", opens="2026-05-05", closes="2026-01-01")
    assert answer.status_code == 422
    assert "lies before the first" in answer.text
    assert 'value="2026-05-05"' in answer.text
    assert send(olga, "days", time_zone="Europe/Nowhere").status_code == 422
    assert send(olga, "letter", "publish", title_en="Kept in the form").status_code == 422
    assert draft(app).goal is None


def test_an_address_is_asked_for_first_and_said_when_it_is_taken(app: Any, olga: FlaskClient) -> None:
    form = make.form_with(olga.get("/organizer/petitions/new"), "csrf_token", "slug")
    for slug, words in ((make.SLUG, "has this address already"), ("A b", "Small Latin letters"), ("", "choose an")):
        sent = form | {"slug": slug, "template": "none", "languages": ["en"]}
        answer = olga.post("/organizer/petitions/begin", data=sent)
        assert answer.status_code == 422
        assert words in answer.text


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_brings_a_skeleton_in_each_chosen_language(app: Any, olga: FlaskClient, template: str) -> None:
    begin(olga, template, languages=["ru"])
    found = draft(app)
    assert list(found.text.titles) == list(found.text.texts) == list(found.who_may_sign) == ["ru"]
    assert "[…" in found.text.texts["ru"]
    rules = TEMPLATES[template].rules
    assert {name: getattr(found, name) for name in rules} == dict(rules)
    assert set(found.unfinished or {}) == set(STEPS)
    assert olga.get("/organizer/p/new-letter/preview").status_code == 200
    assert olga.get("/organizer/p/new-letter").status_code == 200


def test_the_whole_form_answers_what_is_open_and_asks_for_the_mode(app: Any, olga: FlaskClient) -> None:
    begin(olga)
    form = make.form_with(olga.get("/organizer/p/new-letter/edit"), "csrf_token", "title_en")
    words = {"title_en": "Lights", "text_en": "Keep them on."}
    answer = olga.post("/organizer/p/new-letter/edit", data=form | words)
    assert answer.status_code == 422
    assert "Please choose an answer." in answer.text
    assert "Keep them on." in answer.text
    answer = olga.post("/organizer/p/new-letter/edit", data=form | words | {"mode": "standard"})
    assert answer.status_code == 303
    assert draft(app).mode == "standard"
    assert gaps(app) == ["organizers", "contact"]


def test_a_letter_that_is_open_or_has_names_in_it_has_no_steps(app: Any, olga: FlaskClient) -> None:
    begin(olga)
    token = make.csrf_token(olga, "/organizer/password")
    for slug in ("new-letter", make.SLUG):
        if slug == "new-letter":
            send(olga, "danger", mode="standard")
            make.import_rows(app, draft(app).id, "Вера Седых", initial=True)
        here = f"/organizer/p/{slug}/draft"
        for path in (here, f"{here}/letter"):
            assert olga.get(path).location == f"/organizer/p/{slug}/edit"
        answer = olga.post(f"{here}/letter", data={"csrf_token": token, "act": "next", "title_en": "X"})
        assert answer.status_code == 422
        assert "on its page Edit" in answer.text
    assert olga.get("/organizer/p/new-letter/draft/nothing").status_code == 404
    assert olga.post("/organizer/p/new-letter/draft/nothing", data={"csrf_token": token}).status_code == 404


def test_the_form_of_before_still_drafts_a_whole_petition(app: Any, olga: FlaskClient) -> None:
    sent = {
        "csrf_token": make.csrf_token(olga, "/organizer/password"), "slug": "new-letter", "title_en": "A",
        "text_en": "We ask.", "mail": "required", "reviewers": "2", "mode": "standard",
    }  # fmt: skip
    assert olga.post("/organizer/petitions/new", data=sent).status_code == 303
    assert (draft(app).mode, draft(app).unfinished, draft(app).time_zone) == ("standard", None, "UTC")


def test_a_zone_that_an_old_form_does_not_send_stays(app: Any, olga: FlaskClient) -> None:
    begin(olga)
    send(olga, "days", time_zone="Europe/Berlin")
    form = make.form_with(olga.get("/organizer/p/new-letter/edit"), "csrf_token", "title_en")
    assert form.pop("time_zone") == "Europe/Berlin"
    sent = form | {"title_en": "A", "text_en": "We ask.", "mode": "sealed"}
    assert olga.post("/organizer/p/new-letter/edit", data=sent).status_code == 303
    assert draft(app).time_zone == "Europe/Berlin"
