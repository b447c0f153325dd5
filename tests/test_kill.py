"""kill -9 of server and worker in the middle of an import, a seal and a mail run: nothing acknowledged is lost."""

from __future__ import annotations

import csv
import os
import random
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from flask import current_app
from sqlalchemy import func, select, update

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.petitions import dead_letters
from petition_app.petitions.services import get_by_slug
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.import_models import Import, StagedRow
from petition_app.signatures.models import Signature
from petition_app.storage.db import db, transaction
from petition_app.storage.jobs import Job
from petition_app.tally.counting import recount
from petition_app.verification.models import Batch
from petition_app.worker.loop import run_once
from tests import forking
from tests.conftest import start_app, stop_app
from tests.factories import PASSWORD, outbox, read_mail, sign_in
from tests.forking import Forked
from tests.matrix import sample
from tests.serving import command

KILLS = sample(6, 12)
ROWS = 600
LONG = 3500  # Enough for processes that seal side by side.
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 1
mail = "optional"
title.en = "A letter"
text.en = "We ask."
"""


class Place:
    """One installation, with the processes an operator runs."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environ = {
            **os.environ,
            "COUNTERSIGN_ENV": "development",
            "COUNTERSIGN_INSTANCE": str(folder / "instance"),
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
        }
        self.acknowledged: list[str] = []
        self.sealed = 0

    def start(self, *command: str) -> Forked:
        """Start a flask command in a process group of its own."""
        return forking.run(*command, environ=self.environ, log=self.folder / "log")

    def do(self, *words: str, feed: str = "") -> None:
        """Run a flask command to its end, in this process."""
        command(self.environ, *words, feed=feed)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Look at the data from this process."""
        app = start_app(Settings.from_environment(self.environ))
        try:
            with app.app_context():
                yield
        finally:
            stop_app(app)

    def client(self) -> httpx.Client:
        """Return a browser without JavaScript."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    def wait_until_up(self) -> None:
        """Wait for the web server."""
        for _ in range(1200):
            with suppress(httpx.HTTPError), self.client() as client:
                if client.get("/healthz").status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def sign_in(self) -> httpx.Cookies:
        """Sign the organizer in, in this process; the session outlives every server."""
        with self.inside(), current_app.test_client() as client:
            assert sign_in(client, "olga@example.org").status_code == 302
            cookie = client.get_cookie("countersign", path="/organizer")
            assert cookie is not None
            return httpx.Cookies({"countersign": cookie.value})

    def sign(self, stop: list[bool]) -> None:
        """Sign until told to stop, and note each address whose signature was acknowledged."""
        number = 0
        with self.client() as client, suppress(httpx.HTTPError):
            while not stop:
                number += 1
                address = f"s{time.time_ns()}@example.org"
                token = field(client.get("/p/letter/sign").text, "form")
                fields = {"form": token, "name": "Вера Луговая", "email": address, "lang": "ru"}
                answer = client.post("/p/letter/sign", data=fields | {"publish": "0", "consent": "1"})
                if answer.status_code == 200:
                    self.acknowledged.append(address)

    def check(self) -> None:
        """Check that the numbers add up and that nothing is half-done."""
        with self.inside(), transaction(saving=False):
            assert recount(get_by_slug("letter")) == []
            for batch in db.session.scalars(select(Batch)):
                members = select(func.count()).select_from(Signature).where(Signature.batch_id == batch.id)
                assert db.session.scalar(members) == batch.size
            for job in db.session.scalars(select(Import)):
                staged = select(func.count()).select_from(StagedRow).where(StagedRow.import_id == job.id)
                assert job.added in (0, ROWS)
                assert (job.state == "done") == (job.added == ROWS)
                assert job.state == "staging" or db.session.scalar(staged) == 0


def field(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    tag = next(tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag)
    return re.findall(r'value="([^"]*)"', tag)[0]


def kill_group(process: Forked) -> None:
    """End a process, and all that it started, without warning."""
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False).stdout
    groups = [process.pid, *map(int, children.split())]
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    process.wait()


@pytest.fixture
def place(database: str, tmp_path: Path) -> Place:
    """An installation with an open petition and an organizer."""
    place = Place(tmp_path, database)
    (tmp_path / "letter.toml").write_text(PETITION)
    place.do("petitions", "create", str(tmp_path / "letter.toml"))
    words = ("--name", "Olga", "--role", "organizer", "--petition", "letter", "--password-stdin")
    place.do("accounts", "create", "olga@example.org", *words, feed=f"{PASSWORD}\n")
    place.do("petitions", "open", "letter")
    return place


