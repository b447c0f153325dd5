"""A signer loses nothing: what is sent again does nothing twice, and hints tell nothing about anybody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from petition_app.crypto.codes import new_secret_code
from petition_app.signatures.models import DuressCode
from petition_app.storage.db import db
from tests import dumps
from tests import factories as make

SIGN, CONFIRM = f"/p/{make.SLUG}/sign", f"/p/{make.SLUG}/confirm"


def said(answer: TestResponse) -> str:
    """Return the words of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


# --- hints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("abandon " * 11, "That is 11 words; there are twelve."),
        ("1. abandon 2. ability " * 3, "That is 6 words; there are twelve."),
        ("abandon " * 13, "That is 13 words; there are twelve."),
        ("abandon " * 10 + "qwerty about", "Word 11 stands in no list."),
        ("abandon " * 9 + "qwerty uiop about", "Words 10, 11 stand in no list."),
    ],
)
def test_words_that_cannot_be_anybodys_stay_and_say_what_is_wrong_in_them(
    app: Any, client: Any, typed: str, hint: str
) -> None:
    make.make_petition(app)
    answer = client.post("/my", data={"code": typed})
    assert "There is no signature here. Please check the twelve words." in said(answer)
    assert hint in said(answer)
    assert typed.split()[0] in answer.text


def test_words_that_could_be_somebodys_are_answered_alike_whosever_they_are(app: Any, client: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    second = make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))
    make.withdraw(app, signed)
    answers = {
        client.post("/my", data={"code": code}).text for code in (second, signed.secret_code, new_secret_code("ru")[0])
    }
    assert len(answers) == 1
    assert "there are twelve" not in answers.pop()


@pytest.mark.parametrize("is_page_real", [True, False])
def test_a_page_counts_its_own_tries_whether_it_exists_or_not(app: Any, client: Any, is_page_real: bool) -> None:
    petition_id = make.make_petition(app)
    fields = {"pending": make.submit(app, petition_id).pending if is_page_real else "0" * 32, "code": "0000-0000"}
    for left in ("4 tries left", "3 tries left", "2 tries left", "1 try left", "0 tries left"):
        answer = client.post(CONFIRM, data=fields)
        assert left in said(answer)
        fields |= {name: value for name, value in make.form_with(answer, "pending", "code").items() if name == "wrong"}
    lost = client.post(CONFIRM, data={"pending": "", "code": "0000-0000", "wrong": "x" * 9})
    assert "left" not in said(lost)


# --- sent again -------------------------------------------------------------------------------------------------


def test_the_page_for_the_code_is_the_same_however_often_it_is_loaded_also_once_it_was_used(
    app: Any, client: Any
) -> None:
    petition_id = make.make_petition(app)
    fields = make.fill_sign_form(make.form_with(client.get(SIGN), "form")["form"], email="again@example.org")
    first = client.post(SIGN, data=fields)
    code = make.mailed_code(app, "again@example.org")
    given = {"pending": make.form_with(first, "pending", "code")["pending"], "code": code}
    words = make.shown_code(client.post(CONFIRM, data=given))
    for _ in range(3):
        assert client.post(SIGN, data=fields).text == first.text
        assert make.shown_code(client.post(CONFIRM, data=given)) == words
    assert make.tally(app, petition_id)["received_total"] == 1


