"""What a signer has done is answered by a page that can be loaded again and gone back to."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from petition_app.crypto.codes import new_secret_code
from petition_app.web.language_links import SAFE
from tests import factories as make

HERE = f"/p/{make.SLUG}"
SIGN, CONFIRM = f"{HERE}/sign", f"{HERE}/confirm"


def led_to(client: Any, answer: TestResponse) -> TestResponse:
    """Follow an answer that leads elsewhere, to a page that says the same to whoever has never been here."""
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["Location"])
    stranger = client.application.test_client().get(answer.headers["Location"])
    assert (page.status_code, page.text) == (200, stranger.text)
    return page  # type: ignore[no-any-return] # An answer.


def entry(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Return what a page leaves in the history of its browser: an address, and what goes along."""
    found = re.search(r"data-entry=\"([^\"]+)\" data-fields='([^']*)'", page.text)
    assert found, page.text
    return unescape(found.group(1)), json.loads(unescape(found.group(2)))


def test_a_withdrawal_leads_to_a_page_that_names_no_letter(app: Any, client: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    withdraw = {"code": signed.secret_code, "action": "withdraw"}
    answer = client.post("/my", data=withdraw)
    assert "It is withdrawn and erased" in led_to(client, answer).text
    assert make.SLUG not in answer.headers["Location"]
    # Two taps without a script: the answer to the second is what its signer sees.
    for code in (signed.secret_code, new_secret_code("en")[0]):
        again = client.post("/my", data=withdraw | {"code": code})
        assert "If you have just withdrawn it, it is erased" in again.text
        assert again.status_code == 200


def test_who_does_not_sign_after_all_is_led_on(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    form = make.form_with(make.sign_page(client), "pending")
    for _ in range(2):
        assert "It is erased" in led_to(client, client.post(f"{CONFIRM}/discard", data=form)).text
    assert make.tally(app, petition_id)["unconfirmed"] == 0


def test_who_is_named_and_did_not_sign_is_led_on(app: Any, client: Any) -> None:
    make.make_petition(app)
    assert "Thank you" in led_to(client, client.post(f"{HERE}/not-me", data={"name": "Никто"})).text


def test_the_answer_to_a_form_for_signing_stays_what_others_rely_on(app: Any, client: Any) -> None:
    make.make_petition(app)
    answer = make.sign_page(client)
    assert answer.status_code == 200
    pending = make.form_with(answer, "pending", "code")["pending"]
    assert entry(answer) == (CONFIRM, {"pending": pending})


def test_what_stays_in_the_history_opens_the_same_page_and_holds_no_secret(app: Any, client: Any) -> None:
    make.make_petition(app)
    page = make.sign_page(client, name="Анна Заречная", email="anna@example.org")
    typed = make.form_with(page, "pending", "code")
    code = make.mailed_code(app, "anna@example.org")
    wrong = client.post(CONFIRM, data=typed | {"code": "0000-0000"})
    words = client.post(CONFIRM, data=typed | {"code": code})
    asked = client.post(f"{CONFIRM}/kept", data=make.form_with(words, "mark"))
    secrets = {"Анна", "Заречная", "anna@example.org", code, "0000-0000", *make.shown_code(words).split()}
    for answer in (page, wrong, words, asked):
        address, fields = entry(answer)
        assert address == CONFIRM
        assert not secrets.intersection(" ".join(fields.values()).split())
        again = client.post(CONFIRM, data=fields | {"act": "show"})
        shown = make.form_with(again, "pending", "code")
        assert shown["pending"] == typed["pending"]
        assert make.shown_code(client.post(CONFIRM, data=shown | {"code": code})) == make.shown_code(words)
    assert entry(wrong)[1]["wrong"] == "1"


@pytest.mark.parametrize("action", ["", "show", "ask_withdraw", "second_code", "consent"])
def test_a_signature_that_was_looked_up_leaves_the_empty_form_behind(app: Any, client: Any, action: str) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    page = client.post("/my", data={"code": signed.secret_code, "action": action, "value": "0"})
    assert entry(page) == ("/my", {})


def test_a_search_leaves_the_list_behind_and_no_name(app: Any, client: Any) -> None:
    make.make_petition(app)
    page = client.post(f"{HERE}/signatories", data={"q": "Заречная", "batch": "1"})
    assert entry(page) == (f"{HERE}/signatories?batch=1", {})


def test_no_form_of_a_signer_is_answered_by_a_page_that_nothing_leads_back_to(app: Any) -> None:
    """Whoever adds one decides: it leads on, or its page stands in the history as the page that asks."""
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if set(rule.methods or ()) - {*SAFE} and not rule.rule.startswith(("/organizer", "/desk", "/static"))
    }
    leads_on = {"sign.keep_words", "sign.discard", "not_me.claim"}
    stays = {"sign.submit", "sign.confirm_code", "sign.send_again", "my_signature.my_signature", "reading.search"}
    assert posts == leads_on | stays
