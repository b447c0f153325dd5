"""B47: forty hostile clients of each kind leave signing and reading as quick as they were, and nothing grows.

Against the server as `flask serve` starts it, on both databases; the hostile run in a process of their own. Whatever
else the machine does at the time slows the quiet control of the same run down, too: each limit is the bar's own, or
three times what the control has just taken, whichever is more.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text, update

from petition_app.accounts.models import Account
from petition_app.crypto import key_derivation, passwords, vault
from petition_app.crypto.codes import new_secret_code
from petition_app.rate_limits import budgets
from petition_app.signatures import knocks
from petition_app.signatures.models import CodeAttempt, Confirmation, Signature
from petition_app.storage.db import Base, db
from petition_app.tally.models import Claim
from petition_app.web.lanes import Lanes
from tests import factories as make
from tests.bars import hostile
from tests.bars.hostile import CLIENTS, KINDS
from tests.conftest import settings_for, start_app, stop_app
from tests.factories import new_form_token
from tests.serving import Served, serve

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 3.5
SIGNING, READING = 1.0, 0.3  # Seconds at p95.
TIMES = 3.0  # How often the quiet control may be taken, where the machine itself is slow.
MEGABYTES = 150
# What keeps everybody else from storing a knock until the transaction ends, where it is not any change.
HOLD = {"postgresql": "LOCK TABLE knocks IN EXCLUSIVE MODE"}
TABLES = (CodeAttempt, Confirmation, Signature, Claim)


@dataclass(frozen=True)
class Attacked:
    """A server with an open letter, and the application of this process beside it."""

    server: Served
    app: Flask

    def count(self) -> dict[type[Base], int]:
        """Return how many rows there are in what a stranger can fill."""
        with make.looking(self.app):
            return {table: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}

    def megabytes(self) -> float:
        """Return how much memory the processes of the server have."""
        total = 0
        for path in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                if f"http_server\0127.0.0.1\0{self.server.port}\0" in (path.parent / "cmdline").read_text():
                    total += int(path.read_text().split("VmRSS:")[1].split()[0])
        return total / 1024


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A server behind what claims to be a proxy; whoever guesses the organizer's password costs as much as it does."""
    folder = tmp_path_factory.mktemp("floods")
    (folder / "instance").mkdir(mode=0o700)
    url = f"sqlite:///{folder / 'instance' / 'countersign.db'}"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "instance" / "countersign.db")
    else:
        store = request.getfixturevalue("postgresql")
        name = store.create()
        url = store.url(name)
    settings = replace(settings_for(folder / "instance", url), proxies=1)
    app = start_app(settings)
    make.make_world(app, mail="optional")
    passwords.hasher, cheap = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4), passwords.hasher
    with make.acting(app):
        kept = passwords.hash_password("four unusual words of tests")
        db.session.execute(update(Account).values(password=kept))
        account = db.session.scalars(select(Account).limit(1)).one()
        account.email = hostile.ORGANIZER
    passwords.hasher = cheap
    with serve(settings, folder / "served", "--web-only", MAILS_PER_DOMAIN="0", FULL_COSTS="yes") as server:
        first = hostile.Client(server.url, make.SLUG, 99, 0)
        for turn in range(2):  # What is slow once, as compiling templates, no flood is to blame for.
            hostile.sign(first, turn)
        first.line.close()
        yield Attacked(server, app)
    make.lock_keys()
    stop_app(app)
    if request.param == "postgresql":
        store.drop(name)


# --- who only wants to sign, or to read -------------------------------------------------------------------------

addresses = itertools.count(1)


def measure(url: str, seconds: float) -> tuple[float, float]:
    """Sign and read in turn for so long; return the p95 of each in seconds. Every signature must be taken."""
    signing, reading, until = [], [], time.monotonic() + seconds
    with httpx.Client(base_url=url, timeout=60, headers={"X-Forwarded-For": f"198.51.100.{next(addresses)}"}) as client:
        while time.monotonic() < until or len(signing) < 8:
            data = make.fill_sign_form(new_form_token(), name=make.new_name(), email="")
            began = time.monotonic()
            answer = client.post(f"/p/{make.SLUG}/sign", data=data)
            signing.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text[:500]
            for path in (f"/p/{make.SLUG}", f"/p/{make.SLUG}/status.json", f"/p/{make.SLUG}/sign"):
                began = time.monotonic()
                assert client.get(path).status_code == 200
                reading.append(time.monotonic() - began)
            time.sleep(0.03)
    return p95(signing), p95(reading)


def p95(times: list[float]) -> float:
    """Return the time that 95 of a hundred stay below."""
    return statistics.quantiles(times, n=20)[-1]


@contextmanager
def hostile_clients(url: str, kind: str, seconds: float) -> Iterator[dict[str, int]]:
    """Let forty clients attack, each from an address of its own; afterwards, tell how they were answered."""
    network = str(1 + list(KINDS).index(kind))
    command = [sys.executable, "-m", "tests.bars.hostile", kind, url, make.SLUG, network, str(seconds)]
    answers: dict[str, int] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(1)
        yield answers
        answers |= json.loads(process.communicate(timeout=90)[0])


