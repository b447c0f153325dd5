"""Does jobs and what comes round when they are due, in two lanes: mail, and everything else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Protocol
from uuid import uuid4

from flask import current_app

from petition_app import app_state, maintenance
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.mailer.delivery import ClaimedJob, DeliveryBatch
from petition_app.mailer.smtp import Line
from petition_app.storage import jobs
from petition_app.storage.db import transaction
from petition_app.worker.outage import Outage
from petition_app.worker.rounds import Rounds, Task
from petition_app.worker.schedule import AT_ONCE, IN_SLICES, JUDGES_WORKERS, TOGETHER, Schedule
from petition_app.worker.tasks import signatures

logger = logging.getLogger(__name__)

IDLE = 0.5
LONGEST_PAUSE = 15.0  # Seconds between two tries while the database is away.
BEAT, PATIENCE = timedelta(seconds=5), timedelta(minutes=1)
# So many messages are claimed in one transaction, and one worker's sign of life waits for no more than these.
MESSAGES = 20

Stopped = Callable[[], bool]


# --- jobs -------------------------------------------------------------------------------------------------------


def run_job(line: Line | None = None) -> int:
    """Take what is due and do it: a few messages together, or one other job; return how many there were."""
    return run_letters(line) or run_task()


def run_letters(line: Line | None = None, *, posted: DeliveryBatch | None = None) -> int:
    """Deliver a few messages that are due; return how many there were.

    While mail is paused they stay where they are, as while the installation is read-only. They go over the `line`, or
    over one of their own, or as those that were `posted` before.
    """
    letters = app_state.get(Schedule).letters
    with transaction():
        if maintenance.list_on().keys() & {maintenance.MAIL, maintenance.READ_ONLY}:
            return 0
        claimed = jobs.claim_more(letters.keys(), at=utcnow(), couriers=worker_keys.own_key_ids(), most=MESSAGES)
        taken = [ClaimedJob.of(job) for job in claimed]
    if taken and posted:
        posted.post_all(taken)
    elif taken:
        with closing(Line()) if line is None else nullcontext(line) as connected:
            new_round(connected).post_all(taken)
    return len(taken)


def run_task() -> int:
    """Do one job that is due and no message, unless the installation is read-only; return whether there was one."""
    letters = app_state.get(Schedule).letters
    with transaction():
        if maintenance.is_on(maintenance.READ_ONLY):
            return 0
        job = jobs.claim(at=utcnow(), without=letters.keys(), couriers=worker_keys.own_key_ids())
        taken = ClaimedJob.of(job) if job else None
    if taken:
        _do(taken)
    return int(taken is not None)


def _do(taken: ClaimedJob) -> None:
    try:
        with transaction():
            app_state.get(Schedule).tasks[taken.name](taken.payload, utcnow())
            jobs.finish(taken.id)
    except Exception as error:
        logger.warning("Job %s failed: %s", taken.name, type(error).__name__)
        with transaction():
            jobs.postpone(taken.id, failure=type(error).__name__, at=utcnow())


def new_round(line: Line) -> DeliveryBatch:
    """Return what delivers messages over a line to the mail server."""
    letters = app_state.get(Schedule).letters
    return DeliveryBatch(line, writers=letters, note_sent=signatures.note_sent, on_failure=_tell_case)


def _tell_case(taken: ClaimedJob, failure: str) -> None:
    """Tell the case, where there is one and it can be written to."""
    if tell := app_state.get(Schedule).failures.get(taken.name):
        try:
            with transaction():
                tell(taken.payload, failure, utcnow())
        except Exception as error:
            logger.error("A case could not be told of a message (%s).", type(error).__name__)


# --- all that is due --------------------------------------------------------------------------------------------


@dataclass
class Drained:
    """What was worked off: jobs, and signatures and cases that are done a slice at a time."""

    jobs: int = 0
    in_slices: int = 0


def run_periodic(task: Task, *, together: bool = True) -> int:
    """Run one of the tasks that come round, unless nothing may change now, or another worker is at it.

    Returns how much it did, where it says so; true where it did a slice and left some.
    """
    return Rounds().run(task, together=together)


def run_once() -> Drained:
    """Work off all that is due and every periodic task, and what has become due by them, until nothing is left."""
    done = Drained()
    with closing(Line()) as line:
        _drain_jobs(line, done)
        _drain_rounds(done)
        while _drain_jobs(line, done):
            _drain_rounds(done)
    return done


def _drain_jobs(line: Line, done: Drained) -> int:
    before = done.jobs
    while number := run_job(line):
        done.jobs += number
    return done.jobs - before


def _drain_rounds(done: Drained) -> None:
    schedule = app_state.get(Schedule)
    for _, task in (*schedule.periodic, *schedule.outside):
        while (left := _run_task(Rounds(), task)) is True or (left and task in IN_SLICES):
            done.in_slices += int(left is not True and left)


def _run_task(rounds: Rounds, task: Task) -> int:
    outside = any(task is one for _, one in app_state.get(Schedule).outside)
    return rounds.run(task, together=task in TOGETHER, outside=outside)


# --- two lanes --------------------------------------------------------------------------------------------------


class Lane(Protocol):
    """One of the two things that a worker does at the same time."""

    def turn(self) -> int:
        """Do what is due once; return how much was done that may be followed by more at once."""

    def idle(self) -> None:
        """Let go of what is not needed while nothing is due."""

    def note_outage(self) -> None:
        """Go on after the database was away."""


class MailLane:
    """Messages, and the worker's sign of life: neither waits for other work."""

    def __init__(self, line: Line) -> None:
        self._line, self._id = line, uuid4()
        self._next_beat = utcnow()
        self._posted = new_round(line)

    def turn(self) -> int:
        """Deliver a few messages."""
        self._posted.finish()  # The database may have been away when they were delivered.
        self._beat()
        return run_letters(posted=self._posted)

    def _beat(self) -> None:
        now = utcnow()
        if now >= self._next_beat:
            with transaction():
                jobs.record_heartbeat(self._id, at=now)
                worker_keys.record_heartbeat(at=now)
            self._next_beat = now + BEAT

    def idle(self) -> None:
        """Hang up after a while."""
        self._line.rest()

    def note_outage(self) -> None:
        """Go on as before."""


