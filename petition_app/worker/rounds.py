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

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.storage import task_failures
from petition_app.storage.db import transaction, try_advisory_lock
from petition_app.storage.task_failures import WHOLE

logger = logging.getLogger(__name__)

LONGEST_REST = timedelta(minutes=5)


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
    return f"{task.__module__.split('.')[-1]}.{task.__name__}"


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
            if not outside and maintenance.is_on(maintenance.READ_ONLY):
                return 0
            failed.update(task_failures.list_failed(name))
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
                task_failures.clear(name, over)
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
                    if not together and not try_advisory_lock(f"{name}|{object_id}"):
                        return 0
                    done = act(utcnow())
                if object_id in failed:
                    task_failures.clear(name, {object_id})
        except Exception as error:
            self._note(name, object_id, error)
            return 0
        self._rests.pop((name, object_id), None)
        return done if isinstance(done, int) else 0

    def _note(self, name: str, object_id: UUID, error: Exception) -> None:
        """Write down that something failed, and say it in the log: the first time, the second, the fourth, and on."""
        kind = type(error).__name__
        with transaction():
            times = task_failures.note(name, object_id, kind, at=utcnow())
        if times & (times - 1) == 0:
            about = f" for {object_id}" if object_id != WHOLE else ""
            logger.error("Task %s failed%s: %s (%d times); other work goes on.", name, about, kind, times)
        rest = min(2.0 ** min(times, 10), LONGEST_REST.total_seconds())
        self._rests[name, object_id] = monotonic() + rest


def _bind(act: Callable[[UUID, datetime], object], object_id: UUID) -> Callable[[datetime], object]:
    return lambda at: act(object_id, at)
