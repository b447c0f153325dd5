"""Two web servers and two workers, each a host with its own folder, behave as one on one database and one store."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from petition_app import audit
from petition_app.accounts import attempts
from petition_app.config import Settings
from petition_app.crypto.fingerprints import fingerprint
from petition_app.rate_limits import counters
from petition_app.rate_limits.counters import limits
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.tally.models import Publication
from tests import factories as make
from tests import forking
from tests.conftest import settings_for, start_app, stop_app
from tests.database_server import PostgreSQL
from tests.forking import Forked
from tests.post import Server, serving
from tests.stores import Store, storing


@dataclass(frozen=True)
class Place:
    """Where it all runs: the addresses of two hosts, and what they share."""

    hosts: tuple[str, str]
    app: Flask
    post: Server
    store: Store


@pytest.fixture(scope="module")
def place(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two hosts, each with a web server and a worker; nothing but the settings is the same on both."""
    name, folder = postgresql.create(), tmp_path_factory.mktemp("hosts")
    with storing() as store, serving(Server()) as post:
        shared = settings_for(folder / "here", postgresql.url(name), limits_url=store.url)
        ring = Path(shared.key_ring).read_text()
        settings = settings_for(
            folder / "here", shared.database_url, limits_url=store.url, key_ring=ring, mail_url=f"smtp://127.0.0.1:{post.port}",
        )  # fmt: skip
        ports, running = (_free_port(), _free_port()), list[Forked]()
        for number, port in enumerate(ports):
            environ = _environ(settings, folder / f"host{number}", port)
            for words in (("serve", "--web-only"), ("worker",)):
                running.append(forking.run(*words, environ=environ, log=folder / f"log{number}-{words[0]}"))
        app = start_app(settings)
        place = Place((f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"), app, post, store)
        for host in place.hosts:
            wait_until(lambda host=host: httpx.get(f"{host}/readyz").status_code == 200)
        yield place
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=60) for process in running] == [0] * 4
        said = [line for log in folder.glob("log*") for line in log.read_text().splitlines()]
        assert not [line for line in said if re.search(r"Traceback|failed|does not answer", line)]
        stop_app(app)
    make.lock_keys()
    counters.shared.cache_clear()
    postgresql.drop(name)


@pytest.fixture
def app(place: Place) -> Flask:
    """The application of this process, on the database of the hosts."""
    make.lock_keys()
    return place.app


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _environ(settings: Settings, instance: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "COUNTERSIGN_ENV": "development",
        "COUNTERSIGN_INSTANCE": str(instance),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "KEY_RING": settings.key_ring,
        "LIMITS_URL": settings.limits_url,
        "WEB_PROCESSES": "2",
        "MAIL_URL": settings.mail_url,
        "PORT": str(port),
    }


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if holds():
                return
        time.sleep(0.1)
    raise AssertionError("it never came to hold")


# --- people -----------------------------------------------------------------------------------------------------


def browser(address: str = "127.0.0.1") -> httpx.Client:
    """A browser on a machine with this address; its cookies go to both hosts, as behind one name."""
    return httpx.Client(transport=httpx.HTTPTransport(verify=False, local_address=address), timeout=30)


def fields(page: httpx.Response, *names: str) -> dict[str, Any]:
    """Return the fields of the first form that has all of these."""
    return make.form_with(SimpleNamespace(text=page.text, status=page.status_code), *names)  # type: ignore[arg-type] # Enough of an answer.


def sign_in(page: httpx.Client, host: str, person: make.Person, password: str = make.PASSWORD) -> int:
    """Send the sign-in form at a host; return the status."""
    form = fields(page.get(f"{host}/organizer/login"), "csrf_token", "email", "password")
    return page.post(f"{host}/organizer/login", data=form | {"email": person.email, "password": password}).status_code


def press(page: httpx.Client, url: str, at: str) -> httpx.Response:
    """Press a button that leads to `url`, with the token of the page `at`."""
    return page.post(url, data={"csrf_token": fields(page.get(at), "csrf_token")["csrf_token"]})


def sign(page: httpx.Client, host: str, slug: str, **words: Any) -> httpx.Response:
    """Fill in the sign form of a host and send it there."""
    token = fields(page.get(f"{host}/p/{slug}/sign"), "form")["form"]
    return page.post(f"{host}/p/{slug}/sign", data=make.fill_sign_form(token, **words))


