"""B42: the restore drill. A server is destroyed; from its backup another goes on, with every number and every case."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pyrage
import pytest
from flask import Flask

from petition_app.config import Settings
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage.db import Base, db
from petition_app.tally.models import PublishedName
from tests import dumps
from tests import factories as make
from tests.conftest import start_app, stop_app

NAME = "Канареева Зинаида Тестовна"


@pytest.fixture
def apps() -> Iterator[list[Flask]]:
    """Applications that a test starts."""
    started: list[Flask] = []
    yield started
    for app in started:
        stop_app(app)


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_a_destroyed_server_comes_back_with_its_numbers_and_cases(
    settings: Settings, apps: list[Flask], tmp_path: Path, mode: str
) -> None:
    app = start_app(settings)
    apps.append(app)
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity.txt").write_text(str(identity))
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app)
    signed = make.make_verified(app, world, NAME)
    make.withdraw(app, make.make_verified(app, world))
    waiting = make.make_signature(app, world.petition_id)
    before, numbers = dumps.tables(app), make.tally(app, world.petition_id)
    shell(app, "backup", "--to", str(tmp_path / "backups"), "--recipient", str(identity.to_public()))

    destroy(app, settings)
    data, keys = sorted((tmp_path / "backups").iterdir())
    assert dumps.traces(data.read_bytes() + keys.read_bytes(), NAME) == []
    with app.app_context():
        flask_migrate.upgrade()
    shell(app, "restore", str(data), "--keys", str(keys), "--identity", str(tmp_path / "identity.txt"))

    after = dumps.tables(app)
    assert {table for table in before if before[table] != after[table]} <= {
        "account_sessions", "unlocks", "couriers", "knocks", "leases", "match_leases", "worker_beats",
    }  # fmt: skip
    assert "no difference" in shell(app, "tally", "audit")
    assert shell(app, "audit", "verify")
    assert make.tally(app, world.petition_id)["states"] == numbers["states"]
    if mode == "sealed":
        make.open_keys(app, world)
    with make.acting(app):
        assert sealing.open_identity(db.session.get_one(Signature, signed.id)).name == NAME
        assert sealing.open_case(db.session.get_one(Signature, waiting.id)) is not None
        assert mode == "sealed" or db.session.get(PublishedName, signed.id)
    make.seal(app, world.petition_id, by=world.organizer)
    assert make.decide(app, world.petition_id, waiting.id, world.reviewers[0]) == "verified", "work goes on"
    assert make.problems(app, world.petition_id) == []


def shell(app: Flask, *words: str) -> str:
    """Run a command that must succeed."""
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def destroy(app: Flask, settings: Settings) -> None:
    """Lose the database; the secrets were kept elsewhere."""
    with app.app_context():
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(db.text(f'DROP TABLE "{table.name}"'))
        db.session.execute(db.text("DROP TABLE alembic_version"))
        db.session.connection().commit()
        db.session.remove()
        db.engine.dispose()
    for path in settings.instance.glob("countersign.db*"):
        path.unlink()
    shutil.rmtree(settings.instance / "outbox", ignore_errors=True)
