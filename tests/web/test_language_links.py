"""The language links of pages that answer a form: they lead to the same page, or nowhere, and never home."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from petition_app.web.language_links import REPEATED, SAFE, SHOWN_AT
from tests import dumps
from tests import factories as make
from tests.factories import new_form_token

SIGN, CONFIRM = f"/p/{make.SLUG}/sign", f"/p/{make.SLUG}/confirm"
# Views that say for themselves what is sent once more, or show something once; and those that only ever lead elsewhere.
OF_THEIR_OWN = {"sign.confirm_code", "sign.keep_words", "sign.send_again"}
SHOWN_ONCE = {"staff.keys.make", "staff.keys.make_token", "staff.invitation_lists.print_again"}
ELSEWHERE = {
    "staff.switches.turn_mail", "staff.switches.turn_read_only", "staff.samples.put_back", "staff.trail.publish",
    "staff.desk.remove_evidence", "staff.desk.ask_contact",
}  # fmt: skip


def languages(answer: TestResponse) -> str:
    """Return the part of a page that holds its language links, or nothing."""
    found = re.search(r'<nav aria-label="(?:Language|Язык)">.*?</nav>', answer.text, re.DOTALL)
    return found.group() if found else ""


def in_russian(client: Any, answer: TestResponse) -> TestResponse:
    """Press «Русский» on a page that answered a form."""
    form = next(one for one in make.forms_of(answer) if "lang=ru" in one["action"])
    assert 'form="in-ru"' in languages(answer)
    return client.post(form["action"], data=form["fields"])  # type: ignore[no-any-return] # An answer.


def test_every_page_that_answers_a_form_says_how_it_is_shown_in_another_language(app: Any) -> None:
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if set(rule.methods or ()) - {*SAFE}}
    named = {*REPEATED, *SHOWN_AT, *OF_THEIR_OWN, *SHOWN_ONCE}
    assert named <= posts, "a name that is no page any more"
    assert not REPEATED & {*SHOWN_AT, *OF_THEIR_OWN, *SHOWN_ONCE}
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert set(SHOWN_AT.values()) <= pages, "a page that cannot be opened"
    answering = {endpoint for endpoint in posts if _shows_a_page(app.view_functions[endpoint])}
    assert answering - named - ELSEWHERE == set()


def _shows_a_page(view: Any) -> bool:
    """Return whether a view may answer with a page: its annotation says so, and it is none of the machines' own."""
    if view.__module__.startswith(("petition_app.web.desk_api", "flask_security")):
        return False
    return str(view.__annotations__.get("return")).rpartition(".")[2] != "Response"


def carried(client: Any, answer: TestResponse, held: dict[str, Any], **typed: Any) -> TestResponse:
    """Type into a form of a page and press «Русский», which sends that form as it is."""
    button = re.search(
        r'<button [^>]*form="([\w-]+)" formaction="([^"]+)"[^>]*name="(\w+)" value="1" lang="ru"', answer.text
    )
    assert button, languages(answer)
    assert f'id="{button.group(1)}"' in answer.text
    return client.post(button.group(2), data=held | typed | {button.group(3): "1"})  # type: ignore[no-any-return] # An answer.


