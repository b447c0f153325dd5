"""The pages of signers, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from petition_app import config
from petition_app.clock import utcnow
from petition_app.crypto import codes, form_tokens
from tests import dumps
from tests import factories as make


@pytest.fixture
def petition(app: Any) -> Any:
    return make.make_petition(app)


def masked(page: str) -> str:
    """Return a page without its random tokens."""
    page = re.sub(r"[0-9a-f]{32}(\.[0-9a-f]{32})?", "TOKEN", page)
    return re.sub(r"\d{2}:\d{2}(:\d{2})?", "TIME", page)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_signer_signs_confirms_and_sees_where_the_signature_is(
    app: Any, client: Any, petition: Any, language: str
) -> None:
    code = make.sign_over_http(client, lang=language)
    assert make.tally(app, petition)["states"]["received"] == 1
    page = client.post("/my", data={"code": code})
    assert page.status_code == 200
    assert code.split()[0] in page.text
    assert make.problems(app, petition) == []


def test_the_same_form_posted_twice_answers_alike_stores_once_and_mails_once(
    app: Any, client: Any, petition: Any
) -> None:
    form = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")
    fields = make.fill_sign_form(form["form"])
    one, two = (client.post(f"/p/{make.SLUG}/sign", data=fields) for _ in range(2))
    assert one.text == two.text
    assert make.tally(app, petition)["unconfirmed"] == 1
    make.mailed_code(app, fields["email"])
    with app.app_context():
        assert len(make.outbox()) == 1


def test_somebody_who_has_signed_gets_the_same_page_as_somebody_new(client: Any, petition: Any) -> None:
    fields = {"name": "Ada Sample", "email": "ada@example.org", "role": "deputy", "place": "Springfield"}
    make.sign_over_http(client, **fields)
    again = make.sign_page(client, **fields)
    new = make.sign_page(client, **fields | {"name": "Eve Sample", "email": "eve@example.org"})
    assert masked(again.text) == masked(new.text)
    assert again.status_code == new.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "=1+1"}, {"name": "12345"}, {"email": "nobody"}, {"email": ""}, {"consent": None},
        {"publish": None}, {"publish": "4"}, {"publish": "x"}, {"others": "0"}, {"others": "-1"}, {"others": "many"},
        {"lang": "xx"}, {"role": "A\u200bB"}, {"place": "x" * 201}, {"form": "0" * 65}, {"form": ".\u0080"},
        {"form": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_form_of_the_wrong_shape_comes_back_with_its_words_and_stores_nothing(
    app: Any, client: Any, petition: Any, change: dict[str, Any]
) -> None:
    before = dumps.tables(app)
    token = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")["form"]
    fields = make.fill_sign_form(change.get("form", token), **{"place": "Springfield"} | change)
    answer = client.post(f"/p/{make.SLUG}/sign", data=fields)
    assert answer.status_code == 422
    assert make.form_with(answer, "form", "name")["name"] == (change.get("name") or fields.get("name", ""))
    assert dumps.tables(app) == before


def test_nothing_is_chosen_for_the_signer(client: Any, petition: Any) -> None:
    fields = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")
    assert "publish" not in fields
    assert "consent" not in fields


def test_extra_fields_change_nothing(app: Any, client: Any, petition: Any) -> None:
    extra = {"state": "verified", "id": "1", "batch_id": "1", "petition_id": "1", "arrived_on": "2000-01-01"}
    make.sign_over_http(client, publish="0", **extra)
    tally = make.tally(app, petition)
    assert (tally["states"]["received"], tally["verified"]) == (1, 0)


@pytest.mark.standard("The ring wraps nothing in sealed mode.")
def test_without_its_ring_the_page_answers_503_and_stores_nothing(app: Any, client: Any, petition: Any) -> None:
    token = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")["form"]
    before = dumps.tables(app)
    Path(config.current().key_ring).unlink()
    answer = client.post(f"/p/{make.SLUG}/sign", data=make.fill_sign_form(token))
    assert answer.status_code == 503
    assert dumps.tables(app) == before


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_letter_that_takes_no_signatures_says_so(app: Any, client: Any, state: str) -> None:
    make.make_petition(app, state=state)
    page = client.get(f"/p/{make.SLUG}/sign")
    assert page.status_code == 200
    assert 'name="form"' not in page.text


def test_a_draft_is_not_there(app: Any, client: Any) -> None:
    make.make_petition(app, state="draft")
    for path in ("", "/sign", "/confirm", "/status.json", "/signatories"):
        assert client.get(f"/p/{make.SLUG}{path}").status_code == 404


# --- codes ------------------------------------------------------------------------------------------------------


def test_a_wrong_code_gives_the_page_back_and_uses_up_a_try(app: Any, client: Any, petition: Any) -> None:
    answer = make.sign_page(client, email="ada@example.org")
    pending = make.form_with(answer, "pending")["pending"]
    code = make.mailed_code(app, "ada@example.org")
    for _ in range(5):
        wrong = client.post(f"/p/{make.SLUG}/confirm", data={"pending": pending, "code": "0000-0000"})
        assert wrong.status_code == 200
        assert make.form_with(wrong, "pending")["pending"] == pending
    client.post(f"/p/{make.SLUG}/confirm", data={"pending": pending, "code": code})
    assert make.tally(app, petition)["states"]["received"] == 0


def test_a_lost_page_takes_five_wrong_codes_from_one_client(app: Any, client: Any, petition: Any) -> None:
    make.sign_page(client, email="ada@example.org")
    code = make.mailed_code(app, "ada@example.org")
    for _ in range(5):
        assert client.post(f"/p/{make.SLUG}/confirm", data={"code": "0000-0000"}).status_code == 200
    for typed in ("0000-0000", code):
        assert client.post(f"/p/{make.SLUG}/confirm", data={"code": typed}).status_code == 429
    assert make.tally(app, petition)["states"]["received"] == 0
    other = {"REMOTE_ADDR": "203.0.113.9"}
    done = client.post(f"/p/{make.SLUG}/confirm", data={"code": code}, environ_overrides=other)
    assert make.shown_code(done)


def test_a_petition_takes_a_hundred_wrong_codes_an_hour_from_all_clients(app: Any, client: Any, petition: Any) -> None:
    path = f"/p/{make.SLUG}/confirm"
    for number in range(100):
        answer = client.post(path, data={"code": "0"}, environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"})
        assert answer.status_code == 200
    assert client.post(path, data={"code": "0"}, environ_overrides={"REMOTE_ADDR": "198.51.100.1"}).status_code == 429
    make.make_petition(app, "other-letter")
    other = client.post(
        "/p/other-letter/confirm", data={"code": "0"}, environ_overrides={"REMOTE_ADDR": "198.51.100.2"}
    )
    assert other.status_code == 200


def test_wrong_and_unknown_secret_codes_get_one_answer(client: Any, petition: Any) -> None:
    make.sign_over_http(client)
    unknown, _ = codes.new_secret_code("en")
    pages = []
    for code in (unknown, "abandon " * 11 + "zoo", "not twelve words", "qqqq"):
        answer = client.post("/my", data={"code": code})
        pages.append((answer.status_code, answer.text.replace(code, "CODE")))
    assert len(set(pages)) == 1
    assert pages[0][0] == 200


def test_the_code_stands_in_no_address_and_a_link_to_my_shows_nothing(client: Any, petition: Any) -> None:
    code = make.sign_over_http(client)
    shown = client.get("/my", query_string={"code": code})
    assert code not in shown.text
    page = client.post("/my", data={"code": code})
    for form in make.forms_of(page):
        assert "code=" not in form["action"]
    assert not re.search(r'href="[^"]*' + code.split()[0] + r"[ +%]", page.text)


def test_consent_and_withdrawal_at_my(app: Any, client: Any, petition: Any) -> None:
    code = make.sign_over_http(client)
    assert client.post("/my", data={"code": code, "action": "consent", "value": "0"}).status_code == 200
    for value in ("7", "", "verified"):
        assert client.post("/my", data={"code": code, "action": "consent", "value": value}).status_code == 200
    with make.looking(app):
        assert make.db.session.scalars(make.db.select(make.Signature)).one().publication_tier == 0
    client.post("/my", data={"code": code, "action": "make-me-verified", "value": "1"})
    client.post("/my", data={"code": code, "action": "withdraw"})
    assert make.tally(app, petition)["states"]["withdrawn"] == 1
    assert client.post("/my", data={"code": code, "action": "withdraw"}).status_code == 200
    assert make.tally(app, petition)["states"]["withdrawn"] == 1


def test_a_form_from_another_site_is_refused(app: Any, client: Any, petition: Any) -> None:
    token = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")["form"]
    for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
        answer = client.post(f"/p/{make.SLUG}/sign", data=make.fill_sign_form(token), headers={"Sec-Fetch-Site": site})
        assert answer.status_code == status
    assert make.tally(app, petition)["unconfirmed"] == 1


@pytest.mark.parametrize("host", ["evil.example.net", "evil.example.net:99", "x@evil.example.net"])
def test_a_forged_host_reaches_no_mail_and_no_redirect(app: Any, client: Any, petition: Any, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example.net"}
    token = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")["form"]
    client.post(f"/p/{make.SLUG}/sign", data=make.fill_sign_form(token, email="ada@example.org"), headers=headers)
    answer = client.get("/organizer", headers=headers)
    assert "evil" not in answer.headers.get("Location", "")
    with app.app_context():
        make.worker.run_once()
        for path in make.outbox():
            assert b"evil" not in path.read_bytes()


def test_no_code_is_asked_where_no_mail_is_sent(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app, mail="none")
    answer = make.sign_page(client, email=None, lang=None)
    pending = make.form_with(answer, "pending")["pending"]
    done = client.post(f"/p/{make.SLUG}/confirm", data={"pending": pending})
    assert make.shown_code(done)
    assert make.tally(app, petition_id)["states"]["received"] == 1


@pytest.mark.parametrize("plain", [True, False], ids=["as a rush takes it", "as the page takes it"])
def test_a_form_that_lay_open_for_days_comes_back_filled_in_and_can_be_sent(
    app: Any, client: Any, monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    petition_id = make.make_petition(app)
    with monkeypatch.context() as before:
        before.setattr(form_tokens, "utcnow", lambda: utcnow() - timedelta(days=2))
        token = form_tokens.new_form_token()
    data = make.fill_sign_form(token, name="Вера Луговая", **({} if plain else {"others": "3"}))
    stale = client.post(f"/p/{make.SLUG}/sign", data=data)
    assert stale.status_code == 422
    assert "This page was out of date. Your words are still here" in stale.text
    form = make.form_with(stale, "form", "name")
    assert form["name"] == "Вера Луговая"
    assert form["form"] != token
    assert make.tally(app, petition_id)["unconfirmed"] == 0
    assert client.post(f"/p/{make.SLUG}/sign", data=data | {"form": form["form"]}).status_code == 200
    assert make.tally(app, petition_id)["unconfirmed"] == 1


def test_a_form_of_one_letter_is_not_taken_for_that_of_another(app: Any, client: Any) -> None:
    first = make.make_petition(app, mode="standard")
    second = make.make_petition(app, "another-letter", mode="standard")
    data = make.fill_sign_form(form_tokens.new_form_token())
    for slug in (make.SLUG, "another-letter", "another-letter"):
        assert client.post(f"/p/{slug}/sign", data=data).status_code == 200
    assert [make.tally(app, one)["unconfirmed"] for one in (first, second)] == [1, 1]
