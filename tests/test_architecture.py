"""The shape of the house: contracts, one commit, small files, thin views."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "petition_app"
FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


def test_there_is_one_commit() -> None:
    found = {path.name: path.read_text().count(".commit(") for path in FILES if ".commit(" in path.read_text()}
    assert found == {"db.py": 1}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("views.py")), ids=lambda path: path.parent.name)
def test_a_view_has_at_most_15_lines(path: Path) -> None:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef) and function.decorator_list:
            body = function.body[1:] if ast.get_docstring(function) else function.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= 15, f"{path.name}: {function.name} has {lines} lines"


def test_only_the_database_plumbing_knows_the_dialect() -> None:
    knows = [path.name for path in FILES if re.search(r"\bdialect\b|startswith\(.sqlite", path.read_text())]
    assert set(knows) <= {"db.py", "jobs.py", "config.py", "storage.py"}


def test_every_module_and_public_function_says_what_it_is_for() -> None:
    silent = []
    for path in FILES:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(str(path))
        silent += [
            f"{path.name}: {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert silent == []


def test_nothing_reads_outside_the_repository() -> None:
    outside = re.compile(r"\.\./shared|/work/")
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    assert [str(path) for path in (*FILES, *tests) if outside.search(path.read_text())] == []
