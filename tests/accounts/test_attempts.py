"""Guessing at sign-in, at the password while signed in, and at the passphrase: who waits, who does not, what ends."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.accounts import attempts
from petition_app.accounts.attempts import CrowdError, Guesser, WaitError
from petition_app.accounts.credentials import WrongPasswordError
from petition_app.audit import AuditEvent
from petition_app.crypto.key_derivation import BusyError
from petition_app.rate_limits import counters
from petition_app.storage.db import db
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

WRONG = "not the password at all"
AWAY = {"REMOTE_ADDR": "192.0.2.7"}


def fail(who: Guesser, subject: str = "olga@example.org", *, strangers: bool = False) -> None:
    """Try once, in vain."""
    with pytest.raises(WrongPasswordError), attempts.trying(attempts.SIGN_IN, subject, who, strangers=strangers):
        raise WrongPasswordError


def may_try(who: Guesser, subject: str = "olga@example.org", purpose: str = attempts.SIGN_IN) -> bool:
    """Return whether a right secret is looked at."""
    try:
        with attempts.trying(purpose, subject, who):
            return True
    except WaitError:
        return False


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the counters believe that so much time has passed."""
    import limits.storage.memory as clock

    real = clock.time.time
    monkeypatch.setattr(clock.time, "time", lambda: real() + seconds)


# --- the rule ---------------------------------------------------------------------------------------------------


def test_pauses_grow_with_failures_and_the_right_password_is_looked_at_again_after_them(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Guesser("a client")
    for _ in range(4):
        fail(stranger)
    assert not may_try(stranger)
    pass_time(monkeypatch, 2.5)
    fail(stranger)
    assert not may_try(stranger)
    pass_time(monkeypatch, 2)
    assert not may_try(stranger), "the second pause is no longer than the first"
    pass_time(monkeypatch, 5)
    assert may_try(stranger)
    fail(stranger)
    assert may_try(stranger), "what was right did not forgive what was wrong"


def test_a_stranger_who_guesses_makes_neither_another_client_nor_a_known_browser_wait(app: Any) -> None:
    stranger = Guesser("a client")
    for _ in range(4):
        fail(stranger)
    assert not may_try(stranger)
    assert may_try(Guesser("another client"))
    assert may_try(Guesser("a client", "a browser that has signed in before"))
    assert may_try(stranger, "ivan@example.org"), "another account waits, too"


def test_the_passphrase_has_a_counter_of_its_own(app: Any) -> None:
    for _ in range(4):
        fail(Guesser("a client"))
    assert may_try(Guesser("a client"), purpose=attempts.PASSPHRASE)


def test_a_client_tries_twenty_times_an_hour_whatever_the_account(app: Any) -> None:
    for number in range(20):
        fail(Guesser("a client"), f"person{number}@example.org")
    assert not may_try(Guesser("a client"), "person21@example.org")


def test_many_clients_together_try_sixty_times_a_minute_and_known_browsers_are_not_among_them(app: Any) -> None:
    for number in range(60):
        fail(Guesser(f"client {number}"), strangers=True)
    with pytest.raises(CrowdError), attempts.trying(attempts.SIGN_IN, "x", Guesser("one more"), strangers=True):
        pytest.fail("it was tried")
    with attempts.trying(attempts.SIGN_IN, "x", Guesser("one more", "a known browser"), strangers=True):
        pass


def test_what_was_never_looked_at_is_not_counted(app: Any) -> None:
    for _ in range(30):
        with pytest.raises(BusyError), attempts.trying(attempts.SIGN_IN, "x", Guesser("a client")):
            raise BusyError
    assert may_try(Guesser("a client"), "x")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "192.0.2.1", False),
    ],
)
def test_a_client_with_ipv6_is_its_network(app: Any, one: str, other: str, same: bool) -> None:
    assert (counters.limits().client(one) == counters.limits().client(other)) is same


# --- at the pages -----------------------------------------------------------------------------------------------


