"""Published names in pages, by letters, in one order on both databases."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from petition_app.storage.db import db
from petition_app.tally import published
from petition_app.tally.models import PublishedName
from petition_app.tally.published import NamesPage
from tests import factories as make

NAMES = ("Ёлкина Яна", "Ветров Ян", "ветрова Ада", "Àvila Rosa", "Smith Zoe", "smith ada", "Яковлев Ян", "Ельцов Ян")


@pytest.fixture
def world(app: Any) -> make.World:
    """A letter with eight names that are published."""
    return make.make_published(app, NAMES)


def listed(answer: Any) -> list[str]:
    return [unescape(name) for name in re.findall('<ul class="names">.*?</ul>', answer.text, re.DOTALL)]


def names_on(answer: Any) -> list[str]:
    return [name for name in NAMES if any(name in part for part in listed(answer))]


def test_names_are_in_the_same_order_on_both_databases(app: Any, world: make.World) -> None:
    with make.looking(app):
        petition = make.petition(world.petition_id)
        shown = [row.name for row in published.list_names(petition).names]
        keys = [row.collation_key for row in published.list_names(petition).names]
        letters = [(one.letter, one.number) for one in published.list_letters(petition)]
    assert sorted(shown) == sorted(NAMES)
    assert keys == sorted(keys)
    assert shown.index("Ёлкина Яна") == shown.index("Ельцов Ян") - 1, "ё is sorted as е"
    assert letters == [("a", 1), ("s", 2), ("в", 2), ("е", 2), ("я", 1)]


def test_a_letter_shows_the_names_that_begin_with_it(app: Any, client: Any, world: make.World) -> None:
    page = f"/p/{world.slug}/signatories"
    assert "letters-row" not in client.get(page).text, "one page needs no letters"
    short = client.get(f"{page}?per_page=3")
    assert "letters-row" in short.text
    assert names_on(client.get(f"{page}?letter=В")) == names_on(client.get(f"{page}?letter=в")) == list(NAMES[1:3])
    assert names_on(client.get(f"{page}?letter=S&per_page=1&page=2")) == ["Smith Zoe"]
    empty = client.get(f"{page}?letter=q")
    assert "No names here." in empty.text
    for strange in ("%", "_", "'", "", "ﬃ", "\u0301", "abc"):
        assert client.get(page, query_string={"letter": strange}).status_code == 200


def test_pages_are_numbered_and_each_name_stands_on_one(app: Any, client: Any, world: make.World) -> None:
    page = f"/p/{world.slug}/signatories?per_page=3"
    answers = [client.get(f"{page}&page={number}") for number in (1, 2, 3)]
    assert sorted(name for answer in answers for name in names_on(answer)) == sorted(NAMES)
    assert 'aria-current="page"' in answers[1].text
    assert 'rel="next"' not in answers[2].text
    assert 'rel="prev"' not in answers[0].text
    with make.acting(app):
        row = db.session.get_one(PublishedName, db.session.scalars(db.select(PublishedName.signature_id)).first())
        db.session.delete(row)
    with make.looking(app):
        assert published.list_names(make.petition(world.petition_id), per_page=7).pages == 1, "no page is empty"


@pytest.mark.parametrize(
    ("page", "pages", "near"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, 3, 0, 9]),
        (5, 9, [1, 0, 3, 4, 5, 6, 7, 0, 9]),
        (9, 9, [1, 0, 7, 8, 9]),
        (50, 9, [1, 0, 9]),
    ],
)
def test_the_pages_beside_one_are_linked_to_and_gaps_are_shown(page: int, pages: int, near: list[int]) -> None:
    assert NamesPage([], page, 100, pages).near == near
