"""Takes one protection away in a copy of the product and says whether its test noticed, on the road the patch names.

A patch beside the tests removes one protection. Its head says in one line what is removed, names the test that must
notice (`Test: test_…`, with its parameters in brackets where only some will do, and after `tests/….py::` where it is
not in the file of the bar) and the functions whose changed lines that test must run (`Road:
petition_app/….py:function`). Each is applied to a copy of the tree, in which the changed lines of these functions leave
a trace file when they run, in whichever process. The test must then fail, by an assertion and not by a mistake of the
patch, and must have taken every road named.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.bars.roads import Changes, RoadError, Trace, insert, mark

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LONGEST = 240
NEEDED = ("petition_app", "templates", "migrations", "tests", "bench", "deploy", "docs")
HOLDS = "fails without it"
# A test may only fail by saying so: by `assert`, or by `pytest.raises` and `pytest.fail`.
SAID = ("AssertionError", "Failed", "assert")
# What a program raises that was written wrongly, as a patch may be: an error page is no proof then.
MISTAKES = re.compile(
    r"\b(SyntaxError|IndentationError|ImportError|ModuleNotFoundError|NameError|UnboundLocalError|AttributeError)\b"
)


@dataclass(frozen=True)
class Removal:
    """One protection that is taken away: by which patch, in what words, the test that must fail, and the roads."""

    path: Path
    words: str
    test: str
    roads: tuple[tuple[str, str], ...]
    place: str = ""

    @property
    def bar(self) -> str:
        """The bar's number, as in the names of its files."""
        return self.path.name.split("_")[0]

    @property
    def file(self) -> Path:
        """The file of the test: the bar's, unless the patch names another."""
        return Path(self.place) if self.place else next(HERE.glob(f"test_{self.bar}_*.py")).relative_to(ROOT)

    @property
    def function(self) -> str:
        """The name of the test without its parameters."""
        return self.test.partition("[")[0]


def read(path: Path) -> Removal:
    """Return what a patch says of itself."""
    head = path.read_text().partition("diff --git")[0]
    named = re.search(r"^Test: (?:(tests/\S+\.py)::)?(\S.*)$", head, re.MULTILINE)
    roads = re.findall(r"^Road: (petition_app/\S+\.py):(\S+)$", head, re.MULTILINE)
    place, test = named.group(1, 2) if named else ("", "")
    return Removal(path, head.splitlines()[0], test, tuple(roads), place or "")


def removals() -> list[Removal]:
    """Return every patch there is, in order of the bars."""
    return [read(path) for path in sorted(HERE.glob("b[0-9]*.patch"))]


def patched(removal: Removal) -> dict[str, Changes] | None:
    """Return the changed files of a patch by path, or nothing where it does not fit.

    Each hunk must fit exactly once, on whichever line: code that moves does not matter, code that changes does.
    """
    files: dict[str, Changes] = {}
    for part in removal.path.read_text().split("diff --git ")[1:]:
        name = re.search(r"^\+\+\+ b/(\S+)$", part, re.MULTILINE)
        if name is None or not (ROOT / name.group(1)).exists():
            return None
        changes = files.get(name.group(1)) or Changes((ROOT / name.group(1)).read_text())
        for hunk in re.split(r"^@@ .*\n", part, flags=re.MULTILINE)[1:]:
            if not changes.apply([line if line.strip("\n") else " \n" for line in hunk.splitlines(keepends=True)]):
                return None
        files[name.group(1)] = changes
    return files or None


def marked(removal: Removal, folder: Path) -> tuple[dict[str, str], list[Trace]]:
    """Return the changed files of a patch by path, and the traces in a folder that its roads leave when they are taken.

    Raises:
        RoadError: a road is missing, or the patch changes nothing on it.
    """
    files = patched(removal) or {}
    names = {name for changes in files.values() for name in changes.names()}
    for path, _ in removal.roads:
        if not (ROOT / path).exists():
            raise RoadError(f"there is no {path}")
        files.setdefault(path, Changes((ROOT / path).read_text()))
    if not removal.roads:
        raise RoadError("the patch names none")
    texts, traces = {}, list[Trace]()
    for path, changes in files.items():
        tree = ast.parse(changes.text)
        for at, function in ((at, function) for at, (file, function) in enumerate(removal.roads) if file == path):
            traces += mark(changes, function, names, tree, folder / str(at))
        texts[path] = insert(tree, traces)
    return texts, traces


