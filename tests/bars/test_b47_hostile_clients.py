"""B47: forty hostile clients of each kind leave signing and reading as quick as they were, and nothing grows.

Against the server as `flask serve` starts it. Whatever else the machine does at the time slows the quiet control of the
same run down, too: each limit is the bar's own, or some times what the control has just taken, whichever is more.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from petition_app import budgets, gateway
from petition_app.db import db
from petition_app.security import new_form_token
from petition_app.signatures.models import Confirmation, Knock, Signature
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app
from tests.serving import Served, serve

CLIENTS, SECONDS = 40, 4.0
SIGNING, READING = 1.0, 0.3  # Seconds at p95.
TIMES = 6.0  # How often the quiet control may be taken, where the machine itself is slow.
MEGABYTES = 150


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[tuple[Served, Any]]:
    """The server with an open letter, behind what claims to be a proxy, and the application of this process."""
    settings = replace(settings_for(tmp_path / "instance", database), proxies=1)
    app = start_app(settings)
    world = make.make_world(app, mail="optional")
    with serve(settings, tmp_path / "served", "--web-only", MAILS_PER_DOMAIN="0") as found:
        yield found, (app, world)
    make.lock_keys()
    stop_app(app)


# --- who only wants to sign, or to read -------------------------------------------------------------------------


def measure(url: str, seconds: float) -> tuple[float, float]:
    """Sign and read in turn for so long; return the p95 of each in seconds. Every signature must be taken."""
    signing, reading, until = [], [], time.monotonic() + seconds
    with httpx.Client(base_url=url, timeout=60, headers={"X-Forwarded-For": "198.51.100.200"}) as client:
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


# --- the hostile ------------------------------------------------------------------------------------------------

Attack = Callable[[httpx.Client, str, int], object]


def slow_bodies(client: httpx.Client, url: str, turn: int) -> object:
    """Begin to send a form, and send a letter now and then."""

    def drip() -> Iterator[bytes]:
        for _ in range(300):
            yield b"a"
            time.sleep(0.2)

    return client.post(f"{url}/p/{make.SLUG}/sign", content=drip(), headers={"Content-Length": "300"})


def large_forms(client: httpx.Client, url: str, turn: int) -> object:
    """Send the largest form that is taken, full of fields."""
    body = b"&".join(b"a%d=%%D0%%B6" % each for each in range(4000))[: gateway.SMALL]
    path = ("sign", "confirm", "not-me", "signatories")[turn % 4]
    return client.post(f"{url}/p/{make.SLUG}/{path}", content=body, headers={"Content-Type": FORM})


FORM = "application/x-www-form-urlencoded"


def flood_of_signatures(client: httpx.Client, url: str, turn: int) -> object:
    """Sign as often as one can, all for one address."""
    data = make.fill_sign_form(new_form_token(), name="Имя Фамилия", email="victim@example.org")
    return client.post(f"{url}/p/{make.SLUG}/sign", data=data)


KINDS: dict[str, Attack] = {
    "slow bodies": slow_bodies,
    "large forms": large_forms,
    "signatures": flood_of_signatures,
}


@contextmanager
def attacked(url: str, attack: Attack) -> Iterator[Counter[int]]:
    """Let forty clients attack, each from an address of its own and once a second and as quickly as it is answered."""
    over, answers = threading.Event(), Counter[int]()

    def one(number: int) -> None:
        turn = number * 100_000
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        with httpx.Client(timeout=90, headers=headers) as client:
            while not over.is_set():
                turn += 1
                with suppress(httpx.HTTPError):
                    answers[attack(client, url, turn).status_code] += 1  # type: ignore[attr-defined]
                over.wait(1)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    yield answers
    over.set()


def megabytes(served: Served) -> float:
    """Return how much memory the processes of a server have."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"http_server\0127.0.0.1\0{served.port}\0" in (path.parent / "cmdline").read_text():
                total += int(path.read_text().split("VmRSS:")[1].split()[0])
    return total / 1024


@pytest.mark.parametrize("kind", KINDS)
def test_forty_hostile_clients_leave_signing_and_reading_quick(served: tuple[Served, Any], kind: str) -> None:
    server, (app, _) = served
    measure(server.url, 0.5)
    quiet, before = measure(server.url, 2), megabytes(server)
    with attacked(server.url, KINDS[kind]) as answers:
        signing, reading = measure(server.url, SECONDS)
    again, after = measure(server.url, 1), megabytes(server)
    slower = [max(one, other) for one, other in zip(quiet, again, strict=True)]
    print(
        f"{kind}: signing {signing:.3f} s (quiet {quiet[0]:.3f}), reading {reading:.3f} s (quiet {quiet[1]:.3f}), "
        f"{after - before:+.0f} MB, {dict(answers)}"
    )
    assert signing < max(SIGNING, TIMES * slower[0])
    assert reading < max(READING, TIMES * slower[1])
    assert after < before + MEGABYTES
    assert not answers.keys() & {500, 502, 504}
    with make.looking(app):
        found = [
            db.session.scalar(select(func.count()).select_from(model)) for model in (Knock, Confirmation, Signature)
        ]
    assert found[0] <= 2 * CLIENTS * budgets.MISSES
    assert max(found[1:]) <= 1000 + (CLIENTS * 300 if kind == "signatures" else 0)
