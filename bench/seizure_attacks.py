"""What somebody learns who seizes a disk or a backup: the files as they lie there while the server runs."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pyrage
from organizer_attacks import names_of_the_demo
from places import HOME, Installation, folder
from rows import Row, row

from petition_app.demo.story import SLUG
from petition_app.storage.completions import ROW_ORDER
from tests.bars.hostile import FORM, some_address, some_name

SIGNERS, TAU = 24, 0.5  # So many sign one after another; chance alone exceeds this once in four thousand.
PENDING = re.compile(r'name="pending"[^>]*value="([^"]*)"')


def say(words: str) -> None:
    """Tell whoever waits what is being done."""
    print(f"{words} …", file=sys.stderr, flush=True)


def disk(here: Installation, sealed: Installation) -> Iterator[Row]:
    """Seize the disks of a standard and of a sealed installation at work: what is read, and what order tells."""
    say("The disk is seized")
    both = {"standard": drill(here), "sealed": drill(sealed)}
    (standard,), (secret,) = ([one for one in both[mode]["petitions"] if one["slug"] == SLUG] for mode in both)
    found = {mode: sum(one["number"] for one in told["findings"]) for mode, told in both.items()}
    unread = standard["readable"] - standard["opened"]
    name = "the disk of a standard letter is seized: signers that the drill does not name (control: those with keys)"
    yield row(name, unread, control=standard["readable"], bar=0, holds=bool(standard["readable"]) and not unread)
    name = "the disk of a sealed letter is seized: names, addresses, links beyond the published (control: standard)"
    yield row(name, found["sealed"] + secret["opened"], control=found["standard"] + standard["opened"], bar=0,
              holds=not found["sealed"] and not secret["opened"] and bool(secret["readable"]))  # fmt: skip
    for mode, one in (("standard", here), ("sealed", sealed)):
        say(f"The order of rows is read, {mode}")
        ours, control = order_of_rows(one)
        name = f"the order of rows on a seized disk against that of signing, {mode}, {SIGNERS} people: largest |tau|"
        yield row(name, ours, control=control, bar=TAU, holds=ours < TAU)


@contextmanager
def seized(one: Installation) -> Iterator[Path]:
    """Copy the instance folder while the server runs, as the image of a disk would have it."""
    with folder() as place:
        shutil.copytree(one.place / "instance", place / "instance", ignore_dangling_symlinks=True)
        yield place / "instance"


def drill(one: Installation) -> dict[str, Any]:
    """Play the seizure over the copied files; return what the drill found."""
    with seized(one) as copied:
        (copied.parent / "names.csv").write_text("name\n" + "".join(f"{name}\n" for name in names_of_the_demo()))
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "seizure-drill", "--json"]
        done = subprocess.run(  # noqa: S603 -- a command of the product.
            [*command, "--names", str(copied.parent / "names.csv")], cwd=HOME, capture_output=True, text=True,
            env=one.environ | {"COUNTERSIGN_INSTANCE": str(copied)}, check=False, timeout=120,
        )  # fmt: skip
    if not done.stdout.startswith("{"):
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def sign_through(client: httpx.Client) -> None:
    """Sign, and where no mail is sent, confirm as well."""
    found = FORM.search(client.get(f"/p/{SLUG}/sign").text)
    fields = {"form": html.unescape(found[1]) if found else "", "name": some_name(), "lang": "ru", "consent": "1"}
    answer = client.post(f"/p/{SLUG}/sign", data=fields | {"email": some_address(), "publish": "0"})
    assert answer.status_code == 200, answer.text
    if pending := PENDING.search(answer.text):
        client.post(f"/p/{SLUG}/confirm", data={"pending": html.unescape(pending[1]), "code": ""})


def order_of_rows(one: Installation) -> tuple[float, float]:
    """Let people sign one after another; return how far the order of their rows tells it, and that of a plain table."""
    database = one.place / "instance" / "countersign.db"
    seen: list[str] = []
    tables = ("signatures", "sealed_parts", "sealed_keys", "confirmations")
    with httpx.Client(base_url=one.address, timeout=30) as client, closing(sqlite3.connect(database)) as rows:
        known = {id_ for (id_,) in rows.execute("SELECT id FROM signatures")}
        for _ in range(SIGNERS):
            sign_through(client)
            new = {id_ for (id_,) in rows.execute("SELECT id FROM signatures")} - known - set(seen)
            seen += sorted(new)
        rows.execute("DELETE FROM completions WHERE name = ?", (ROW_ORDER,))  # As if the hour were over.
        rows.commit()
    assert len(seen) == SIGNERS, f"{len(seen)} of {SIGNERS} have signed"
    one.flask("worker", "--drain")  # With the round that comes every hour, and orders rows by their ids.
    with seized(one) as copied, closing(sqlite3.connect(copied / "countersign.db")) as rows:
        rows.execute("CREATE TEMP TABLE plain (id)")
        rows.executemany("INSERT INTO plain VALUES (?)", [(id_,) for id_ in seen])
        taus = []
        for name in (*tables, "plain"):
            column = "id" if name in ("signatures", "plain") else "signature_id"
            listed = rows.execute(f"SELECT {column} FROM {name} NOT INDEXED")  # noqa: S608 -- fixed words.
            place: dict[str, int] = {}
            for number, (id_,) in enumerate(listed):  # As the rows lie: by their numbers, or by their keys.
                place.setdefault(id_, number)
            places = [place[id_] for id_ in seen if id_ in place]
            taus.append(abs(tau(places)) if len(places) > 2 else 0.0)
    return max(taus[:-1]), taus[-1]


def tau(places: list[int]) -> float:
    """Return how far places rise with time: 1 always, near 0 not at all (Kendall's tau)."""
    pairs = [first < second for first, second in combinations(places, 2)]
    return 2 * sum(pairs) / len(pairs) - 1


def backup(here: Installation) -> Iterator[Row]:
    """Take a backup: what it tells without the key of whoever keeps it."""
    say("A backup is seized")
    identity = pyrage.x25519.Identity.generate()
    with folder() as place:
        here.flask("backup", "--to", str(place / "backup"), "--recipient", str(identity.to_public()))
        files = [path.read_bytes() for path in (place / "backup").rglob("*") if path.is_file()]
        read, opened = 0, 0
        words = [*names_of_the_demo(), "example.org", SLUG]
        for data in files:
            read += sum(word.encode() in data for word in words)
            try:
                opened += SLUG.encode() in zlib.decompress(pyrage.decrypt(data, [identity]))
            except pyrage.DecryptError:
                opened += 0
    name = (
        f"a backup of {len(files)} files is seized: names, addresses and letters in it (control: opened by its keeper)"
    )
    yield row(name, read, control=opened, bar=0, holds=bool(opened) and not read)
