"""The attacks of the threat model, repeated as an enemy would: `python bench/attacks.py [--seconds N] [--json FILE]`.

Against the product as `make run` starts it: real `flask serve`, the demo's invented people, this machine alone. Each
row stands beside its quiet control of the same run: the same without the attack, or what an honest person gets. Ends
with 1 where a row does not hold.
"""

from __future__ import annotations

import argparse
import html
import json
import sqlite3
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pyrage
from floods import CLIENTS, CSRF, sign
from places import BENCH, HOME, Installation, folder
from rows import Row, row, table

from petition_app.demo.story import PASSWORD, SLUG
from tests import factories as make

SIGNING, READING = 1.0, 0.3  # Seconds at p95: B47.
FLOODS = {
    "sign": "sign with new forms", "my": "guess words at /my", "search": "search names", "not-me": "claim “not me”",
    "large": "send large forms", "slow": "send slowly, byte by byte", "password": "guess the organizer's password",
}  # fmt: skip
SIGNERS, TAU = 24, 0.5  # So many sign one after another; chance alone exceeds this once in four thousand.


def say(words: str) -> None:
    """Tell whoever waits what is being done."""
    print(f"{words} …", file=sys.stderr, flush=True)


# --- strangers --------------------------------------------------------------------------------------------------


def timed(url: str, seconds: float) -> tuple[float, float]:
    """Sign and read for a while as honest people do; return both p95 in seconds. What is not answered counts whole."""
    took: dict[str, list[float]] = {"sign": [], "read": []}
    until = time.monotonic() + seconds
    with httpx.Client(base_url=url, timeout=10) as client:
        while time.monotonic() < until:
            for kind in ("sign", "read", "read"):
                began, good = time.monotonic(), False
                try:
                    answer = sign(client, SLUG) if kind == "sign" else client.get(f"/p/{SLUG}")
                    good = answer.status_code == 200
                except httpx.HTTPError:
                    pass
                took[kind].append(time.monotonic() - began if good else 10.0)
                time.sleep(0.05)
    return _p95(took["sign"]), _p95(took["read"])


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else sum(values)


def strangers(here: Installation, seconds: float) -> Iterator[Row]:
    """Let forty clients do each thing that a stranger can, while honest people sign and read."""
    timed(here.address, 2)
    for kind, words in FLOODS.items():
        say(f"{CLIENTS} strangers {words}")
        quiet = timed(here.address, seconds / 2)
        command = [sys.executable, str(BENCH / "floods.py"), kind, here.address, SLUG, str(seconds + 2)]
        enemy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- the file beside this one.
        time.sleep(1)
        loud = timed(here.address, seconds)
        asked = enemy.communicate(timeout=seconds + 60)[0].strip()
        for what, bar, ours, control in zip(("signing", "reading"), (SIGNING, READING), loud, quiet, strict=True):
            name = f"{CLIENTS} strangers {words} ({asked} times): p95 of {what}, s"
            yield row(name, ours, control=control, bar=bar, holds=ours < bar)


# --- one organizer ----------------------------------------------------------------------------------------------


def signed_in(here: Installation, email: str) -> httpx.Client:
    """Return the browser of a member of staff."""
    client = httpx.Client(base_url=here.address, timeout=60)
    token = CSRF.search(client.get("/organizer/login").text)
    fields = {"csrf_token": html.unescape(token[1]) if token else "", "email": email, "password": PASSWORD}
    answer = client.post("/organizer/login", data=fields)
    assert answer.status_code in (302, 303), f"{email} cannot sign in: {answer.status_code}"
    return client


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """Return what the largest form of a page would send."""
    return max((form["fields"] for form in make.forms_of(answer)), key=len)  # type: ignore[arg-type]


def organizer(here: Installation) -> Iterator[Row]:
    """Let one organizer lower the policy, take the list, and publish words, alone."""
    say("One organizer alone")
    known = names_of(here)
    with closing(signed_in(here, "organizer@example.org")) as client:
        page = f"/organizer/p/{SLUG}"
        form = fields_of(client.get(f"{page}/edit"))
        harder, softer = {"reviewers": "2", "evidence_rule": "3"}, {"reviewers": "1", "evidence_rule": "0"}
        client.post(f"{page}/edit", data=form | harder)
        raised = fields_of(client.get(f"{page}/edit"))
        client.post(f"{page}/edit", data=raised | softer)
        after = fields_of(client.get(f"{page}/edit"))
        risen, lowered = (
            sum(new[name] != old[name] for name in harder) for old, new in ((form, raised), (raised, after))
        )
        name = "one organizer lowers the policy: rules that change at once (control: that one may raise alone)"
        yield row(name, lowered, control=risen, bar=0, holds=bool(risen) and not lowered)
        form = fields_of(client.get(f"{page}/export"))
        taken = client.post(f"{page}/export", data=form | {"purpose": "records", "addresses": "y", "names": "y"}).text
        read = sum(name in taken for name in known)
        yield row("one organizer exports: names in the file", read, control=len(known), bar=0, holds=not read)
        before = client.get(f"/p/{SLUG}/signatories").text
        words = "Nobody Atall"
        posts = 0
        for path in ("next", "batches/seal", "publish", f"cases/{'0' * 8}-0000-4000-8000-{'0' * 12}/decisions"):
            csrf = {"csrf_token": form.get("csrf_token", ""), "name": words, "outcome": "verified", "contact": "mail"}
            posts += client.post(f"{page}/{path}", data=csrf).status_code < 400
        time.sleep(3)
        shown = words in client.get(f"/p/{SLUG}/signatories").text or words in client.get(f"/p/{SLUG}").text
        yield row(f"one organizer publishes words of their own ({posts} posts were taken): shown", int(shown),
                  control=int("<li" in before or "<td" in before), bar=0, holds=not shown)  # fmt: skip


def names_of(here: Installation) -> list[str]:
    """Return the names of the demo's signers, as its own files have them."""
    found: list[str] = []
    for path in sorted((HOME / "petition_app" / "demo").glob("*.csv")):
        if path.name != "roster.csv":
            lines = path.read_text(encoding="utf-8-sig").splitlines()[1:]
            found += [name for line in lines for name in line.split(",") if len(name.split()) == 3]
    return sorted(set(found))


# --- one server, one disk, one backup ---------------------------------------------------------------------------


def hostile_server() -> Iterator[Row]:
    """Let a hostile server ask a real local desk for names: the bar's own attempts, counted."""
    say("A hostile server asks a local desk")
    with folder() as place:
        report = place / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "tests/bars/test_b43_hostile_server.py",
            "-q",
            "-k",
            "not postgresql",
        ]
        words = ["-p", "no:cacheprovider", f"--junitxml={report}", f"--basetemp={place / 't'}"]
        subprocess.run([*command, *words], cwd=HOME, capture_output=True, check=False, timeout=600)  # noqa: S603
        suite = next(ElementTree.parse(report).iter("testsuite"))  # noqa: S314 -- pytest's own file.
        tried, lost = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    yield row(f"a hostile server lies to a local desk in {tried} ways: ways that learn a name", lost, control=0, bar=0,
              holds=bool(tried) and not lost)  # fmt: skip


def seized_disk(here: Installation, sealed: Installation) -> Iterator[Row]:
    """Take the disks of a standard and of a sealed installation: what is read, and what the order of rows tells."""
    say("The disk is seized")
    found = {one: drill(one) for one in (here, sealed)}
    name = "the disk of a sealed letter is seized: the drill finds names that were not published (control: standard)"
    yield row(name, found[sealed][0], control=found[here][1], bar=0, holds=not found[sealed][0])
    say("The order of rows is read")
    ours, control = order_of_rows(here)
    name = f"the order of rows after the hourly round against that of signing, {SIGNERS} people: largest |tau|"
    yield row(name, ours, control=control, bar=TAU, holds=ours < TAU)


def drill(one: Installation) -> tuple[int, int]:
    """Play the seizure; return 1 where a sealed letter tells what it must not, and how many lines the drill had."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "seizure-drill"]
    done = subprocess.run(command, env=one.environ, cwd=HOME, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, len(done.stdout.splitlines())


def order_of_rows(here: Installation) -> tuple[float, float]:
    """Let people sign one after another; return how far the order of their rows tells it, and that of a plain table."""
    database = here.place / "instance" / "countersign.db"
    seen: list[str] = []
    tables = ("signatures", "sealed_parts", "sealed_keys", "confirmations")
    with httpx.Client(base_url=here.address, timeout=30) as client, closing(sqlite3.connect(database)) as rows:
        known = {one for (one,) in rows.execute("SELECT id FROM signatures")}
        for _ in range(SIGNERS):
            assert sign(client, SLUG).status_code == 200
            new = {one for (one,) in rows.execute("SELECT id FROM signatures")} - known - set(seen)
            seen += sorted(new)
        here.flask("worker", "--drain")  # With the round that comes every hour, and orders rows by their ids.
        rows.execute("CREATE TEMP TABLE plain (id)")
        rows.executemany("INSERT INTO plain VALUES (?)", [(one,) for one in seen])
        taus = []
        for name in (*tables, "plain"):
            column = "id" if name in ("signatures", "plain") else "signature_id"
            listed = rows.execute(f"SELECT {column}, min(rowid) FROM {name} GROUP BY 1")  # noqa: S608 -- fixed words.
            place = dict(listed.fetchall())
            places = [place[one] for one in seen if one in place]
            taus.append(abs(tau(places)) if len(places) > 2 else 0.0)
    return max(taus[:-1]), taus[-1]


def tau(places: list[int]) -> float:
    """Return how far places rise with time: 1 always, near 0 not at all (Kendall's tau)."""
    pairs = [first < second for first, second in combinations(places, 2)]
    return 2 * sum(pairs) / len(pairs) - 1


def seized_backup(here: Installation) -> Iterator[Row]:
    """Take a backup: what it tells without the key of whoever keeps it."""
    say("A backup is seized")
    identity = pyrage.x25519.Identity.generate()
    with folder() as place:
        here.flask("backup", "--to", str(place / "backup"), "--recipient", str(identity.to_public()))
        files = [path.read_bytes() for path in (place / "backup").rglob("*") if path.is_file()]
        read, opened = 0, 0
        words = [*names_of(here), "example.org", SLUG]
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


def main() -> int:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="how long each flood lasts")
    parser.add_argument("--only", nargs="*", default=[], help="strangers, organizer, server, disk, backup")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    given = parser.parse_args()
    rows: list[Row] = []
    with folder() as one, folder() as other:
        here, sealed = Installation(one), Installation(other)
        say("The demo is loaded, in both modes")
        here.flask("demo", "load")
        sealed.flask("demo", "load", "--sealed")
        with here.serving():
            attacks = {
                "organizer": lambda: organizer(here),
                "backup": lambda: seized_backup(here),
                "disk": lambda: seized_disk(here, sealed),
                "strangers": lambda: strangers(here, given.seconds),
                "server": hostile_server,
            }
            for name, attack in attacks.items():
                if not given.only or name in given.only:
                    for found in attack():
                        rows.append(found)
                        say(table([found]).splitlines()[1])
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return 0 if rows and all(one["holds"] for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
