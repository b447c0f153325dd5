"""`make prove`: takes each protection away in turn and shows that the test of its bar then fails, and only then.

A patch beside the tests removes one protection. Its head says in one line what is removed and names the test that must
notice: `Test: test_…`. Each is applied to a copy of the tree; the test must pass in the copy without it and fail with
it, by an assertion and not by a mistake of the patch. Ends with 1 where a test still passes or a patch does not apply.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LONGEST = 1800


@dataclass(frozen=True)
class Removal:
    """One protection that is taken away: by which patch, in what words, and the test that must fail."""

    path: Path
    words: str
    test: str

    @property
    def bar(self) -> str:
        """The bar's number, as in the names of its files."""
        return self.path.name.split("_")[0]

    @property
    def file(self) -> Path:
        """The file of the bar's tests."""
        return next(HERE.glob(f"test_{self.bar}_*.py")).relative_to(ROOT)


def removals() -> list[Removal]:
    """Return every patch there is, in order of the bars."""
    found = []
    for path in sorted(HERE.glob("b*.patch")):
        head = path.read_text().partition("diff --git")[0]
        named = re.search(r"^Test: (\w+)$", head, re.MULTILINE)
        found.append(Removal(path, head.splitlines()[0], named.group(1) if named else ""))
    return found


def patched(removal: Removal) -> dict[str, str] | None:
    """Return the changed files of a patch by path, or nothing where it does not fit.

    Each hunk must fit exactly once, on whichever line: code that moves does not matter, code that changes does.
    """
    files: dict[str, str] = {}
    for part in removal.path.read_text().split("\ndiff --git ")[1:]:
        name = re.search(r"^\+\+\+ b/(\S+)$", part, re.MULTILINE)
        if name is None or not (ROOT / name.group(1)).exists():
            return None
        text = files.get(name.group(1)) or (ROOT / name.group(1)).read_text()
        for hunk in re.split(r"^@@ .*\n", part, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[:1] in " -")
            new = "".join(line[1:] for line in lines if line[:1] in " +")
            if text.count(old) != 1:
                return None
            text = text.replace(old, new)
        files[name.group(1)] = text
    return files or None


def copy_tree(to: Path) -> None:
    """Copy what a test needs, without the environment, git's own files and what runs have left behind."""
    left = shutil.ignore_patterns(".git", ".venv", "__pycache__", "instance", "build", "*.pyc", ".hypothesis")
    shutil.copytree(ROOT, to, ignore=left)


def run(tree: Path, removal: Removal, database: str) -> tuple[int, str]:
    """Run the one test of a removal in a tree; return pytest's exit code and its words."""
    words = [sys.executable, "-m", "pytest", str(removal.file), "-k", f"{removal.test} and not {database}"]
    words += ["-q", "-x", "-p", "no:cacheprovider", "--tb=line"]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, timeout=LONGEST, check=False)
    return done.returncode, done.stdout + done.stderr


def verdict(code: int, said: str) -> str:
    """Say in one word what a run with the protection removed has shown."""
    if code == 0:
        return "STILL PASSES"
    broken = re.search(r"\b(SyntaxError|ImportError|NameError|errors? during collection)\b", said)
    return "fails" if code == 1 and not broken else "BROKEN"


def prove(removal: Removal, folder: Path, passed: set[str], database: str) -> str:
    """Run one test with and without its protection; return the line that tells."""
    tree = folder / removal.path.stem
    copy_tree(tree)
    try:
        if removal.test not in passed:
            code, said = run(tree, removal, database)
            if code:
                return f"DOES NOT HOLD even with its protection\n{said[-2000:]}"
            passed.add(removal.test)
        files = patched(removal)
        if files is None:
            return "the patch DOES NOT APPLY any more"
        for path, text in files.items():
            (tree / path).write_text(text)
        code, said = run(tree, removal, database)
        found = verdict(code, said)
        return f"holds, and {found} without it" + ("" if found == "fails" else f"\n{said[-2000:]}")
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def main() -> int:
    """Prove the bars named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bars", nargs="*", help="such as b04; all unless named")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite", help="the database")
    given = parser.parse_args()
    chosen = [one for one in removals() if not given.bars or one.bar in given.bars]
    failed, passed = 0, set[str]()
    with tempfile.TemporaryDirectory(prefix="prove-") as name:
        for removal in chosen:
            line = prove(removal, Path(name), passed, "postgresql" if given.on == "sqlite" else "sqlite")
            failed += line != "holds, and fails without it"
            print(f"{removal.bar.upper()}  {removal.path.stem:<24} {line}  ({removal.words})", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} protections are proved to be needed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
