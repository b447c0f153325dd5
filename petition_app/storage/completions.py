"""When work that comes round was last done to its end: what is overdue is told by `flask doctor` and /metrics."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import Base, Moment, db

RETENTION, ROW_ORDER = "retention", "order"
ROUNDS = (RETENTION, ROW_ORDER)
LATEST = {RETENTION: timedelta(hours=3), ROW_ORDER: timedelta(hours=26)}


class Completion(Base):
    """When a round of work found nothing more to do. `mark` says how far it has come, or how much it has done."""

    __tablename__ = "completions"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    mark: Mapped[int | None] = mapped_column(BigInteger)


def note(name: str, *, at: datetime, mark: int | None = None) -> None:
    """Note in the open transaction that a round is done."""
    db.session.merge(Completion(name=name, at=at, mark=mark))


def last(name: str) -> datetime | None:
    """Return when a round was last done, or nothing where it never was."""
    found = db.session.get(Completion, name, populate_existing=True)
    return found.at if found else None


def mark(name: str) -> int | None:
    """Return how far a round has come."""
    found = db.session.get(Completion, name, populate_existing=True)
    return found.mark if found else None


def is_overdue(name: str, *, at: datetime) -> bool:
    """Return whether a round was not done for too long, though it once was."""
    done = last(name)
    return done is not None and at - done > LATEST[name]
