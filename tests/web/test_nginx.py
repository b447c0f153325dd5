"""The sample for nginx, as it stands in `deploy/`: public pages are kept for a moment, everything else never is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from petition_app.config import MIGRATIONS
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

SAMPLE = MIGRATIONS.parent / "deploy" / "nginx.conf"
NGINX = "/usr/sbin/nginx"
PAGE = f"/p/{make.SLUG}"


@dataclass(frozen=True)
class Place:
    """Where nginx answers and the server behind it, the server's process, and the folder of both."""

    url: str
    behind: str
    server: subprocess.Popen[bytes]
    folder: Path

    def get(self, path: str, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
        """Ask from one of this machine's addresses."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), base_url=self.url) as client:
            return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, address: str = "127.0.0.1", **fields: str) -> httpx.Response:
        """Send a form."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), base_url=self.url) as client:
            return client.post(path, data=fields)


@pytest.fixture(scope="module")
def place(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with an open petition, and nginx before it."""
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    shutil.copy(migrated_sqlite, folder / "countersign.db")
    settings = settings_for(folder / "instance", f"sqlite:///{folder / 'countersign.db'}")
    app = start_app(settings)
    make.make_petition(app)
    stop_app(app)
    inner, outer = _free_port(), _free_port()
    environ = {
        **os.environ, "COUNTERSIGN_ENV": "development", "COUNTERSIGN_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring,
        "PORT": str(inner), "PROXIES": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--web-only"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    proxy = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(_configure(folder, inner, outer))])
    try:
        place = Place(f"http://127.0.0.1:{outer}", f"http://127.0.0.1:{inner}", server, folder)
        _wait_for(f"{place.url}/healthz")
        yield place
    finally:
        proxy.terminate()
        proxy.wait(30)
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _configure(folder: Path, inner: int, outer: int) -> Path:
    """Write nginx's whole configuration around the sample: only ports and folders are others."""
    sample = SAMPLE.read_text()
    for old, new in (
        ("/run/countersign-cache", str(folder / "cache")),
        ("/run/countersign-bodies", str(folder / "bodies")),
        ("/run/countersign-answers", str(folder / "answers")),
        (
            "error_log /var/log/nginx/countersign.error.log emerg;",
            f"error_log {folder / 'error.log'} emerg; error_log {folder / 'warnings.log'} warn;",
        ),
        ("127.0.0.1:8000", f"127.0.0.1:{inner}"),
        ("listen 80;", f"listen 127.0.0.1:{outer};"),
    ):
        assert sample.count(old) == 1, old
        sample = sample.replace(old, new)
    whole = f"daemon off; pid {folder / 'pid'};\nevents {{}}\nhttp {{\n{sample}}}\n"
    if os.geteuid() == 0:
        whole = f"user root;\n{whole}"
    (folder / "nginx.conf").write_text(whole)
    return folder / "nginx.conf"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def _descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(one for child in children for one in _descendants(child))]


def test_a_public_page_is_kept_and_known_again_by_its_mark(place: Place) -> None:
    first = place.get(PAGE)
    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    again = place.get(PAGE)
    assert again.headers["x-cache"] in ("HIT", "STALE", "UPDATING", "REVALIDATED")
    assert again.text == first.text
    assert place.get(PAGE, if_none_match=first.headers["etag"]).status_code == 304


def test_each_language_gets_its_own_page_whatever_was_asked_for_before(place: Place) -> None:
    for _ in range(2):
        for wish, language in (("ru", "ru"), ("en", "en"), ("ru-RU,ru;q=0.9", "ru"), ("de,ru;q=0.5", "ru")):
            page = place.get(PAGE, accept_language=wish)
            assert page.headers["content-language"] == language, wish
        assert place.get(f"{PAGE}?lang=ru", accept_language="en").headers["content-language"] == "ru"


def test_forms_of_signers_and_pages_of_staff_are_never_kept(place: Place) -> None:
    token = [place.get(f"{PAGE}/sign").text.partition('name="form"')[2][:200] for _ in range(2)]
    assert token[0] != token[1]
    for path in (f"{PAGE}/sign", "/my", "/organizer/login"):
        for _ in range(2):
            answer = place.get(path)
            assert answer.headers.get("x-cache", "") in ("", "MISS", "BYPASS", "EXPIRED"), path
            assert answer.headers["cache-control"] == "no-store" or "private" in answer.headers["cache-control"]


def test_what_is_posted_reaches_the_application_each_time(place: Place) -> None:
    answers = [place.post(f"{PAGE}/sign", name="Вера Луговая") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_guesses_are_counted_for_the_client_and_not_for_the_proxy(place: Place) -> None:
    wrong = [place.post(f"{PAGE}/confirm", "127.0.0.2", code="4F7K-92QX").status_code for _ in range(7)]
    assert wrong[0] == 200
    assert wrong[-1] == 429
    assert place.post(f"{PAGE}/confirm", "127.0.0.3", code="4F7K-92QX").status_code == 200


def test_no_log_and_no_kept_file_tells_who_asked(place: Place) -> None:
    place.get(f"{PAGE}/status.json", "127.0.0.77")
    place.get("/p/nothing-of-that-name", "127.0.0.77")
    for path in place.folder.rglob("*"):
        if path.is_file():
            assert b"127.0.0.77" not in path.read_bytes(), path


def test_what_is_sent_and_what_is_answered_meets_no_disk(place: Place) -> None:
    assert SAMPLE.read_text().count("/var/") == 1, "only the log of errors lies on a disk"
    form = {"code": "4F7K-92QX", "pending": "x" * 60_000}
    everybody = b"name\n" + b"Vera Lugovaya\n" * 600_000
    with httpx.Client(base_url=place.url, timeout=60) as client:
        assert client.post(f"{PAGE}/sign", data=form).status_code == 400
        assert client.post("/my", data=form).status_code == 400
        assert client.post(f"{PAGE}/sign", content=b"x" * 2**20).status_code == 413
        for path in ("/organizer/p/x/rosters", "/desk/x/cases"):
            assert client.post(path, files={"file": ("signers.csv", everybody)}).status_code in (302, 404, 405, 413)
            assert client.post(path, content=b"x" * (35 * 2**20)).status_code == 413
    said = (place.folder / "warnings.log").read_text()
    assert "temporary file" not in said, said
    for folder in ("bodies", "answers"):
        assert [path for path in (place.folder / folder).rglob("*") if path.is_file()] == []


def test_while_the_application_does_not_answer_readers_see_the_last_page(place: Place) -> None:
    known = place.get(f"{PAGE}/status.json").text
    for pid in _descendants(place.server.pid):
        os.kill(pid, signal.SIGKILL)
    time.sleep(2.5)
    found = place.get(f"{PAGE}/status.json")
    assert (found.status_code, found.text) == (200, known)
    assert place.get("/my").status_code == 502