def test_strangers_do_not_keep_out_a_browser_that_has_signed_in_before(app: Any) -> None:
    world = make.make_world(app)
    hers = make.signed_in(app, world.organizer)
    hers.post("/organizer/logout", data={"csrf_token": make.csrf_token(hers, "/organizer/password")})
    stranger = app.test_client()
    answers = [make.sign_in(stranger, world.organizer, WRONG) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert make.sign_in(app.test_client(), world.organizer).status_code == 200, "the stranger's own client waits"
    assert make.sign_in(hers, world.organizer).status_code in (302, 303)


def test_strangers_do_not_keep_out_who_comes_from_elsewhere(app: Any) -> None:
    world = make.make_world(app)
    for _ in range(12):
        make.sign_in(app.test_client(), world.organizer, WRONG)
    elsewhere = app.test_client()
    elsewhere.environ_base.update(AWAY)
    assert make.sign_in(elsewhere, world.organizer).status_code in (302, 303)


def test_the_cookie_of_a_known_browser_opens_nothing_and_counts_for_its_account_alone(app: Any) -> None:
    world = make.make_world(app)
    hers = make.signed_in(app, world.organizer)
    cookie = hers.get_cookie("countersign-browser", path="/organizer")
    assert cookie
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    other = app.test_client()
    other.set_cookie("countersign-browser", cookie.value, path="/organizer")
    assert other.get("/organizer").status_code == 302
    with app.test_request_context("/organizer/login", headers={"Cookie": f"countersign-browser={cookie.value}"}):
        from petition_app.web.known_browsers import guesser

        assert guesser(world.organizer.email).browser
        assert not guesser(world.reviewers[0].email).browser
    assert world.organizer.email not in cookie.value


def test_the_answer_to_guesses_is_one_for_known_and_unknown_addresses(app: Any) -> None:
    world = make.make_world(app)

    def seen(address: str, client: FlaskClient) -> list[tuple[int, bool]]:
        answers = [make.sign_in(client, address, WRONG) for _ in range(8)]
        return [(answer.status_code, "wait a little" in answer.text) for answer in answers]

    one, two = app.test_client(), app.test_client()
    two.environ_base.update(AWAY)
    assert seen(world.organizer.email, one) == seen("nobody@example.org", two) == [(200, True)] * 8


def test_too_many_strangers_are_told_so_in_words(app: Any) -> None:
    world = make.make_world(app)
    for number in range(60):
        fail(Guesser(f"client {number}"), f"{number}@example.org", strangers=True)
    answer = make.sign_in(app.test_client(), world.organizer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "try again in a moment" in answer.text
    assert 'name="password"' in answer.text


# --- with a session ---------------------------------------------------------------------------------------------


def failures(app: Any, person: make.Person) -> int:
    with make.looking(app):
        wrong = db.select(AuditEvent).where(AuditEvent.act == "account.sign_in_failed")
        return len(db.session.scalars(wrong.where(AuditEvent.object_id == person.id)).all())


def guess(client: FlaskClient, path: str, page: str | None = None, **secret: str) -> Any:
    """Type a wrong secret into the form of a page."""
    form = make.form_with(client.get(page or path), "csrf_token", *secret)
    return client.post(path, data=form | secret)


@pytest.mark.parametrize("door", ["password", "unlock", "passphrase"])
def test_wrong_secrets_in_a_session_are_counted_and_the_fifth_ends_it(
    app: Any, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    new = "a new and unusual one of tests"
    words: dict[str, Any] = {
        "password": {
            "path": "/organizer/password", "password": WRONG, "new_password": new, "new_password_confirm": new,
        },
        "unlock": {"path": f"/organizer/p/{world.slug}/unlock", "passphrase": WRONG},
        "passphrase": {
            "path": "/organizer/keys/passphrase", "page": "/organizer/keys", "old": WRONG,
            "passphrase": new, "again": new,
        },
    }[door]  # fmt: skip
    client, other = make.signed_in(app, world.organizer), make.signed_in(app, world.organizer)
    statuses = []
    for number in range(5):
        statuses.append(guess(client, **words).status_code)
        pass_time(monkeypatch, 10)
        assert failures(app, world.organizer) == number + 1
    assert statuses == [200, 200, 200, 200, 303]
    page = client.get("/organizer", follow_redirects=True)
    assert "Too many wrong passwords or passphrases" in page.text
    assert other.get("/organizer").status_code == 200


def test_parallel_guesses_are_each_counted(app: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world = make.make_world(app)

    def one(_number: int) -> int:
        return make.sign_in(app.test_client(), world.organizer, WRONG).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(16)))
    assert {200} <= set(statuses) <= {200, 503}, "a busy server looks at some later, and says so"
    assert make.sign_in(app.test_client(), world.organizer).status_code == 200
    assert failures(app, world.organizer) <= min(12, statuses.count(200))


def test_in_production_the_cookies_have_names_that_no_other_site_can_set(app: Any, settings: Any) -> None:
    secure = start_app(settings_for(settings.instance, settings.database_url, env="production"))
    assert secure.config["SESSION_COOKIE_NAME"] == "__Host-countersign"
    assert secure.config["SESSION_COOKIE_PATH"] == "/"
    assert secure.config["SESSION_COOKIE_SECURE"] is True
    world = make.make_world(app)
    client = secure.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    make.sign_in(client, world.organizer)
    for name in ("__Host-countersign", "__Host-countersign-browser"):
        cookie = client.get_cookie(name, path="/")
        assert cookie, name
        assert cookie.secure
    answer = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert "Set-Cookie" not in answer.headers
    stop_app(secure)
