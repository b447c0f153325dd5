"""The shape of the house: contracts, one commit, small files, thin views."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "petition_app"
FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


BREAKS = {
    "a domain that knows the web": ("petition_app/tally/rules.py", "import flask", "petition_app.tally.rules"),
    "a view that asks the database": (
        "petition_app/web/staff/help.py", "import sqlalchemy", "petition_app.web.staff.help -> sqlalchemy",
    ),
    "an import that runs upward": (
        "petition_app/storage/jobs.py", "import petition_app.tally.rules",
        "petition_app.storage.jobs -> petition_app.tally.rules",
    ),
    "an import that runs upward within verification": (
        "petition_app/verification/cases/decision_log.py", "import petition_app.verification.desk.case_view",
        "petition_app.verification.cases.decision_log -> petition_app.verification.desk.case_view",
    ),
    "what is pure and reads a setting": (
        "petition_app/matching/names/spelling.py", "import petition_app.config",
        "petition_app.matching.names.spelling -> petition_app.config",
    ),
    "a module without a room": ("petition_app/attic.py", "x = 1", "- petition_app.attic"),
    "a room of verification without a place": (
        "petition_app/verification/attic.py", "x = 1", "- petition_app.verification.attic",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contracts say of a copy in which each of their rules is broken once."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("static", "translations", "__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, line, _ in BREAKS.values():
        path = copy / name
        path.write_text(f"{path.read_text() if path.exists() else ''}\n{line}\n")
    program = Path(sys.executable).parent / "lint-imports"
    words = [program, "--no-cache"]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stdout
    return " ".join(done.stdout.split())


@pytest.mark.parametrize("planted", BREAKS)
def test_a_planted_break_is_caught(broken: str, planted: str) -> None:
    assert BREAKS[planted][2] in broken, broken


def test_there_is_one_commit() -> None:
    found = {path.name: path.read_text().count(".commit(") for path in FILES if ".commit(" in path.read_text()}
    assert found == {"db.py": 1}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def long_views(path: Path) -> list[str]:
    """Return the views of a file that have more than 15 lines, whatever the file is called."""
    functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
    return [
        function.name
        for function in functions
        if any(re.search(r"\.(route|get|post)\(", ast.unparse(decorator)) for decorator in function.decorator_list)
        and _length(function) > 15
    ]


def _length(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_view_has_at_most_15_lines(path: Path) -> None:
    assert long_views(path) == []


@pytest.mark.parametrize(("lines", "is_long"), [(15, False), (16, True)])
def test_a_view_of_16_lines_is_found(tmp_path: Path, lines: int, is_long: bool) -> None:
    written = tmp_path / "pages.py"
    body = "".join(f"    step({number})\n" for number in range(lines))
    written.write_text(f'@staff.get("/odd")\ndef odd() -> str:\n    """Say something."""\n{body}')
    assert bool(long_views(written)) is is_long


# What opens or seals with keys; a service that may run without them has all of it from its case access.
WITH_KEYS = {
    "add_to_case", "add_to_cases", "bulk_open", "case_additions", "current", "entry_macs", "latest", "open_address",
    "open_all", "open_case", "open_identity", "open_keys", "open_many", "open_name", "open_with_subkey",
    "opened_signature", "pair_notes", "prove", "require", "signature_key", "stored_matches", "subkey",
}  # fmt: skip
PAST_THE_ACCESS = {"case_additions", "judged_names", "opened_signature", "sealing"}


def past_the_access(path: Path) -> list[str]:
    """Return what a module that takes case access, of either kind, does with keys past it."""
    tree = ast.parse(path.read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    if "CaseAccess" not in imported or path.parent.name == "cases":
        return []
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PAST_THE_ACCESS
    }
    return sorted((imported | called) & WITH_KEYS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_who_takes_case_access_uses_no_key_past_it(path: Path) -> None:
    assert past_the_access(path) == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("from a import judged_names\njudged_names.open_name(1)", ["open_name"]),
        ("from a import entry_macs", ["entry_macs"]),
        ("from a import judged_names\njudged_names.older(1)", []),
    ],
)
def test_a_key_past_case_access_is_found(tmp_path: Path, lines: str, found: list[str]) -> None:
    path = tmp_path / "service.py"
    path.write_text(f"from b import CaseAccess\n{lines}\n")
    assert past_the_access(path) == found


def models_of_rules(path: Path) -> list[str]:
    """Return the models that a module of rules imports."""
    return re.findall(r"^(?:from|import) .*\bmodels\b.*$", path.read_text(), re.MULTILINE)


def test_rules_know_no_model(tmp_path: Path) -> None:
    rules = [path for path in FILES if path.stem == "rules" or path.stem.endswith("_rules")]
    assert len(rules) >= 5
    assert [str(path) for path in rules if models_of_rules(path)] == []
    (tmp_path / "rules.py").write_text("from petition_app.petitions.models import Petition\n")
    assert models_of_rules(tmp_path / "rules.py")


def test_every_module_stands_in_a_layer_and_no_contract_has_an_exemption() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts if "ignore_imports" in contract] == []
    exhaustive = {place for contract in contracts if contract.get("exhaustive") for place in contract["containers"]}
    assert exhaustive >= {"petition_app", "petition_app.verification", "petition_app.matching"}


def test_only_the_database_plumbing_knows_the_dialect() -> None:
    knows = [path.name for path in FILES if re.search(r"\bdialect\b|startswith\(.sqlite", path.read_text())]
    assert set(knows) <= {"db.py", "dialects.py", "config.py", "engines.py"}


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


def test_every_page_that_is_named_is_there_and_none_is_put_together() -> None:
    page, missing = re.compile(r"[a-z_]+/[a-z_/]+\.(html|txt|xml|svg)"), []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                assert not re.search(r"\.(html|txt|xml|svg)'$", ast.unparse(node)), f"{path.name}: {ast.unparse(node)}"
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and page.fullmatch(node.value):
                missing += [] if (ROOT / "templates" / node.value).exists() else [f"{path.name}: {node.value}"]
    assert missing == []
