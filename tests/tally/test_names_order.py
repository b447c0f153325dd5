"""Published names are sorted anew in slices when rules or the letter's language change; nothing else is changed."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.tally import names_order, published
from petition_app.tally.models import PublishedName
from petition_app.worker import loop
from tests import factories as make
from tests.imports.test_pages import press

NAMES = ("Ґалич Яна", "Галич Ян", "Дудко Ян", "Ёлкин Ян", "Žižka Jan", "Zapp Jan")


def test_keys_are_made_anew_in_slices_and_the_same_on_both_databases(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_order, "SLICE", 2)
    world = make.make_published(app, NAMES)
    with make.acting(app):
        for row in db.session.scalars(db.select(PublishedName)):
            row.collation_key = row.initial = row.sorted_as = ""
    with make.acting(app):
        assert names_order.list_unsorted() == [world.petition_id]
        assert names_order.sort_some(world.petition_id, at=utcnow()) == 2
    with app.app_context():
        loop.run_once()
    with make.looking(app):
        assert names_order.list_unsorted() == []
        petition = make.petition(world.petition_id)
        shown = [row.name for row in published.list_names(petition).names]
        assert shown == ["Zapp Jan", "Žižka Jan", "Галич Ян", "Ґалич Яна", "Дудко Ян", "Ёлкин Ян"]
        letters = [(one.letter, one.number) for one in published.list_letters(petition)]
        assert letters == [("z", 2), ("г", 2), ("д", 1), ("е", 1)]
        assert names_order.sort_some(world.petition_id, at=utcnow()) == 0


@pytest.mark.everywhere
def test_an_organizer_chooses_the_alphabet_and_the_worker_sorts_anew(app: Any) -> None:
    world = make.make_published(app, NAMES)
    organizer = make.signed_in(app, world.organizer)
    page = f"/organizer/p/{make.SLUG}/edit"
    assert press(organizer, page, "edit", names_order="xx").status_code == 422
    assert press(organizer, page, "edit", names_order="uk").status_code == 303
    with app.app_context():
        loop.run_once()
    with make.looking(app):
        petition = make.petition(world.petition_id)
        assert petition.names_order == "uk"
        shown = [row.name for row in published.list_names(petition).names]
        assert shown == ["Галич Ян", "Ґалич Яна", "Дудко Ян", "Ёлкин Ян", "Zapp Jan", "Žižka Jan"]
        assert [one.letter for one in published.list_letters(petition)] == ["г", "ґ", "д", "е", "z"]
    assert press(organizer, page, "edit").status_code == 303
    with make.looking(app):
        assert make.petition(world.petition_id).names_order == "uk", "what was not touched stays"
