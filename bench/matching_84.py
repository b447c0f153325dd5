"""Eighty-four cases against a roster of 100,000 rows, by a worker that has just been started: time and memory in all.

`python bench/matching_84.py [--size N] [--json]`. The worker (`flask worker --drain`) starts, reads the roster from
PostgreSQL, indexes it, matches every case, and writes what it found sealed with the cases. The control, a process of
its own too, reads the same rows and compares each name with all of them (RapidFuzz, token_sort_ratio), and keeps
nothing; it knows of no other spelling, no order of names, no initials.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from places import HOME, Installation, folder, postgresql
from rapidfuzz import fuzz, process
from roster_names import Population
from rows import Row, row, table
from sqlalchemy import func, select

from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.petitions.services import get_by_slug
from petition_app.roster import services as rosters
from petition_app.roster.file_reader import Entry
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.signatures.services import NewSignature, add_unconfirmed
from petition_app.signatures.states import move
from petition_app.storage.db import db, transaction

CASES = 84
SECONDS, MEGABYTES = 10, 1000
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "deputies"
mail = "none"
roster = true
title.en = "A letter"
text.en = "We ask."
"""


def prepare(place: Installation, entries: int) -> list[str]:
    """Fill a petition with a roster and with cases; return the names that were submitted."""
    population = Population(1)
    people = [population.person() for _ in range(entries)]
    app = create_app(Settings.from_environment(place.environ))
    with app.app_context():
        with transaction():
            version = rosters.begin(
                get_by_slug("letter"), name="People", as_of=utcnow().date(), columns=["name"], by=None, at=utcnow(),
                sha256=hashlib.sha256(b"people").digest(),
            )  # fmt: skip
            version_id = version.id
        with transaction():
            rosters.stage(
                version_id,
                [Entry(str(n), one.surname, one.given, one.patronymic, one.body) for n, one in enumerate(people)],
            )
            rosters.admit(version_id, by=None, at=utcnow())
        chosen = [people[turn * entries // CASES] for turn in range(CASES)]
        names = [f"{one.surname} {one.given} {one.patronymic}".strip() for one in chosen]
        with transaction():
            petition = get_by_slug("letter")
            for name, one in zip(names, chosen, strict=True):
                new = NewSignature("", Identity(name, "deputy", one.body), "", "ru", 0, None)
                id_ = add_unconfirmed(new, petition=petition, case={}, at=utcnow())
                db.session.flush()
                move(db.session.get_one(Signature, id_), "received")
        db.session.remove()
        db.engine.dispose()
    return names


def count_matched(place: Installation) -> int:
    """Return how many cases have a strong or a possible match."""
    app = create_app(Settings.from_environment(place.environ))
    with app.app_context(), transaction(saving=False):
        found = select(func.count()).where(Signature.match_class.in_(("strong", "possible")))
        number = db.session.scalar(found) or 0
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return number


def timed(command: list[str], environ: dict[str, str], *, feed: str = "") -> tuple[float, float]:
    """Run a command to its end; return its seconds and the most memory it has had, in MB."""
    began = time.monotonic()
    words = [sys.executable, __file__, "--child", *command]
    done = subprocess.run(  # noqa: S603 -- commands of the bench.
        words, env=environ, cwd=HOME, input=feed, text=True, capture_output=True, check=True
    )
    return time.monotonic() - began, int(done.stdout.splitlines()[-1]) / 1024


def run_child(command: list[str]) -> None:
    """Run a command and say how much memory it has had at most."""
    subprocess.run(command, check=True)  # noqa: S603 -- as above.
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def brute_force(url: str) -> None:
    """Compare every name that is fed in with every row."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
        rows = connection.execute("SELECT surname, given, patronymic FROM roster_entries").fetchall()
    listed = [" ".join(filter(None, row)) for row in rows]
    for name in sys.stdin.read().splitlines():
        process.extract(name, listed, scorer=fuzz.token_sort_ratio, limit=5)


def measure(entries: int) -> list[Row]:
    """Return the rows."""
    with folder() as place, postgresql(place) as url:
        installation = Installation(place, url)
        (place / "letter.toml").write_text(PETITION)
        installation.flask("petitions", "create", str(place / "letter.toml"))
        installation.flask("petitions", "open", "letter")
        names = prepare(installation, entries)
        worker = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--drain"]
        seconds, peak = timed(worker, installation.environ)
        control, _ = timed([sys.executable, __file__, "--control", url], dict(os.environ), feed="\n".join(names))
        found = count_matched(installation)
    title = f"match of {CASES} cases against {entries} roster rows, start included, s ({found} found)"
    return [
        row(
            title, seconds, control=control, bar=SECONDS, peak_mb=peak,
            holds=seconds <= SECONDS and peak <= MEGABYTES and found >= CASES * 0.9,
        )
    ]  # fmt: skip


def main() -> None:
    """Run from the shell."""
    if sys.argv[1:2] == ["--child"]:
        run_child(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--control", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.control:
        brute_force(options.control)
        return
    rows = measure(min(options.size, 100_000))
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
