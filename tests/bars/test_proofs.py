"""The checker of the proofs finds each way in which a proof can rot: shown with planted patches, really run."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.bars.prove import HOLDS, ROOT, prove, read

TEST = "test_without_a_live_worker_the_sign_page_answers_503_and_stores_no_row"
MESSAGES, INTAKE = "petition_app/signatures/messages.py", "petition_app/signatures/group_commit.py"


def plant(
    folder: Path, old: str, new: str, *, road: str, file: str = MESSAGES, test: str = TEST, text: str | None = None
) -> str:
    """Make a patch of bar 3 that changes `old` into `new` in a file, and return what the checker finds."""
    before = text or (ROOT / file).read_text()
    after = before.replace(old, new)
    assert after != before, "make this plant anew: the code has moved on"
    hunks = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{file}", f"b/{file}", n=2)
    patch = folder / "b03_planted.patch"
    patch.write_text(f"A plant.\nTest: {test}\nRoad: {road}\n\ndiff --git a/{file} b/{file}\n" + "".join(hunks))
    work = folder / "work"
    work.mkdir()
    return prove(read(patch), work)


FIRST = "def seal_for_worker("
BODY = "    if petition.is_sealed:"


def test_a_protection_that_is_needed_is_proved(tmp_path: Path) -> None:
    found = plant(tmp_path, BODY, BODY[:-1] + " and worker_keys.is_alive(at=at):", road=f"{MESSAGES}:seal_for_worker")
    assert found == HOLDS


def test_a_patch_on_a_road_that_the_test_never_takes_is_found(tmp_path: Path) -> None:
    """So it was with bar 3: signing had moved to another lock, and the patch removed one that nobody asked."""
    found = plant(
        tmp_path,
        "def _sealing_key_for(",
        "def _left_behind(petition: Petition) -> KeyRing:\n    return vault.key_ring()\n\n\ndef _sealing_key_for(",
        file=INTAKE,
        road=f"{INTAKE}:_left_behind",
    )
    assert "the test NEVER TAKES THIS ROAD" in found
    assert "_left_behind does not run" in found


def test_a_patch_whose_test_still_passes_is_found(tmp_path: Path) -> None:
    found = plant(tmp_path, BODY, "    assert petition.id\n" + BODY, road=f"{MESSAGES}:seal_for_worker")
    assert "STILL PASSES" in found


def test_a_patch_that_breaks_the_code_is_found(tmp_path: Path) -> None:
    found = plant(tmp_path, BODY, "    petition = nobody\n" + BODY, road=f"{MESSAGES}:seal_for_worker")
    assert "BROKEN" in found
    assert "nobody" in found


def test_a_patch_that_does_not_apply_is_found(tmp_path: Path) -> None:
    older = (ROOT / MESSAGES).read_text().replace(BODY, "    if an_older_way:")
    assert "DOES NOT APPLY" in plant(tmp_path, "an_older_way", "no_way", road=f"{MESSAGES}:seal_for_worker", text=older)


@pytest.mark.parametrize("test", ["test_of_yesterday", f"tests/bars/test_b08_no_downgrade.py::{TEST}"])
def test_a_patch_whose_test_is_missing_is_found(tmp_path: Path, test: str) -> None:
    assert "MISSING" in plant(tmp_path, FIRST, "\n" + FIRST, road=f"{MESSAGES}:seal_for_worker", test=test)


@pytest.mark.parametrize(
    "road",
    [
        f"{MESSAGES}:nothing_here",
        f"{MESSAGES}:open_for_worker",
        f"{INTAKE}:_sealing_key_for",
        "petition_app/gone.py:seal_for_worker",
    ],
)
def test_a_road_that_is_not_there_or_not_changed_is_found(tmp_path: Path, road: str) -> None:
    assert "NO ROAD" in plant(tmp_path, BODY, BODY[:-1] + " and worker_keys.is_alive(at=at):", road=road)
