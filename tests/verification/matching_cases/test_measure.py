"""How well matching does on the founding day, from the shell and as a function."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from petition_app.cli.matching import group
from petition_app.verification.matching_cases.measure import UnreadableFolderError, measure, measure_names

DATA = Path(__file__).parents[2] / "data"
FILES = ("roster.csv", "truth.json", "initial.csv", "batch1.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def run(*arguments: str) -> click.testing.Result:
    return CliRunner().invoke(group, ["measure", *arguments])


def test_the_founding_day_is_matched_well_enough(folder: Path) -> None:
    found = measure(folder)
    assert found.signatures == 104
    assert found.eligible_top1 >= 0.97
    assert found.strong_wrong == 0
    assert found.outsiders_strong == 0
    assert found.outsiders_total == 10
    assert found.namesakes_shown == found.namesakes_total == 2
    assert found.duplicates_found == found.duplicates_total == 7
    assert found.conflicts_found == found.conflicts_total == 1


def test_pairs_of_names_are_measured() -> None:
    found = measure_names(DATA / "names.json")
    assert found.same_possible == found.same_total == 10
    assert (found.different_strong, found.different_total) == (0, 5)


def test_the_shell_prints_every_figure(folder: Path) -> None:
    answer = run(str(folder), "--json")
    assert answer.exit_code == 0
    figures = json.loads(answer.output)
    assert figures["eligible_total"] > 80
    assert {"eligible_top1", "strong_wrong", "outsiders_strong", "duplicates_found", "conflicts_total"} <= set(figures)
    assert "strong_wrong       0" in run(str(folder)).output
    assert json.loads(run("--names", str(DATA / "names.json"), "--json").output)["same_total"] == 10


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("roster.csv", None),
        ("roster.csv", "id,name\n1,Иванов\n"),
        ("roster.csv", "id,surname,first_name,term_from\n1,Иванов,Иван,gestern\n"),
        ("roster.csv", b"\xff\xfe\x00"),
        ("truth.json", None),
        ("truth.json", "{"),
        ("truth.json", "[1, 2]"),
        ("truth.json", '[{"ref": "i001"}]'),
    ],
)
def test_a_folder_that_cannot_be_read_is_one_line(folder: Path, file: str, content: str | bytes | None) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFolderError):
        measure(folder)
    answer = run(str(folder))
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")
    assert answer.output.count("\n") == 1


def test_a_folder_without_signatures_is_one_line(folder: Path) -> None:
    for name in ("initial.csv", "batch1.csv"):
        (folder / name).unlink()
    answer = run(str(folder))
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
    assert run().exit_code == 1
