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
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright

from petition_app.config import Settings

CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=30_000)  # A loaded machine is slow, not wrong.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A running installation."""

    url: str
    instance: Path
    words: str

    def flask(self, *command: str, feed: str = "") -> str:
        """Run a flask command on it; return what it printed."""
        return flask(self.instance, *command, feed=feed)


def flask(instance: Path, *command: str, feed: str = "", port: int = 8000) -> str:
    """Run a flask command to its end."""
    words = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    done = subprocess.run(words, env=environ(instance, port), input=feed, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def environ(instance: Path, port: int) -> dict[str, str]:
    """Return the environment of an installation on SQLite."""
    return {**os.environ, "COUNTERSIGN_INSTANCE": str(instance), "COUNTERSIGN_ENV": "development", "PORT": str(port)}


def start(instance: Path, words: str = "", **settings: str) -> Iterator[Site]:
    """Run web and worker until the tests are done, with more `settings` of the environment where they are given."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
    with (instance / "log").open("ab") as log:
        environment = environ(instance, port) | settings
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    site = Site(f"http://127.0.0.1:{port}", instance, words)
    for _ in range(600):
        try:
            httpx.get(f"{site.url}/healthz")
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield site
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=60) == 0, "Ctrl-C did not end web and worker cleanly"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The founding day, to be looked at and not changed; the processes of a test run load it once for all."""
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
        flask(loaded, "db", "upgrade")
        told = flask(loaded, "demo", "load")
        (loaded / "told").write_text(told)
        (loaded / "told").rename(words)
    shutil.copytree(loaded, instance)
    yield from start(instance, words.read_text())


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    """An installation with no petition."""
    flask(tmp_path, "db", "upgrade")
    yield from start(tmp_path)


@pytest.fixture
def served(app: Flask, settings: Settings) -> Iterator[Site]:
    """The application of a test, on its database, with web and worker running; `cli` and `run` act on it too."""
    given = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring}
    yield from start(settings.instance, **given)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


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
