"""Two builds side by side: the one here and an earlier one, driven by the same load in turns.

`python bench/side_by_side.py REVISION [--size SECONDS] [--turns N] [--json]`: the earlier build is checked out into a
folder of its own and runs with the same environment. Each turn loads one build, then the other, for so many seconds;
the other stands still meanwhile. A row's value and control are the medians of here and there, its ratio the median of
the turns' ratios, so that noise falls on both.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from places import HOME, Installation, Load, folder, postgresql, wrk
from rows import Row, row, table
from signing import CONNECTIONS, SIGN, database, open_petition

SECONDS, TURNS, LEAST = 6, 5, 0.95
MOST_PER_SECOND = 2500
# Written by the build itself, since what a form's token holds is its own affair.
TOKENS = """
import sys
sys.path.insert(0, "bench")
from pathlib import Path
from signing import Tokens
print(Tokens(Path(sys.argv[1])).file(int(sys.argv[2])))
"""
Turn = Callable[[int], Load]


@dataclass(frozen=True)
class Build:
    """One build: where its files lie and the folder in which it may write."""

    home: Path
    place: Path


def check_out(revision: str, place: Path) -> Build:
    """Lay an earlier build into a folder, with the compiled catalogues of languages that it needs."""
    home = place / "earlier"
    home.mkdir()
    packed = subprocess.run(["git", "archive", revision], cwd=HOME, capture_output=True, check=True).stdout  # noqa: S603, S607 -- git.
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(home, filter="data")
    for catalogue in home.glob("petition_app/translations/*/LC_MESSAGES/*.po"):
        words = [
            "--quiet",
            "compile",
            "--input-file",
            str(catalogue),
            "--output-file",
            str(catalogue.with_suffix(".mo")),
        ]
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", *words], cwd=home, check=True)  # noqa: S603 -- our own.
    return Build(home, place / "there")


def signing(here: Installation) -> Turn:
    """Return what signs one petition of a build for so many seconds."""
    taken = count()

    def turn(seconds: int) -> Load:
        folder_of_turn = here.place / f"turn{next(taken)}"
        folder_of_turn.mkdir()
        words = [sys.executable, "-c", TOKENS, str(folder_of_turn), str(seconds * MOST_PER_SECOND + 2 * CONNECTIONS)]
        written = subprocess.run(words, cwd=here.home, env=here.environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own.
        lua = SIGN.format(tokens=written.stdout.strip(), delay="")
        return wrk(f"{here.address}/p/letter/sign", seconds=seconds, connections=CONNECTIONS, lua=lua)

    return turn


def reading(here: Installation, path: str) -> Turn:
    """Return what reads one page of a build for so many seconds."""
    return lambda seconds: wrk(here.address + path, seconds=seconds)


def compare(name: str, ours: Turn, theirs: Turn, *, seconds: int, turns: int) -> Row:
    """Load both builds by turns, each once unmeasured before."""
    for turn in (theirs, ours):
        turn(2)
    pairs = [(ours(seconds), theirs(seconds)) for _ in range(turns)]
    ratio = statistics.median(here.rate / there.rate for here, there in pairs)
    is_good = all(load.failed == 0 and load.answered > 0 for pair in pairs for load in pair)
    found = row(
        name,
        statistics.median(here.rate for here, _ in pairs),
        control=statistics.median(there.rate for _, there in pairs),
        bar=LEAST,
        holds=is_good and ratio >= LEAST,
        p50=statistics.median(here.p50 for here, _ in pairs),
        p99=statistics.median(here.p99 for here, _ in pairs),
    )
    return {**found, "ratio": ratio}


def measure(revision: str, *, seconds: int, turns: int) -> list[Row]:
    """Sign and read with both builds, on PostgreSQL and SQLite."""
    rows = []
    with folder() as place, postgresql(place) as address:
        here, there = Build(HOME, place / "here"), check_out(revision, place)
        for build in (here, there):
            build.place.mkdir()
        for number, (name, mode, kind) in enumerate(
            (("standard, PostgreSQL", "standard", "postgresql"),
             ("sealed, PostgreSQL", "sealed", "postgresql"),
             ("standard, SQLite", "standard", "sqlite"))
        ):  # fmt: skip
            with ExitStack() as both:
                turns_of = []
                for side, build in (("here", here), ("there", there)):
                    url = database(address, f"{side}{number}") if kind == "postgresql" else ""
                    opened = open_petition(build.place / f"sign{number}", url, mode, home=build.home)
                    turns_of.append(signing(both.enter_context(opened)[0]))
                rows.append(
                    compare(f"sign, {name}, a second; control: {revision}", *turns_of, seconds=seconds, turns=turns)
                )
        with ExitStack() as both:
            loaded = []
            for side, build in (("here", here), ("there", there)):
                (build.place / "read").mkdir()
                loaded.append(Installation(build.place / "read", database(address, f"{side}read"), home=build.home))
                loaded[-1].flask("demo", "load")
                both.enter_context(loaded[-1].serving())
            for path, name in (("/p/founding-day", "public page"), ("/p/founding-day/status.json", "status.json")):
                pair = [reading(one, path) for one in loaded]
                rows.append(compare(f"{name}, a second; control: {revision}", *pair, seconds=seconds, turns=turns))
    return rows


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="the earlier build, as git names it")
    parser.add_argument("--size", type=int, default=SECONDS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.revision, seconds=max(2, min(options.size, 30)), turns=options.turns)
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
