"""Signing under load: the whole road through the real server, beside a bare endpoint and a bare insert.

`python bench/signing.py [--size SECONDS] [--json]`: standard and sealed on PostgreSQL, standard on SQLite, each for
so many seconds; a signature counts as answered when it is durable. The bare endpoint checks the same form and commits
one row of the same width, under the same server with the same workers; the bare insert is the database alone.
"""

from __future__ import annotations

import argparse
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from bare_apps import WIDTH, bare_rows
from places import HOME, Installation, Load, bare, folder, peak_megabytes, postgresql, redis, wrk
from rows import Row, row, table
from sqlalchemy import create_engine

from petition_app.crypto.form_tokens import _form_mark
from petition_app.web.http_server import THREADS

SECONDS, CONNECTIONS = 10, 32
LEAST_CONTROL, MOST_P99 = 0.06, 250.0
PASSWORD = "a long passphrase of the bench"
SECRET = "bench-only-0123456789-abcdefghijklmnopq"
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 1
mail = "required"
mode = "{mode}"
title.en = "A letter"
text.en = "We ask."
"""
SIGN = """
local file = io.open("{tokens}")
local fields = "&name=%D0%92%D0%B5%D1%80%D0%B0%20%D0%9B%D1%83%D0%B3%D0%BE%D0%B2%D0%B0%D1%8F"
fields = fields .. "&role=deputy&place=Council&lang=ru&publish=3&consent=1&others="
local headers = {{["Content-Type"] = "application/x-www-form-urlencoded"}}
request = function()
  local token = file:read("*l")
  local body = "form=" .. token .. "&email=s" .. string.sub(token, 1, 16) .. "%40example.org" .. fields
  return wrk.format("POST", nil, headers, body)
end
{delay}
"""
# Each connection waits for a while before it asks again, so that together they come at a given rate.
DELAY = "delay = function() return math.random() * 2 * {milliseconds} end"


class Tokens:
    """One-time tokens of forms, as the product's page hands them out, in files that a load reads line by line."""

    def __init__(self, place: Path) -> None:
        self.place, self.taken = place, 0

    def file(self, number: int) -> Path:
        """Write so many new tokens and return their file."""
        self.taken += 1
        path = self.place / f"tokens{self.taken}"
        made = (secrets.token_hex(16) for _ in range(number))
        path.write_text("".join(f"{one}.{_form_mark(one, 0, SECRET)}\n" for one in made))
        return path


def sign(address: str, tokens: Tokens, *, seconds: int, rate: float = 0) -> Load:
    """Sign for so many seconds; with a rate no more often than that a second."""
    most = int(seconds * (rate or 2500)) + CONNECTIONS * 2
    delay = DELAY.format(milliseconds=1000 * CONNECTIONS / rate) if rate else ""
    lua = SIGN.format(tokens=tokens.file(most), delay=delay)
    return wrk(address, seconds=seconds, connections=CONNECTIONS, lua=lua)


@contextmanager
def open_petition(
    place: Path, database_url: str, mode: str, *, home: Path = HOME, **environ: str
) -> Iterator[tuple[Installation, int]]:
    """Run an installation with one open petition; messages wait, so that sending them is measured apart."""
    place.mkdir(exist_ok=True)
    here = Installation(
        place,
        database_url,
        home=home,
        SECRET_KEY=SECRET,
        MAIL_URL="smtp://127.0.0.1:9",
        MAILS_PER_DOMAIN="0",
        **environ,
    )
    (place / "petition.toml").write_text(PETITION.format(mode=mode))
    here.flask("petitions", "create", str(place / "petition.toml"))
    if mode == "sealed":
        for name in ("anna", "boris"):
            words = ("--name", name, "--role", "organizer", "--petition", "letter", "--password-stdin")
            here.flask("accounts", "create", f"{name}@example.org", *words, feed=PASSWORD)
            here.flask("keys", "own", f"{name}@example.org", "--passphrase-stdin", feed=f"{PASSWORD}\n")
        here.flask("keys", "make", "letter")
    here.flask("petitions", "open", "letter")
    here.flask("switches", "pause-mail", "on")
    with here.serving() as process:
        time.sleep(2)  # The worker shows its key, without which a sealed petition takes no addresses.
        yield here, process.pid