@pytest.mark.alone
@pytest.mark.parametrize("kind", KINDS)
def test_forty_hostile_clients_leave_signing_and_reading_quick(attacked: Attacked, kind: str) -> None:
    url = attacked.server.url
    measure(url, 0.3)
    quiet, memory, rows = measure(url, 1), attacked.megabytes(), attacked.count()
    with hostile_clients(url, kind, SECONDS + 1) as answers:
        signing, reading = measure(url, SECONDS)
    again, grown = measure(url, 1), attacked.megabytes() - memory
    slower = [max(one, other) for one, other in zip(quiet, again, strict=True)]
    more = {table: number - rows[table] for table, number in attacked.count().items()}
    print(
        f"{attacked.app.config['SQLALCHEMY_DATABASE_URI'][:6]} {kind}: "
        f"signing {signing:.3f} s (quiet {slower[0]:.3f}), reading {reading:.3f} s (quiet {slower[1]:.3f}), "
        f"{grown:+.0f} MB, {answers}, {[*more.values()]}"
    )
    assert signing < max(SIGNING, TIMES * slower[0])
    assert reading < max(READING, TIMES * slower[1])
    assert grown < MEGABYTES
    assert not answers.keys() & {"500", "502", "504"}
    assert more[CodeAttempt] <= CLIENTS * budgets.MISSES + SECONDS * 20
    assert more[Claim] <= CLIENTS * 5
    assert max(more[Confirmation], more[Signature]) <= 1000


# --- what keeps it so -------------------------------------------------------------------------------------------


def test_slow_senders_hold_no_thread(attacked: Attacked) -> None:
    head = f"POST /p/{make.SLUG}/sign HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 300\r\n".encode()
    with ExitStack() as lines:
        for number in range(CLIENTS):
            line = lines.enter_context(attacked.server.connect())
            line.sendall(head + f"X-Forwarded-For: 10.100.0.{number}\r\n\r\na".encode())
        time.sleep(0.5)
        data = make.fill_sign_form(new_form_token(), name=make.new_name(), email="")
        try:
            answer = httpx.post(f"{attacked.server.url}/p/{make.SLUG}/sign", data=data, timeout=5)
        except httpx.TimeoutException:
            pytest.fail("slow senders hold every thread")
    assert answer.status_code == 200


def test_a_flood_of_one_kind_fills_its_own_lane() -> None:
    lanes = Lanes[int](32)
    taken = [lane for number in range(CLIENTS) if (lane := lanes.enter("/my", number))]
    assert len(taken) == 4, "the others wait in their line"
    signing = lanes.enter(f"/p/{make.SLUG}/sign", 100)
    assert signing, "and a signature does not wait behind them"
    assert lanes.leave(signing) is None
    found = lanes.leave(taken[0])
    assert found
    assert found[1] == 4, "who waits is answered in turn"


def test_wrong_words_of_the_same_moment_are_stored_in_one_transaction(app: Flask) -> None:
    make.make_petition(app)
    saved: list[object] = []

    def guess() -> int:
        return int(app.test_client().post("/my", data={"code": new_secret_code("en")[0]}).status_code)

    with ThreadPoolExecutor(12) as many:
        with make.acting(app) as work:
            db.session.execute(text(HOLD.get(db.engine.dialect.name, "DELETE FROM knocks")))
            event.listen(db.engine, "commit", saved.append)
            asked = [many.submit(guess) for _ in range(12)]
            time.sleep(2)
            work.discard()
        assert [one.result(timeout=30) for one in asked] == [200] * 12
    with make.looking(app):
        assert db.session.scalar(select(func.count()).select_from(CodeAttempt)) == 12
    assert len(saved) <= 3


def test_an_alarm_in_a_flood_is_stored_before_its_answer(app: Flask, client: FlaskClient) -> None:
    signed = make.make_verified(app, make.make_world(app))
    second = make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))
    for _ in range(budgets.MISSES * budgets.MANY):
        budgets.may_miss("127.0.0.1")
    assert client.post("/my", data={"code": second}).status_code == 429
    with make.acting(app):
        ring = vault.key_ring()
        told = [ring.open(row.key_id, row.box, knocks.BOUND) for row in db.session.scalars(select(CodeAttempt))]
    assert [one for one in told if not one.startswith(str(knocks.NOBODY).encode())], "the alarm was lost"


def test_few_passwords_are_checked_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make.make_world(app)
    running, most, check = [0], [0], passwords._check

    def counted(password: str, stored: str | None) -> passwords.Checked:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.1)
        try:
            return check(password, stored)
        finally:
            running[0] -= 1

    def guess(number: int) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        return int(make.sign_in(client, f"{number}@example.org").status_code)

    monkeypatch.setattr(passwords, "_check", counted)
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(guess, range(1, 13)))
    assert most[0] <= key_derivation.PARALLEL
    assert set(answers) == {200, 503}, "and who would wait for long is told so at once"
