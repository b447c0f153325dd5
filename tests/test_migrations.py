"""Migrations: up, down and up again with data, and equal to the models."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, inspect, select, table
from sqlalchemy.exc import OperationalError

from petition_app.accounts.models import StaffInvitation
from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.storage.db import Base, Moment, db
from petition_app.verification.models import Decision
from tests import dumps
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

everywhere = pytest.mark.everywhere


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


@everywhere
def test_a_database_of_the_first_version_keeps_its_data(app: Any) -> None:
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
        enacted = db.session.execute(select(Decision.outcome, Decision.enacted).order_by(Decision.signature_id))
        assert sorted(map(tuple, enacted)) == [("retracted", False), ("verified", False), ("verified", True)]


@everywhere
def test_of_two_invitations_of_one_person_the_newer_is_kept(app: Any) -> None:
    world = make.make_world(app)
    columns = StaffInvitation.__table__.columns
    before = table("staff_invitations", *(column(one.name, one.type) for one in columns if one.name != "email_key"))
    days = {"Ines.New@example.org": 3, "ines.new@example.org": 2, "INES.NEW@example.org": 4, "ada@example.org": 5}
    words = {"petition_id": world.petition_id, "name": "Ines", "role": "auditor", "language": "en", "mails": 1}
    words["invited_by_id"] = world.organizer.id
    rows = [
        words | {"id": uuid4(), "email": email, "code_hash": email.encode()[:32].rjust(32), "sent_at": sent,
                 "expires_at": sent + timedelta(days=7)}
        for email, sent in ((email, utcnow() - timedelta(days=ago)) for email, ago in days.items())
    ]  # fmt: skip
    with app.app_context():
        flask_migrate.downgrade(revision="0032")
        with db.engine.begin() as connection:
            connection.execute(before.insert(), rows)
    for _ in range(2):
        with app.app_context():
            flask_migrate.upgrade()
        with make.looking(app):
            found = select(StaffInvitation.email, StaffInvitation.email_key).order_by(StaffInvitation.email)
            assert [tuple(row) for row in db.session.execute(found)] == [
                ("ada@example.org", "ada@example.org"), ("ines.new@example.org", "ines.new@example.org"),
            ]  # fmt: skip
        with app.app_context():
            flask_migrate.downgrade(revision="0032")


OLD_NAMES = {
    "consent": "publication_tier", "others": "min_named_others", "names_due": "names_stale",
    "matched_number": "matched_roster", "agreed": "awaiting_enactment", "carried": "enacted",
}  # fmt: skip


def named_columns(app: Any, *, old: bool) -> list[tuple[Any, ...]]:
    """Return what stands in the renamed columns, signature by signature."""
    signature = [*list(OLD_NAMES)[:5]] if old else [*OLD_NAMES.values()][:5]
    signatures = table("signatures", column("id", Signature.id.type), *map(column, signature))
    decisions = table("decisions", column("signature_id", Signature.id.type), column("carried" if old else "enacted"))
    with app.app_context(), db.engine.connect() as connection:
        found = connection.execute(select(signatures).order_by(signatures.c.id)).all()
        acts = connection.execute(select(decisions).order_by(*decisions.c)).all()
    return [tuple(row) for row in (*found, *acts)]


@everywhere
def test_renamed_columns_keep_what_they_held_up_and_down(app: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world, consent=3, others=4)
    make.make_verified(app, world, consent=2)
    make.import_rows(app, world.petition_id, "Ada Sample", consent=1)
    with make.acting(app):
        one = db.session.scalars(select(Signature).where(Signature.min_named_others == 4)).one()
        one.names_stale, one.matched_roster, one.awaiting_enactment = True, 7, True
    before = named_columns(app, old=False)
    assert {row[1:] for row in before} >= {(3, 4, True, 7, True), (True,)}
    for _ in range(2):
        with app.app_context():
            flask_migrate.downgrade(revision="0033")
        assert named_columns(app, old=True) == before
        with app.app_context():
            flask_migrate.upgrade()
        assert named_columns(app, old=False) == before


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


@pytest.mark.parametrize("empty_database", ["postgresql"], indirect=True)
def test_a_migration_gives_up_a_table_that_somebody_holds_and_may_be_started_again(
    empty_database: str, tmp_path: Path
) -> None:
    app = start_app(settings_for(tmp_path / "instance", empty_database))
    with app.app_context():
        flask_migrate.upgrade(revision="0031")
        with db.engine.connect() as holder:
            holder.exec_driver_sql("LOCK TABLE petitions IN ACCESS EXCLUSIVE MODE")
            began = monotonic()
            with pytest.raises(OperationalError, match="lock timeout"):
                flask_migrate.upgrade()
            assert 4 < monotonic() - began < 20
        flask_migrate.upgrade()
        with db.engine.connect() as later:
            assert later.exec_driver_sql("SHOW lock_timeout").scalar() == "0"
            assert later.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
    assert table_names(app) == set(Base.metadata.tables)
    stop_app(app)
