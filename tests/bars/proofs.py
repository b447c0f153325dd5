"""The proofs, with which `make test` ends: each protection is taken away, and its test fails on the road of the bar.

They are not collected with the tests: `pytest tests/bars/proofs.py`, or `make prove`, runs them. `PROVE=both` runs each
test with the protection in its place first; at the end of `make test` every bar has just been run so.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.bars.prove import HOLDS, Removal, prove, removals


@pytest.mark.parametrize("removal", removals(), ids=lambda removal: removal.path.stem)
def test_without_its_protection_a_bar_fails(removal: Removal, migrated_sqlite: Path) -> None:
    with pytest.MonkeyPatch.context() as given, tempfile.TemporaryDirectory(prefix="prove-") as folder:
        given.setenv("MIGRATED_SQLITE", str(migrated_sqlite))
        found = prove(removal, Path(folder), both=os.environ.get("PROVE") == "both")
    assert found == HOLDS, f"{removal.path.name}: {removal.words}\n{found}"
