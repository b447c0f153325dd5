"""What is sent takes a thread once all of it is here: slow, large and odd senders meet the real server."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from petition_app.network import client_of, group_of
from petition_app.rate_limits import budgets
from petition_app.web import gateway, wsgi_environ
from tests import factories as make
from tests.conftest import migrate, settings_for, start_app, stop_app
from tests.serving import Served, serve

FORM = "application/x-www-form-urlencoded"
SERVER = "127.0.0.1", "8000"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One web server with an open letter, behind what claims to be one proxy."""
    folder = tmp_path_factory.mktemp("served")
    settings = replace(settings_for(folder / "instance", f"sqlite:///{folder}/a.db"), proxies=1)
    migrate(settings.database_url, folder / "instance")
    app = start_app(settings)
    make.make_petition(app, mail="optional")
    stop_app(app)
    with serve(settings, folder, "--web-only") as found:
        yield found


def send(served: Served, *, client: str, path: str, length: object, body: bytes = b"", **more: str) -> socket.socket:
    """Begin to send a form, of which not all need come."""
    line = served.connect()
    words = {"Host": "127.0.0.1", "Content-Type": FORM, "X-Forwarded-For": client, "Content-Length": length, **more}
    head = "".join(f"{name}: {value}\r\n" for name, value in words.items() if value is not None)
    line.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return line


def status(line: socket.socket) -> int:
    """Return the status of an answer."""
    with line:
        return int(line.recv(4096).split()[1])


def sign(served: Served) -> tuple[int, float]:
    """Sign by the form of the page; return the status, and the seconds."""
    began = time.monotonic()
    data = {"name": make.new_name(), "publish": "0", "consent": "1", "lang": "en", "email": ""}
    page = httpx.get(f"{served.url}/p/{make.SLUG}/sign", timeout=30)
    token = page.text.split('name="form"')[1].split('value="')[1].split('"')[0]
    answer = httpx.post(f"{served.url}/p/{make.SLUG}/sign", data=data | {"form": token}, timeout=30)
    return answer.status_code, time.monotonic() - began


def test_many_slow_senders_take_no_thread_and_are_given_up(served: Served) -> None:
    began = time.monotonic()
    slow = [
        send(served, client=f"203.0.113.{turn}", path=f"/p/{make.SLUG}/sign", length=300, body=b"form=")
        for turn in range(120)
    ]
    while time.monotonic() < began + gateway.SECONDS - 2:
        for line in slow[::3]:
            line.sendall(b"a")  # A byte now and then is no more than none.
        code, took = sign(served)
        assert (code, took < 5) == (200, True)
        asked = time.monotonic()
        assert httpx.get(f"{served.url}/p/{make.SLUG}", timeout=30).status_code == 200
        assert time.monotonic() < asked + 2
    assert {status(line) for line in slow} == {408}
    assert time.monotonic() < began + 3 * gateway.SECONDS
    assert sign(served)[0] == 200


def test_one_client_fills_no_more_than_its_share(served: Served) -> None:
    lines = [
        send(served, client=f"2001:db8:0:1::{turn:x}", path="/my", length=40, body=b"code=")
        for turn in range(gateway.BODIES_OF_CLIENT)
    ]
    time.sleep(0.5)
    assert status(send(served, client="2001:db8:0:1:ffff::1", path="/my", length=10, body=b"code=words")) == 503
    assert status(send(served, client="2001:db8:0:2::1", path="/my", length=10, body=b"code=words")) == 200
    for line in lines:
        line.sendall(b"a" * 35)
    found = Counter(map(status, lines))  # All were received, and the wrong words of one client are counted.
    assert set(found) == {200, 429}
    assert found[200] == budgets.MISSES
    assert status(send(served, client="2001:db8:0:1::1", path="/my", length=10, body=b"code=words")) == 429


@pytest.mark.parametrize("path", [f"/p/{make.SLUG}/sign", "/my", f"/p/{make.SLUG}/confirm", "/nowhere"])
def test_a_form_that_is_too_large_is_refused_before_it_is_sent(served: Served, path: str) -> None:
    for length in (gateway.SMALL + 1, 10**9, "9" * 30):
        assert status(send(served, client="203.0.113.1", path=path, length=length)) in (400, 404, 413)


