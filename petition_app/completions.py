"""When work that comes round was last done to its end: what is overdue is told by `flask doctor` and /metrics."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.db import Base, Moment, db

RETENTION, ROW_ORDER = "retention", "order"
ROUNDS = (RETENTION, ROW_ORDER)
LATEST = timedelta(hours=3)  # They come round every hour.


class Completion(Base):
    """When a round of work found nothing more to do."""

    __tablename__ = "completions"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


def note(name: str, *, at: datetime) -> None:
    """Note in the open transaction that a round is done."""
    db.session.merge(Completion(name=name, at=at))


def last(name: str) -> datetime | None:
    """Return when a round was last done, or nothing where it never was."""
    found = db.session.get(Completion, name, populate_existing=True)
    return found.at if found else None
