"""Runs the migrations on the application's own engine."""

from alembic import context
from flask import current_app

from petition_app.storage.db import Base, Moment, db
from petition_app.storage.engines import patient, rebuilding


def render_item(kind, item, autogen_context):
    """Write our column types as what they are in the database."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate, each step in a transaction."""
    with db.engine.connect() as connection, patient(connection), rebuilding(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations need the database; offline mode is not supported.")
with current_app.app_context():
    run()