class TaskLane:
    """What comes round, and all other jobs, one at a time."""

    def __init__(self, stopped: Stopped) -> None:
        schedule = app_state.get(Schedule)
        self._stopped, self._tasks = stopped, (*schedule.periodic, *schedule.outside)
        self._due = {task: utcnow() for _, task in self._tasks}
        self._rounds = Rounds(patient=True, between=lambda: not stopped())
        self.note_outage()

    def turn(self) -> int:
        """Do what has come round, and one job."""
        more = 0
        for interval, task in self._tasks:
            if not self._stopped() and utcnow() >= self._due[task]:
                left = (done := _run_task(self._rounds, task)) is True or (done > 0 and task in AT_ONCE)
                self._due[task] = utcnow() if left else utcnow() + interval
                more += left
        return run_task() + more

    def idle(self) -> None:
        """Hold nothing."""

    def note_outage(self) -> None:
        """Let workers that live show it before anything is taken for lost: none could while the database was away."""
        self._due[JUDGES_WORKERS] = utcnow() + PATIENCE


def run_forever(stopped: Stopped) -> None:
    """Work in two lanes until told to stop; what is under way is finished first.

    Nothing that goes wrong ends a lane. Where the database does not answer it waits, for longer each time up to fifteen
    seconds, says so once, and goes on by itself.

    Raises:
        RuntimeError: the lane of mail has ended all the same.
    """
    ended, outage, context = Event(), Outage(), current_app.app_context

    def has_ended() -> bool:
        return stopped() or ended.is_set()

    def mail() -> None:
        try:
            with context(), closing(Line()) as line:
                _run_lane(MailLane(line), has_ended, outage)
        finally:
            ended.set()

    beside = Thread(target=mail, name="mail")
    beside.start()
    try:
        _run_lane(TaskLane(has_ended), has_ended, outage)
    finally:
        is_told = stopped()
        ended.set()
        beside.join()
    if not is_told:
        raise RuntimeError("The lane of mail has ended.")


def _run_lane(lane: Lane, stopped: Stopped, outage: Outage) -> None:
    away = 0
    while not stopped():
        try:
            busy = lane.turn()
        except Exception as error:
            away = min(away + 1, 10)
            if away == 1:
                outage.begin(lane, error)
            _rest(min(IDLE * 2**away, LONGEST_PAUSE), stopped)
            continue
        if away:
            away = 0
            outage.end(lane)
            lane.note_outage()
        if not busy:
            lane.idle()
            _rest(IDLE, stopped)


def _rest(seconds: float, stopped: Stopped) -> None:
    """Wait, but not after having been told to stop."""
    until = time.monotonic() + seconds
    while not stopped() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, IDLE))
