"""Signing while the server is killed every two seconds: what was acknowledged is there, and the numbers add up.

`python bench/killing.py [--size KILLS] [--json]`: kill -9 of web and worker, on PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import signal
import threading
import time
from contextlib import suppress
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import psycopg
from places import Installation, descendants, end, folder, postgresql, wait_for
from rows import Row, row, table
from signing import PETITION, SECRET, Tokens, database, plain

from petition_app.crypto.fingerprints import hash_secret

KILLS, CLIENTS, PAUSE = 8, 8, 2.0


def sign(here: Installation, tokens: list[str], acknowledged: list[str], stop: threading.Event) -> None:
    """Sign with one token after another, and note those that were acknowledged."""
    while tokens and not stop.is_set():
        token = tokens.pop()
        fields = {"form": token, "name": "Вера Луговая", "email": f"{secrets.token_hex(6)}@example.org", "lang": "ru"}
        body = urlencode(fields | {"publish": "0", "consent": "1"}).encode()
        try:
            with urlopen(f"{here.address}/p/letter/sign", body, timeout=10) as answer:  # noqa: S310 -- our own server.
                if answer.status == 200:
                    acknowledged.append(token)
        except (URLError, OSError):
            time.sleep(0.05)


def kill(process: object) -> None:
    """Kill a server and all it has started, at once."""
    pid = process.pid  # type: ignore[attr-defined] # A process.
    for one in (pid, *descendants(pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def measure(kills: int) -> list[Row]:
    """Kill so many times, then look for every signature that was acknowledged."""
    with folder() as place, postgresql(place) as server:
        address = database(server, "killed")
        here = Installation(place, address, SECRET_KEY=SECRET, MAIL_URL="smtp://127.0.0.1:9")
        (place / "petition.toml").write_text(PETITION.format(mode="standard"))
        here.flask("petitions", "create", str(place / "petition.toml"))
        here.flask("petitions", "open", "letter")
        tokens, acknowledged, stop = Tokens(place).file(100_000).read_text().split(), [], threading.Event()
        process = here.start("serve")
        wait_for(f"{here.address}/healthz")
        clients = [threading.Thread(target=sign, args=(here, tokens, acknowledged, stop)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(kills):
            time.sleep(PAUSE)
            kill(process)
            end(process)
            process = here.start("serve")
            wait_for(f"{here.address}/healthz")
        time.sleep(PAUSE)
        stop.set()
        for client in clients:
            client.join()
        end(process)
        lost = len(acknowledged) - kept(address, acknowledged)
        clean = re.search("no difference", here.flask("tally", "audit")) is not None
    name = f"sign during {kills} kill -9, {len(acknowledged)} acknowledged: lost; the audit is "
    return [
        row(name + ("clean" if clean else "NOT CLEAN"), lost, bar=0, holds=not lost and clean and bool(acknowledged))
    ]


def kept(address: str, tokens: list[str]) -> int:
    """Return how many of these forms are stored with all that belongs to a signature."""
    with psycopg.connect(plain(address)) as connection:
        petitions = [found for (found,) in connection.execute("SELECT id FROM petitions")]
    hashes = [hash_secret("form", one.bytes + token.encode()) for one in petitions for token in tokens]
    query = """
        SELECT count(*) FROM confirmations c JOIN signatures s ON s.id = c.signature_id
        WHERE c.form_hash = ANY(%s)
        AND (SELECT count(*) FROM sealed_parts p WHERE p.signature_id = s.id) = 3
        AND (SELECT count(*) FROM sealed_keys k WHERE k.signature_id = s.id) = 4
    """
    with psycopg.connect(plain(address)) as connection:
        found = connection.execute(query, (hashes,)).fetchone()
        jobs = connection.execute("SELECT count(*) FROM jobs WHERE name = 'signatures.mail_code'").fetchone()
        stored = connection.execute("SELECT count(*) FROM confirmations").fetchone()
    assert jobs == stored, "a code is missing its message"
    return int(found[0]) if found else 0


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=KILLS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(max(1, min(options.size, KILLS)))
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
