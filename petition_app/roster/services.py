"""Rosters: bring in a version, compare it with the one before, look people up."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select

from petition_app.db import db
from petition_app.roster.models import RosterEntry, RosterVersion


def current(petition_id: UUID) -> RosterVersion | None:
    """Return the version in use."""
    query = select(RosterVersion).where(RosterVersion.petition_id == petition_id, RosterVersion.state == "current")
    return db.session.scalar(query)


def list_entries(version_id: UUID) -> list[RosterEntry]:
    """Return everybody on a version, in the order of their keys."""
    return list(iter_entries(version_id))


def iter_entries(version_id: UUID) -> Iterator[RosterEntry]:
    """Go through everybody on a version, a thousand at a time."""
    query = select(RosterEntry).where(RosterEntry.version_id == version_id).order_by(RosterEntry.key)
    yield from db.session.scalars(query.execution_options(yield_per=1000))


def get_entry(version_id: UUID, key: str) -> RosterEntry | None:
    """Return one person on a version."""
    query = select(RosterEntry).where(RosterEntry.version_id == version_id, RosterEntry.key == key)
    return db.session.scalar(query)
