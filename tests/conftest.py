"""Fixtures: every test that takes `app`, `client` or `database` runs on SQLite and on PostgreSQL, freshly migrated."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click.testing
import flask_migrate
import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from petition_app import app_state
from petition_app.app import Countersign, create_app
from petition_app.clock import utcnow
from petition_app.config import Settings, new_key_ring
from petition_app.crypto import passwords, vault, worker_keys
from petition_app.storage.db import db
from petition_app.web.backend import Backend
from tests import factories as make
from tests.child.sitecustomize import lower
from tests.database_server import PostgreSQL
from tests.factories import acting, lock_keys

# The chart library leaves an importer of Python 2 behind, which warns at every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

# Hundreds of applications come and go here: what was imported is never looked through again, what they leave seldom.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)

# Passwords and passphrases cost the least here, and in the processes that tests start.
lower(vault)
lower(passwords)
os.environ["PYTHONPATH"] = str(Path(__file__).parent / "child")

SECRET_KEY = "tests-only-0123456789-abcdefghijklmnop"
DATA = Path(__file__).parent / "data"

PARTS = ("scratch", "chromium", "matrix", "reruns", "schedule", "statements", "worlds")
pytest_plugins = tuple(f"tests.{name}" for name in PARTS)

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


Rule._compile_builder = _share_writer  # type: ignore[method-assign] # What is compiled is shared.

# Whom to trust over TLS is read once: that takes fifty milliseconds, and `httpx.get` would read it for each question.
httpx._transports.default.create_ssl_context = cache(httpx._transports.default.create_ssl_context)


def _share_statements(engine: Engine) -> None:
    """Let an engine use the statements that others of this process have compiled; they are kept by dialect object."""
    engine.dialect, known = dialects.setdefault(engine.dialect.name, (engine.dialect, {}))
    engine.update_execution_options(compiled_cache=known)


def _no_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def start_app(settings: Settings, backend: Backend | None = None) -> Countersign:
    """Make the application, with what makes hundreds of them quick: SQLite does not wait for the disk.

    Tests that kill processes start those as the product does.
    """
    app = create_app(settings, backend)
    make.started[:] = [app.state]
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        if settings.database_url.startswith("sqlite"):
            event.listen(db.engine, "connect", _no_waiting_for_the_disk)
        with suppress(OperationalError), db.engine.connect():  # A test may want no database at all.
            _share_statements(db.engine)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; its folder has a short name, since a socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="cs"))
    server = PostgreSQL(folder, migrate)
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


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a fresh, migrated database; where it is `sealed`, petitions are sealed unless a test says."""
    if request.param.startswith("sealed"):
        monkeypatch.setattr(make, "default_mode", "sealed")
    if not request.param.endswith("postgresql"):
        path = tmp_path / "instance" / "countersign.db"
        path.parent.mkdir(mode=0o700)
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.create(fresh=request.node.path.parent.name in AT_ROWS)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def full_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a passphrase cost what it costs in the product."""
    for name, cost in vars(vault)["full_costs"].items():
        monkeypatch.setattr(vault, name, cost)


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


# They look at the rows themselves, at dead ones and at their order: a database that held others would disturb them.
AT_ROWS = ("bars", "drill", "retention")
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


# --- the application and its doors ------------------------------------------------------------------------------


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings of an application on a fresh database, in an instance folder of its own."""
    return settings_for(tmp_path / "instance", database)


@pytest.fixture
def app(settings: Settings) -> Iterator[Countersign]:
    """The application, active without a context: requests bring their own, services run through `run`."""
    app = start_app(settings)
    with app_state.using(app.state):
        yield app
    lock_keys()
    stop_app(app)


@pytest.fixture
def petition_id(app: Flask) -> Any:
    """An open petition that nobody has signed, and a worker that lives."""
    made = make.make_petition(app)
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    return made


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
