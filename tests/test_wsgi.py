"""What every process of the product loads first."""

from __future__ import annotations

import os
from pathlib import Path

from tests.forking import Forked

LOOK = "import gc\nprint('enabled', gc.isenabled(), 'left alone', gc.get_freeze_count())\n"


def test_the_collector_leaves_alone_what_was_loaded_and_looks_after_the_rest(tmp_path: Path) -> None:
    (tmp_path / "typed").write_text(LOOK)
    environ = {**os.environ, "COUNTERSIGN_INSTANCE": str(tmp_path / "instance")}
    with (tmp_path / "typed").open() as typed, (tmp_path / "told").open("w") as told:
        files = (typed.fileno(), told.fileno(), told.fileno())
        process = Forked(["flask", "--app", "wsgi", "shell"], environ=environ, files=files)
    assert process.wait() == 0
    _, enabled, left = (tmp_path / "told").read_text().partition("enabled True left alone ")
    assert enabled, (tmp_path / "told").read_text()
    assert int(left.split()[0]) > 100_000
