"""What fails when its turn comes, until it goes well: for the log, the numbers and the doctor.

By its id and the kind of error, never by what it holds.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import Base, Moment, db
from petition_app.storage.jobs import full_hour

WHOLE = UUID(int=0)  # Stands for a task that is about no single thing, or for looking for its things.


class TaskFailure(Base):
    """What failed when its turn came and has not gone well since: a task, what it was about, the kind of error.

    `object_id` is a petition's id for most tasks. `since` is a full hour.
    """

    __tablename__ = "task_failures"

    task: Mapped[str] = mapped_column(String(60), primary_key=True)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    failure: Mapped[str] = mapped_column(String(80))
    times: Mapped[int]
    since: Mapped[datetime] = mapped_column(Moment)


def note(task: str, object_id: UUID, kind: str, *, at: datetime) -> int:
    """Note that a task failed once more for something, by a kind of error; return how often in a row that was."""
    row = db.session.get(TaskFailure, (task, object_id), with_for_update=True)
    if row is None:
        row = TaskFailure(task=task, object_id=object_id, failure=kind, times=0, since=full_hour(at))
        db.session.add(row)
    row.failure, row.times = kind[:80], row.times + 1
    return row.times


def list_failed(task: str) -> list[UUID]:
    """Return what a task fails for at the moment."""
    return list(db.session.scalars(select(TaskFailure.object_id).where(TaskFailure.task == task)))


def clear(name: str, ids: Collection[UUID]) -> None:
    """Forget that a task failed for some things."""
    gone = delete(TaskFailure).where(TaskFailure.task == name, TaskFailure.object_id.in_(ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


def list_failures(limit: int = 20) -> list[TaskFailure]:
    """Return what fails at the moment, the oldest first."""
    return list(db.session.scalars(select(TaskFailure).order_by(TaskFailure.since, TaskFailure.task).limit(limit)))


def count_failures() -> dict[str, int]:
    """Return for each task for how many things it fails at the moment."""
    query = select(TaskFailure.task, func.count()).group_by(TaskFailure.task).order_by(TaskFailure.task)
    return {row[0]: row[1] for row in db.session.execute(query)}
