"""A name with letters of another alphabet is mended by its owner alone; whoever enters others is told."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from petition_app.person_names.reading import read_name, suggest_name
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.name_lists import read_list
from petition_app.storage.db import db
from tests import factories as make
from tests.signatures.test_invitation_lists import send_list

TYPED, MEANT = "Ивaнов Пётр", "Иванов Пётр"


def signed(app: Any) -> list[str]:
    """Return the names that were stored."""
    with make.looking(app):
        return [sealing.open_identity(row).name for row in db.session.scalars(db.select(Signature))]


def test_the_sign_form_asks_whether_another_spelling_was_meant(app: Any, client: Any) -> None:
    make.make_world(app)
    page = make.sign_page(client, name=TYPED)
    assert page.status_code == 422
    assert f'name="mended" value="{MEANT}">' in html.unescape(page.text)
    assert f'value="{TYPED}"' in html.unescape(page.text), "nothing is changed by itself"
    assert signed(app) == []
    assert make.sign_page(client, name=TYPED, mended="Сидоров Пётр").status_code == 422
    assert make.sign_page(client, name=TYPED, mended=MEANT).status_code == 200
    assert signed(app) == [MEANT]


def test_a_tick_changes_no_name_that_is_taken_as_it_stands(app: Any, client: Any) -> None:
    make.make_world(app)
    assert make.sign_page(client, name="Ада Долгих", mended=MEANT).status_code == 200
    assert signed(app) == ["Ада Долгих"]


@pytest.mark.parametrize(
    ("line", "meant"), [(f"{TYPED}; депутат", MEANT), ("Hof\u00adberg Ada", "Hofberg Ada"), ("Ada 13", "")]
)
def test_who_enters_a_list_is_told_the_line_and_how_it_could_read(line: str, meant: str) -> None:
    (bad,) = read_list(f"Ада Долгих\n{line}").bad
    assert (bad.number, bad.suggestion) == (2, meant)


@pytest.mark.parametrize("tick", [{"mended": [MEANT]}, {"with_mended": "y"}])
def test_who_enters_a_list_takes_names_as_they_read_by_a_tick(app: Any, client: Any, tick: dict[str, Any]) -> None:
    world = make.make_world(app)
    organizer = make.signed_in(app, world.organizer)
    refused = send_list(organizer, ["Ада Долгих", f"{TYPED}; депутат"])
    assert refused.status_code == 422
    assert f'name="mended" value="{MEANT}">' in html.unescape(refused.text)
    assert send_list(organizer, ["Ада Долгих", f"{TYPED}; депутат"], mended=["Сидоров Пётр"]).status_code == 422
    entered = send_list(organizer, ["Ада Долгих", f"{TYPED}; депутат"], **tick)
    assert entered.status_code == 200
    assert MEANT in entered.text


# --- whole words ------------------------------------------------------------------------------------------------

STRAY, ITS_OWNERS = "Петров Makap", "Петров Макар"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (STRAY, ITS_OWNERS),
        ("Петров A. C.", "Петров А. С."),
        ("Coxa Петрова", "Соха Петрова"),
        ("John Сох", "John Cox"),
        ("Παπαδής NIKO", "Παπαδής ΝΙΚΟ"),
        ("Ивaнов Makap", "Иванов Макар"),
    ],
)
def test_a_whole_word_of_look_alikes_is_offered_in_the_alphabet_of_the_others(typed: str, meant: str) -> None:
    assert suggest_name(typed) == meant


@pytest.mark.parametrize(
    "name",
    [
        "Иванов John", "Иванов Max John", "Сосо Coco", "Пётр II", "Пётр X", "Анна Berg", "Макар", "Makap", "Coco Berg",
        "Иванов Jas", "山田 Coco",
    ],
)  # fmt: skip
def test_names_of_two_alphabets_and_of_one_are_left_in_peace(name: str) -> None:
    assert suggest_name(name) == ""
    assert read_name(name) == name


@pytest.mark.parametrize(("tick", "name"), [({"mended": ITS_OWNERS}, ITS_OWNERS), ({}, STRAY)])
def test_the_sign_form_asks_once_and_takes_what_its_owner_says(
    app: Any, client: Any, tick: dict[str, str], name: str
) -> None:
    make.make_world(app)
    page = make.sign_page(client, name=STRAY)
    assert page.status_code == 422
    shown = html.unescape(page.text)
    assert f'name="mended" value="{ITS_OWNERS}">' in shown
    kept = re.search(r'name="kept"[^>]* value="([^"]*)"', shown)
    assert kept
    assert signed(app) == []
    assert make.sign_page(client, name=STRAY, kept=kept[1], **tick).status_code == 200
    assert signed(app) == [name]


@pytest.mark.parametrize(("tick", "name"), [({"mended": [ITS_OWNERS]}, ITS_OWNERS), ({}, STRAY)])
def test_a_list_asks_once_and_takes_what_its_writer_says(
    app: Any, client: Any, tick: dict[str, Any], name: str
) -> None:
    world = make.make_world(app)
    organizer = make.signed_in(app, world.organizer)
    asked = send_list(organizer, ["Ада Долгих", f"{STRAY}; депутат"])
    assert asked.status_code == 422
    kept = re.findall(r'name="kept" value="([^"]*)"', html.unescape(asked.text))
    assert kept == [STRAY]
    entered = send_list(organizer, ["Ада Долгих", f"{STRAY}; депутат"], kept=kept, **tick)
    assert entered.status_code == 200
    assert name in entered.text
