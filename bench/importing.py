"""Importing a file of signatures by the command, into PostgreSQL, beside a bare load of as many bytes.

`python bench/importing.py [--size N] [--json]`. Peak memory is that of the command and all it starts, at one moment;
what processes share is counted once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from places import Installation, descendants, folder, postgresql, start
from rows import Row, row, table

LEAST_A_SECOND, MOST_MEGABYTES = 10_000, 400
# What a signature takes: three parts of 3, 1 and 4 KiB, four keys, and what stands in plain.
WIDTH = 8 * 1024 + 3 * 29 + 4 * 61 + 200
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 1
mail = "none"
title.en = "A letter"
text.en = "We ask."
"""
SURNAMES = ("Горный", "Луговой", "Дольный", "Береговой", "Полевой", "Степной", "Лесной", "Озёрный", "Морской", "Речной")
NAMES = ("Иван", "Пётр", "Глеб", "Лев", "Олег", "Яков", "Марк", "Юрий", "Илья", "Захар")
FATHERS = ("Иванович", "Петрович", "Глебович", "Львович", "Олегович", "Яковлевич", "Маркович", "Юрьевич", "Ильич")


def write_file(path: Path, size: int) -> None:
    """Write a file of invented people, with every column that an import knows."""
    chance = random.Random(6)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "role", "place", "email", "lang", "publish", "ref"))
        for number in range(size):
            name = (
                f"{chance.choice(SURNAMES)}-{chance.choice(SURNAMES)} {chance.choice(NAMES)} {chance.choice(FATHERS)}"
            )
            place = f"МО Округ {chance.randrange(400)}"
            writer.writerow((name, "депутат", place, f"s{number}@example.org", "ru", "count", f"r{number}"))


def bare_load(url: str, size: int) -> float:
    """Return how many rows of the same width a second one COPY brings into one table, durably."""
    box = os.urandom(WIDTH)
    began = time.monotonic()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE bare (id uuid PRIMARY KEY, box bytea)")
        connection.execute("ALTER TABLE bare ALTER box SET STORAGE EXTERNAL")
        with connection.cursor().copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "bytea"])
            for _ in range(size):
                copy.write_row((uuid4(), box))
    done = size / (time.monotonic() - began)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE bare")
    return done


def import_file(installation: Installation, file: Path) -> tuple[float, float]:
    """Return the seconds that the command takes, and the most megabytes that it and what it starts have had."""
    began, peak = time.monotonic(), 0.0
    words = [sys.executable, "-m", "flask", "--app", "wsgi", "signatures", "import", "letter", str(file)]
    process = start(words, installation.environ, installation.place / "log")
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
            break
        peak = max(peak, sum(_megabytes(pid) for pid in (process.pid, *descendants(process.pid))))
    if process.returncode:
        raise RuntimeError((installation.place / "log").read_text()[-2000:])
    return time.monotonic() - began, peak


def _megabytes(pid: int) -> float:
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0
    return 0


def measure(size: int) -> Row:
    """Import a file of this many rows, in standard mode."""
    with folder() as place, postgresql(place) as url:
        installation = Installation(place, url)
        (place / "letter.toml").write_text(PETITION, encoding="utf-8")
        installation.flask("petitions", "create", str(place / "letter.toml"))
        write_file(place / "rows.csv", size)
        plain = url.replace("+psycopg", "")
        control = bare_load(plain, size)
        seconds, peak = import_file(installation, place / "rows.csv")
        with psycopg.connect(plain) as connection:
            found = connection.execute("SELECT count(*) FROM signatures").fetchone()
        if found != (size,):
            raise RuntimeError(f"{found} signatures of {size}")
        rate = size / seconds
        name = f"import of {size} rows, PostgreSQL: rows a second (control: COPY of as many bytes)"
        holds = rate >= LEAST_A_SECOND and peak <= MOST_MEGABYTES
        return row(name, rate, control=control, bar=LEAST_A_SECOND, holds=holds, peak_mb=peak)


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [measure(options.size)]
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