def guess(host: str, slug: str, address: str) -> int:
    """Try a code without its page from an address; return the status."""
    with browser(address) as page:
        return page.post(f"{host}/p/{slug}/confirm", data={"code": "0000-0000"}).status_code


# --- sessions and keys ------------------------------------------------------------------------------------------


def test_a_session_begun_at_one_host_is_good_at_the_other_and_ends_at_both(place: Place, app: Flask) -> None:
    one, two = place.hosts
    world = make.make_world(app, "sessions")
    with browser() as page:
        assert sign_in(page, one, world.organizer) == 302
        assert page.get(f"{two}/organizer/p/sessions").status_code == 200
        before = httpx.Cookies(page.cookies)
        assert press(page, f"{two}/organizer/logout", f"{two}/organizer/p/sessions").status_code == 302
        for host in place.hosts:
            assert page.get(f"{host}/organizer/p/sessions").status_code == 302
        page.cookies = before
        for host in place.hosts:
            assert page.get(f"{host}/organizer/p/sessions").status_code == 302, "an old cookie is dead on both"


def test_wrong_passwords_at_both_hosts_are_counted_together_and_each_of_them(place: Place, app: Flask) -> None:
    world = make.make_world(app, "passwords")

    def fail(turn: int) -> int:
        with browser() as page:
            return sign_in(page, place.hosts[turn % 2], world.organizer, "not the password")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fail, range(8))) == {200}
    with app.app_context():
        subject = fingerprint("attempt", world.organizer.email).hex()[:32]
        here = f"client:{limits().client('127.0.0.1')}"
        assert limits().used(attempts.COUNTED, attempts.SIGN_IN, subject, here) >= 4
        # So that the wait is longer than a slow machine takes.
        limits().count("1 per 256 second", "pause", attempts.SIGN_IN, subject, here)
    with browser() as page:
        for host in place.hosts:
            assert sign_in(page, host, world.organizer) == 200, "it must wait, and is not let in"


def test_keys_opened_at_one_host_are_open_at_the_other_and_locked_at_both(place: Place, app: Flask) -> None:
    one, two = place.hosts
    world = make.make_sealed_world(app, "sealed", reviewers=1)
    signed = make.make_signature(app, world.petition_id, "Аксинья Долгая")
    make.seal(app, world.petition_id, by=world.organizer)
    with browser() as page:
        assert sign_in(page, one, world.reviewers[0]) == 302
        desk = "/organizer/p/sealed/desk"
        assert "/unlock" in press(page, f"{two}/organizer/p/sealed/next", f"{two}{desk}").headers["location"]
        form = fields(page.get(f"{one}/organizer/p/sealed/unlock"), "passphrase")
        answer = page.post(f"{one}/organizer/p/sealed/unlock", data=form | {"passphrase": make.PASSPHRASE})
        assert answer.status_code == 303
        case = press(page, f"{two}/organizer/p/sealed/next", f"{two}{desk}").headers["location"]
        assert signed.id.hex in case.replace("-", "")
        for host in place.hosts:
            assert "Аксинья Долгая" in page.get(host + case).text
        before = httpx.Cookies(page.cookies)
        assert press(page, f"{one}/organizer/p/sealed/lock", f"{one}{desk}").status_code == 303
        page.cookies = before
        for host in place.hosts:
            locked = page.get(host + case)
            assert (locked.status_code, "/unlock" in locked.headers["location"]) == (303, True)
            assert "Аксинья" not in locked.text


# --- publication, jobs, the desk --------------------------------------------------------------------------------


def test_what_happens_at_one_host_is_public_at_the_other_within_seconds(place: Place, app: Flask) -> None:
    petition_id = make.make_petition(app, "public", mail="optional")

    def numbers(host: str) -> int:
        return int(httpx.get(f"{host}/p/public/status.json").json()["received_total"])

    assert [numbers(host) for host in place.hosts] == [0, 0]

    def sign_and_confirm(turn: int) -> None:
        first, second = place.hosts[turn % 2], place.hosts[(turn + 1) % 2]
        with browser() as page:
            pending = fields(sign(page, first, "public", email=""), "pending")["pending"]
            assert page.post(f"{second}/p/public/confirm", data={"pending": pending}).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_and_confirm, range(24)))
    for host in place.hosts:
        wait_until(lambda host=host: numbers(host) == 24, 15)
    with make.looking(app):
        found = db.session.scalars(
            select(Publication).where(Publication.petition_id == petition_id).order_by(Publication.number)
        ).all()
        assert [each.number for each in found] == list(range(1, len(found) + 1))
        assert [each.as_of for each in found] == sorted(each.as_of for each in found)
        totals = [each.tally["received_total"] for each in found]
        assert totals == sorted(totals)
    assert make.problems(app, petition_id) == []


