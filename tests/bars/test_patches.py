"""Each patch of `make prove` still applies, changes the product alone, and names a test that is there."""

from __future__ import annotations

import pytest

from tests.bars.prove import HERE, ROOT, Removal, patched, removals, verdict


@pytest.mark.parametrize("removal", removals(), ids=lambda removal: removal.path.stem)
def test_a_patch_applies_and_its_test_is_there(removal: Removal) -> None:
    files = patched(removal)
    assert files, "the code has moved on: make the patch anew, so that it removes the same protection"
    for path, text in files.items():
        assert path.startswith("petition_app/")
        assert text != (ROOT / path).read_text()
        compile(text, path, "exec")
    assert removal.words.endswith(".")
    assert removal.test
    assert f"def {removal.test}(" in (ROOT / removal.file).read_text()


def test_every_bar_has_a_patch() -> None:
    bars = {path.name.split("_")[1] for path in HERE.glob("test_b[0-9]*.py")}
    assert bars - {removal.bar for removal in removals()} == set()


def test_a_patch_that_breaks_the_code_proves_nothing() -> None:
    assert verdict(1, "E   AssertionError: it opened") == "fails"
    assert verdict(1, "E   NameError: name 'lock' is not defined") == "BROKEN"
    assert verdict(2, "Interrupted: 1 error during collection") == "BROKEN"
    assert verdict(5, "no tests ran") == "BROKEN"
    assert verdict(0, "1 passed") == "STILL PASSES"
