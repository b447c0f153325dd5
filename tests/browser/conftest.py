"""A real browser, a real server with its worker, and installations to look at."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from petition_app.config import Settings
from petition_app.worker.loop import run_forever
from tests.conftest import start_app, stop_app
from tests.serving import answer_whole, command

expect.set_options(timeout=30_000)  # A loaded machine is slow, not wrong.


@dataclass(frozen=True)
class Site:
    """A running installation; one that runs in this process has its application."""

    url: str
    instance: Path
    words: str = ""
    app: Flask | None = None

    def flask(self, *words: str, feed: str = "") -> str:
        """Run a flask command on it; return what it printed."""
        return command(self.app or environ(self.instance, 8000), *words, feed=feed)


def environ(instance: Path, port: int) -> dict[str, str]:
    """Return the environment of an installation on SQLite."""
    return {**os.environ, "COUNTERSIGN_INSTANCE": str(instance), "COUNTERSIGN_ENV": "development", "PORT": str(port)}


def find_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def processes(instance: Path, **settings: str) -> Iterator[Site]:
    """Run web and worker as an operator does, with more `settings` of the environment where they are given."""
    port = find_port()
    program = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
    with (instance / "log").open("ab") as log:
        environment = environ(instance, port) | settings
        server = subprocess.Popen(program, env=environment, stdout=log, stderr=log, start_new_session=True)
    site = Site(f"http://127.0.0.1:{port}", instance)
    for _ in range(600):
        try:
            httpx.get(f"{site.url}/healthz")
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield site
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=60) == 0, "Ctrl-C did not end web and worker cleanly"


@contextmanager
def threads(app: Flask, instance: Path, port: int = 0, words: str = "") -> Iterator[Site]:
    """Run web and worker in threads of this process, which start at once."""
    web, ended = make_server("127.0.0.1", port, answer_whole(app), threaded=True), Event()

    def work() -> None:
        with app.app_context():
            run_forever(ended.is_set)

    running = [Thread(target=web.serve_forever, args=(0.05,)), Thread(target=work)]
    for thread in running:
        thread.start()
    yield Site(f"http://127.0.0.1:{web.port}", instance, words, app)
    ended.set()
    web.shutdown()
    for thread in running:
        thread.join()
    web.server_close()


@contextmanager
def installation(instance: Path, migrated: Path) -> Iterator[Site]:
    """Run an installation with no petition in threads of this process."""
    shutil.copy(migrated, instance / "countersign.db")
    with running(instance) as site:
        yield site


@contextmanager
def running(instance: Path, words: str = "") -> Iterator[Site]:
    """Run the installation of a folder in threads of this process."""
    port = find_port()
    app = start_app(Settings.from_environment(environ(instance, port)))
    with threads(app, instance, port, words) as site:
        yield site
    stop_app(app)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Site]:
    """The founding day, to be looked at and not changed; the processes of a test run load it once for all.

    It runs no longer than the cases of a file: its worker looks for work all the time.
    """
    base = tmp_path_factory.getbasetemp()
    loaded = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "loaded-demo"
    instance, words = tmp_path_factory.mktemp("demo") / "instance", loaded / "words"
    try:
        loaded.mkdir()
    except FileExistsError:
        for _ in range(3000):
            if words.exists():
                break
            time.sleep(0.1)
    else:
        shutil.copy(migrated_sqlite, loaded / "countersign.db")
        told = command(environ(loaded, 8000), "demo", "load")
        (loaded / "told").write_text(told)
        (loaded / "told").rename(words)
    shutil.copytree(loaded, instance)
    with running(instance, words.read_text()) as site:
        yield site


@pytest.fixture
def empty(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Site]:
    """An installation with no petition."""
    with installation(tmp_path, migrated_sqlite) as site:
        yield site


@pytest.fixture
def empty_apart(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Site]:
    """An installation with no petition, in processes of its own, as an operator runs it."""
    shutil.copy(migrated_sqlite, tmp_path / "countersign.db")
    with processes(tmp_path) as site:
        yield site


@pytest.fixture
def served(app: Flask, settings: Settings) -> Iterator[Site]:
    """The application of a test, on its database, with web and worker running; `cli` and `run` act on it too."""
    with threads(app, settings.instance) as site:
        yield site


@pytest.fixture
def served_apart(app: Flask, settings: Settings) -> Iterator[Site]:
    """The same in processes of its own, as an operator runs it."""
    given = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring}
    with processes(settings.instance, **given) as site:
        yield site


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open pages, each in a browser of its own; unless `quiet`, a page that writes to the console has failed."""
    contexts, problems = [], []

    def open_(
        url: str,
        *,
        width: int = 1280,
        scheme: str = "light",
        script: bool = True,
        language: str = "en",
        quiet: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type] # One of the two words.
            java_script_enabled=script,
            locale=language,
        )
        contexts.append(context)
        page = context.new_page()
        if not quiet:
            page.on("console", lambda message: problems.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []
