"""The attacks of the threat model, repeated as an enemy would: `python bench/attacks.py [--seconds N] [--json FILE]`.

Against the product as `make run` starts it: real `flask serve`, the demo's invented people, this machine alone. Each
row stands beside its quiet control of the same run: the same without the attack, or what an honest person gets. Ends
with 1 where a row does not hold.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPException
from pathlib import Path

import httpx
from organizer_attacks import organizer
from places import HOME, Installation, folder
from rows import Row, row, table
from seizure_attacks import backup, disk, say

from petition_app.demo.story import SLUG
from tests import factories as make
from tests.bars.hostile import CLIENTS, KINDS, Client, sign
from tests.bars.test_b43_hostile_server import TWISTS, Hostile, Stage, all_verified, fewer_reviewers
from tests.conftest import migrate, settings_for, start_app, stop_app
from tests.local_desk.desks import LocalDesk, make_token, serving

SIGNING, READING = 1.0, 0.3  # Seconds at p95: B47.
BUSY = 3  # On a machine that is slow by itself, a flood may make it so many times as slow.
FLOODS = {
    "signatures": "sign with new forms", "words": "guess words at /my", "pages": "guess pages and codes",
    "searches": "search names", "not me": "claim “not me”", "passwords": "guess passwords of staff",
    "large forms": "send large forms", "slow bodies": "send slowly, byte by byte",
}  # fmt: skip


# --- strangers --------------------------------------------------------------------------------------------------


def timed(url: str, seconds: float) -> tuple[float, float]:
    """Sign and read for a while as honest people do; return both p95 in seconds. What is not answered counts whole."""
    took: dict[str, list[float]] = {"sign": [], "read": []}
    until, signer = time.monotonic() + seconds, Client(url, SLUG, 0, 0)
    with httpx.Client(base_url=url, timeout=10) as reader:
        while time.monotonic() < until:
            for kind in ("sign", "read", "read"):
                began, good = time.monotonic(), False
                with suppress(httpx.HTTPError, HTTPException, OSError):
                    if kind == "sign":
                        signer.statuses.clear()
                        sign(signer, 0)
                        good = signer.statuses[200] == 1
                    else:
                        good = reader.get(f"/p/{SLUG}").status_code == 200
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
        network = str(1 + list(KINDS).index(kind))
        command = [sys.executable, "-m", "tests.bars.hostile", kind, here.address, SLUG, network, str(seconds + 2)]
        enemy = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ours.
        time.sleep(1)
        loud = timed(here.address, seconds)
        asked = sum(json.loads(enemy.communicate(timeout=seconds + 60)[0]).values())
        for what, least, ours, control in zip(("signing", "reading"), (SIGNING, READING), loud, quiet, strict=True):
            bar = max(least, BUSY * control)
            name = f"{CLIENTS} strangers {words} ({asked} times): p95 of {what}, s"
            yield row(name, ours, control=control, bar=bar, holds=ours < bar)


# --- one server -------------------------------------------------------------------------------------------------


def hostile_server() -> Iterator[Row]:
    """Let a hostile server ask a real local desk for names, with the bar's own lies; count what it reads in plain."""
    say("A hostile server asks a local desk")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with folder() as place, ExitStack() as later:
        url = f"sqlite:///{place / 'server.db'}"
        migrate(url, place / "server")
        app = start_app(settings_for(place / "server", url, unlock_on_server=False))
        later.callback(stop_app, app)
        stage, hostile = Stage(app), Hostile(app)
        app.wsgi_app = hostile  # type: ignore[method-assign] # As Flask's manual does.
        address = later.enter_context(serving(app))
        token = make_token(app, stage.world.petition_id, stage.world.organizer)
        desk = LocalDesk(address, stage.world.slug, token, place / "desk")
        later.callback(desk.close)
        assert desk.unlock().status_code == 303
        due = {stage.signed[what].name for what in ("due", "raised by its signer")}
        never, honest = {one.name for one in stage.signed.values()} - due, stage.everything()
        read: set[str] = set()
        hostile.answers["mirror"] = fewer_reviewers
        lies = [copy.deepcopy(honest) for _ in TWISTS]
        for twist, lie in zip(TWISTS, lies, strict=True):
            twist(all_verified(lie), stage)
        lies.append(stage.before)  # An older answer, after newer ones.
        for answer in lies:
            hostile.answers["names"] = lambda _found, answer=answer: answer
            page = desk.look_for_names()
            desk.send_names("names")
            read |= {name for name in never if name in page or hostile.has_read(name)}
        honest_ones = sum(hostile.has_read(name) for name in due)
        make.lock_keys()
    name = f"a hostile server lies to a local desk in {len(lies)} ways: names it learns (control: those that are due)"
    yield row(name, len(read), control=honest_ones, bar=0, holds=honest_ones == len(due) and not read)


def main() -> int:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="how long each flood lasts")
    parser.add_argument("--only", nargs="*", default=[], help="organizer, disk, backup, strangers, server")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    given = parser.parse_args()
    rows: list[Row] = []

    def wanted(name: str) -> bool:
        return not given.only or name in given.only

    def note(found: Iterator[Row]) -> None:
        for one in found:
            rows.append(one)
            say(table([one]).splitlines()[1])

    with folder() as one, folder() as other, ExitStack() as serving_here:
        here, sealed = Installation(one), Installation(other)
        say("The demo is loaded, in both modes")
        here.flask("demo", "load")
        serving_here.enter_context(here.serving())
        if wanted("organizer") or wanted("disk"):
            sealed.flask("demo", "load", "--sealed")
            with sealed.serving():
                if wanted("disk"):
                    note(disk(here, sealed))
                if wanted("organizer"):
                    note(organizer(here, sealed))
        if wanted("backup"):
            note(backup(here))
        if wanted("strangers"):
            note(strangers(here, given.seconds))
    if wanted("server"):
        note(hostile_server())
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return 0 if rows and all(one["holds"] for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