def test_what_is_typed_into_the_form_for_signing_is_carried_into_the_other_language(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    before = dumps.tables(app)
    page = client.get(SIGN)
    typed = make.fill_sign_form(
        make.form_with(page, "form")["form"],
        name="Вера Луговая",
        email="no address",
        publish="2",
        others="x",
        lang="en",
    )
    again = page
    for _ in range(3):
        again = carried(client, page, make.form_with(page, "form", "text"), **typed)
        assert (again.status_code, '<html lang="ru"' in again.text) == (200, True)
    for shown in ('value="Вера Луговая"', 'value="no address"', 'value="x"'):
        assert shown in again.text, shown
    assert re.search(r"<input checked[^>]*name=\"publish\"[^>]*value=\"2\"", again.text)
    assert re.search(r"<input checked[^>]*name=\"consent\"", again.text)
    assert "has-error" not in again.text, "nothing was checked"
    assert make.form_with(again, "form", "name")["form"] == typed["form"], "it stays one form, and one signature"
    assert dumps.tables(app) == before
    assert again.headers["Cache-Control"] == "no-store"
    signed = client.post(SIGN, data=typed | {"email": "vera@example.org", "others": ""})
    assert signed.status_code == 200
    assert make.tally(app, petition_id)["unconfirmed"] == 1


def test_a_form_that_came_back_is_carried_too_as_it_is_typed_by_then(app: Any, client: Any) -> None:
    make.make_petition(app)
    answer = client.post(SIGN, data={"form": new_form_token(), "name": "Вера", "email": "no address"})
    assert answer.status_code == 422
    again = carried(client, answer, make.form_with(answer, "form", "name"), name="Вера Луговая")
    assert (again.status_code, '<html lang="ru"' in again.text) == (200, True)
    assert 'value="Вера Луговая"' in again.text
    assert 'value="no address"' in again.text


def test_words_and_claims_and_answers_are_carried_too(app: Any, client: Any) -> None:
    world = make.make_world(app)
    again = carried(client, page := client.get("/my"), make.form_with(page, "code"), code="abandon ability able")
    assert "abandon ability able" in again.text
    assert '<html lang="ru"' in again.text
    url = f"/p/{world.slug}/not-me"
    again = carried(client, page := client.get(url), make.form_with(page, "name"), name="Ада", words="Это не я")
    assert "Это не я" in again.text
    assert "has-error" not in again.text
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    page, before = client.post("/my", data={"code": signed.secret_code}), dumps.tables(app)
    form = next(one["fields"] for one in make.forms_of(page) if one["fields"].get("action") == "answer")
    again = carried(client, page, form, value="Half of an answer")
    assert "Half of an answer</textarea>" in again.text
    assert dumps.tables(app) == before


def test_enter_in_a_field_sends_the_form_and_does_not_change_the_language(app: Any, client: Any) -> None:
    make.make_petition(app)
    page = client.get(SIGN).text
    first = re.search(r'<button [^>]*form="sign-form"[^>]*>', page)
    assert first
    assert "formaction" not in first.group()


def test_the_page_for_the_code_is_shown_in_the_other_language_and_tries_nothing(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    answer = make.sign_page(client)
    for _ in range(7):
        again = in_russian(client, answer)
        assert again.status_code == 200
        assert '<html lang="ru"' in again.text
    assert make.form_with(again, "pending", "code")["pending"] == make.form_with(answer, "pending", "code")["pending"]
    assert make.tally(app, petition_id)["unconfirmed"] == 1
    form = next(one for one in make.forms_of(answer) if "lang=ru" in one["action"])
    assert set(form["fields"]) == {"act", "pending", "page", "unmailed"}, (
        "what one signer wrote stands on no page that others may be given"
    )


def test_where_no_mail_is_asked_for_a_language_confirms_nothing(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app, mail="none")
    again = in_russian(client, make.sign_page(client))
    assert "Отправить подпись" in again.text
    assert make.tally(app, petition_id)["received_total"] == 0


def test_the_words_are_shown_in_the_other_language_too(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    answer = client.post(CONFIRM, data={"pending": submitted.pending, "code": submitted.code})
    again = in_russian(client, answer)
    assert '<html lang="ru"' in again.text
    assert make.shown_code(again) == make.shown_code(answer)
    assert make.tally(app, petition_id)["received_total"] == 1


@pytest.mark.parametrize("action", ["", "show", "ask_withdraw", "consent", "answer"])
def test_my_page_in_the_other_language_does_nothing_twice(app: Any, client: Any, action: str) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    answer = client.post("/my", data={"code": signed.secret_code, "action": action, "value": "1"})
    before = dumps.tables(app)
    again = in_russian(client, answer)
    assert '<html lang="ru"' in again.text
    assert ("Отозвать вашу подпись?" in again.text) == (action == "ask_withdraw")
    assert dumps.tables(app) == before


def test_what_is_shown_once_has_no_link_that_leads_away(app: Any, client: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    answer = client.post("/my", data={"code": signed.secret_code, "action": "second_code"})
    assert answer.status_code == 200
    assert languages(answer) == ""


def test_wrong_words_lead_to_the_empty_page_in_the_other_language(app: Any, client: Any) -> None:
    answer = client.post("/my", data={"code": "no words"})
    assert 'formaction="/my?lang=ru"' in languages(answer)


def test_an_error_has_no_link_home(app: Any, client: Any) -> None:
    make.make_petition(app, state="closed")
    answer = client.post(SIGN, data=make.fill_sign_form(new_form_token()))
    assert answer.status_code == 409
    assert languages(answer) == ""


def test_staff_forms_come_back_as_they_were_typed(app: Any) -> None:
    world = make.make_world(app)
    organizer = make.signed_in(app, world.organizer)
    url = f"/organizer/p/{world.slug}/people/invite"
    token = make.csrf_token(organizer, f"/organizer/p/{world.slug}/people")
    answer = organizer.post(url, data={"csrf_token": token, "email": "no address", "name": "Olga"})
    assert answer.status_code == 422
    again = in_russian(organizer, answer)
    assert (again.status_code, '<html lang="ru"' in again.text) == (422, True)
    assert 'value="no address"' in again.text


def test_a_sheet_of_cards_has_no_link_that_leads_away(app: Any) -> None:
    world = make.make_world(app)
    organizer = make.signed_in(app, world.organizer)
    url = f"/organizer/p/{world.slug}/groups"
    form = make.form_with(organizer.get(url), "form", "title", "names")
    answer = organizer.post(url, data=form | {"title": "Monday", "names": "Ада Звонкая"})
    assert answer.status_code == 200, answer.text
    assert languages(answer) == ""
