"""The product as `flask serve` starts it, in processes of its own, for tests that ask it over the network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from flask import Flask
from werkzeug.wsgi import ClosingIterator

from petition_app.config import Settings
from tests.forking import Forked, run

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Served:
    """A server that runs: where it answers, its process, and the file of what it says."""

    port: int
    process: Forked
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """Open a plain connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


def answer_whole(app: WSGIApplication) -> WSGIApplication:
    """Return an application whose answers are whole before any of them is sent, and let go of.

    A server in a thread of Werkzeug 3.1 closes no answer of which a browser has hung up.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with closing(ClosingIterator(app(environ, start_response))) as parts:
            return [*parts]

    return answer


def command(place: Flask | Mapping[str, str], *words: str, feed: str = "") -> str:
    """Run a flask command to its end in this process, on an application or where the environment says.

    Returns what it printed.
    """
    from tests.conftest import start_app, stop_app  # The fixtures import this module.

    if isinstance(place, Flask):
        return _invoke(place, words, feed)
    app = start_app(Settings.from_environment(place))
    try:
        return _invoke(app, words, feed)
    finally:
        stop_app(app)


def _invoke(app: Flask, words: Sequence[str], feed: str) -> str:
    result = app.test_cli_runner().invoke(args=words, input=feed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@contextmanager
def serve(settings: Settings, folder: Path, *words: str, quiet: bool = True, **environ: str) -> Iterator[Served]:
    """Run `flask serve` with these settings; it must end well, and, where `quiet`, have said nothing bad."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    given = {
        "COUNTERSIGN_ENV": "development",
        "COUNTERSIGN_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "KEY_RING": settings.key_ring,
        "MAIL_URL": settings.mail_url,
        "LIMITS_URL": settings.limits_url,
        "WEB_PROCESSES": str(settings.web_processes),
        "PROXIES": str(settings.proxies),
        "PORT": str(port),
    }
    folder.mkdir(exist_ok=True, mode=0o700)
    log = folder / "log"
    log.write_text("")
    process = run("serve", *words, environ={**os.environ, **given, **environ}, log=log)
    try:
        served = Served(port, process, log)
        _wait_for(served)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    said = log.read_text()
    assert code == 0, said[-3000:]
    assert not quiet or "Traceback" not in said, said[-3000:]


def _wait_for(served: Served) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            if httpx.get(f"{served.url}/healthz", timeout=10).status_code == 200:
                return
        if served.process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(served.log.read_text()[-3000:])
