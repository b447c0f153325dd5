"""Each patch of the proofs still applies, changes the product alone, and names a test and roads that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bars.prove import HERE, HOLDS, ROOT, Removal, marked, patched, removals, verdict


@pytest.mark.parametrize("removal", removals(), ids=lambda removal: removal.path.stem)
def test_a_patch_applies_and_its_test_and_its_roads_are_there(removal: Removal) -> None:
    files = patched(removal)
    assert files, "the code has moved on: make the patch anew, so that it removes the same protection"
    for path, changes in files.items():
        assert path.startswith("petition_app/")
        assert changes.text != (ROOT / path).read_text()
        compile(changes.text, path, "exec")
    texts, traces = marked(removal, Path("traces"))
    assert len({trace.path.stem for trace in traces}) == len(removal.roads)
    for trace in traces:
        assert sum(text.count(repr(str(trace.path))) for text in texts.values()) == 1
    assert removal.words.endswith(".")
    assert removal.test
    assert f"def {removal.function}(" in (ROOT / removal.file).read_text()


def test_every_bar_has_a_patch() -> None:
    bars = {path.name.split("_")[1] for path in HERE.glob("test_b[0-9]*.py")}
    assert bars - {removal.bar for removal in removals()} == set()


def test_a_test_that_does_not_fail_by_saying_so_proves_nothing() -> None:
    said = [("tests/bars/test_b01_canaries.py", "AssertionError")]
    assert verdict(1, said, taken=True) == HOLDS
    assert verdict(1, [("tests/bars/test_b02_keys.py", "Failed")], taken=True) == HOLDS
    assert "NEVER" in verdict(1, said, taken=False)
    assert "NEVER" in verdict(0, [], taken=False)
    assert "STILL PASSES" in verdict(0, [], taken=True)
    for broken in (
        verdict(1, [("petition_app/crypto/vault.py", "AssertionError")], taken=True),
        verdict(1, [("tests/factories.py", "NameError")], taken=True),
        verdict(1, [("", "error")], taken=True),  # Something before or after the test fails.
        verdict(2, [], taken=True),  # It cannot even be collected.
        verdict(5, [], taken=True),  # There is no such test.
        verdict(1, said, "--- Captured log call ---\nNameError", taken=True),  # The page was an error page.
    ):
        assert "BROKEN" in broken
