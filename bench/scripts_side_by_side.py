"""The rows of one bench script for two builds: the one here and an earlier one, each running its own script in turns.

`python bench/scripts_side_by_side.py REVISION desk importing matching [--size N] [--turns N] [--json]`: rows are known
by their names. A row's value and control are the medians of here and there; its ratio says how much faster the build
here is, the median of the turns' ratios, so that noise falls on both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from places import HOME, folder
from rows import Row, row, table
from side_by_side import LEAST, check_out

SIZES = {"desk": 20_000, "importing": 50_000, "matching": 100_000}
SPEEDS = {"matching": "look-ups a second"}
"""Which rows of a script tell of speed, where not all do."""
TURNS = 3


def run(home: Path, script: str, size: int) -> dict[str, float]:
    """Run a build's own script; return the value of each of its rows by name."""
    words = [sys.executable, f"bench/{script}.py", "--size", str(size), "--json"]
    done = subprocess.run(words, cwd=home, capture_output=True, text=True, check=True)  # noqa: S603 -- the bench's own.
    return {one["row"]: one["value"] for one in json.loads(done.stdout)}


def compare(home: Path, revision: str, script: str, *, size: int, turns: int) -> list[Row]:
    """Run both builds' script by turns and return the rows that both have; the slowest of few acts say nothing."""
    pairs = [(run(HOME, script, size), run(home, script, size)) for _ in range(turns)]
    found = []
    for name in pairs[0][0]:
        if "p95" in name or SPEEDS.get(script, "") not in name or any(name not in there for _, there in pairs):
            continue
        is_time = name.endswith(", ms")
        ratios = [there[name] / here[name] if is_time else here[name] / there[name] for here, there in pairs]
        ours, theirs = (statistics.median(build[name] for build in builds) for builds in zip(*pairs, strict=True))
        ratio = statistics.median(ratios)
        title = f"{name}; control: {revision}"
        found.append({**row(title, ours, control=theirs, bar=LEAST, holds=ratio >= LEAST), "ratio": ratio})
    return found  # type: ignore[return-value] # A row with a ratio of its own.


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="the earlier build, as git names it")
    parser.add_argument("scripts", nargs="+", choices=sorted(SIZES))
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with folder() as place:
        home = check_out(options.revision, place).home
        rows = [
            found
            for script in options.scripts
            for found in compare(
                home, options.revision, script, size=options.size or SIZES[script], turns=options.turns
            )
        ]
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
