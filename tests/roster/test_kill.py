"""kill -9 in the middle of a roster's import: the old version stays in use, whole."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest

from petition_app.roster import services
from petition_app.roster.models import RosterVersion
from petition_app.storage.db import db, transaction
from tests.test_kill import PETITION, Place, kill_group

ROWS = 4000
WORDS = ("--name", "List", "--as-of", "2026-01-01")


@pytest.fixture
def place(database: str, tmp_path: Path) -> Place:
    """An installation with a petition."""
    place = Place(tmp_path, database)
    (tmp_path / "letter.toml").write_text(PETITION)
    place.do("petitions", "create", str(tmp_path / "letter.toml"))
    return place


def test_an_import_killed_at_random_points_leaves_the_old_version_in_use(place: Place) -> None:
    chance = random.Random(3)
    files = {f"List{number}": place.folder / f"{number}.csv" for number in range(3)}
    for name, file in files.items():
        file.write_text("surname,given,body\n" + "".join(f"{name},N{row},MO\n" for row in range(ROWS)))
    place.do("roster", "import", "letter", str(files["List0"]), *WORDS)
    for before, after in itertools.pairwise(files):
        process = place.start("roster", "import", "letter", str(files[after]), *WORDS)
        time.sleep(chance.uniform(0.8, 2.0))
        kill_group(process)
        assert in_use(place) in (before, after)
        place.do("roster", "import", "letter", str(files[after]), *WORDS)
        assert in_use(place) == after


def in_use(place: Place) -> str:
    """Check that the version in use is whole; return whose people it lists."""
    with place.inside(), transaction(saving=False):
        (used,) = db.session.scalars(db.select(RosterVersion).where(RosterVersion.state == "current"))
        entries = services.list_entries(used.id)
        assert len(entries) == used.size == ROWS
        (name,) = {entry.surname for entry in entries}
        return name