def insert_alone(address: str, *, seconds: int) -> float:
    """Return how many rows a second the database takes from so many clients, one durable transaction each."""
    with psycopg.connect(plain(address), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare_inserts (id bigserial PRIMARY KEY, name text, box bytea)")
    done, until = [0] * CONNECTIONS, time.monotonic() + seconds

    def insert(number: int) -> None:
        box = secrets.token_bytes(WIDTH)
        with psycopg.connect(plain(address), autocommit=True) as connection:
            while time.monotonic() < until:
                connection.execute("INSERT INTO bare_inserts (name, box) VALUES (%s, %s)", ("Вера Луговая", box))
                done[number] += 1

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def plain(address: str) -> str:
    """Return the address of a database as its own driver reads it."""
    return address.replace("postgresql+psycopg://", "postgresql://", 1)


# --- rows -------------------------------------------------------------------------------------------------------


def measure(seconds: int) -> list[Row]:
    """Measure everything on PostgreSQL, then on SQLite."""
    with folder() as place, postgresql(place) as address, redis(place) as limits_url:
        inserted = insert_alone(address, seconds=seconds)
        endpoint = bare_endpoint(place, address, seconds=seconds, processes=1)
        with open_petition(place / "standard", database(address, "standard"), "standard") as (here, pid):
            standard, memory = sign_warm(here, place / "standard", seconds=seconds), peak_megabytes(pid)
            half = sign(where(here), Tokens(place / "standard"), seconds=seconds, rate=standard.rate / 2)
        with open_petition(place / "sealed", database(address, "sealed"), "sealed") as (here, _):
            sealed = sign_warm(here, place / "sealed", seconds=seconds)
        endpoint_of_two = bare_endpoint(place, address, seconds=seconds, processes=2)
        two = {"WEB_PROCESSES": "2", "LIMITS_URL": limits_url}
        with open_petition(place / "two", database(address, "two"), "standard", **two) as (here, _):
            of_two = sign_warm(here, place / "two", seconds=seconds)
    with folder() as place:
        small = bare_endpoint(place, f"sqlite:///{place / 'bare.db'}", seconds=seconds, processes=1)
        with open_petition(place / "standard", "", "standard") as (here, _):
            sqlite = sign_warm(here, place / "standard", seconds=seconds)
    fair = endpoint.rate >= LEAST_CONTROL * inserted
    void = "" if fair else " (VOID: the bare endpoint does less than 6 % of the bare insert)"
    return [
        row("bare endpoint, PostgreSQL, a second; control: bare insert" + void, endpoint.rate, control=inserted,
            bar=LEAST_CONTROL, holds=fair, p50=endpoint.p50, p99=endpoint.p99),
        row("sign, PostgreSQL, a second; control: bare endpoint" + void, standard.rate, control=endpoint.rate,
            bar=1.5, holds=fair and good(standard) and standard.rate >= 1.5 * endpoint.rate,
            p50=standard.p50, p99=standard.p99, peak_mb=memory),
        row("the same with two processes of the web server each", of_two.rate, control=endpoint_of_two.rate,
            holds=good(of_two),
            p50=of_two.p50, p99=of_two.p99),
        row("sign at half that rate, PostgreSQL: p99 in ms", half.p99,
            bar=MOST_P99, holds=good(half) and half.p99 <= MOST_P99, p50=half.p50, p99=half.p99),
        row("sign, sealed, PostgreSQL, a second; control: standard", sealed.rate, control=standard.rate,
            bar=0.8, holds=good(sealed) and sealed.rate >= 0.8 * standard.rate, p50=sealed.p50, p99=sealed.p99),
        row("sign, SQLite, a second; control: bare endpoint on SQLite", sqlite.rate, control=small.rate,
            bar=1.0, holds=good(sqlite) and sqlite.rate >= small.rate, p50=sqlite.p50, p99=sqlite.p99),
    ]  # fmt: skip


def good(load: Load) -> bool:
    """Return whether every request was answered well."""
    return load.failed == 0 and load.answered > 0


def where(here: Installation) -> str:
    """Return the address that signatures are sent to."""
    return f"{here.address}/p/letter/sign"


def sign_warm(here: Installation, place: Path, *, seconds: int) -> Load:
    """Sign for a moment unmeasured, then for so many seconds."""
    tokens = Tokens(place)
    sign(where(here), tokens, seconds=2)
    return sign(where(here), tokens, seconds=seconds)


def bare_endpoint(place: Path, address: str, *, seconds: int, processes: int) -> Load:
    """Load the bare endpoint, under the server that the product has, as it does its own."""
    engine = create_engine(address)
    bare_rows.metadata.create_all(engine)
    with engine.connect() as connection:
        if address.startswith("sqlite"):  # As the product has it: readers do not wait, and the disk is waited for.
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
    engine.dispose()
    with bare("endpoint", workers=processes, threads=THREADS // processes, BARE_DATABASE=address) as url:
        tokens = Tokens(place)
        sign(f"{url}/", tokens, seconds=2)
        return sign(f"{url}/", tokens, seconds=seconds)


def database(address: str, name: str) -> str:
    """Make another database in the same PostgreSQL and return its address."""
    with psycopg.connect(plain(address), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload] # A fixed name.
    return address.replace("/postgres?", f"/{name}?")


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SECONDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(max(2, min(options.size, SECONDS)))
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
