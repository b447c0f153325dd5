"""Under which names the server answers, and which address stands in what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from petition_app.web import admission
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

HOME, ONION = "https://letters.example.org", "http://abcdefghijklmnop.onion"
EVIL = ("evil.example.net", "letters.example.org.evil.example.net", "letters.example.org:99", "localhost", "", "x@y")


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Any:
    """Settings of a server on the net that answers under two names."""
    return settings_for(tmp_path / "instance", database, env="production", public_url=f"{HOME} {ONION}")


def ask(client: Any, path: str, host: str, **given: Any) -> Any:
    return client.open(path, environ_overrides={"HTTP_HOST": host}, **given)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_another_name_is_answered_by_nobody(app: Any, client: Any, method: str) -> None:
    world = make.make_world(app)
    for host in EVIL:
        for path in ("/", f"/p/{world.slug}", f"/p/{world.slug}/sign", "/my", "/organizer/login", "/x"):
            answer = ask(client, path, host, method=method)
            assert answer.status_code == 421, (host, path)
            assert answer.headers["Cache-Control"] == "no-store"
            assert b"evil" not in answer.data
            assert "Set-Cookie" not in answer.headers


def test_whoever_watches_may_ask_under_any_name(app: Any, client: Any) -> None:
    assert ask(client, "/healthz", "10.0.0.7:8000").status_code == 200


def test_each_of_our_names_is_answered_and_pages_name_only_the_first(app: Any, client: Any) -> None:
    world = make.make_world(app)
    ask(client, f"/p/{world.slug}", "evil.example.net")
    hosts = ("letters.example.org", "LETTERS.example.org", "letters.example.org:443", ONION[7:], f"{ONION[7:]}:80")
    for host in hosts:
        for path in (f"/p/{world.slug}", f"/p/{world.slug}/print"):
            for _ in range(2):
                page = ask(client, path, host)
                assert page.status_code == 200, (host, path)
                assert f"{HOME}/p/{world.slug}" in page.text
                assert "onion" not in page.text


@pytest.mark.parametrize("host", ["letters.example.org", ONION[7:]])
def test_an_invitation_names_the_first_of_our_addresses(app: Any, host: str) -> None:
    world = make.make_world(app)
    staff = app.test_client()
    staff.environ_base.update({"HTTP_HOST": host})
    base = f"{'http' if 'onion' in host else 'https'}://{host}"
    form = make.form_with(staff.get("/organizer/login", base_url=base), "csrf_token", "email", "password")
    mine = {"email": world.organizer.email, "password": make.PASSWORD}
    assert staff.post("/organizer/login", base_url=base, data=form | mine).status_code in (302, 303)
    form = make.form_with(staff.get(f"/organizer/p/{world.slug}/people", base_url=base), "email")
    asked = form | {"email": "new@example.org", "name": "Nina", "invited_role": "reviewer"}
    done = staff.post(f"/organizer/p/{world.slug}/people/invite", base_url=base, data=asked)
    assert done.status_code == 303
    with app.app_context():
        make.worker.run_once()
        mails = [path.read_bytes().replace(b"=\r\n", b"").replace(b"=\n", b"") for path in make.outbox()]
    assert any(f"{HOME}/organizer/join".encode() in mail for mail in mails)
    assert not any(b"onion" in mail for mail in mails)


def test_a_machine_without_an_address_is_found_as_itself_alone(database: str, tmp_path: Path) -> None:
    app = start_app(settings_for(tmp_path / "here", database))
    client = app.test_client()
    for host, status in (
        ("localhost", 200), ("localhost:8000", 200), ("127.0.0.1:5123", 200), ("[::1]:8000", 200),
        ("192.168.1.7:8000", 421), ("evil.example.net", 421), ("127.0.0.1.evil.example.net", 421), ("localhost:x", 421),
    ):  # fmt: skip
        assert ask(client, "/", host).status_code == status, host
    stop_app(app)


def test_what_staff_do_on_a_server_on_the_net_is_kept(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    people = f"/organizer/p/{world.slug}/people"
    staff = app.test_client()
    staff.environ_base.update({"HTTP_HOST": "letters.example.org"})

    def invite(email: str) -> int:
        form = make.form_with(staff.get(people, base_url=HOME), "email")
        asked = form | {"email": email, "name": "Nina", "invited_role": "reviewer"}
        status: int = staff.post(f"{people}/invite", base_url=HOME, data=asked).status_code
        return status

    form = make.form_with(staff.get("/organizer/login", base_url=HOME), "csrf_token", "email", "password")
    mine = {"email": world.organizer.email, "password": make.PASSWORD}
    assert staff.post("/organizer/login", base_url=HOME, data=form | mine).status_code in (302, 303)
    assert invite("new@example.org") == 303
    assert "new@example.org" in staff.get(people, base_url=HOME).text
    monkeypatch.setattr(admission, "may_change", lambda *_given, **_named: False)
    assert invite("other@example.org") == 500, "what is lost is told as done"
