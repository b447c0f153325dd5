"""The desk with a million cases waiting beside the desk with a thousand, through the real server on PostgreSQL.

`python bench/desk.py [--size N] [--acts N] [--json]`. Both desks run at the same time and take turns, act by act: a
signed-in reviewer takes the next case (a POST), has it on the screen (a GET), and verifies it (a POST); the audit, the
count and the publication are in it. An act is the sum of these three requests, each of which has a row of its own, too.

The cases are filled in inside the database: rows of signatures with their keyed indexes and with the near keys of
names drawn as they are distributed, so that a million holds as many namesakes as it would. Sealed parts and keys have
only the cases that are opened and those that are compared with them; the tables of parts are therefore smaller than
those of a million real signatures, and what is looked up in them goes by an index alone.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
from places import Installation, folder, postgresql
from roster_names import Population
from rows import Row, row, table
from sqlalchemy import create_engine, insert, select, text

from petition_app import audit
from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import vault
from petition_app.crypto.fingerprints import fingerprint
from petition_app.crypto.vault import SealContext
from petition_app.matching import phonetic_keys
from petition_app.petitions.services import get_by_slug
from petition_app.signatures import secret_words
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.rules import fold_name
from petition_app.signatures.states import count
from petition_app.storage.db import db, transaction
from petition_app.verification.matching_cases import candidates
from petition_app.verification.models import Batch

FEW = 1000
TITLES = {
    "act": "next case + decision",
    "next": "take the next case",
    "case": "show it",
    "next case": "next case (take and show)",
    "decision": "decision",
}
PEOPLE = 20_000
PASSWORD = "a long password of benches"
EMAIL = "olga@example.org"
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 1
mail = "none"
title.en = "A letter"
text.en = "We ask."
"""
FILL = """
CREATE TABLE bench_cases AS SELECT gen_random_uuid() AS id, n, n % :people AS name FROM generate_series(0, :size - 1) n;
INSERT INTO signatures (id, petition_id, text_version_id, batch_id, state, language, publication_tier, arrived_on,
    commitment,
    names_stale, matched_roster, name_index, mailbox_index)
  SELECT c.id, :petition, :text, :batch, 'checking', 'ru', c.n % 4, CURRENT_DATE, sha256(('c' || c.n)::bytea), false, 0,
    p.name_index, sha256(('m' || c.n)::bytea)
  FROM bench_cases c JOIN bench_people p ON p.name = c.name;
INSERT INTO near_keys (signature_id, petition_id, key)
  SELECT c.id, :petition, key FROM bench_cases c JOIN bench_people p ON p.name = c.name, unnest(p.keys) AS key;
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('signatures', 'near_keys') AND indexname LIKE 'ix%'
"""


@dataclass
class Desk:
    """A desk of some size: its browser, and how long each act has taken, in ms."""

    size: int
    client: httpx.Client
    code: str
    took: dict[str, list[float]] = field(default_factory=dict)
    token: str = ""

    def ask(self, name: str, method: str, path: str, *, status: int, **fields: str) -> httpx.Response:
        """Send one request and note its time."""
        data = fields | {"csrf_token": self.token} if method == "POST" else None
        began = time.perf_counter()
        answer = self.client.request(method, path, data=data)
        self.took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        if answer.status_code != status:
            raise RuntimeError(f"{method} {path}: {answer.status_code}\n{answer.text[:2000]}")
        return answer

    def act(self) -> None:
        """Take the next case, read it and verify it."""
        there = self.ask("next", "POST", "/organizer/p/letter/next", status=303).headers["location"]
        self.ask("case", "GET", there, status=200)
        today = utcnow().date().isoformat()
        words = {"outcome": "verified", "agrees": "1", "contact": "known_account", "contacted_on": today}
        self.ask("decision", "POST", f"{there}/decisions", status=303, **words)
        taken, shown, decided = (self.took[name][-1] for name in ("next", "case", "decision"))
        self.took.setdefault("next case", []).append(taken + shown)
        self.took.setdefault("act", []).append(taken + shown + decided)

    def look(self) -> None:
        """Open the pages beside the cases."""
        here = "/organizer/p/letter"
        self.ask("desk", "GET", f"{here}/desk", status=200)
        self.ask("overview", "GET", here, status=200)
        self.ask("seal", "GET", f"{here}/seal", status=200)
        self.ask("latest", "GET", f"{here}/decided", status=200)
        self.ask("/my", "POST", "/my", status=200, code=self.code)

    def median(self, name: str) -> float:
        """Return the median of what an act has taken."""
        return statistics.median(self.took[name])


