"""Reading under load: public pages from the server alone and behind nginx, and of petitions small and very large.

`python bench/reading.py [--size SECONDS] [--json]`, on PostgreSQL. The bare page is a constant of the same length under
the same server. The large petition counts 10,000,000 signatures and names 1,000,000 in public, so that lists are long
too; its names stand without the rows of their signatures, which no public page reads. Both are rendered anew each time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
from places import HOME, Installation, Load, bare, end, folder, free_port, postgresql, start, wait_for, wrk
from rows import Row, row, table
from signing import database, plain

from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.petitions.services import get_by_slug
from petition_app.signatures.states import count
from petition_app.storage.db import db, transaction
from petition_app.storage.short_cache import ShortCache
from petition_app.tally.services import publish_now
from petition_app.verification.models import Batch
from petition_app.web.http_server import THREADS

SECONDS = 10
SMALL, LARGE, NAMED = 1_000, 10_000_000, 1_000_000
PAGES, TURNS = ("", "/status.json", "/signatories"), 30
PETITION = """
slug = "{slug}"
addressee = "The Assembly"
who_may_sign = "anybody"
mail = "none"
title.en = "A letter"
text.en = "We ask."
"""
NAMES = """
SET session_replication_role = replica;
INSERT INTO published_names (signature_id, petition_id, batch_number, name, role, place, sort_key, spelled,
    folded, collation_key, initial,
    sorted_as)
SELECT gen_random_uuid(), '{petition}', 1, 'Signer ' || n, 'deputy', 'Council ' || n % 50, 'signer ' || n, 's' || n,
    'signer ' || n, 'signer ' || n, 's', '1en'
FROM generate_series(1, {number}) n;
ANALYZE published_names
"""


# --- under load -------------------------------------------------------------------------------------------------


def load_rows(place: Path, address: str, *, seconds: int) -> list[Row]:
    """Load the page and the numbers of the founding day, alone and behind nginx."""
    here = Installation(place, address, PROXIES="1")
    here.flask("demo", "load")
    found = []
    with here.serving():
        for path, name in (("/p/founding-day", "public page"), ("/p/founding-day/status.json", "status.json")):
            with urlopen(here.address + path) as answer:  # noqa: S310 -- an address of this machine.
                length = len(answer.read())
            with bare("page", threads=THREADS, BARE_BYTES=str(length)) as url:
                control = wrk(f"{url}/", seconds=seconds)
            ours = wrk(here.address + path, seconds=seconds)
            holds = ours.failed == 0 and ours.rate >= 0.8 * control.rate
            found.append(
                row(f"{name}, the server alone, a second; control: bare page", ours.rate, control=control.rate,
                    bar=0.8, holds=holds, p50=ours.p50, p99=ours.p99)
            )  # fmt: skip
            with nginx(place, here.port) as url:
                cached = wrk(url + path, seconds=seconds)
            found.append(
                row(f"{name}, behind nginx, a second", cached.rate, bar=10_000,
                    holds=good(cached) and cached.rate >= 10_000, p50=cached.p50, p99=cached.p99)
            )  # fmt: skip
    return found


def good(load: Load) -> bool:
    """Return whether every request was answered well."""
    return load.failed == 0 and load.answered > 0


@contextmanager
def nginx(place: Path, port: int) -> Iterator[str]:
    """Run nginx with the sample, in a folder of its own, before a server on this port."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        raise SystemExit("The bench needs nginx (Debian: apt-get install nginx-light).")
    mine, prefix = free_port(), place / "nginx"
    prefix.mkdir(exist_ok=True)
    sample = (HOME / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("/run/countersign-cache", str(prefix / "cache")),
        ("/var/log/nginx/countersign.error.log", str(prefix / "error.log")),
        ("127.0.0.1:8000", f"127.0.0.1:{port}"),
        ("listen 80;", f"listen 127.0.0.1:{mine};"),
    ):
        sample = sample.replace(old, new)
    whole = f"daemon off; worker_processes 1; pid {prefix / 'pid'}; user root;\nevents {{ worker_connections 1024; }}\n"
    kinds = "".join(f"{kind}_temp_path {prefix / kind};\n" for kind in ("client_body", "proxy"))
    (prefix / "nginx.conf").write_text(f"{whole}http {{\n{kinds}{sample}}}\n")
    process = start(["/usr/sbin/nginx", "-p", str(prefix), "-c", str(prefix / "nginx.conf")], {}, prefix / "log")
    try:
        wait_for(f"http://127.0.0.1:{mine}/healthz")
        yield f"http://127.0.0.1:{mine}"
    finally:
        end(process)


# --- small and large --------------------------------------------------------------------------------------------


def size_rows(place: Path, address: str) -> list[Row]:
    """Render the pages of a small and of a large petition by turns, never from what is kept."""
    here = Installation(place, address)
    app = create_app(Settings.from_environment(here.environ))
    sizes = {"small": (SMALL, SMALL), "large": (LARGE, NAMED)}
    with app.app_context():
        for slug, (size, named) in sizes.items():
            (place / "petition.toml").write_text(PETITION.format(slug=slug))
            here.flask("petitions", "create", str(place / "petition.toml"))
            here.flask("petitions", "open", slug)
            with transaction():
                petition = get_by_slug(slug)
                batch = Batch(petition_id=petition.id, number=1, size=size, started_at=utcnow(), sealed_at=utcnow())
                db.session.add(batch)
                db.session.flush()
                count(petition.id, batch.id, arrived=size, verified=size)
                identity = petition.id
            with psycopg.connect(plain(address), autocommit=True) as connection:
                for statement in NAMES.format(petition=identity, number=named).split(";"):
                    connection.execute(statement)  # type: ignore[call-overload] # A fixed text.
            with transaction():
                publish_now(get_by_slug(slug), by=None, at=utcnow())
        took = _render(app, list(sizes))
        db.session.remove()
        db.engine.dispose()
    return [
        row(f"/p/…{path} with {LARGE} signatures, ms; control: with {SMALL}", took["large"][path],
            control=took["small"][path], bar=1.2, holds=took["large"][path] <= 1.2 * took["small"][path])
        for path in PAGES
    ]  # fmt: skip


def _render(app: Any, slugs: list[str]) -> dict[str, dict[str, float]]:
    times: dict[tuple[str, str], list[float]] = {}
    client = app.test_client()
    for _ in range(TURNS):
        for path in PAGES:
            for slug in slugs:
                app.state.get(ShortCache).forget()
                began = time.perf_counter()
                assert client.get(f"/p/{slug}{path}").status_code == 200
                times.setdefault((slug, path), []).append(1000 * (time.perf_counter() - began))
    return {slug: {path: statistics.median(times[slug, path]) for path in PAGES} for slug in slugs}


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SECONDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with folder() as place, postgresql(place) as address:
        for name in ("loaded", "sizes"):
            (place / name).mkdir()
        rows = load_rows(place / "loaded", database(address, "loaded"), seconds=max(2, min(options.size, SECONDS)))
        rows += size_rows(place / "sizes", database(address, "sizes"))
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
