"""A name with letters of another alphabet is mended by its owner alone; whoever enters others is told."""

from __future__ import annotations

import html
from typing import Any

import pytest

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
