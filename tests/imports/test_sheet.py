"""The preview of an import as a spreadsheet: menus over columns, titles, encodings, words on publication."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.signatures.import_models import ImportChunk
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.imports.test_pages import names, press, rows, send, work

HELD = "Each signed on paper; the sheets lie with the organizers."
LIST = (
    "№;ФИО;Должность;Населённый пункт;Эл. почта;Согласие на публикацию;Дата\n"
    "1;Иванова Мария;врач;Лесное;m@example.org;да;2026-05-03\n"
    "2;Пётр Ёлкин;врач;Лесное;p@example.org;Нет;2026-05-03\n"
    "3;Вера Седых;врач;Лесное;v@example.org;;2026-05-03\n"
)


@pytest.fixture
def organizer(app: Any, world: make.World) -> FlaskClient:
    client = make.signed_in(app, world.organizer)
    make.worker_lives(client)
    return client


def test_words_on_publication_are_asked_about_once_before_anything_can_be_imported(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    page = send(organizer, LIST).location
    shown = organizer.get(page).text
    for words in ("1 column holds something and is not used", "Дата", "stands in 1 row. What does it allow?"):
        assert words in shown
    assert "/start" not in shown
    assert "(--consent)" not in shown
    assert press(organizer, page, "columns", answer0="3").status_code == 303
    shown = organizer.get(page).text
    assert "1 row asks for more than being counted." in shown
    assert "/start" not in shown
    assert press(organizer, page, "columns", consent=HELD).status_code == 303
    assert "Import 3 names as received<" in organizer.get(page).text
    press(organizer, page, "start")
    work(app)
    with make.looking(app):
        tiers = [row.publication_tier for row in db.session.scalars(db.select(Signature))]
    assert sorted(tiers) == [0, 0, 3]


def test_without_a_word_the_column_can_be_left_out(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = send(organizer, LIST).location
    assert press(organizer, page, "columns", column5="").status_code == 303
    shown = organizer.get(page).text
    assert "Import 3 names as received<" in shown
    assert "Согласие на публикацию" in shown.split("are not used:")[1]


def test_another_encoding_delimiter_and_line_of_titles_can_be_chosen(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    page = send(organizer, LIST.encode("cp1251")).location
    assert '<option selected value="cp1251">' in organizer.get(page).text
    press(organizer, page, "columns", encoding="cp1252")
    assert "Èâàíîâà" in organizer.get(page).text
    assert press(organizer, page, "columns", encoding="utf-8").status_code == 422
    press(organizer, page, "columns", encoding="cp1251")
    shown = organizer.get(page).text
    assert "Иванова Мария" in shown
    press(organizer, page, "columns", delimiter="comma")
    assert "one of them must hold the name" in organizer.get(page).text
    press(organizer, page, "columns", delimiter="semicolon")
    press(organizer, page, "columns", header_line="2")
    assert "its title is not known" in organizer.get(page).text
    press(organizer, page, "columns", header_line="1")
    press(organizer, page, "columns", column5="")
    assert "Import 3 names as received<" in organizer.get(page).text
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Вера Седых", "Иванова Мария", "Пётр Ёлкин"]
    assert rows(app, ImportChunk) == 0


def test_what_was_changed_in_the_form_is_looked_at_before_it_is_imported(
    app: Any, world: make.World, organizer: FlaskClient
) -> None:
    page = send(organizer, "name,place,other\nAda Sample,Ely,North\n").location
    assert press(organizer, page, "start", column1="", column2="place").location == page
    shown = organizer.get(page).text
    assert "You changed how the file is read, so nothing was imported." in shown
    work(app)
    assert names(app) == []
    press(organizer, page, "start")
    work(app)
    assert names(app) == ["Ada Sample"]


@pytest.mark.parametrize(
    "wrong",
    [{"column0": "shoes"}, {"header_line": "99"}, {"encoding": "ebcdic"}, {"delimiter": "x"}, {"answer0": "9"}],
    ids=["column", "line", "encoding", "delimiter", "answer"],
)
def test_a_form_that_was_tampered_with_changes_nothing(
    app: Any, world: make.World, organizer: FlaskClient, wrong: dict[str, str]
) -> None:
    page = send(organizer, LIST).location
    before = reading(organizer, page)
    answer = press(organizer, page, "columns", **wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert reading(organizer, page) == before


def reading(client: FlaskClient, page: str) -> dict[str, Any]:
    """Return how the form on a page says that a file is read."""
    fields = make.form_with(client.get(page), "header_line")
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def test_a_text_waits_sealed_and_goes_with_the_start(app: Any, world: make.World, organizer: FlaskClient) -> None:
    page = send(organizer, LIST).location
    with make.looking(app):
        numbers = set(db.session.scalars(db.select(ImportChunk.number)))
        boxes = b"".join(db.session.scalars(db.select(ImportChunk.box)))
    assert numbers == {-1, 0}
    assert "Иванова".encode() not in boxes
    press(organizer, page, "columns", column5="")
    press(organizer, page, "start")
    with make.looking(app):
        assert set(db.session.scalars(db.select(ImportChunk.number))) == {0}
