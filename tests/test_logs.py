"""No log tells whom somebody looked for, signed as or wrote to, however much goes wrong."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from petition_app import logs
from petition_app.petitions.models import Petition
from petition_app.storage.db import db
from tests import factories as make
from tests import forking
from tests.conftest import only_sqlite
from tests.serving import serve
from tests.test_config import ROOT

CANARIES = ("zinaida", "kanareeva", "canary", "канареева")
NAME, MAIL = "Zinaida Kanareeva Канареева", "zinaida.canary@example.org"
# What the pages of strangers and of staff need; without it each request fails in a place of its own.
TABLES = ("published_names", "form_tokens", "pending_codes", "signatures", "accounts", "claims", "jobs")


def assert_silent(said: str) -> None:
    """Assert that a log names nobody."""
    found = [line for line in said.splitlines() if any(canary in line.casefold() for canary in CANARIES)]
    assert found == []


def told(act: Callable[[], object]) -> str:
    """Return what the formatter makes of the error that this raises."""
    try:
        act()
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "It failed.", (), sys.exc_info())
        return logs.Formatter().format(record)
    raise AssertionError("nothing went wrong")


def test_an_error_leaves_its_kind_and_our_own_frames(app: Any) -> None:
    def ask(text: str, **values: str) -> None:
        with app.app_context():
            db.session.execute(db.text(text), values)

    for wrong in (
        lambda: ask("SELECT nothing FROM nowhere WHERE name = :name", name=NAME),
        lambda: ask("SELECT 'Zinaida Kanareeva' FROM nowhere"),
        lambda: ask("INSERT INTO petitions (id, slug) VALUES (:id, :slug)", id=MAIL, slug=NAME),
        lambda: int(NAME),
        lambda: {}[MAIL],
        lambda: (_ for _ in ()).throw(RuntimeError(NAME)),
    ):
        said = told(wrong)
        assert_silent(said)
        assert said.startswith("ERROR x: It failed.\nTraceback")
    said = told(lambda: Petition(unknown=NAME).slug)
    assert_silent(said)
    with app.app_context():
        said = told(lambda: make.account("x"))  # type: ignore[arg-type] # Enough of an answer.
    assert "StatementError" in said or "Error" in said


def test_an_error_that_led_to_another_is_told_without_its_words() -> None:
    def wrong() -> None:
        try:
            int(NAME)
        except ValueError as error:
            raise LookupError(MAIL) from error

    said = told(wrong)
    assert_silent(said)
    assert "LookupError" in said
    assert "ValueError" in said


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_whatever_fails_in_web_worker_and_commands_no_log_names_anybody(
    app: Any, settings: Any, database: str, tmp_path: Path
) -> None:
    world = make.make_world(app)
    given = {
        **os.environ, "COUNTERSIGN_INSTANCE": str(settings.instance), "DATABASE_URL": database,
        "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring,
    }  # fmt: skip
    said = []
    with (
        serve(settings, tmp_path / "served", quiet=False) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
    ):
        page = client.get(f"/p/{world.slug}/sign")
        token = make.form_with(page, "form")["form"]  # type: ignore[arg-type] # Enough of an answer.
        break_tables(app, database)
        answers = [
            client.post(f"/p/{world.slug}/signatories", data={"q": NAME}),
            client.post(f"/p/{world.slug}/sign", data=make.fill_sign_form(token, name=NAME, email=MAIL)),
            client.post(f"/p/{world.slug}/confirm", data={"code": "4F7K-92QX", "pending": NAME}),
            client.post("/my", data={"code": " ".join([NAME] * 4), "action": "show"}),
            client.post(f"/p/{world.slug}/not-me", data={"name": NAME, "email": MAIL}),
            client.get(f"/p/{world.slug}/{NAME}"),
            client.get("/organizer/login", params={"next": f"/{NAME}"}, headers={"User-Agent": MAIL, "Referer": MAIL}),
        ]
        assert any(answer.status_code >= 500 for answer in answers)
        for words in (
            ("accounts", "create", MAIL, "--name", NAME, "--role", "reviewer", "--petition", world.slug),
            ("signatures", "import", world.slug, str(tmp_path / f"{NAME}.csv")),
            ("tally", "show", NAME), ("tally", "publish", world.slug), ("worker", "--drain"),
        ):  # fmt: skip
            (tmp_path / f"{NAME}.csv").write_text(f"name,email\n{NAME},{MAIL}\n")
            errors = tmp_path / f"errors{len(said)}"
            forking.run(*words, environ=given, log=tmp_path / "told", errors=errors).wait(120)
            said += [errors.read_text()] if words[0] != "tally" or words[1] != "show" else []
            errors.unlink()
        mend_tables(app)
    log = served.log.read_text()
    assert_silent(log.replace(str(tmp_path), ""))
    for text in said:
        assert_silent(text.replace(f"{NAME}.csv", ""))
        assert "Traceback (most recent" not in text
    assert "our own code only" in log or "failed" in log


def break_tables(app: Any, database: str) -> None:
    """Take tables away, so that whatever asks for them fails in the middle of its work."""
    with make.acting(app):
        for table in TABLES:
            if db.inspect(db.session.connection()).has_table(table):
                db.session.execute(db.text(f"ALTER TABLE {table} RENAME TO gone_{table}"))


def mend_tables(app: Any) -> None:
    """Bring them back."""
    with make.acting(app):
        for table in TABLES:
            if db.inspect(db.session.connection()).has_table(f"gone_{table}"):
                db.session.execute(db.text(f"ALTER TABLE gone_{table} RENAME TO {table}"))


@only_sqlite
def test_what_nobody_catches_is_told_by_its_kind_alone(database: str, tmp_path: Path) -> None:
    program = f"""
import sys, threading, warnings
from petition_app import logs
logs.configure()
warnings.simplefilter("always")
warnings.warn({MAIL!r})
thread = threading.Thread(target=lambda: int({NAME!r}))
thread.start(); thread.join()
class Late:
    def __del__(self): raise ValueError({MAIL!r})
Late()
raise RuntimeError({NAME!r})
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert_silent(done.stderr)
    for kind in ("UserWarning", "ValueError", "RuntimeError"):
        assert kind in done.stderr
    assert done.stderr.count("Nobody caught an error.") == 3
