"""Erasures that a log may still keep: noted in the transaction that erases, and settled when the log is empty.

SQLite's write-ahead log cannot be emptied while somebody reads what is older, and a process may end in between. So each
erasure leaves a note that its own transaction makes durable; whoever erases next tries again, and the worker every few
seconds, until the log was empty after it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.clock import utcnow
from petition_app.storage.db import UNNUMBERED, Base, Moment, db, transaction
from petition_app.storage.engines import empty_log, has_log

logger = logging.getLogger(__name__)

AT_ONCE, LATER = 0.5, 0.1  # Seconds for which others are waited for, and signing waits with them.


class PendingCheckpoint(Base):
    """A note that the log may keep what was erased. `since` is a full hour, so that it tells nobody's moment."""

    __tablename__ = "pending_checkpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    since: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = UNNUMBERED


def note() -> None:
    """Note in the open transaction that it erases."""
    if has_log():
        db.session.add(PendingCheckpoint(since=utcnow().replace(minute=0, second=0, microsecond=0)))


def settle(*, patience: float = LATER) -> bool:
    """Empty the log if it may keep what was erased; return whether nothing waits any more.

    It opens transactions of its own, so it must be called outside of any.
    """
    with transaction(saving=False):
        notes = list(db.session.scalars(select(PendingCheckpoint.id)))
    if not notes:
        return True
    if not empty_log(patience=patience):
        return False
    with transaction() as work:
        work.insert_only = True
        db.session.execute(delete(PendingCheckpoint).where(PendingCheckpoint.id.in_(notes)))
    return True


def settle_at_once() -> None:
    """Do what `settle` does right after an act that erases; where it cannot be done now, the worker goes on trying."""
    try:
        settle(patience=AT_ONCE)
    except Exception as error:
        logger.error("The log was not emptied (%s); the worker will try again.", type(error).__name__)


def count_pending() -> int:
    """Return how many erasures the log may still keep."""
    return db.session.scalar(select(func.count()).select_from(PendingCheckpoint)) or 0