@pytest.mark.parametrize("sent", [b"", b"a" * gateway.SMALL], ids=["unsent", "sent in part"])
@pytest.mark.parametrize(
    ("path", "size"), [("/my", gateway.SMALL), ("/nowhere", gateway.SMALL), ("/desk/x", gateway.FILE)]
)
def test_what_is_too_large_does_not_keep_its_line(served: Served, path: str, size: int, sent: bytes) -> None:
    line = send(served, client="203.0.113.3", path=path, length=size + 1, body=sent)
    line.settimeout(5)
    with line, line.makefile("rb") as answer:
        assert answer.read().split()[1] in (b"302", b"404", b"413"), "until its end"


@pytest.mark.parametrize("path", ["/organizer/login", "/organizer/p/x/roster", "/desk/x/acts"])
def test_a_stranger_cannot_send_a_file_beyond_the_largest(served: Served, path: str) -> None:
    line = send(served, client="203.0.113.2", path=path, length=gateway.FILE + 1)
    assert status(line) in (302, 303, 400, 401, 404, 413)


def test_few_files_are_received_at_once(served: Served) -> None:
    files = [
        send(served, client=f"203.0.113.{turn // 2}", path="/organizer/login", length=gateway.FORM + 1, body=b"a")
        for turn in range(gateway.FILES)
    ]
    time.sleep(0.5)
    assert status(send(served, client="203.0.113.99", path="/organizer/login", length=gateway.FORM + 1)) == 503
    assert sign(served)[0] == 200
    for line in files:
        line.close()


def test_what_does_not_say_how_long_it_is_is_refused(served: Served) -> None:
    words = {"Transfer-Encoding": "chunked"}
    assert status(send(served, client="203.0.113.3", path="/my", length=None, body=b"4\r\ncode\r\n", **words)) == 411


def test_who_leaves_in_the_middle_leaves_nothing_behind(served: Served) -> None:
    for _ in range(3 * gateway.BODIES_OF_CLIENT):
        send(served, client="203.0.113.4", path="/my", length=40, body=b"code=").close()
    time.sleep(1)
    assert status(send(served, client="203.0.113.4", path="/my", length=10, body=b"code=words")) == 200


def test_a_header_with_an_underscore_passes_for_no_other(served: Served) -> None:
    made = wsgi_environ.environ(
        _Scope({"x_forwarded_for": "192.0.2.1", "x-forwarded-for": "203.0.113.1"}), b"", ("127.0.0.1", "8000")
    )  # type: ignore[arg-type] # Enough of a scope.
    assert made["HTTP_X_FORWARDED_FOR"] == "203.0.113.1"
    assert not [key for key in made if not key]


class _Scope:
    """What the server tells of a request, with headers of its own."""

    method, path, query_string, http_version, scheme = "GET", "/p/письмо", "q=%D0%B0", "1.1", "http"
    server, client = "127.0.0.1:8000", "[2001:db8::1]:4444"

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


def test_a_request_is_told_as_wsgi_wants_it() -> None:
    made = wsgi_environ.environ(
        _Scope({"cookie": "a=1", "content-type": FORM, "content-length": "3"}), b"a=b", ("127.0.0.1", "8000")
    )  # type: ignore[arg-type] # Enough of a scope.
    assert made["PATH_INFO"].encode("latin-1").decode() == "/p/письмо"
    assert (made["REMOTE_ADDR"], made["SERVER_PORT"], made["QUERY_STRING"]) == ("2001:db8::1", "8000", "q=%D0%B0")
    assert (made["CONTENT_LENGTH"], made["CONTENT_TYPE"], made["HTTP_COOKIE"]) == ("3", FORM, "a=1")
    assert made["wsgi.input"].read() == b"a=b"


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:1234", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[2001:db8:0:1::7]:443", "2001:db8:0:1::/64"),
        ("2001:DB8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::7", "2001:db8:0:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x" * 5000, "x" * 64),
    ],
)
def test_a_network_of_ipv6_counts_as_one(address: str, group: str) -> None:
    assert group_of(address) == group


