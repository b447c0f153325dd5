"""Operating it: the doctor, numbers for monitoring, one line of log a request, a stop that finishes its work."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from petition_app import __version__, config
from petition_app.clock import utcnow
from petition_app.storage import jobs
from petition_app.storage.completions import Completion
from petition_app.storage.db import db
from petition_app.tally.models import Publication
from petition_app.worker import loop as worker
from tests import factories as make
from tests.browser.conftest import environ
from tests.conftest import only_sqlite
from tests.post import Server, serving
from tests.serving import command as flask

TOKEN = "a token of tests"
FORM = "application/x-www-form-urlencoded"


def alive(app: Any) -> None:
    """Let a worker have been seen."""
    with make.acting(app):
        jobs.record_heartbeat(uuid4(), at=utcnow())


# --- the doctor -------------------------------------------------------------------------------------------------


def test_a_sound_development_machine_has_notes_and_nothing_to_mend(app: Any, cli: Any) -> None:
    alive(app)
    lines = cli("doctor").out.splitlines()
    assert [line.split()[1] for line in lines] == [
        "settings", "folder", "keys", "passwords", "database", "mail", "limits", "clock", "worker", "erasure",
        "retention", "order",
    ]  # fmt: skip
    words = ["note", "ok", "ok", "note", "ok", "note", "ok", "ok", "ok", "ok", "note", "note"]
    assert [line.split()[0] for line in lines] == words


def test_the_doctor_and_the_numbers_tell_what_the_worker_has_not_done_for_long(
    app: Any, cli: Any, client: Any, token: None
) -> None:
    alive(app)
    assert read(client)["countersign_round_seconds round=retention"] == -1
    with app.app_context():
        worker.run_once()
    assert "ok    retention" in cli("doctor").out
    assert 0 <= read(client)["countersign_round_seconds round=retention"] < 60
    with make.acting(app):
        db.session.execute(db.update(Completion).values(at=utcnow() - timedelta(hours=27)))
    said = cli("doctor", code=1).out
    assert "mend  retention" in said
    assert "mend  order" in said
    assert read(client)["countersign_round_seconds round=retention"] > 3 * 3600


def test_the_doctor_names_what_must_be_mended_and_how(app: Any, cli: Any, settings: Any) -> None:
    assert "run: flask worker" in cli("doctor", code=1).out
    alive(app)
    cli("doctor")
    with make.acting(app):
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
    assert "it is at 0001" in cli("doctor", code=1).out
    settings.instance.chmod(0o755)
    assert "chmod 700" in cli("doctor", code=1).out
    settings.instance.chmod(0o700)
    Path(settings.key_ring).chmod(0o644)
    assert "chmod 600" in cli("doctor", code=1).out
    Path(settings.key_ring).rename(settings.instance / "gone")
    assert "nothing can be sealed" in cli("doctor", code=1).out


def test_the_doctor_speaks_with_the_mail_server(app: Any, cli: Any) -> None:
    alive(app)
    with serving(Server()) as server:
        config.activate(replace(config.current(), mail_url=f"smtp://127.0.0.1:{server.port}"))
        assert "the mail server answers" in cli("doctor").out
    assert "does not take us (ConnectionRefusedError)" in cli("doctor", code=1).out


def test_the_doctor_sees_numbers_published_in_the_future(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    make.publish_waiting(app)
    alive(app)
    cli("doctor")
    with make.acting(app):
        db.session.execute(db.update(Publication).values(as_of=utcnow() + timedelta(hours=1)))
    assert "lies ahead; set the clock" in cli("doctor", code=1).out


def test_the_doctor_says_that_the_database_does_not_answer(app: Any, cli: Any, settings: Any) -> None:
    make.make_petition(app)
    with app.app_context():
        url = db.engine.url
        db.engine.dispose()
        db.engine.pool._creator = _refuse  # type: ignore[method-assign] # The database is away.
        assert url
    assert "it does not answer" in cli("doctor", code=1).out


def _refuse(*_: Any) -> None:
    raise OSError("no way there")


# --- numbers and lines ------------------------------------------------------------------------------------------


def read(client: Any) -> dict[str, float]:
    """Return each number by its name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {
        " ".join((sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def token(app: Any) -> None:
    """Let the numbers be read with a token."""
    config.activate(replace(config.current(), metrics_token=TOKEN))


def test_numbers_tell_what_waits_and_what_was_answered(app: Any, client: Any, token: None) -> None:
    world = make.make_world(app)
    make.sign_page(client, world.slug, email="ada.canary@example.org", name="Ada Canary")
    client.get(f"/p/{world.slug}?name=canary")
    client.get("/p/nothing/canary")
    now = read(client)
    assert now["countersign_requests_total method=GET rule=/p/<slug> status=2xx"] == 1
    assert now["countersign_requests_total method=GET rule= status=4xx"] == 1
    assert now["countersign_request_seconds_count rule=/p/<slug>"] == 1
    assert now["countersign_jobs_waiting job=signatures.mail_code"] == 1
    assert now["countersign_jobs_oldest_seconds job=signatures.mail_code"] >= 0
    assert now["countersign_worker_seen_seconds"] == -1
    assert now["countersign_tally_lag_seconds"] >= 0
    alive(app)
    assert 0 <= read(client)["countersign_worker_seen_seconds"] < 60
    page = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "canary" not in page.casefold()
    assert world.slug not in page


@pytest.mark.parametrize("given", [None, "", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_numbers_are_for_who_has_the_token(app: Any, client: Any, token: None, given: str | None) -> None:
    headers = {"Authorization": given} if given is not None else {}
    assert client.get("/metrics", headers=headers).status_code == 404


def test_the_release_is_told_and_the_changelog_has_it(cli: Any) -> None:
    said = cli("version").out.split()
    assert said == ["Countersign", __version__]
    assert f"\n## {__version__} (20" in Path("CHANGELOG.md").read_text()


def test_without_a_token_there_are_no_numbers(app: Any, client: Any) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_request_leaves_its_rule_method_status_and_time_and_nothing_else(
    app: Any, client: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    world = make.make_world(app)
    app.extensions["meter"].writes = True
    client.get(f"/p/{world.slug}?who=canary", headers={"User-Agent": "canary"})
    client.post("/my", data={"code": "canary"})
    client.get("/canary")
    lines = capfd.readouterr().out.splitlines()
    told = [json.loads(line) for line in lines]
    assert [(line["rule"], line["method"], line["status"]) for line in told] == [
        ("/p/<slug>", "GET", 200), ("/my", "POST", 200), ("", "GET", 404),
    ]  # fmt: skip
    assert {frozenset(line) for line in told} == {frozenset(("rule", "method", "status", "ms"))}
    assert not any("canary" in line for line in lines)


# --- a graceful stop --------------------------------------------------------------------------------------------


@only_sqlite
def test_a_request_under_way_gets_its_answer_when_the_server_is_told_to_stop(app: Any, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir(mode=0o700)
    flask(environ(folder, 8000), "db", "upgrade")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environ(folder, port), stdout=log, stderr=log, start_new_session=True)
    line = connect(port)
    body = b"code=" + b"word " * 12
    head = ("POST /my HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", f"Content-Type: {FORM}", "", "")
    line.sendall("\r\n".join(head).encode() + body[:10])
    time.sleep(0.3)
    server.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    line.sendall(body[10:])
    assert line.recv(100).startswith(b"HTTP/1.1 200")
    line.close()
    assert server.wait(timeout=60) == 0
    said = (folder / "log").read_text()
    assert "Traceback" not in said
    told = [json.loads(text) for text in said.splitlines() if text.startswith("{")]
    assert told[-1]["rule"] == "/my"


def connect(port: int) -> socket.socket:
    """Connect to the server as soon as it listens."""
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
