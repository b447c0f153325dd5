"""The language links of pages that answer a form: they lead to the same page, or nowhere, and never home."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from petition_app.language_links import REPEATED, SAFE, SHOWN_AT
from petition_app.security import new_form_token
from tests import dumps
from tests import factories as make

SIGN, CONFIRM = f"/p/{make.SLUG}/sign", f"/p/{make.SLUG}/confirm"
# Views that say for themselves what is sent once more, or show something once; and those that only ever lead elsewhere.
OF_THEIR_OWN = {"signatures.confirm_code", "signatures.keep_words", "signatures.send_again", "signatures.discard"}
SHOWN_ONCE = {"staff.keys.make", "staff.keys.make_token", "staff.groups.print_again"}
ELSEWHERE = {
    "staff.switches.turn_mail", "staff.switches.turn_read_only", "staff.sampling.put_back", "staff.tally.publish",
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
    return client.post(form["action"], data=form["fields"])  # type: ignore[no-any-return]


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
    if view.__module__.startswith(("petition_app.verification.remote", "flask_security")):
        return False
    return str(view.__annotations__.get("return")).rpartition(".")[2] != "Response"


def test_the_form_for_signing_comes_back_as_it_was_typed(app: Any, client: Any) -> None:
    make.make_petition(app)
    answer = client.post(SIGN, data={"form": new_form_token(), "name": "Вера Луговая", "email": "no address"})
    assert answer.status_code == 422
    again = in_russian(client, answer)
    assert (again.status_code, '<html lang="ru"' in again.text) == (422, True)
    assert 'value="Вера Луговая"' in again.text
    assert 'value="no address"' in again.text


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


@pytest.mark.parametrize("action", ["second_code", "withdraw"])
def test_what_is_shown_once_has_no_link_that_leads_away(app: Any, client: Any, action: str) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    answer = client.post("/my", data={"code": signed.secret_code, "action": action})
    assert answer.status_code == 200
    assert languages(answer) == ""


def test_wrong_words_lead_to_the_empty_page_in_the_other_language(app: Any, client: Any) -> None:
    answer = client.post("/my", data={"code": "no words"})
    assert 'href="/my?lang=ru"' in languages(answer)


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
