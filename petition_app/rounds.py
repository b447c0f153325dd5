"""Work that comes round: each thing in a transaction of its own, so that one that fails stops no other.

What fails is remembered until it goes well, so that an operator sees it in the log, in the numbers and by the doctor:
by its id and the kind of error, never by what it holds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app import jobs, switches
from petition_app.clock import utcnow
from petition_app.db import Base, Moment, db, is_alone, transaction

logger = logging.getLogger(__name__)

WHOLE = UUID(int=0)  # Stands for a task that is about no single thing, or for looking for its things.
LONGEST_REST = timedelta(minutes=5)


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


@dataclass(frozen=True)
class Each:
    """A task that is done for each of several things apart: `find` returns their ids, `act` does one.

    What `act` returns says how much it did, where that is a number.
    """

    name: str
    find: Callable[[datetime], Collection[UUID]]
    act: Callable[[UUID, datetime], object]


Task = Callable[[datetime], object] | Each


def name_of(task: Task) -> str:
    """Return what a task is called in the log."""
    if isinstance(task, Each):
        return task.name
    return f"{task.__module__.split('.')[-2]}.{task.__name__}"


class Rounds:
    """The rounds of one worker. What failed rests for longer each time, up to five minutes, if this one is `patient`.

    `between` is called between two things and says whether to go on.
    """

    def __init__(self, *, patient: bool = False, between: Callable[[], bool] = lambda: True) -> None:
        self._patient, self._between = patient, between
        self._rests: dict[tuple[str, UUID], float] = {}

    def run(self, task: Task, *, together: bool = True, outside: bool = False) -> int:
        """Do a task whose turn has come; return how much was done, where it says so: true where some is left.

        One that is done `outside` opens its own transactions, or needs none to be open.
        Nothing is done while the installation is read-only, or, unless `together`, while another worker is at it.
        Raises only what makes it impossible to note that something failed: the database does not answer.
        """
        name, ids, failed = name_of(task), list[UUID](), set[UUID]()
        with transaction(saving=False):
            if not outside and switches.is_on(switches.READ_ONLY):
                return 0
            failed.update(db.session.scalars(select(TaskFailure.object_id).where(TaskFailure.task == name)))
        if not isinstance(task, Each):
            return self._do(name, WHOLE, task, together=together, failed=failed, outside=outside)
        try:
            with transaction(saving=False):
                ids.extend(task.find(utcnow()))
        except Exception as error:
            self._note(name, WHOLE, error)
            return 0
        if over := failed - set(ids):  # They are not due any more, or the search for them went well.
            with transaction():
                _clear(name, over)
        done = 0
        for object_id in ids:
            if not self._between():
                break
            act = _bind(task.act, object_id)
            done += self._do(name, object_id, act, together=together, failed=failed)
        return done

    def _do(
        self,
        name: str,
        object_id: UUID,
        act: Callable[[datetime], object],
        *,
        together: bool,
        failed: set[UUID],
        outside: bool = False,
    ) -> int:
        if self._patient and self._rests.get((name, object_id), 0) > monotonic():
            return 0
        try:
            done = act(utcnow()) if outside else None
            with transaction(saving=not outside or object_id in failed):
                if not outside:
                    if not together and not is_alone(f"{name}|{object_id}"):
                        return 0
                    done = act(utcnow())
                if object_id in failed:
                    _clear(name, {object_id})
        except Exception as error:
            self._note(name, object_id, error)
            return 0
        self._rests.pop((name, object_id), None)
        return done if isinstance(done, int) else 0

    def _note(self, name: str, object_id: UUID, error: Exception) -> None:
        """Write down that something failed, and say it in the log: the first time, the second, the fourth, and on."""
        kind = type(error).__name__
        with transaction():
            row = db.session.get(TaskFailure, (name, object_id), with_for_update=True)
            if row is None:
                since = jobs.full_hour(utcnow())
                row = TaskFailure(task=name, object_id=object_id, failure=kind, times=0, since=since)
                db.session.add(row)
            row.failure, row.times = kind[:80], row.times + 1
            times = row.times
        if times & (times - 1) == 0:
            about = f" for {object_id}" if object_id != WHOLE else ""
            logger.error("Task %s failed%s: %s (%d times); other work goes on.", name, about, kind, times)
        rest = min(2.0 ** min(times, 10), LONGEST_REST.total_seconds())
        self._rests[name, object_id] = monotonic() + rest


def _bind(act: Callable[[UUID, datetime], object], object_id: UUID) -> Callable[[datetime], object]:
    return lambda at: act(object_id, at)


def _clear(name: str, ids: Collection[UUID]) -> None:
    gone = delete(TaskFailure).where(TaskFailure.task == name, TaskFailure.object_id.in_(ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


def list_failures(limit: int = 20) -> list[TaskFailure]:
    """Return what fails at the moment, the oldest first."""
    return list(db.session.scalars(select(TaskFailure).order_by(TaskFailure.since, TaskFailure.task).limit(limit)))


def count_failures() -> dict[str, int]:
    """Return for each task for how many things it fails at the moment."""
    query = select(TaskFailure.task, func.count()).group_by(TaskFailure.task).order_by(TaskFailure.task)
    return {row[0]: row[1] for row in db.session.execute(query)}
