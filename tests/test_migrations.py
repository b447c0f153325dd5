"""Migrations: up, down and up again with data, and equal to the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select

from petition_app.db import Base, Moment, db
from petition_app.verification.models import Decision
from tests import dumps
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app


def table_names(app: Any) -> set[str]:
    with app.app_context():
        found = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        db.session.remove()
    return found


def _same_type(_context: Any, _column: Any, _meta: Any, _inspected: Any, meta_type: Any) -> bool | None:
    return False if isinstance(meta_type, Moment) else None


def test_the_models_equal_the_newest_migration(app: Any) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": _same_type, "compare_server_default": True, "render_as_batch": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_up_down_and_up_again_with_data(empty_database: str, tmp_path: Path) -> None:
    app = start_app(settings_for(tmp_path / "instance", empty_database))
    for _ in range(2):
        with app.app_context():
            flask_migrate.upgrade()
        assert table_names(app) == set(Base.metadata.tables)
        world = make.make_world(app)
        make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
        signed = make.make_verified(app, world)
        make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="entered_in_error")
        assert make.problems(app, world.petition_id) == []
        assert len(dumps.tables(app)["decisions"]) == 2
        with app.app_context():
            flask_migrate.downgrade(revision="base")
        assert table_names(app) == set()
    stop_app(app)


def test_a_database_of_the_first_version_keeps_its_data(empty_database: str, tmp_path: Path) -> None:
    app = start_app(settings_for(tmp_path / "instance", empty_database))
    with app.app_context():
        flask_migrate.upgrade()
    world = make.make_world(app)
    signed = [make.make_verified(app, world) for _ in range(2)]
    make.act(app, "retract", world.petition_id, signed[1].id, world.organizer, reason="entered_in_error")
    before = {name: len(rows) for name, rows in dumps.tables(app).items()}
    with app.app_context():
        flask_migrate.downgrade(revision="0001")
        flask_migrate.upgrade()
    after = {name: len(rows) for name, rows in dumps.tables(app).items()}
    assert {name: after[name] for name in ("signatures", "decisions", "petitions")} == {
        name: before[name] for name in ("signatures", "decisions", "petitions")
    }
    assert make.state_of(app, signed[0].id) == "verified"
    assert make.problems(app, world.petition_id) == []
    with make.looking(app):
        carried = db.session.execute(select(Decision.outcome, Decision.carried).order_by(Decision.signature_id))
        assert sorted(map(tuple, carried)) == [("retracted", False), ("verified", False), ("verified", True)]
    stop_app(app)


def test_every_constraint_has_a_name(app: Any) -> None:
    with app.app_context():
        found = inspect(db.engine)
        for table in Base.metadata.tables:
            assert found.get_pk_constraint(table)["name"], table
            for constraint in (*found.get_unique_constraints(table), *found.get_foreign_keys(table)):
                assert constraint["name"], table
        db.session.remove()


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
