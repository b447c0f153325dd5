"""What a reviewer of a letter with some thousand signatures is shown: pairs worth a look, and who must look further.

`python bench/reviewing.py [--size N] [--json]`. Pairs: 2,854 invented signatures as they come to an open letter without
a roster, names as common as they are among people, half of them without a patronymic, with a title before the place or
none; twelve people among them have signed twice, in the ways that people do. Every case is opened as the desk opens it.
Disagreements: of so many cases each has one verdict, and a hundred have two that differ, as the overview counts them.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anyascii import anyascii
from places import Installation, folder, postgresql
from roster_names import Population
from rows import Row, row, table
from sqlalchemy import insert, select

from petition_app.accounts.models import Account
from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.petitions.services import get_by_slug
from petition_app.signatures.models import Signature
from petition_app.storage.db import db, transaction
from petition_app.verification.desk import own_work
from petition_app.verification.matching_cases import candidates
from petition_app.verification.models import Decision

SIGNED, TWICE = 2_854, 12
FOUND, OTHERS = 11, 20  # At least so many of the twelve, and at most so many pairs of others.
DISAGREED, MILLISECONDS = 100, 50
PASSWORD = "a long password of benches"
TITLES = ("депутат", "учитель", "врач", "журналист")
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 2
mail = "none"
title.en = "A letter"
text.en = "We ask."
"""


@dataclass(frozen=True)
class Signed:
    """What one person has written."""

    name: str
    place: str
    email: str


# --- pairs ------------------------------------------------------------------------------------------------------


def people() -> tuple[list[Signed], list[Signed]]:
    """Return those who signed, and what twelve of them signed again, in their order."""
    population = Population(7, bodies=150)
    draw, signed = population.random, []
    for number in range(SIGNED - TWICE):
        one = population.person()
        name = f"{one.given} {one.surname}" if draw.random() < 0.5 else f"{one.surname} {one.given} {one.patronymic}"
        body = draw.choice(population.bodies) if draw.random() < 0.8 else ""
        place = f"{draw.choice(TITLES)}, {body}" if body and draw.random() < 0.3 else body
        signed.append(Signed(" ".join(name.split()), place, f"p{number}@example.org"))
    first = [one for one in signed if one.place and "," not in one.place][:TWICE]
    return signed, [again(number, one) for number, one in enumerate(first)]


def again(number: int, one: Signed) -> Signed:
    """Return how somebody signs a second time: from another mailbox, and not quite as before."""
    words, other = one.name.split(), replace(one, email=f"q{number}@example.org")
    return (
        other,
        replace(other, place=f"{TITLES[number % len(TITLES)]}, {one.place}"),
        replace(other, name=anyascii(one.name)),
        replace(other, name=" ".join(reversed(words[:2]))),
        replace(other, name=" ".join((*words[:-1], words[-1] + words[-1][-1]))),
        replace(other, email=one.email, name=anyascii(one.name), place=""),
    )[number % 6]


def measure_pairs() -> list[Row]:
    """Open each case at the desk, and count the pairs that are shown as worth a look."""
    signed, twice = people()
    with folder() as place:
        installation = Installation(place)
        (place / "letter.toml").write_text(PETITION)
        installation.flask("petitions", "create", str(place / "letter.toml"))
        with (place / "list.csv").open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file)
            write.writerow(("name", "place", "email"))
            write.writerows((one.name, one.place, one.email) for one in (*signed, *twice))
        installation.flask("petitions", "open", "letter")
        installation.flask("signatures", "import", "letter", str(place / "list.csv"), "--initial")
        installation.flask("worker", "--drain")  # It writes the keys by which the desk finds names that sound alike.
        shown, took = set(), []
        for began, mine, found in opened(installation):
            took.append((time.perf_counter() - began) * 1000)
            shown |= {frozenset((mine, other)) for other in found}
    firsts = [next(one for one in signed if again(number, one) == other) for number, other in enumerate(twice)]
    same = {frozenset(map(key_of, pair)) for pair in zip(firsts, twice, strict=True)}
    found = len(same & shown)
    wrong = len(shown - same)
    cut = statistics.quantiles(took, n=100)
    return [
        row(f"pairs at the desk: of {TWICE} people who signed twice", found, bar=FOUND, holds=found >= FOUND),
        row(f"pairs at the desk: of others, in {SIGNED} signatures", wrong, bar=OTHERS, holds=wrong <= OTHERS),
        row("pairs at the desk: to find those of a case, ms", cut[49], holds=True, p50=cut[49], p99=cut[98]),
    ]


