"""What is sent in a rush is read without a form where nothing is wrong with it, and in no other way than by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, request_started
from flask_babel import get_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from petition_app import config
from petition_app.crypto.form_tokens import new_form_token
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.new_signatures import NewSignature
from petition_app.storage import short_cache
from petition_app.storage.db import db
from petition_app.web.fast_sign import PLAIN
from petition_app.web.forms.sign import SignForm
from petition_app.web.forms.sign_parser import parse_sign, to_new_signature
from tests import factories as make
from tests.conftest import only_sqlite

SOUND = {
    "name": "Вера Луговая", "role": "deputy", "place": "Council of Lugovo", "email": "Vera@Example.ORG", "lang": "ru",
    "publish": "3", "others": "", "consent": "y",
}  # fmt: skip
TEXTS = st.sampled_from(
    ["", " ", "  Вера \t Луговая ", "Anna  O'Neil-Ивова", "é", "e\u0301", "A\u200bB", "@x", "=1", "x" * 201, "7", "-"]
)
FIELDS = {
    "name": TEXTS | st.text(max_size=130),
    "role": TEXTS,
    "place": TEXTS | st.text(max_size=210),
    "email": st.sampled_from(["a@example.org", " B@EXAMPLE.org ", "", " ", "a@b", "a@@example.org", "ä@example.org"]),
    "lang": st.sampled_from(["en", "ru", "de", ""]),
    "publish": st.sampled_from(["0", "1", "2", "3", "4", "", "٣", " 3"]),
    "others": st.sampled_from(["", " ", "0", "5", "x", "1000001"]),
    "consent": st.sampled_from(["y", "1", "", "false", "true", "0"]),
    "form": st.just("mangled"),
    "text": st.sampled_from(["", " ", "0" * 64, "x"]),
}


def read_by_form(app: Flask, sent: dict[str, str], mail: str) -> Any:
    with app.test_request_context("/", method="POST", data=sent):
        form = SignForm(mail=mail, language=str(get_locale()))
        if form.validate():
            return form.to_new_signature()
        return {name: errors[0] for name, errors in form.errors.items()}


def read_plain(sent: dict[str, str], mail: str) -> Any:
    parsed = parse_sign(sent, mail=mail, language="en")
    return parsed.errors or to_new_signature(parsed, language="en")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(changed=st.fixed_dictionaries({}, optional=FIELDS), mail=st.sampled_from(["required", "optional", "none"]))
def test_the_form_says_what_the_parser_found(app: Flask, changed: dict[str, str], mail: str) -> None:
    with app.app_context():
        sent = SOUND | {"form": new_form_token()} | changed
        assert read_plain(sent, mail) == read_by_form(app, sent, mail)


@pytest.mark.parametrize("left_out", [None, "role", "place", "others", "lang", "text"])
@pytest.mark.parametrize("mail", ["required", "optional", "none"])
def test_what_nearly_everybody_sends_needs_no_form(app: Flask, mail: str, left_out: str | None) -> None:
    with app.app_context():
        sent = {name: value for name, value in SOUND.items() if name != left_out} | {"form": new_form_token()}
        plain = read_plain(sent, mail)
    assert isinstance(plain, NewSignature)
    assert plain == read_by_form(app, sent, mail)


@pytest.mark.parametrize("field", ["name", "publish", "consent", "email"])
def test_what_is_missing_is_named(app: Flask, field: str) -> None:
    with app.app_context():
        sent = {name: value for name, value in (SOUND | {"form": new_form_token()}).items() if name != field}
        assert [*read_plain(sent, "required")] == [field]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "Please write your name."),
        (
            {"name": "Анна7"},
            "Please write the name without digits; only what tells generations apart (2nd, 3rd, III) stays.",
        ),
        ({"email": " "}, "Please write your e-mail address."),
        ({"email": "a@b"}, "This is not an e-mail address. Please check it."),
        ({"lang": "de"}, "Please choose one. Nothing is chosen for you."),
        ({"publish": "٣"}, "Please choose one. Nothing is chosen for you."),
        ({"others": "x"}, "Please write a whole number from 1 on, or leave it empty."),
        ({"others": "1000001"}, "Please write a whole number from 1 on, or leave it empty."),
        ({"consent": "false"}, "Without your agreement to the text there is no signature."),
        ({"form": "mangled"}, "This page was out of date. Your words are still here: send it again."),
    ],
)
def test_each_error_has_its_words_and_keeps_what_was_typed(
    app: Flask, client: Any, wrong: dict[str, str], words: str
) -> None:
    make.make_petition(app)
    with app.app_context():
        sent = SOUND | {"form": new_form_token()} | wrong
    answer = client.post(f"/p/{make.SLUG}/sign?lang=en", data=sent)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="deputy"' in answer.text


# --- both ways into signing -------------------------------------------------------------------------------------


@pytest.fixture
def letters(app: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Two letters under each rule of mail: one is signed by the page, the other in a rush, whose answer is known."""
    config.activate(replace(config.current(), mails_per_address=0, mails_per_domain=0))
    monkeypatch.setattr(short_cache, "LIFE", 3600)
    monkeypatch.setattr(short_cache, "STALE", 3601)
    return {
        mail: {way: make.make_petition(app, slug=f"{mail}-{way}", mail=mail) for way in ("page", "rush")}
        for mail in ("required", "optional", "none")
    }


def stored(app: Any, petition_id: Any) -> dict[Any, tuple[Any, ...]]:
    """Return what a letter's signatures hold, with what is sealed opened."""
    with make.looking(app):
        found = db.session.scalars(select(Signature).where(Signature.petition_id == petition_id))
        return {
            one.id: (sealing.open_identity(one), one.language, one.publication_tier, one.min_named_others, one.state)
            for one in found
        }


@only_sqlite
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(changed=st.fixed_dictionaries({}, optional=FIELDS), mail=st.sampled_from(["required", "optional", "none"]))
def test_both_ways_give_one_verdict_and_store_the_same(
    app: Any, client: Any, letters: dict[str, dict[str, Any]], changed: dict[str, str], mail: str
) -> None:
    begun: list[str] = []
    with request_started.connected_to(lambda _app, **_: begun.append("begun"), app):
        new: dict[str, list[Any]] = {}
        status: dict[str, int] = {}
        for way, content_type in (("page", "multipart/form-data"), ("rush", PLAIN)):
            petition_id, slug = letters[mail][way], f"/p/{mail}-{way}/sign"
            sent = SOUND | {"form": new_form_token()} | changed
            if way == "rush":  # The page answers the first of them, and the rest need none.
                email = "" if not sent["email"].strip() else "first@example.org"
                client.post(slug, data=SOUND | {"form": new_form_token(), "email": email}, content_type=PLAIN)
            before = stored(app, petition_id)
            begun.clear()
            status[way] = client.post(slug, data=sent, content_type=content_type).status_code
            if way == "rush" and status[way] == 200 and sent.get("form") != "":
                assert not begun, "what is sound needs no page"
            new[way] = [row for key, row in stored(app, petition_id).items() if key not in before]
    assert status["page"] == status["rush"]
    assert new["page"] == new["rush"]
    assert len(new["page"]) == (status["page"] == 200)
