"""Switches of the whole installation: mail waits, or nothing changes at all. A row that is there is on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app import audit
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.storage.db import Base, Moment, db
from petition_app.storage.short_cache import recall

MAIL, READ_ONLY = "mail", "read_only"
SWITCHES = (MAIL, READ_ONLY)


class ReadOnlyError(DomainError):
    """The installation is read-only, so nothing may change."""

    message = N_(
        "This site can only be read at the moment. What you sent was not taken, and nothing that arrived earlier is "
        "lost. Please come back later."
    )


class Switch(Base):
    """A switch that is on, and since when: `mail` keeps messages waiting, `read_only` refuses every change."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (CheckConstraint(f"name IN {SWITCHES}", name="name_known"),)


def is_on(name: str) -> bool:
    """Return whether a switch is on."""
    return db.session.scalar(select(Switch.name).where(Switch.name == name)) is not None


def was_on(name: str) -> bool:
    """Return whether a switch was on a moment ago, for words on a page."""
    return name in recall("switches", lambda session: frozenset(session.scalars(select(Switch.name))))


def require_changes() -> None:
    """Refuse to go on while nothing may change. Raises: ReadOnlyError."""
    if is_on(READ_ONLY):
        raise ReadOnlyError


def list_on() -> dict[str, datetime]:
    """Return the switches that are on, and since when."""
    return {row.name: row.since for row in db.session.scalars(select(Switch))}


def turn(name: str, *, on: bool, by: UUID | None, at: datetime) -> None:
    """Turn a switch on or off; doing so twice changes nothing the second time."""
    found = db.session.get(Switch, name)
    if on == (found is not None):
        return
    if found:
        db.session.delete(found)
    else:
        db.session.add(Switch(name=name, since=at))
    audit.record(f"switch.{name}_{'on' if on else 'off'}", by=by, at=at)
    db.session.flush()
