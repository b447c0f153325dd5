"""A plain signature is taken before its request is made, as its page takes it; all else is left to the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from petition_app.config import Settings
from petition_app.rate_limits import budgets
from petition_app.signatures.models import Confirmation
from petition_app.web.wsgi_environ import TRIED, environ
from tests import factories as make
from tests.conftest import start_app, stop_app
from tests.web.test_fast_sign import HERE, fields, number, token

PLAIN = "application/x-www-form-urlencoded"
HOST = "petitions.example.org"
WORDS: dict[str, str] = {"host": "localhost", "content-type": PLAIN, "sec-fetch-site": "same-origin"}


class Scope:
    """What the HTTP server tells of a request before it is made."""

    method, query_string, scheme = "POST", "", "http"

    http_version, server = "1.1", "127.0.0.1:80"

    def __init__(self, headers: dict[str, str], *, path: str = HERE, client: str = "203.0.113.5:4000") -> None:
        self.headers, self.path, self.client = headers, path, client


def at_once(app: Any, scope: Scope, **others: Any) -> Any:
    """Send a form to what comes before a request; return the answer, if it has one."""
    return app.sign_at_once(scope, urlencode(fields(**others)).encode())


def test_the_answer_is_that_of_the_page(app: Flask, client: FlaskClient, petition_id: Any) -> None:
    assert at_once(app, Scope(WORDS)) is None, "nobody has asked the page yet"
    first, second = fields(), fields(name="Иван Степной", email="ivan@example.org")
    page = client.post(HERE, data=first)
    status, headers, body = app.sign_at_once(Scope(WORDS), urlencode(second).encode())  # type: ignore[attr-defined] # Ours, not Flask's.
    assert (status, dict(headers)) == (200, dict(page.headers))
    assert body.decode() == page.text.replace(token(app, petition_id, first), token(app, petition_id, second))
    assert number(app) == number(app, Confirmation) == 2
    assert make.problems(app, petition_id) == []


@pytest.mark.parametrize(
    "scope",
    [
        Scope(WORDS | {"host": "elsewhere.example.org"}),
        Scope(WORDS | {"sec-fetch-site": "cross-site"}),
        Scope(WORDS | {"content-type": "multipart/form-data; boundary=x"}),
        Scope(WORDS | {"accept-language": "ru"}),
        Scope(WORDS, path=f"/p/{make.SLUG}/names"),
        Scope(WORDS, path="/p/another-letter/sign"),
    ],
    ids=["another host", "another site", "another kind", "another language", "another page", "another letter"],
)
def test_what_the_page_must_look_at_is_not_taken(
    app: Flask, client: FlaskClient, petition_id: Any, scope: Scope
) -> None:
    assert client.post(HERE, data=fields()).status_code == 200
    assert at_once(app, scope) is None
    assert number(app) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"email": "nowhere"}, {"consent": ""}, {"publish": "9"}, {"form": "0" * 32}, {"others": "x"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_form_with_a_mistake_is_left_to_the_page(
    app: Flask, client: FlaskClient, petition_id: Any, wrong: dict[str, str]
) -> None:
    assert client.post(HERE, data=fields()).status_code == 200
    assert at_once(app, Scope(WORDS), **wrong) is None
    assert number(app) == 1


def test_what_was_tried_before_its_request_is_not_tried_again(
    app: Flask, client: FlaskClient, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.post(HERE, data=fields()).status_code == 200
    counted: list[str] = []
    may_sign = budgets.may_sign
    monkeypatch.setattr(budgets, "may_sign", lambda clients: counted.extend(clients) or may_sign(clients))
    wrong = fields(text="0" * 64)
    assert app.sign_at_once(Scope(WORDS), urlencode(wrong).encode()) is None  # type: ignore[attr-defined] # Ours.
    made = environ(Scope(WORDS), urlencode(wrong).encode(), ("localhost", "80"))  # type: ignore[arg-type] # Enough.
    assert client.post(HERE, data=wrong, environ_overrides={TRIED: made[TRIED]}).status_code == 422
    assert len(counted) == 2, "once before the request, once by the page"
    assert number(app) == 1


@pytest.fixture
def behind_a_proxy(settings: Settings) -> Iterator[Any]:
    """An installation behind one web server, where one client may sign twice an hour."""
    words = {"public_url": f"https://{HOST}", "proxies": 1, "signatures_per_client": 2}
    app = start_app(dataclasses.replace(settings, **words))
    try:
        make.make_petition(app)
        yield app
    finally:
        stop_app(app)


def test_behind_a_proxy_a_client_is_the_one_that_it_has_seen(behind_a_proxy: Any) -> None:
    words = WORDS | {"host": HOST, "x-forwarded-proto": "https"}
    told = {"X-Forwarded-For": "203.0.113.1", "X-Forwarded-Proto": "https", "Host": HOST}
    assert behind_a_proxy.test_client().post(HERE, data=fields(), headers=told).status_code == 200

    def sign(seen: str) -> bool:
        scope = Scope(words | {"x-forwarded-for": seen}, client="127.0.0.1:4000")
        return at_once(behind_a_proxy, scope) is not None

    assert [sign("203.0.113.1"), sign("203.0.113.1")] == [True, False]
    assert sign("192.0.2.1, 203.0.113.1") is False, "what a client says of itself counts for nothing"
    assert sign("203.0.113.2") is True