def key_of(one: Signed | candidates.DuplicateCandidate) -> tuple[str, str]:
    """Return what tells a signature from the others."""
    one = Signed(one.identity.name, one.identity.place, "") if isinstance(one, candidates.DuplicateCandidate) else one
    return one.name, one.place


def opened(place: Installation) -> Iterator[tuple[float, tuple[str, str], list[tuple[str, str]]]]:
    """Open each case; yield when that began, whose it is, and whom the desk shows beside it as likely the same."""
    app = create_app(Settings.from_environment(place.environ))
    with app.app_context(), transaction(saving=False):
        petition = get_by_slug("letter")
        rows = db.session.scalars(select(Signature).where(Signature.petition_id == petition.id)).all()
        names = candidates.open_many(petition, [one.id for one in rows])
        for signature in rows:
            identity, began = names[signature.id][0], time.perf_counter()
            found = [key_of(one) for one in candidates.list_candidates(signature) if not one.faint]
            yield began, (identity.name, identity.place), found


# --- disagreements ----------------------------------------------------------------------------------------------


def measure_disagreed(size: int) -> list[Row]:
    """Count the cases that wait for a further person, on both databases."""
    with folder() as place:
        rows = [_disagreed(Installation(place), size, "SQLite")]
    with folder() as place, postgresql(place) as url:
        return [*rows, _disagreed(Installation(place, url), size, "PostgreSQL")]


def _disagreed(place: Installation, size: int, kind: str) -> Row:
    (place.place / "letter.toml").write_text(PETITION)
    place.flask("petitions", "create", str(place.place / "letter.toml"))
    for name in ("anna", "boris"):
        words = ("--name", name, "--role", "reviewer", "--petition", "letter", "--password-stdin")
        place.flask("accounts", "create", f"{name}@example.org", *words, feed=f"{PASSWORD}\n")
    app, took = create_app(Settings.from_environment(place.environ)), []
    with app.app_context():
        _decide(size)
        with transaction(saving=False):
            petition = get_by_slug("letter")
            for _ in range(11):
                began = time.perf_counter()
                count = own_work.count_disagreed(petition)
                took.append((time.perf_counter() - began) * 1000)
        db.engine.dispose()
    if count != DISAGREED:
        raise RuntimeError(f"{count} cases were counted")
    value = statistics.median(took)
    title = f"overview: who must look further, {size} cases decided once, {kind}, ms"
    return row(title, value, bar=MILLISECONDS, holds=value <= MILLISECONDS, p50=value)


def _decide(size: int) -> None:
    """Have one reviewer say something of every case, and a second one something else of a hundred."""
    with transaction():
        petition, at = get_by_slug("letter"), utcnow()
        people = db.session.scalars(select(Account)).all()
        signatures: list[dict[str, Any]] = [
            {
                "id": uuid4(), "petition_id": petition.id, "text_version_id": petition.text.id, "state": "checking",
                "language": "en", "publication_tier": 0, "arrived_on": at.date(), "commitment": uuid4().bytes * 2,
                "matched_roster": 0,
            }
            for _ in range(size)
        ]  # fmt: skip
        said = [(number, 0, "verified") for number in range(size)]
        said += [(number, 1, "rejected") for number in range(DISAGREED)]
        decisions = [
            {
                "id": uuid4(), "petition_id": petition.id, "signature_id": signatures[number]["id"],
                "position": who + 1, "account_id": people[who].id, "outcome": outcome, "at": at,
                "reason": "not_found" if outcome == "rejected" else None,
            }
            for number, who, outcome in said
        ]  # fmt: skip
        for model, rows in ((Signature, signatures), (Decision, decisions)):
            for start in range(0, len(rows), 2000):
                db.session.execute(insert(model), rows[start : start + 2000])


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="how many cases have a verdict")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure_pairs() + measure_disagreed(min(options.size, 100_000))
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
