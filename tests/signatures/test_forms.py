"""What is sent in a rush is read without a form where nothing is wrong with it, and in no other way than by one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import get_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from petition_app.security import new_form_token
from petition_app.signatures.forms import SignForm, read_plain

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
        return form.to_new_signature(language="en") if form.validate() else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(changed=st.fixed_dictionaries({}, optional=FIELDS), mail=st.sampled_from(["required", "optional", "none"]))
def test_what_is_read_without_a_form_is_what_the_form_would_have_read(
    app: Flask, changed: dict[str, str], mail: str
) -> None:
    with app.app_context():
        sent = SOUND | {"form": new_form_token()} | changed
        plain = read_plain(MultiDict(sent), mail=mail, language="en")
    if plain is not None:
        assert plain == read_by_form(app, sent, mail)


@pytest.mark.parametrize("left_out", [None, "role", "place", "others"])
@pytest.mark.parametrize("mail", ["required", "optional", "none"])
def test_what_nearly_everybody_sends_needs_no_form(app: Flask, mail: str, left_out: str | None) -> None:
    with app.app_context():
        sent = {name: value for name, value in SOUND.items() if name != left_out} | {"form": new_form_token()}
        plain = read_plain(MultiDict(sent), mail=mail, language="en")
    assert plain is not None
    assert plain == read_by_form(app, sent, mail)


@pytest.mark.parametrize("field", ["name", "publish", "consent", "form", "lang", "email"])
def test_what_lacks_something_is_left_to_the_form_which_says_so(app: Flask, field: str) -> None:
    with app.app_context():
        sent = {name: value for name, value in (SOUND | {"form": new_form_token()}).items() if name != field}
        assert read_plain(MultiDict(sent), mail="required", language="en") is None
