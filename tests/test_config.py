"""Starting: weak or missing secrets stop it with one line."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from petition_app.app import create_app
from petition_app.config import ConfigError, Settings
from petition_app.storage.db import db
from tests.conftest import SECRET_KEY, settings_for, start_app, stop_app

ROOT = Path(__file__).parent.parent
HOME = "https://letters.example.org"
RING = f"k1:{base64.urlsafe_b64encode(bytes(range(32))).decode()}"  # The same for all test processes.


def environment(tmp_path: Path, **values: str) -> dict[str, str]:
    return {"COUNTERSIGN_INSTANCE": str(tmp_path / "instance"), "PUBLIC_URL": HOME, **values}


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "SECRET_KEY"),
        ({"KEY_RING": RING}, "SECRET_KEY"),
        ({"SECRET_KEY": SECRET_KEY}, "KEY_RING"),
        ({"SECRET_KEY": "short", "KEY_RING": RING}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 64, "KEY_RING": RING}, "SECRET_KEY"),
        ({"SECRET_KEY": "ab" * 32, "KEY_RING": RING}, "SECRET_KEY"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "PORT": "0"}, "PORT"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "UNLOCK_ON_SERVER": "perhaps"}, "UNLOCK_ON_SERVER"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "LIMITS_URL": "memcached://x"}, "LIMITS_URL"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "LIMITS_URL": "redis://x:port"}, "LIMITS_URL"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "LIMITS_URL": "redis://"}, "LIMITS_URL"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "PROXIES": "-1"}, "PROXIES"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "WEB_PROCESSES": "0"}, "WEB_PROCESSES"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "WEB_PROCESSES": "2"}, "LIMITS_URL"),
        ({"COUNTERSIGN_ENV": "staging"}, "COUNTERSIGN_ENV"),
        *(
            ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "PUBLIC_URL": url}, "PUBLIC_URL")
            for url in (
                "",
                "letters.example.org",
                "http://letters.example.org",
                f"{HOME}/a",
                f"{HOME}?a",
                f"{HOME} x",
                "https://a@letters.example.org",
                "https://",
                "https://letters.example.org:x",
            )
        ),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "METRICS_TOKEN": "metrics"}, "METRICS_TOKEN"),
        ({"SECRET_KEY": SECRET_KEY, "KEY_RING": RING, "METRICS_TOKEN": "a" * 40}, "METRICS_TOKEN"),
    ],
    ids=str,
)
def test_a_missing_or_weak_setting_stops_a_production_start(tmp_path: Path, values: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as error:
        Settings.from_environment(environment(tmp_path, **{"COUNTERSIGN_ENV": "production"} | values))
    assert "\n" not in str(error.value)
    assert values.get("SECRET_KEY", "nothing of it") not in str(error.value)


@pytest.mark.parametrize("ring", ["k1:short", "nothing", "/no/such/file", "k1:" + "A" * 43 + "="])
def test_a_ring_that_cannot_be_read_stops_a_production_start(tmp_path: Path, ring: str) -> None:
    settings = Settings.from_environment(
        environment(tmp_path, COUNTERSIGN_ENV="production", SECRET_KEY=SECRET_KEY, KEY_RING=ring)
    )
    with pytest.raises(ConfigError, match="KEY_RING"):
        create_app(settings)


def test_a_sound_production_environment_is_taken(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        environment(
            tmp_path, COUNTERSIGN_ENV="production", SECRET_KEY=SECRET_KEY, KEY_RING=RING,
            DATABASE_URL="postgres://db/countersign", UNLOCK_ON_SERVER="false",
            PUBLIC_URL="https://Letters.example.org/, http://abcdefgh.onion",
        )
    )  # fmt: skip
    assert settings.production
    assert settings.database_url == "postgresql+psycopg://db/countersign"
    assert not settings.unlock_on_server
    assert settings.public_url == f"{HOME} http://abcdefgh.onion"
    assert not (tmp_path / "instance" / "secrets.json").exists()


def test_development_makes_its_secrets_once_and_for_this_user_only(tmp_path: Path) -> None:
    one, two = (Settings.from_environment(environment(tmp_path)) for _ in range(2))
    assert one == two
    for name in ("secrets.json", "key_ring"):
        assert (tmp_path / "instance" / name).stat().st_mode & 0o077 == 0


def test_a_development_ring_that_went_missing_is_not_made_anew(tmp_path: Path) -> None:
    Settings.from_environment(environment(tmp_path))
    ring = tmp_path / "instance" / "key_ring"
    ring.unlink()
    Settings.from_environment(environment(tmp_path))
    assert not ring.exists()


def flask(tmp_path: Path, *words: str, **values: str) -> Any:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT, env=clean | environment(tmp_path, **values), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("values", [{}, {"SECRET_KEY": SECRET_KEY, "KEY_RING": "k1:short"}], ids=["nothing", "ring"])
def test_the_command_stops_with_one_line_and_exit_code_1(tmp_path: Path, values: dict[str, str]) -> None:
    done = flask(tmp_path, "db", "current", COUNTERSIGN_ENV="production", **values)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("countersign: ")
    assert done.stdout == ""


@pytest.mark.parametrize(("query", "threshold"), [("", 5), ("&prepare_threshold=none", None)])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_address_may_say_that_no_statement_is_prepared(
    database: str, tmp_path: Path, query: str, threshold: int | None
) -> None:
    app = start_app(settings_for(tmp_path, database + query))
    with app.app_context():
        connection = db.engine.raw_connection()
        assert getattr(connection.driver_connection, "prepare_threshold", "missing") == threshold
        connection.close()
    stop_app(app)