def field_of(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    tag = next(tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag)
    return re.findall(r'value="([^"]*)"', tag)[0]


# --- filling ----------------------------------------------------------------------------------------------------


def fill(place: Installation, size: int, acts: int) -> str:
    """Let cases wait at a desk; return the secret code of one of them."""
    app = create_app(Settings.from_environment(place.environ))
    with app.app_context():
        with transaction():
            petition = get_by_slug("letter")
            batch = Batch(petition_id=petition.id, number=1, size=size, started_at=utcnow(), sealed_at=utcnow())
            db.session.add(batch)
            db.session.flush()
            count(petition.id, batch.id, arrived=size, checking=size)
            audit.record("signatures.imported", petition_id=petition.id, number=size, at=utcnow())
            db.session.flush()
            ids = {"petition": petition.id, "text": petition.text.id, "batch": batch.id}
        population = Population(1)
        people = [population.person() for _ in range(min(size, PEOPLE))]
        names = [f"{one.surname} {one.given} {one.patronymic}".strip() for one in people]
        _fill_rows(place, names, size, ids)
        with transaction():
            waiting = select(Signature).where(Signature.batch_id == ids["batch"]).order_by(Signature.id).limit(acts)
            first = db.session.scalars(waiting).all()
            opened = {one.id for one in first}
            for one in first:
                opened |= {row.id for row in candidates.search(one)}
            code = secret_words.give(first[-1])
        _seal(opened, names, ids["petition"])
        db.session.remove()
        db.engine.dispose()
    return code


def _fill_rows(place: Installation, names: list[str], size: int, ids: dict[str, UUID]) -> None:
    engine = create_engine(place.environ["DATABASE_URL"])
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.execute(text("SET synchronous_commit = off"))
        autocommit.execute(text("CREATE TABLE bench_people (name integer, name_index bytea, keys bytea[])"))
        raw: Any = connection.connection.dbapi_connection
        with raw.cursor() as cursor, cursor.copy("COPY bench_people FROM STDIN") as copy:
            for number, name in enumerate(names):
                keys = [fingerprint("near", ids["petition"], key) for key in phonetic_keys(name)]
                copy.write_row((number, fingerprint("name", ids["petition"], fold_name(name)), keys))
        autocommit.execute(text("SET session_replication_role = replica"))  # Nothing is looked up row by row.
        indexes = autocommit.execute(text(INDEXES)).all()
        for name, _ in indexes:
            autocommit.execute(text(f"DROP INDEX {name}"))
        for statement in filter(str.strip, FILL.split(";")):
            wanted = set(re.findall(r"(?<!:):([a-z]+)", statement))
            given = {"size": size, "people": len(names), **ids}
            autocommit.execute(text(statement), {name: given[name] for name in wanted})
        for index in ("CREATE INDEX ON bench_cases (id)", *(index for _, index in indexes)):
            autocommit.execute(text(index))
        autocommit.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _seal(ids: set[UUID], names: list[str], petition_id: UUID) -> None:
    ring = vault.key_ring()
    parts: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    with transaction():
        for id_ in ids:
            name = db.session.scalar(text("SELECT name FROM bench_cases WHERE id = :id"), {"id": id_})
            key = vault.new_key()
            wrap = ring.wrap(key, SealContext(petition_id, id_, "key"))
            keys.append({"id": uuid4(), "signature_id": id_, "part_id": None, "key_id": wrap.key_id, "box": wrap.box})
            contents = {
                "identity": {"name": names[name], "role": "teacher", "place": "", "r": "00" * 32},
                "contact": {"email": f"{id_.hex}@example.org"},
                "case": {},
            }
            for part, content in contents.items():
                sealed, part_id = vault.seal_part(key, SealContext(petition_id, id_, part), content), uuid4()
                parts.append({"id": part_id, "signature_id": id_, "part": part, "box": sealed.box})
                box = {
                    "id": uuid4(),
                    "signature_id": id_,
                    "part_id": part_id,
                    "key_id": None,
                    "box": sealed.wrapped_key,
                }
                keys.append(box)
        db.session.execute(insert(SealedPart), parts)
        db.session.execute(insert(SealedKey), keys)


@contextmanager
def open_desk(size: int, acts: int) -> Iterator[Desk]:
    """Have a desk of a size, with its server and its reviewer."""
    with folder() as place, postgresql(place) as url:
        installation = Installation(place, url)
        (place / "letter.toml").write_text(PETITION)
        installation.flask("petitions", "create", str(place / "letter.toml"))
        words = ("--name", "Olga", "--role", "organizer", "--petition", "letter", "--password-stdin")
        installation.flask("accounts", "create", EMAIL, *words, feed=f"{PASSWORD}\n")
        installation.flask("petitions", "open", "letter")
        began = time.monotonic()
        code = fill(installation, size, acts)
        print(f"{size} cases filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        with installation.serving(), httpx.Client(base_url=installation.address, timeout=120) as client:
            desk = Desk(size, client, code)
            desk.token = field_of(client.get("/organizer/login").text, "csrf_token")
            desk.ask("login", "POST", "/organizer/login", status=302, email=EMAIL, password=PASSWORD)
            desk.token = field_of(client.get("/organizer/p/letter/desk").text, "csrf_token")
            yield desk
        if size == FEW and "no difference" not in (told := installation.flask("tally", "audit")):
            raise RuntimeError(f"the numbers of the desk are wrong: {told}")


# --- measuring --------------------------------------------------------------------------------------------------


def measure(size: int, acts: int) -> list[Row]:
    """Let both desks take turns; the control is the desk of a thousand."""
    with ExitStack() as stack:
        small, large = (stack.enter_context(open_desk(number, acts + 20)) for number in (FEW, size))
        for desk in (small, large):
            for warm in (desk.act, desk.look) * 5:
                warm()
            desk.took.clear()
        for number in range(acts):
            for desk in (small, large):
                _one(desk, number)
    names = (*TITLES, "desk", "overview", "seal", "latest", "/my")
    return [_row(small, large, name) for name in names] + [_ninety_fifth(large, name) for name in TITLES]


def _one(desk: Desk, number: int) -> None:
    acts: list[Callable[[], None]] = [desk.act, desk.look] if number % 5 == 0 else [desk.act]
    for act in acts:
        act()


def _row(small: Desk, large: Desk, name: str) -> Row:
    value, control = large.median(name), small.median(name)
    cut = statistics.quantiles(large.took[name], n=100)
    title = f"desk: {TITLES.get(name, name)}, {large.size} waiting against {small.size}, ms"
    return row(title, value, control=control, bar=1.5, holds=value <= 1.5 * control, p50=value, p99=cut[98])


def _ninety_fifth(large: Desk, name: str) -> Row:
    value, bar = statistics.quantiles(large.took[name], n=20)[18], 50 if name == "act" else None
    title = f"desk: {TITLES[name]}, {large.size} waiting, p95, ms"
    return row(title, value, bar=bar, holds=bar is None or value <= bar)


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--acts", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.size, options.acts)
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
