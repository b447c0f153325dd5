"""A real server that never opens keys, and real local desks that talk to it over HTTP."""

from __future__ import annotations

import html
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from werkzeug.serving import make_server

from petition_app.accounts import approvals, desk_tokens
from petition_app.clock import utcnow
from tests import factories as make
from tests.forking import Forked
from tests.serving import answer_whole

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application from this process; return its address."""
    web = make_server("127.0.0.1", 0, answer_whole(app), threaded=True)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.port}"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def make_token(app: Flask, petition_id: Any, person: make.Person) -> str:
    """Make a token for a member's own machine."""
    with make.acting(app, locked=True):
        account = make.account(person)
        assert account
        return desk_tokens.make(petition_id, by=account, at=utcnow())


def agree(app: Flask, petition_id: Any, person: make.Person) -> None:
    """Have an organizer confirm all that waits for a second one."""
    with make.acting(app, locked=True):
        now, by = utcnow(), make.account(person)
        assert by
        for one in approvals.list_open(petition_id, at=now):
            approvals.confirm(one.id, one.digest.hex(), petition_id=petition_id, by=by, at=now)


class LocalDesk:
    """A desk in a process of its own, and a browser in front of it."""

    def __init__(
        self, server: str, slug: str, token: str, folder: Path, *, fails: bool = False, entered: bool = True
    ) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
        command = ["flask", "--app", "wsgi", "desk", "--server", server, "--petition", slug, "--token-stdin"]
        self.slug = slug
        (typed, types), (told, tells) = os.pipe(), os.pipe()
        self.process = Forked(
            command, environ=environ | {"COUNTERSIGN_INSTANCE": str(folder)}, files=(typed, tells, tells)
        )
        os.close(typed)
        os.close(tells)
        with open(types, "w") as terminal:
            terminal.write(f"{token}\n")
        self.output = open(told)  # noqa: SIM115 -- It is read as long as the desk is open.
        self.said = self.output.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)(/\S+)?(/organizer/\S+)", self.said)
        if found is None:
            self.said += self.output.read()
            self.output.close()
            self.code = self.process.wait()
            assert fails, self.said
            return
        self.root, self.prefix, self.start = found.group(1), found.group(2) or "", found.group(3)
        self.browser = httpx.Client(base_url=self.root + self.prefix, timeout=120)
        if not entered:
            return
        assert self.browser.get(self.start).status_code == 200
        assert self.browser.post(self.start).status_code == 303
        self.csrf = TOKEN.findall(self.get("desk").text)[0]

    def get(self, path: str) -> httpx.Response:
        """Open a page of the petition."""
        return self.browser.get(f"/organizer/p/{self.slug}/{path}")

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the petition."""
        return self.browser.post(f"/organizer/p/{self.slug}/{path}", data={"csrf_token": self.csrf} | fields)

    def unlock(self, passphrase: str = make.PASSPHRASE) -> httpx.Response:
        """Type the passphrase."""
        return self.post("unlock", passphrase=passphrase)

    def next(self, **fields: str) -> str | None:
        """Take the next case; return its path below the petition."""
        answer = self.post("next", **fields)
        assert answer.status_code == 303, answer.text
        return (
            answer.headers["location"].split(f"/p/{self.slug}/")[1] if "/cases/" in answer.headers["location"] else None
        )

    def decide(self, case: str, **fields: str) -> httpx.Response:
        """Send a decision, as verified and reached unless told."""
        today = utcnow().date().isoformat()
        given = fields or {"outcome": "verified", "contact": "official_contact", "contacted_on": today}
        return self.post(f"{case}/decisions", **given)

    def look_for_names(self) -> str:
        """Fetch the names that are due and return the page that shows them."""
        assert self.post("names/look").status_code == 303
        return self.page("names")

    def send_names(self, path: str) -> httpx.Response:
        """Send every name that the page shows, to be asked for or to be published."""
        names = re.findall(r'name="name" value="([^"]+)"', self.get("names").text)
        fields = {"csrf_token": self.csrf, "name": names}
        return self.browser.post(f"/organizer/p/{self.slug}/{path}", data=fields)

    def publish_due(self, agree: Callable[[], object]) -> str:
        """Ask for the names that are due, have another organizer agree, publish; return the page that showed them."""
        page = self.look_for_names()
        assert self.send_names("names/ask").status_code == 303
        agree()
        self.look_for_names()
        assert self.send_names("names").status_code == 303
        return page

    def page(self, path: str) -> str:
        """Return the text of a page."""
        return html.unescape(self.get(path).text)

    def close(self) -> None:
        """End the process."""
        if self.process.poll() is None:
            self.browser.close()
            self.process.terminate()
            self.output.close()
            self.process.wait()
