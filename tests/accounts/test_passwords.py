"""How passwords are stored: a pepper with a name, older ones taken and renewed, common ones refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from petition_app import config
from petition_app.config import ConfigError, Settings, new_key_ring
from petition_app.crypto import passwords
from petition_app.crypto.form_tokens import is_form_token, new_form_token
from petition_app.crypto.passwords import CommonPasswordError, WeakPasswordError
from petition_app.storage.db import db
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

OTHER_SECRET = "another-secret-0123456789-abcdefghijklm"


@contextmanager
def running(app: Any, **changes: Any) -> Iterator[None]:
    """Let the process have other settings for a while."""
    before = config.current()
    config.activate(replace(before, **changes))
    try:
        yield
    finally:
        config.activate(before)


def stored(app: Any, person: make.Person) -> str:
    with make.looking(app):
        return make.account(person).password  # type: ignore[union-attr] # They exist.


def lets_in(app: Any, person: make.Person) -> bool:
    return make.sign_in(app.test_client(), person).status_code in (302, 303)


def test_a_password_lies_under_the_pepper_and_says_which(app: Any) -> None:
    with running(app, password_pepper=new_key_ring("p1")):
        world = make.make_world(app)
        assert stored(app, world.organizer).startswith("p1:$argon2id$")
        assert lets_in(app, world.organizer)
        with running(app, secret_key=OTHER_SECRET):
            assert lets_in(app, world.organizer), "a new SECRET_KEY ends passwords"
    with running(app, password_pepper=new_key_ring("p1")):
        assert not lets_in(app, world.organizer), "the pepper is not used"


def test_a_password_of_before_peppers_is_taken_and_stored_under_the_newest(app: Any) -> None:
    world, ring = make.make_world(app), new_key_ring("p1")
    assert stored(app, world.organizer).startswith("$argon2id$")
    with running(app, password_pepper=ring):
        assert lets_in(app, world.organizer)
        assert stored(app, world.organizer).startswith("p1:")
        assert lets_in(app, world.organizer)
    with running(app, password_pepper=f"{ring},{new_key_ring('p2')}"):
        assert lets_in(app, world.organizer)
        assert stored(app, world.organizer).startswith("p2:")
        assert lets_in(app, world.organizer)


def test_with_fallbacks_a_new_secret_key_ends_no_password_and_no_open_form(app: Any) -> None:
    world, token = make.make_world(app), new_form_token()
    old = config.current().secret_key
    with running(app, secret_key=OTHER_SECRET):
        assert not lets_in(app, world.organizer)
        assert not is_form_token(token)
    with running(app, secret_key=OTHER_SECRET, secret_key_fallbacks=(old,)):
        assert is_form_token(token)
        assert lets_in(app, world.organizer)
    with running(app, secret_key=OTHER_SECRET):
        assert lets_in(app, world.organizer), "it was not stored anew"


def test_a_session_of_the_old_secret_key_goes_on_while_that_is_a_fallback(app: Any, settings: Settings) -> None:
    world = make.make_world(app)
    cookie = make.signed_in(app, world.organizer).get_cookie("countersign", path="/organizer")
    assert cookie
    for fallbacks, status in (((settings.secret_key,), 200), ((), 302)):
        second = start_app(replace(settings, secret_key=OTHER_SECRET, secret_key_fallbacks=fallbacks))
        client = second.test_client()
        client.set_cookie("countersign", cookie.value, path="/organizer")
        assert client.get("/organizer").status_code == status
        stop_app(second)


def test_wrong_and_unknown_cost_as_many_derivations(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, done = make.make_world(app), [0]
    real = passwords.hasher

    class Counting:
        def hash(self, word: str) -> str:
            done[0] += 1
            return real.hash(word)

        def verify(self, encoded: str, word: str) -> bool:
            done[0] += 1
            return real.verify(encoded, word)

    monkeypatch.setattr(passwords, "hasher", Counting())
    kept = stored(app, world.organizer)
    for fallbacks in ((), (OTHER_SECRET,), (OTHER_SECRET, OTHER_SECRET[::-1])):
        with running(app, secret_key_fallbacks=fallbacks), app.app_context():
            for what in (kept, None, "p9:$argon2id$unknown", "nonsense"):
                done[0] = 0
                assert not passwords.check("wrong", what).right
                assert done[0] == 1 + len(fallbacks), what


def test_a_damaged_pepper_does_not_start(app: Any, settings: Settings) -> None:
    with pytest.raises(ConfigError, match="PASSWORD_PEPPER"):
        start_app(replace(settings, password_pepper="p1:short"))


def test_a_development_machine_gets_its_pepper_beside_the_secret_that_was_there(tmp_path: Any) -> None:
    (tmp_path / "key_ring").write_text(new_key_ring())
    (tmp_path / "secrets.json").write_text(json.dumps({"SECRET_KEY": OTHER_SECRET}))
    environ = {"COUNTERSIGN_INSTANCE": str(tmp_path)}
    first, second = Settings.from_environment(environ), Settings.from_environment(environ)
    assert first.secret_key == OTHER_SECRET
    assert first.password_pepper == second.password_pepper
    assert first.password_pepper.startswith("p1:")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("fallbacks", ["short", f"{OTHER_SECRET},weak"])
def test_a_weak_fallback_does_not_start(tmp_path: Any, fallbacks: str) -> None:
    environ = {"COUNTERSIGN_INSTANCE": str(tmp_path), "SECRET_KEY_FALLBACKS": fallbacks}
    with pytest.raises(ConfigError, match="SECRET_KEY_FALLBACKS"):
        Settings.from_environment(environ)


# --- common ones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["password1234", "qwertyuiop12", "123456789012", "aaaaaaaaaaaa", "пароль123456", "йцукенгшщзхъ", "Olga Ivanova12"],
)
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(CommonPasswordError):
        passwords.refuse_weak(password, "olga@example.org", "Olga Ivanova")


@pytest.mark.parametrize(
    "password",
    [make.PASSWORD, "correct horse battery staple", "одна длинная фраза", "x7#Kq!zP2@vLw9", "ё" * 5 + "q7Я№кЩ-зебра"],
)
def test_good_passwords_are_taken(password: str) -> None:
    passwords.refuse_weak(password, "olga@example.org", "Olga Ivanova")


def test_a_short_one_and_a_very_long_one_are_judged_quickly() -> None:
    with pytest.raises(WeakPasswordError):
        passwords.refuse_weak("x7#Kq!zP2@v")
    passwords.refuse_weak("x7#Kq!zP2@vLw9" * 70)


def test_the_shell_and_an_invitation_refuse_common_passwords_in_words(app: Any, cli: Any) -> None:
    make.make_petition(app)
    words = ("accounts", "create", "n@example.org", "--name", "N", "--role", "reviewer", "--petition", make.SLUG)
    assert "first that others would try" in cli(*words, "--password-stdin", stdin="password1234\n", code=1).err
    cli(*words, "--password-stdin", stdin=f"{make.PASSWORD}\n")
    again = ("accounts", "password", "n@example.org", "--password-stdin")
    assert "first that others would try" in cli(*again, stdin="qwertyuiop12\n", code=1).err


def test_the_doctor_tells_a_server_without_a_pepper(app: Any, settings: Settings, tmp_path: Any) -> None:
    from petition_app.cli.doctor import examine

    given = settings_for(tmp_path / "instance", settings.database_url, env="production")
    for pepper, said in (("", True), (new_key_ring("p1"), False)):
        second = start_app(replace(given, password_pepper=pepper))
        with second.app_context():
            found = [finding.words for finding in examine() if finding.what == "passwords"]
            db.session.remove()
        assert ("PASSWORD_PEPPER" in "".join(found)) is said
        stop_app(second)