def test_an_import_killed_at_random_points_is_whole_or_not_there(place: Place) -> None:
    chance = random.Random(1)
    lines = [
        "name,ref",
        *(f"Иван Горный-{'абвгдежзик'[n % 10]}{'абвгдежзик'[n // 10 % 10]},{{}}-{n}" for n in range(ROWS)),
    ]
    for kill in range(KILLS // 3):
        file = place.folder / f"import{kill}.csv"
        file.write_text("\n".join(lines).format(*[kill] * ROWS))
        process = place.start("signatures", "import", "letter", str(file))
        time.sleep(chance.uniform(0.2, 2.0))
        kill_group(process)
        place.check()
        place.do("signatures", "import", "letter", str(file))
        place.check()
    with place.inside(), transaction(saving=False):
        assert db.session.scalar(select(func.count()).select_from(Signature)) == ROWS * (KILLS // 3)


def test_a_long_import_goes_on_where_it_was_killed(place: Place) -> None:
    file, codes = place.folder / "long.csv", place.folder / "codes.csv"
    letters = "абвгдежзик"
    names = [f"Иван Горный-{''.join(letters[int(digit)] for digit in f'{number:04}')}" for number in range(LONG)]
    file.write_text("\n".join(["name,ref", *(f"{name},{number}" for number, name in enumerate(names)), "Ада,7", "5,x"]))
    words = ("signatures", "import", "letter", str(file), "--codes", str(codes))
    process = place.start(*words)
    said = place.folder / "log"
    while "rows sealed" not in said.read_text():
        time.sleep(0.01)
        assert process.poll() is None, said.read_text()
    sealers = children_of(process.pid)
    kill_group(process)
    for _ in range(500):
        if not any(Path(f"/proc/{pid}").exists() for pid in sealers):
            break
        time.sleep(0.01)
    assert not any(Path(f"/proc/{pid}").exists() for pid in sealers), "a process with keys outlived the command"
    with place.inside(), transaction(saving=False):
        staged = set(db.session.scalars(select(StagedRow.id)))
        assert staged
        assert not db.session.scalars(select(Signature.id)).all()
    said.write_text("")
    assert place.start(*words).wait() == 0
    assert "going on after line" in said.read_text()
    assert f"{LONG} signatures added, 2 rows not taken" in said.read_text()
    with place.inside(), transaction(saving=False):
        assert recount(get_by_slug("letter")) == []
        found = db.session.scalars(select(Signature)).all()
        assert len(found) == LONG
        assert staged <= {signature.id for signature in found}
        assert not db.session.scalar(select(func.count()).select_from(StagedRow))
        assert {sealing.open_identity(signature).name for signature in found[:20]} <= set(names)
        written = list(csv.DictReader(codes.read_text().splitlines()))
        assert [int(row["line"]) for row in written] == list(range(2, LONG + 2))
        for row in written[:: LONG // 7]:
            signature = signing.find_by_code(row["code"])[0]
            assert sealing.open_identity(signature).name == names[int(row["line"]) - 2]


def children_of(pid: int) -> list[str]:
    """Return the processes that a process has started."""
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


def test_a_seal_and_a_mail_run_killed_at_random_points_lose_nothing_acknowledged(place: Place) -> None:
    chance = random.Random(2)
    kills = KILLS - KILLS // 3
    cookies = place.sign_in()
    for kill in range(kills):
        sealing = Event()
        process = place.start("serve")
        place.wait_until_up()
        stop: list[bool] = []
        signers = [Thread(target=place.sign, args=(stop,)) for _ in range(2)]
        for signer in signers:
            signer.start()
        sealer = Thread(target=keep_sealing, args=(place, cookies, sealing, stop))
        sealer.start()
        if kill % 2:  # In the middle of a seal; else wherever the mail run is.
            assert sealing.wait(60), "no seal was sent"
            time.sleep(chance.uniform(0, 0.2))
        else:
            time.sleep(chance.uniform(0.3, 1.8))
        kill_group(process)
        stop.append(True)
        for thread in (*signers, sealer):
            thread.join()
        place.check()
    with place.inside():
        with transaction(saving=False):
            stored = db.session.scalar(select(func.count()).select_from(Signature)) or 0
            sealed = db.session.scalar(select(func.count()).select_from(Batch)) or 0
        assert stored >= len(place.acknowledged) > kills
        assert sealed >= place.sealed, "an acknowledged seal is lost"
        mails, in_doubt = deliver_the_rest()
    assert in_doubt <= kills, "a killed worker leaves one message in doubt, not more"
    assert not set(place.acknowledged) - set(mails), "an acknowledged signer got no mail"
    assert sum(number - 1 for number in mails.values()) <= kills, "a kill may repeat one mail, not more"


def keep_sealing(place: Place, cookies: httpx.Cookies, sealing: Event, stop: list[bool]) -> None:
    """Confirm one signature after the other, and seal each as a batch of one."""
    with place.client() as client, suppress(httpx.HTTPError, StopIteration, IndexError):
        client.cookies = cookies
        while not stop:
            confirm_one(client)
            page = client.get("/organizer/p/letter/seal").text
            fields = {"csrf_token": field(page, "csrf_token"), "written_for": field(page, "written_for")}
            sealing.set()
            answer = client.post(
                "/organizer/p/letter/seal", data=fields | {"act": "seal", "en": "More came.", "ru": "Пришли ещё."}
            )
            place.sealed += answer.status_code == 303


def confirm_one(client: httpx.Client) -> None:
    """Sign without a mailbox, which the page itself confirms."""
    token = field(client.get("/p/letter/sign").text, "form")
    fields = {"form": token, "name": "Глеб Дольный", "lang": "ru", "publish": "0", "consent": "1"}
    page = client.post("/p/letter/sign", data=fields).text
    client.post("/p/letter/confirm", data={"pending": field(page, "pending")})


def deliver_the_rest() -> tuple[Counter[str], int]:
    """Run the worker until no mail waits; count mails by recipient, and those that were handed over and are in doubt.

    Killed workers had claimed some, which are free half a minute later: that time is said to have passed. What one had
    handed over is shown to the organizers five minutes later, with its reason; here they send it again.
    """
    alive = select(func.count()).select_from(Job).where(Job.dead_on.is_(None))
    for _ in range(80):
        with transaction():
            if not db.session.scalar(alive):
                break
            db.session.execute(update(Job).values(due_at=utcnow()))
        run_once()
    with transaction():
        letter, olga = get_by_slug("letter"), db.session.scalars(select(Account)).one()
        in_doubt = dead_letters.get_post(letter, by=olga).dead
        assert {job.failure for job in in_doubt} <= {"UnsureError"}
        for job in in_doubt:
            dead_letters.resend(job.id, petition=letter, by=olga, at=utcnow())
    run_once()
    with transaction(saving=False):
        assert not db.session.scalars(select(Job)).all()
    return Counter(read_mail(path)[0] for path in outbox()), len(in_doubt)
