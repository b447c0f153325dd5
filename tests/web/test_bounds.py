"""What comes from outside is bounded at the door: no value fails in a database; what changes nothing costs little."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask_wtf import FlaskForm
from sqlalchemy import func, select, text

from petition_app.crypto.codes import new_mail_code, new_secret_code
from petition_app.mailer.addresses import read_address
from petition_app.petitions.rules import render_text
from petition_app.rate_limits import budgets
from petition_app.signatures import duress_codes
from petition_app.signatures.models import CodeAttempt, Confirmation
from petition_app.storage import db
from petition_app.storage.hooks import TransactionHooks
from petition_app.storage.short_cache import ShortCache
from tests import factories as make
from tests.conftest import only_sqlite, start_app, stop_app

HOSTILE = {
    "a number of twenty digits": "9" * 20,
    "a number of five thousand digits": "9" * 5000,
    "NUL": "a\x00b",
    "sixty thousand letters": "ж" * 60_000,
    "no letters": "'\"\\%_\u202e\U0001f600\ufffe",
    "below nothing": "-99999999999",
    "nothing": "",
}
FORM = "application/x-www-form-urlencoded"
QUERY = ("batch", "page", "per_page", "n", "place", "q", "lang", "next", "find", "after", "theme", "template", "number")


def names_of_fields() -> set[str]:
    """Return the names of the fields of every form there is."""
    found, classes = set(QUERY) | {"act", "q", "code", "pending", "email", "password"}, [FlaskForm]
    while classes:
        each = classes.pop()
        classes += each.__subclasses__()
        found |= {name for name in vars(each) if hasattr(getattr(each, name), "field_class")}
    return found


def paths(app: Any, value: str, slug: str) -> Iterator[tuple[str, set[str]]]:
    """Return each path of the product with a hostile value in its place, and with a good slug beside it."""

    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            continue
        for good in (True, False):
            path = rule.rule
            for name in rule.arguments:
                given = slug if good and name == "slug" else value or "x"
                given = make.UUID(int=0) if good and "uuid" in rule.rule and name != "slug" else given
                start = path.index("<")
                path = path[:start] + quote(str(given)[:3000], safe="") + path[path.index(">") + 1 :]
            yield path, set(rule.methods or ())


@pytest.mark.parametrize("who", ["stranger", "organizer"])
@pytest.mark.parametrize("value", list(HOSTILE.values()), ids=list(HOSTILE))
def test_no_value_from_outside_makes_any_page_fail(app: Any, value: str, who: str) -> None:
    world = make.make_world(app)
    client, sent = app.test_client(use_cookies=False), {}  # To look for cookies it reads each long address twice.
    if who == "organizer":
        cookie = make.signed_in(app, world.organizer).get_cookie(app.config["SESSION_COOKIE_NAME"], path="/organizer")
        sent["Cookie"] = f"{cookie.key}={cookie.value}"
        assert client.get(f"/organizer/p/{world.slug}", headers=sent).status_code == 200
    names = names_of_fields() if len(value) < 1000 else {"q", "name", "code", "find", "email"}
    fields = urlencode(dict.fromkeys(sorted(names), value))  # Written once, which takes longer than an answer.
    query = urlencode(dict.fromkeys(QUERY, value[: 1500 if value.isascii() else 300]))  # A server takes 64 kB at most.
    failed = []
    found = ((path, method) for path, methods in paths(app, value, world.slug) for method in methods & {"GET", "POST"})
    for path, method in dict.fromkeys(found):
        words = {"query_string": query} if method == "GET" else {"data": fields, "content_type": FORM}
        code = client.open(path, method=method, headers=sent, **words).status_code
        if code >= 500 and not (code == 503 and path == "/readyz"):
            failed.append((method, path[:80], code))
    assert not failed, failed[:10]


# --- what changes nothing ---------------------------------------------------------------------------------------


@contextmanager
def somebody_writing(app: Any) -> Iterator[None]:
    """Keep the one place of a writer, as a long transaction does."""
    with app.app_context(), db.db.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN")


@only_sqlite
def test_what_changes_nothing_waits_for_no_writer(app: Any, client: Any) -> None:
    make.make_petition(app, mail="optional")
    with somebody_writing(app):
        began = time.monotonic()
        assert client.post(f"/p/{make.SLUG}/signatories", data={"q": "Анна"}).status_code == 200
        assert client.post("/nowhere", data={"a": "b"}).status_code == 404
        assert client.post(f"/p/{make.SLUG}", data={"a": "b"}).status_code == 405
        assert client.post(f"/organizer/p/{make.SLUG}/next", data={}).status_code == 302
        assert client.post(f"/p/{make.SLUG}/sign", data={"name": "Анна"}).status_code == 422
        assert client.post("/my", data={"code": "x" * 70_000}).status_code == 413
        assert time.monotonic() < began + 10


def test_what_changes_nothing_empties_no_cache(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    emptied: list[int] = []
    hooks = app.state.get(TransactionHooks)
    app.state.put(replace(hooks, after_change=lambda: (emptied.append(1), hooks.after_change())))
    pending = make.form_with(make.sign_page(client), "pending")["pending"]
    for path, data in (
        (f"/p/{world.slug}/signatories", {"q": "Анна"}),
        ("/my", {"code": new_secret_code("en")[0]}),
        ("/my", {"code": signed.secret_code}),
        (f"/p/{world.slug}/confirm", {"pending": pending, "code": "0000-0000"}),
        (f"/p/{world.slug}/confirm", {"pending": "0" * 32, "code": "0000-0000"}),
        ("/organizer/login", {"email": "nobody@example.org", "password": "wrong"}),
    ):
        client.post(path, data=data)
        assert not emptied, path
    assert hooks.after_change == app.state.get(ShortCache).forget
    client.post("/my", data={"code": signed.secret_code, "action": "withdraw"})
    assert emptied, "and what changes something does"


# --- floods of /my and /confirm ---------------------------------------------------------------------------------


def rows(app: Any, model: Any) -> int:
    """Count the rows of a table."""
    with make.looking(app):
        return db.db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def behind_proxy(settings: Any) -> Iterator[Any]:
    """An application that learns the addresses of clients from its proxy."""
    app = start_app(replace(settings, proxies=1))
    yield app
    make.lock_keys()
    stop_app(app)


def test_wrong_words_are_counted_and_the_right_ones_always_open(behind_proxy: Any) -> None:
    app, client = behind_proxy, behind_proxy.test_client()
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    page = client.post("/my", data={"code": signed.secret_code, "action": "second_code"})
    second = make.shown_code(page)
    me = {"X-Forwarded-For": "203.0.113.1"}

    def send(code: str, **headers: str) -> Any:
        return client.post("/my", data={"code": code}, headers=headers or me)

    answers = [send(new_secret_code("en")[0]).status_code for _ in range(budgets.MISSES + 15)]
    assert answers == [200] * budgets.MISSES + [429] * 15
    assert rows(app, CodeAttempt) == budgets.MISSES + 1, "one row is written over for all who are turned away"
    assert send(second).status_code == 429, "it looks like any other"
    assert rows(app, CodeAttempt) == budgets.MISSES + 2, "and yet the alarm was raised before the answer"
    assert signed.secret_code in send(signed.secret_code).text, "who has the words is never kept out"
    assert send(new_secret_code("en")[0], **{"X-Forwarded-For": "203.0.113.2"}).status_code == 200
    with make.acting(app):
        duress_codes.look_at_attempts()


def test_pages_that_are_not_there_are_counted_and_ones_own_goes_on(behind_proxy: Any) -> None:
    app, client = behind_proxy, behind_proxy.test_client()
    make.make_petition(app)
    me = {"X-Forwarded-For": "203.0.113.1"}
    own = make.submit(app, make.make_petition(app, "other"))
    answers = [
        client.post(f"/p/{make.SLUG}/confirm", data={"pending": f"{turn:032x}", "code": "x"}, headers=me).status_code
        for turn in range(budgets.MISSES + 5)
    ]
    assert answers == [200] * budgets.MISSES + [429] * 5
    page = client.post("/p/other/confirm", data={"pending": own.pending, "code": own.code}, headers=me)
    assert make.shown_code(page)
    assert rows(app, Confirmation) == 1


def test_twenty_addresses_of_one_network_close_no_door(behind_proxy: Any) -> None:
    app, client = behind_proxy, behind_proxy.test_client()
    make.make_petition(app)

    def guess(address: str, code: str) -> int:
        data, headers = {"code": code}, {"X-Forwarded-For": address}
        return int(client.post(f"/p/{make.SLUG}/confirm", data=data, headers=headers).status_code)

    answers = [guess(f"2001:db8:0:7::{turn:x}", "0000-0000") for turn in range(120)]
    assert answers == [200] * 5 + [429] * 115
    assert guess("::ffff:203.0.113.5", "0000-0000") == 200
    for turn in range(110):
        assert guess(f"198.51.100.{turn}", new_mail_code(3)) == 200
    assert guess("203.0.113.6", new_mail_code(3)) == 200, "many who type wrong codes of cards keep nobody out"


# --- text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["![", "[", "*a ", "**a_b", "`a``", "<a ", "&a;", "\\*", "[a](b)", "> ", "- "])
def test_no_text_takes_seconds_to_render_and_none_twice(mark: str) -> None:
    markdown = mark * (100_000 // len(mark))
    began = time.process_time()
    html = render_text(markdown)
    first = time.process_time() - began
    assert first < 2
    assert "<script" not in html
    began = time.process_time()
    assert render_text(markdown) == html
    assert time.process_time() - began < 0.02


def test_a_long_address_is_refused_by_its_length() -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="long"):
        read_address("a" * 50_000 + "@" + "b." * 25_000 + "org")
    assert time.process_time() - began < 0.01


@only_sqlite
def test_the_test_would_notice_a_number_that_no_column_holds(app: Any) -> None:
    with make.looking(app), pytest.raises(OverflowError):
        db.db.session.execute(text("SELECT :number"), {"number": 10**20})