def copy_tree(to: Path) -> None:
    """Copy what a test needs; a file that is not changed is the same file, where the disk allows it."""
    left = shutil.ignore_patterns("instance", "build", ".hypothesis")
    for name in NEEDED:
        shutil.copytree(ROOT / name, to / name, ignore=left, copy_function=_link)
    for path in ("wsgi.py", "pyproject.toml", "Makefile"):
        _link(str(ROOT / path), str(to / path))
    (to / ".venv").symlink_to((ROOT / ".venv").resolve())


def _link(source: str, to: str) -> str:
    try:
        os.link(source, to)
    except OSError:
        shutil.copy2(source, to)
    return to


def run(tree: Path, removal: Removal) -> tuple[int, str, list[tuple[str, str]]]:
    """Run the one test of a removal in a tree; return pytest's code, its words, and where and by what it failed.

    The cheapest database will do, and a test that knows PostgreSQL alone gets that.
    """
    report = tree.parent / "report.xml"
    words = [sys.executable, "-m", "pytest", f"{removal.file}::{removal.test}", "-q", "-x", "-p", "no:cacheprovider"]
    words += ["-p", "no:xdist", f"--junitxml={report}", f"--basetemp={tree.parent / 't'}"]
    words += ["-o", f"faulthandler_timeout={LONGEST - 60}"]
    cheapest = [] if "[" in removal.test else ["-k", "not postgresql"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    for chosen in (cheapest, []):
        done = subprocess.run(
            [*words, *chosen], cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
        if done.returncode != 5:
            break
    failures = list(_failures(report)) if done.returncode == 1 else []
    return done.returncode, done.stdout + done.stderr, failures


def _failures(report: Path) -> Iterator[tuple[str, str]]:
    for kind in ("failure", "error"):
        for one in ElementTree.parse(report).iter(kind):  # noqa: S314 Our own pytest wrote it.
            lines = re.findall(r"^(\S+\.py):\d+: (\w+)", one.text or "", re.MULTILINE)
            yield lines[-1] if lines and kind == "failure" else ("", kind)


def verdict(code: int, failures: list[tuple[str, str]], said: str = "", *, taken: bool) -> str:
    """Say in a few words what a run with the protection removed has shown."""
    by_assertion = bool(failures) and all(file.startswith("tests/") and why in SAID for file, why in failures)
    logged = said.partition("- Captured ")[2]
    if code not in (0, 1) or (code == 1 and not by_assertion):
        return "BROKEN: it fails for another reason than an assertion"
    if code == 1 and (mistake := MISTAKES.search(logged)):
        return f"BROKEN: the product has raised {mistake.group()}"
    if not taken:
        return "the test NEVER TAKES THIS ROAD"
    return HOLDS if code == 1 else "STILL PASSES without it"


def prove(removal: Removal, folder: Path, *, both: bool = False) -> str:
    """Run a removal's test without the protection, where `both` first with it; return `HOLDS`, or what is wrong."""
    tree, traces = folder / "tree", folder / "traces"
    tree.mkdir()
    traces.mkdir()
    try:
        if patched(removal) is None:
            return "the patch DOES NOT APPLY any more"
        if f"def {removal.function}(" not in (ROOT / removal.file).read_text():
            return "the test is MISSING"
        files, roads = marked(removal, traces)
        copy_tree(tree)
        if both and (ran := run(tree, removal))[0]:
            return f"DOES NOT HOLD even with its protection\n{ran[1][-3000:]}"
        for path, text in files.items():
            (tree / path).unlink()  # Else the file of the tree that is copied would change, too.
            (tree / path).write_text(text)
        code, said, failures = run(tree, removal)
    except RoadError as wrong:
        return f"NO ROAD: {wrong}"
    except subprocess.TimeoutExpired as late:
        stood = (late.stderr or b"").decode(errors="replace")
        return f"BROKEN: it takes longer than {LONGEST} seconds, and stood here\n{stood[-3000:]}"
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.rmtree(folder / "t", ignore_errors=True)
    missed = [road for road in roads if not road.path.exists()]
    found = verdict(code, failures, said, taken=not missed)
    lines = "".join(f"\n{road.function} does not run: {road.words}" for road in missed)
    return found if found == HOLDS else f"{found}{lines}\n{said[-3000:]}"
