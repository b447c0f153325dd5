"""The door of a rush answers exactly as the page does, takes what the page takes, and leaves all else to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request_started
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.new_signatures import pending_token
from petition_app.storage import short_cache
from petition_app.storage.db import db, transaction
from petition_app.web import fast_sign
from tests import factories as make

HERE = f"/p/{make.SLUG}/sign"


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The paths of all requests that began: those that a page answers."""
    begun: list[str] = []

    def note(_app: Flask, **_: Any) -> None:
        begun.append("begun")

    with request_started.connected_to(note, app):
        yield begun


def fields(**others: Any) -> dict[str, Any]:
    """Return a form as a browser sends it."""
    return {
        "form": make.new_form_token(), "name": "Вера Луговая", "role": "deputy", "place": "Council",
        "email": "vera@example.org", "lang": "ru", "publish": "3", "consent": "1", "others": "",
    } | others  # fmt: skip


def number(app: Flask, model: Any = Signature) -> int:
    """Count the rows of a table."""
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def token(app: Flask, petition_id: Any, sent: dict[str, Any]) -> str:
    """Return what alone differs between the answers to two forms."""
    with app.app_context():
        return pending_token(petition_id, sent["form"])


def test_both_doors_give_one_answer_and_store_the_same(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str]
) -> None:
    first, second = fields(), fields(name="Иван Степной", email="ivan@example.org")
    by_page, by_rush = client.post(HERE, data=first), client.post(HERE, data=second)
    assert len(asked) == 1
    assert by_page.status == by_rush.status == "200 OK"
    assert dict(by_page.headers) == dict(by_rush.headers)
    page, pending = by_page.text, token(app, petition_id, first)
    assert pending in page
    assert by_rush.text == page.replace(pending, token(app, petition_id, second))
    assert "example.org" not in page
    with make.looking(app):
        columns = (
            Signature.petition_id,
            Signature.state,
            Signature.language,
            Signature.publication_tier,
            Signature.min_named_others,
        )
        stored = db.session.execute(select(*columns, Signature.text_version_id)).all()
    assert len(stored) == 2
    assert stored[0] == stored[1]
    assert make.problems(app, petition_id) == []


def test_a_form_that_was_sent_twice_signs_once(app: Flask, client: FlaskClient, petition_id: Any) -> None:
    client.post(HERE, data=fields())
    sent = fields()
    assert client.post(HERE, data=sent).text == client.post(HERE, data=sent).text
    assert number(app) == number(app, Confirmation) == 2


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"email": "vera"}, 422),
        ({"name": " "}, 422),
        ({"consent": ""}, 422),
        ({"publish": "4"}, 422),
        ({"form": "0" * 32 + "." + "0" * 32}, 422),
        ({"others": "x"}, 422),
    ],
)
def test_what_is_not_plain_is_left_to_the_page_which_says_why(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str], wrong: dict[str, str], status: int
) -> None:
    client.post(HERE, data=fields())
    assert client.post(HERE, data=fields(**wrong)).status_code == status
    assert len(asked) == 2
    assert number(app) == 1 + (status == 200)


def test_of_a_field_that_comes_twice_the_first_counts_at_both_doors(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str]
) -> None:
    for _ in range(2):
        client.post(HERE, data=fields(publish=["3", "0"]))
    assert len(asked) == 1
    with make.looking(app):
        assert db.session.scalars(select(Signature.publication_tier)).all() == [3, 3]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"content_type": "text/plain"}, 422),
        ({"content_type": "multipart/form-data"}, 200),
    ],
)
def test_what_comes_in_another_way_is_left_to_the_page(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str], given: dict[str, Any], status: int
) -> None:
    client.post(HERE, data=fields())
    assert client.post(HERE, data=fields(), **given).status_code == status
    assert len(asked) == 2
    assert number(app) == 1 + (status == 200)


@pytest.mark.parametrize("body", [b"form=%FF%FE", b"name=\xd0\x92", b"&".join(b"a=%d" % one for one in range(40)), b""])
def test_bytes_that_are_no_form_are_answered_by_the_page(
    app: Flask, client: FlaskClient, petition_id: Any, body: bytes
) -> None:
    client.post(HERE, data=fields())
    answer = client.post(HERE, data=body, content_type=fast_sign.PLAIN)
    assert answer.status_code == 422
    assert number(app) == 1


