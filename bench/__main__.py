"""Every bench, each in a process of its own, in one table: `python bench [--size N] [--json FILE]`.

With a size all rosters and lists are no longer than that, for a trial; the bars are meant for full size. `--against
REVISION` runs the comparison with an earlier build alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from rows import Row, table

FOLDER = Path(__file__).resolve().parent
LABELLED = [str(FOLDER.parent / "tests" / "data" / "matching" / name) for name in ("febrl3.csv", "fake_20000.csv")]


def run(*command: str) -> list[Row]:
    """Run one bench to its end and return its rows."""
    print(f"{command[0]} …", file=sys.stderr, flush=True)
    words = [sys.executable, str(FOLDER / command[0]), *command[1:]]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)  # noqa: S603 -- the files beside this one.
    rows: list[Row] = json.loads(done.stdout)
    return rows


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    parser.add_argument("--against", metavar="REVISION", help="compare with this build, side by side, and nothing else")
    options = parser.parse_args()
    size = ["--size", str(options.size)] if options.size else []
    rows = against(options.against, size) if options.against else every(size)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def against(revision: str, size: list[str]) -> list[Row]:
    """Return the rows of signing, reading, desk, import and look-ups, each beside that of an earlier build."""
    return [
        *run("side_by_side.py", revision, "--json", *size),
        *run("scripts_side_by_side.py", revision, "desk", "importing", "matching", "--json"),
    ]


def every(size: list[str]) -> list[Row]:
    """Return the rows of every bench, each beside its control."""
    return [
        *run("signing.py", "--json", *size),
        *run("killing.py", "--json", *size),
        *run("reading.py", "--json", *size),
        *run("matching.py", "--json", *size),
        *run("matching_scripts.py", "--json", *size),
        *run("duplicates.py", "measure", *LABELLED),
        *run("duplicates_million.py", "--json", *size),
        *run("sealing.py", "--json", *size),
        *run("sealed_matching.py", "--json", *size),
        *run("desk.py", "--json", *size),
        *run("reviewing.py", "--json", *size),
        *run("mailing.py", "--json", *size),
        *run("matching_84.py", "--json", *size),
        *run("importing.py", "--json", *size),
        *run("names.py", "--json", *size),
    ]


if __name__ == "__main__":
    main()