@pytest.mark.parametrize(
    ("told", "proxies", "client"),
    [
        ("198.51.100.1", 0, "203.0.113.1"),
        ("192.0.2.1, 198.51.100.1", 1, "198.51.100.1"),
        ("192.0.2.1, 198.51.100.1", 2, "192.0.2.1"),
        ("198.51.100.1", 2, "203.0.113.1"),
        (None, 1, "203.0.113.1"),
    ],
)
def test_a_client_is_whom_the_outermost_of_our_proxies_saw(told: Any, proxies: int, client: str) -> None:
    assert client_of("203.0.113.1", told, proxies=proxies) == client


def test_what_was_received_is_not_kept(served: Served) -> None:
    def megabytes() -> int:
        status = "".join(path.read_text() for path in Path("/proc").glob("[0-9]*/status") if _is_of(path, served))
        return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) // 1024

    body = b"code=" + b"a" * (gateway.SMALL - 5)
    with httpx.Client(base_url=served.url, headers={"X-Forwarded-For": "203.0.113.5"}, timeout=60) as client:
        client.post("/nowhere", content=body)
        before = megabytes()
        for _ in range(400):
            client.post("/nowhere", content=body)
    assert megabytes() < before + 15, "400 times 64 kB would be 26 MB"


def _is_of(path: Path, served: Served) -> bool:
    try:
        return f"http_server\0127.0.0.1\0{served.port}\0" in (path.parent / "cmdline").read_text()
    except OSError:
        return False


def test_a_page_that_is_kept_is_answered_at_once_as_the_application_answers(served: Served) -> None:
    address = f"{served.url}/p/{make.SLUG}"
    with httpx.Client(timeout=30) as reader:
        asked = [reader.get(address, headers={"Accept-Language": "ru"}) for _ in range(3)]
        english = reader.get(address, headers={"Accept-Language": "en"})
        headless = reader.head(address, headers={"Accept-Language": "ru"})
        known = reader.get(address, headers={"Accept-Language": "ru", "If-None-Match": asked[0].headers["etag"]})
        elsewhere = reader.get(address, headers={"Accept-Language": "ru", "Host": "other.example.org"})
    assert len({(one.status_code, one.content, one.headers["etag"]) for one in asked}) == 1
    assert asked[-1].headers["content-language"] == "ru"
    assert english.headers["content-language"] == "en"
    assert dict(headless.headers).keys() == dict(asked[-1].headers).keys()
    assert (known.status_code, known.content, elsewhere.status_code) == (304, b"", 421)


@pytest.mark.parametrize(
    ("path", "host", "scheme", "proxies", "is_answered"),
    [
        (f"/p/{make.SLUG}", "127.0.0.1:8000", "http", 0, True),
        (f"/p/{make.SLUG}", "127.0.0.1:8000", "http", 1, False),  # What the proxy was asked by is not known here.
        (f"/p/{make.SLUG}", "127.0.0.1:8000", "https", 0, False),
        (f"/p/{make.SLUG}", "other.example.org", "http", 0, False),
        (f"/p/{make.SLUG}", "", "http", 0, False),
        ("/p/письмо", "127.0.0.1:8000", "http", 0, False),
        ("/organizer/login", "127.0.0.1:8000", "http", 0, False),
        ("/my", "127.0.0.1:8000", "http", 0, False),
    ],
)
def test_only_what_is_kept_for_this_very_request_is_answered_at_once(
    app: Any, client: Any, path: str, host: str, scheme: str, proxies: int, is_answered: bool
) -> None:
    make.make_petition(app)
    pages = [client.get(f"/p/{make.SLUG}", base_url="http://127.0.0.1:8000") for _ in range(2)]
    app.proxies, scope = proxies, _Scope({"host": host, "accept-language": ""})
    scope.path, scope.query_string, scope.scheme = path, "", scheme
    found = app.at_once(scope)
    assert bool(found) is is_answered
    if found:
        assert (found[0], found[1], found[2]) == (200, pages[1].headers.to_wsgi_list(), pages[1].data)