def test_each_message_is_sent_once_by_two_workers(place: Place, app: Flask) -> None:
    petition_id = make.make_petition(app, "messages")
    addresses = [f"machine{number}@example.org" for number in range(40)]

    def send(turn: int) -> None:
        with browser() as page:
            assert sign(page, place.hosts[turn % 2], "messages", email=addresses[turn]).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(len(addresses))))

    def are_done() -> bool:
        with make.looking(app):
            waiting = select(func.count()).select_from(Job).where(Job.petition_id == petition_id)
            return db.session.scalar(waiting) == 0

    wait_until(are_done)
    assert {address: place.post.taken[address] for address in addresses} == dict.fromkeys(addresses, 1)


def test_a_form_sent_to_both_hosts_at_once_is_stored_once(place: Place, app: Flask) -> None:
    petition_id = make.make_petition(app, "forms", mail="optional")
    with browser() as page:
        token = fields(page.get(f"{place.hosts[0]}/p/forms/sign"), "form")["form"]
    new = make.fill_sign_form(token, email="")

    def send(turn: int) -> int:
        with browser() as page:
            return page.post(f"{place.hosts[turn % 2]}/p/forms/sign", data=new).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {200}
    with make.looking(app):
        kept = select(func.count()).select_from(Signature).where(Signature.petition_id == petition_id)
        assert db.session.scalar(kept) == 1
    assert make.problems(app, petition_id) == []


def test_reviewers_at_different_hosts_hold_different_cases_and_keep_their_own(place: Place, app: Flask) -> None:
    world = make.make_world(app, "desk", staff=4)
    for _ in range(8):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)

    def take(turn: int) -> list[UUID]:
        """Take a case at one host, ask for the next at the other."""
        held = []
        with browser() as page:
            assert sign_in(page, place.hosts[turn % 2], world.reviewers[turn]) == 302
            for host in (place.hosts[turn % 2], place.hosts[(turn + 1) % 2]):
                answer = press(page, f"{host}/organizer/p/desk/next", f"{host}/organizer/p/desk/desk")
                held.append(UUID(answer.headers["location"].rsplit("/", 1)[1]))
                assert page.get(host + answer.headers["location"]).status_code == 200
        return held

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(4)))
    assert len({case for held in taken for case in held}) == sum(len(set(held)) for held in taken)


def test_the_trail_has_one_chain_whichever_worker_links_it(place: Place, app: Flask) -> None:
    def is_linked() -> bool:
        with make.looking(app):
            loose = select(func.count()).select_from(audit.AuditEvent).where(audit.AuditEvent.position.is_(None))
            return db.session.scalar(loose) == 0

    wait_until(is_linked)
    with make.looking(app):
        positions = db.session.scalars(select(audit.AuditEvent.position)).all()
        assert sorted(filter(None, positions)) == list(range(1, len(positions) + 1))
        assert audit.find_broken_link() is None


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_client_has_five_tries_an_hour_over_both_hosts(place: Place, app: Flask) -> None:
    make.make_petition(app, "tries")
    one, two = place.hosts
    answers = [guess(host, "tries", "127.0.0.5") for host in (one, one, one, two, two)]
    assert answers == [200] * 5
    assert [guess(host, "tries", "127.0.0.5") for host in place.hosts] == [429, 429]
    assert [guess(host, "tries", "127.0.0.6") for host in place.hosts] == [200, 200]
    assert b"127.0.0." not in place.store.all_it_holds()


def test_a_petition_has_a_hundred_tries_an_hour_over_both_hosts_however_many_at_once(place: Place, app: Flask) -> None:
    make.make_petition(app, "guessed")
    with ThreadPoolExecutor(16) as pool:
        turns = [(place.hosts[turn % 2], "guessed", f"127.0.1.{turn // 5}") for turn in range(125)]
        answers = Counter(pool.map(lambda turn: guess(*turn), turns))
    assert answers == {200: 100, 429: 25}