def test_a_form_that_broke_off_on_its_way_is_not_taken(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str]
) -> None:
    client.post(HERE, data=fields())
    whole = b"&".join(f"{name}={value}".encode() for name, value in fields(name="Vera", others="12").items())
    broken = {"wsgi.input": BytesIO(whole[:-2]), "CONTENT_LENGTH": str(len(whole))}
    answer = client.post(HERE, content_type=fast_sign.PLAIN, environ_overrides=broken)
    assert answer.status_code == 400
    assert len(asked) == 1  # It is refused before a request begins.
    assert number(app) == 1


def test_languages_and_addresses_have_answers_of_their_own(
    client: FlaskClient, petition_id: Any, asked: list[str]
) -> None:
    def both(**given: Any) -> set[str]:
        answers = [client.post(HERE, data=fields(), **given) for _ in range(2)]
        return {answer.headers["Content-Language"] for answer in answers}

    assert both() == both(headers={"Host": "127.0.0.1:8000"}) == {"en"}
    assert both(headers={"Accept-Language": "ru"}) == both(query_string={"lang": "ru"}) == {"ru"}
    assert len(asked) == 4


def test_without_an_address_the_page_speaks_of_no_message(app: Flask, client: FlaskClient, asked: list[str]) -> None:
    make.make_petition(app, mail="none")
    pages = [client.post(HERE, data=fields(email=email)).status_code for email in ("", "", "v@x")]
    assert pages == [200, 200, 200]
    assert len(asked) == 2
    assert number(app) == 3


def elsewhere(app: Flask, statement: Any) -> None:
    """Change the database as another process does, of which this one knows nothing."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(statement)


def close(app: Flask) -> None:
    """Close the petition."""
    elsewhere(app, db.update(make.petitions.Petition).values(state="closed"))


def read_only(app: Flask) -> None:
    """Let nothing be changed."""
    elsewhere(app, db.insert(maintenance.Switch).values(name=maintenance.READ_ONLY, since=utcnow()))


@pytest.mark.parametrize(("act", "status"), [(close, 409), (read_only, 503)])
def test_what_another_process_changed_a_moment_ago_counts(
    app: Flask, client: FlaskClient, petition_id: Any, act: Callable[[Flask], None], status: int
) -> None:
    assert client.post(HERE, data=fields()).status_code == 200
    act(app)
    assert client.post(HERE, data=fields()).status_code == status
    assert number(app) == 1


def test_a_change_by_this_process_has_the_page_asked_anew_even_while_it_answers(
    app: Flask, client: FlaskClient, petition_id: Any, asked: list[str]
) -> None:
    def change(_app: Flask | None = None, **_: Any) -> None:
        with app.app_context(), transaction():
            db.session.execute(update(Petition).values(goal=Petition.goal))

    client.post(HERE, data=fields())
    change()
    client.post(HERE, data=fields())
    assert len(asked) == 2
    with request_started.connected_to(change, app):
        change()
        client.post(HERE, data=fields())
    client.post(HERE, data=fields())
    assert len(asked) == 4


def test_after_a_second_one_asks_the_page_while_others_have_it_as_it_was(
    client: FlaskClient, petition_id: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(short_cache, "monotonic", lambda: now)
    client.post(HERE, data=fields())
    now += 1.1
    met: list[TestResponse] = []

    def sign_meanwhile(_app: Flask, **_: Any) -> None:
        if not met:
            with ThreadPoolExecutor(1) as other:
                met.append(other.submit(client.application.test_client().post, HERE, data=fields()).result())

    with request_started.connected_to(sign_meanwhile, client.application):
        assert client.post(HERE, data=fields()).status_code == 200
    assert [answer.status_code for answer in met] == [200]
    assert len(asked) == 2
    now += 5
    client.post(HERE, data=fields())
    assert len(asked) == 3


def test_it_remembers_so_many_answers_and_not_more(
    app: Flask, client: FlaskClient, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.rush._frames, "_most", 3)  # type: ignore[attr-defined] # Ours, not Flask's.
    for one in range(8):
        client.post(HERE, data=fields(), query_string={"utm": str(one)})
    assert 0 < len(app.rush._frames._known) <= 3  # type: ignore[attr-defined] # Ours, not Flask's.


def test_a_form_that_is_to_be_shown_in_another_language_is_not_taken(
    app: Flask, client: FlaskClient, asked: list[str]
) -> None:
    make.make_petition(app)
    client.post(HERE, data=fields())  # What the page answers is remembered now.
    before = number(app)
    for _ in range(2):
        answer = client.post(f"{HERE}?lang=ru", data=fields(name="Анна Заречная") | {"only_language": "1"})
        assert answer.status_code == 200
        assert 'value="Анна Заречная"' in answer.text
    assert number(app) == before
