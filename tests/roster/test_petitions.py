"""A petition that is checked against a roster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import factories as make


def test_a_petition_may_be_drafted_with_a_roster(app: Any, cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "letter.toml"
    words = 'slug = "letter"\naddressee = "The Assembly"\nwho_may_sign = "deputies"\n'
    path.write_text(words + 'roster = true\ntitle.en = "A letter"\ntext.en = "We ask."\n')
    cli("petitions", "create", path)
    assert "roster: True" in cli("petitions", "show", "letter").out


def test_the_tick_of_the_form_is_kept(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    here = f"/organizer/p/{make.SLUG}/edit"
    for ticked in (True, False):
        form = make.form_with(client.get(here), "csrf_token", "title_en")
        form.pop("roster", None)
        assert client.post(here, data=form | ({"roster": "y"} if ticked else {})).status_code == 303
        with make.looking(app):
            assert make.petition(world.petition_id).roster is ticked
        assert ("roster" in make.form_with(client.get(here), "csrf_token", "title_en")) is ticked