def test_a_second_code_stays_when_its_page_is_loaded_again(app: Any, client: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    page = client.post("/my", data={"code": signed.secret_code})
    form = next(one["fields"] for one in make.forms_of(page) if one["fields"].get("action") == "second_code")
    assert re.fullmatch("[0-9a-f]{32}", form["value"])
    codes = {make.shown_code(client.post("/my", data=form)) for _ in range(3)}
    assert len(codes) == 1
    with make.looking(app):
        assert db.session.query(DuressCode).count() == 1
    other = next(
        one["fields"]
        for one in make.forms_of(client.post("/my", data={"code": signed.secret_code}))
        if one["fields"].get("action") == "second_code"
    )
    assert make.shown_code(client.post("/my", data=other)) not in codes
    without = {make.shown_code(client.post("/my", data=form | {"value": ""})) for _ in range(2)}
    assert len(without) == 2, "without the page's token nothing can be found again"
    with make.looking(app):
        assert db.session.query(DuressCode).count() == 1


def test_an_answer_that_is_sent_again_says_that_it_has_arrived(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    fields = {"code": signed.secret_code, "action": "answer", "value": "Since 2019."}
    assert "Your answer has arrived." in said(client.post("/my", data=fields))
    before = dumps.tables(app)
    again = said(client.post("/my", data=fields))
    assert "Nothing was sent twice." in again
    assert "No question waits" not in again
    assert dumps.tables(app) == before


def test_a_second_look_that_is_asked_for_again_says_that_it_is_on_its_way(app: Any, client: Any) -> None:
    world = make.make_world(app, reviewers=1)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="not_found")
    fields = {"code": signed.secret_code, "action": "second_look", "value": "Look at the gazette."}
    assert "looked at again, from the start" in said(client.post("/my", data=fields))
    before = dumps.tables(app)
    assert "Nothing was sent twice." in said(client.post("/my", data=fields))
    assert dumps.tables(app) == before


# --- the letter -------------------------------------------------------------------------------------------------


def test_the_letter_and_the_form_lead_to_the_page_for_codes(app: Any, client: Any) -> None:
    make.make_petition(app)
    for path in (f"/p/{make.SLUG}", SIGN):
        assert re.search(rf'href="{CONFIRM}">I have a code</a>', client.get(path).text), path


def test_a_long_letter_is_folded_with_all_of_its_text_in_the_page(app: Any, client: Any) -> None:
    text = "\n\n".join(f"Demand number {number}, in some words." for number in range(1, 90))
    make.make_petition(app, "long", texts={"en": text, "ru": text})
    make.make_petition(app, "short")
    for path in ("/p/long", "/p/long/sign"):
        page = client.get(path).text
        assert 'class="letter letter-long" id="letter-text"' in page
        assert 'href="#letter-text"' in page
        assert "Demand number 89" in page
        assert 'id="letter-top"' in page
    assert 'href="#form-title"' in client.get("/p/long/sign").text
    for path in ("/p/short", "/p/short/sign"):
        assert "letter-long" not in client.get(path).text


def test_a_closed_letter_says_that_signatures_are_checked_only_while_there_are_any(app: Any, client: Any) -> None:
    world = make.make_world(app, reviewers=1)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.set_state(app, world.petition_id, "closed", by=world.organizer)
    assert "are still being checked" in said(client.get(f"/p/{make.SLUG}"))
    make.decide(app, world.petition_id, signed.id, world.reviewers[0])
    make.publish_waiting(app)
    page = said(client.get(f"/p/{make.SLUG}"))
    assert "are still being checked" not in page
    assert "Every signature that arrived has been checked." in page


def test_what_was_taken_back_is_not_called_not_counted(app: Any, client: Any) -> None:
    world = make.make_world(app, reviewers=1)
    signed = make.make_verified(app, world)
    make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="denies_signing")
    page, numbers = said(client.get(f"/p/{make.SLUG}")), client.get(f"/p/{make.SLUG}/status.json").json
    assert numbers["not_counted"] == 0
    assert "0 not counted · 1 taken back" in page
    assert "1 not counted" not in page


@pytest.mark.parametrize("mail", ["none", "required"])
def test_the_sign_page_speaks_of_an_address_only_where_it_asks_for_one(app: Any, client: Any, mail: str) -> None:
    make.make_petition(app, mail=mail)
    page = said(client.get(SIGN))
    for word in ("your address", "mailbox", "E-mail"):
        assert (word in page) == (mail == "required"), word


# --- found by others --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["", "en", "ru"])
@pytest.mark.parametrize("path", ["", "/updates", "/how-we-check", "/corrections", "/versions", "/held"])
def test_a_public_page_says_what_it_is_where_it_is_and_in_which_languages(
    app: Any, client: Any, path: str, language: str
) -> None:
    make.make_petition(app)
    here = f"http://localhost/p/{make.SLUG}{path}"
    page = client.get(f"/p/{make.SLUG}{path}", query_string={"lang": language} if language else {}).text
    assert re.search(r'<meta name="description" content="[^"]{30,}">', page)
    assert f'<link rel="canonical" href="{here}{f"?lang={language}" if language else ""}">' in page
    for code in ("en", "ru"):
        assert f'<link rel="alternate" hreflang="{code}" href="{here}?lang={code}">' in page
    assert f'<link rel="alternate" hreflang="x-default" href="{here}">' in page


def test_search_engines_are_asked_to_read_no_names_and_no_forms(client: Any) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type.startswith("text/plain")
    for path in ("/organizer", "/my", "/p/*/sign", "/p/*/confirm", "/p/*/signatories", "/p/*/print"):
        assert f"\nDisallow: {path}\n" in answer.text
    assert "set-cookie" not in {name.lower() for name, _ in answer.headers}


def test_a_letter_says_how_to_cite_it(app: Any, client: Any) -> None:
    make.make_verified(app, make.make_world(app, reviewers=1))
    make.publish_waiting(app)
    page = said(client.get(f"/p/{make.SLUG}?lang=ru"))
    assert "Как сослаться на письмо" in page
    cited = page.partition("Как сослаться на письмо")[2][:400]
    assert "1 подтверждённая подпись" in cited
    assert f"http://localhost/p/{make.SLUG} " in cited
