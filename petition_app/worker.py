"""Hangs tasks on job names and on intervals; `flask worker`, and `flask serve` for web and worker together."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import click
from flask import Flask

from petition_app import config, couriers, erasures, jobs, row_order, switches
from petition_app.accounts import tasks as accounts
from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.errors import StorageSealedError
from petition_app.keys import tasks as keys
from petition_app.mail import Letter, Line
from petition_app.outages import is_outage
from petition_app.petitions import tasks as petitions
from petition_app.posting import Round, Taken
from petition_app.roster import tasks as roster
from petition_app.rounds import Rounds, Task
from petition_app.shell import door
from petition_app.signatures import tasks as signatures
from petition_app.supervisor import supervise
from petition_app.tally import tasks as tally
from petition_app.verification import tasks as verification
from petition_app.verification.rewrapping import require_whole_ring

logger = logging.getLogger(__name__)


def settle_erasures(_at: datetime) -> None:
    """Empty a log that may still keep what was erased."""
    erasures.settle()


def order_rows(at: datetime) -> bool:
    """Do some of a round that lets rows lie in no order of time; return whether some is left."""
    return row_order.go_on(at=at)


# Messages: each task writes its letter, which is delivered outside of any transaction.
LETTERS: Mapping[str, Callable[[dict[str, Any], datetime], Letter | None]] = {
    "accounts.mail_invitation": accounts.mail_invitation,
    "signatures.mail_code": signatures.mail_code,
    "verification.mail_reminder": verification.mail_reminder,
}
FAILURES: Mapping[str, Callable[[dict[str, Any], str, datetime], object]] = {
    "signatures.mail_code": signatures.note_failure,
    "verification.mail_reminder": signatures.note_failure,
}
TASKS: Mapping[str, Callable[[dict[str, Any], datetime], object]] = {
    "verification.rematch": verification.rematch,
    "verification.bulk": verification.run_bulk,
    "verification.import": verification.run_import,
    "verification.undo_import": verification.undo_import,
}
PERIODIC: tuple[tuple[timedelta, Task], ...] = (
    (timedelta(seconds=1), tally.publish_left),
    (timedelta(seconds=5), tally.fold_deltas),
    (timedelta(seconds=2), verification.match_waiting),
    (timedelta(seconds=5), verification.settle_waiting),
    (timedelta(seconds=10), tally.link_trail),
    (timedelta(seconds=10), signatures.drop_lost),
    (timedelta(seconds=5), signatures.hear_knocks),
    (timedelta(minutes=1), signatures.end_showing_words),
    (timedelta(minutes=1), keys.lock_idle),
    (timedelta(hours=1), tally.count_roles),
    (timedelta(hours=1), signatures.forget_confirmations),
    (timedelta(hours=1), verification.remind),
    (timedelta(hours=1), verification.close_unanswered),
    (timedelta(hours=1), verification.retain),
    (timedelta(hours=1), verification.note_retained),
    (timedelta(hours=1), verification.report_held),
    (timedelta(hours=1), roster.discard_versions),
    (timedelta(hours=1), roster.forget_uploads),
    (timedelta(hours=1), signatures.forget_imports),
    (timedelta(hours=1), petitions.forget_dead_letters),
    (timedelta(hours=1), signatures.forget_sent),
    (timedelta(minutes=5), petitions.freeze_silent),
)
# What opens its own transactions, or needs none to be open.
OUTSIDE: tuple[tuple[timedelta, Task], ...] = (
    (timedelta(seconds=5), settle_erasures),
    (timedelta(minutes=1), order_rows),
)
# What several workers may do at once, each its own rows; all else that comes round is one worker's at a time.
TOGETHER = (verification.match_waiting,)
# What does a slice at a time and says how much that was.
IN_SLICES = (verification.match_waiting, verification.retain)
AT_ONCE = (verification.retain,)  # Due again at once while it has done something.
IDLE = 0.5
LONGEST_PAUSE = 15.0  # Seconds between two tries while the database is away.
BEAT, PATIENCE = timedelta(seconds=5), timedelta(minutes=1)
# So many messages are claimed in one transaction; other work waits for no more than these.
MESSAGES = 20


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(work)
    app.cli.add_command(serve)


def run_job(line: Line | None = None, *, posted: Round | None = None) -> int:
    """Take what is due and do it: one job, or a few messages together; return how many there were.

    While mail is paused its jobs stay where they are; while the installation is read-only all do. Messages go over
    the `line`, or over one of their own, or as those that were `posted` before.
    """
    with transaction():
        on = switches.list_on()
        waits = LETTERS.keys() if switches.MAIL in on else ()
        at, mine = utcnow(), couriers.mine()
        job = None if switches.READ_ONLY in on else jobs.claim(at=at, without=waits, couriers=mine)
        taken = [Taken.of(job)] if job else []
        if job and job.name in LETTERS:
            taken += map(Taken.of, jobs.claim_more(LETTERS.keys(), at=at, couriers=mine, most=MESSAGES - 1))
    if not taken:
        return 0
    if taken[0].name in LETTERS and posted:
        posted.post_all(taken)
    elif taken[0].name in LETTERS:
        with closing(Line()) if line is None else nullcontext(line) as connected:
            new_round(connected).post_all(taken)
    else:
        _do(taken[0])
    return len(taken)


def _do(taken: Taken) -> None:
    try:
        with transaction():
            TASKS[taken.name](taken.payload, utcnow())
            jobs.finish(taken.id)
    except Exception as error:
        logger.warning("Job %s failed: %s", taken.name, type(error).__name__)
        with transaction():
            jobs.postpone(taken.id, failure=type(error).__name__, at=utcnow())


def new_round(line: Line) -> Round:
    """Return what delivers messages over a line to the mail server."""
    return Round(line, writers=LETTERS, note_sent=signatures.note_sent, tell_case=_tell_case)


def _tell_case(taken: Taken, failure: str) -> None:
    """Tell the case, where there is one and it can be written to."""
    if tell := FAILURES.get(taken.name):
        try:
            with transaction():
                tell(taken.payload, failure, utcnow())
        except Exception as error:
            logger.error("A case could not be told of a message (%s).", type(error).__name__)


def run_periodic(task: Task, *, together: bool = True) -> int:
    """Run one of the tasks that come round, unless nothing may change now, or another worker is at it.

    Returns how much it did, where it says so; true where it did a slice and left some.
    """
    return Rounds().run(task, together=together)


def run_once() -> int:
    """Work off all that is due and every periodic task until nothing is left; return how many jobs were done."""
    done = 0
    with closing(Line()) as line:
        while number := run_job(line):
            done += number
        for _, task in (*PERIODIC, *OUTSIDE):
            while (left := _run_task(Rounds(), task)) is True or (left and task in IN_SLICES):
                continue
        while number := run_job(line):
            done += number
    return done


def _run_task(rounds: Rounds, task: Task) -> int:
    return rounds.run(task, together=task in TOGETHER, outside=any(task is one for _, one in OUTSIDE))


def run_forever(stopped: Callable[[], bool]) -> None:
    """Work until told to stop; a job that is under way is finished first.

    Nothing that goes wrong ends it. Where the database does not answer it waits, for longer each time up to fifteen
    seconds, says so once, and goes on by itself.
    """
    away = 0
    with closing(Line()) as line:
        worker = Worker(stopped, line)
        while not stopped():
            try:
                busy = worker.turn()
            except Exception as error:
                away = min(away + 1, 10)
                if away == 1:
                    what = "The database does not answer" if is_outage(error) else "The worker stumbled"
                    logger.error("%s (%s); waiting until it goes on.", what, type(error).__name__)
                worker.rest(min(IDLE * 2**away, LONGEST_PAUSE))
                continue
            if away:
                away = 0
                logger.warning("The worker goes on.")
                worker.note_outage()
            if not busy:
                line.rest()
                worker.rest(IDLE)


class Worker:
    """One worker process: what it has to do next, and what came of the messages it delivered last."""

    def __init__(self, stopped: Callable[[], bool], line: Line) -> None:
        self._stopped, self._id = stopped, uuid4()
        self._next_beat = utcnow()
        self._due = {task: utcnow() for _, task in (*PERIODIC, *OUTSIDE)}
        self._rounds = Rounds(patient=True, between=self._go_on)
        self._posted = new_round(line)
        self.note_outage()

    def turn(self) -> int:
        """Do what is due once; return how much was done that may be followed by more at once."""
        self._posted.finish()  # The database may have been away when they were delivered.
        self._beat()
        more = 0
        for interval, task in (*PERIODIC, *OUTSIDE):
            if not self._stopped() and utcnow() >= self._due[task]:
                left = (done := _run_task(self._rounds, task)) is True or (done > 0 and task in AT_ONCE)
                self._due[task] = utcnow() if left else utcnow() + interval
                more += left
        return run_job(posted=self._posted) + more

    def _beat(self) -> None:
        now = utcnow()
        if now >= self._next_beat:
            with transaction():
                jobs.beat(self._id, at=now)
                couriers.beat(at=now)
            self._next_beat = now + BEAT

    def _go_on(self) -> bool:
        self._beat()
        return not self._stopped()

    def note_outage(self) -> None:
        """Let workers that live show it before anything is taken for lost: none could while the database was away."""
        self._due[signatures.drop_lost] = utcnow() + PATIENCE

    def rest(self, seconds: float) -> None:
        """Wait, but not after having been told to stop."""
        until = time.monotonic() + seconds
        while not self._stopped() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, IDLE))


def _check_ring() -> None:
    """Refuse to start with a ring that lacks a key still in use, with which mails and alarms would be lost."""
    with suppress(StorageSealedError), transaction(saving=False):
        require_whole_ring()


@door.command("worker")
@click.option("--drain", is_flag=True, help="Work off what is due, then end.")
def work(drain: bool) -> None:
    """Send mail, publish what is left, fold the counts."""
    _check_ring()
    if drain:
        click.echo(f"{run_once()} jobs done")
        return
    stop: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    click.echo("Worker started")
    run_forever(lambda: bool(stop))
    click.echo("Worker stopped")


@door.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--web-only", is_flag=True, help="Without the worker, which then runs elsewhere: flask worker.")
def serve(host: str, web_only: bool) -> None:
    """Start the web server and the worker; Ctrl-C ends both, and one that ends by itself is started again."""
    _check_ring()
    port = str(config.current().port)
    click.echo(f"Countersign on http://{host}:{port} (Ctrl-C ends it)")
    web = [sys.executable, "-m", "petition_app.http_server", host, port]
    commands = {"web server": web}
    if not web_only:
        commands["worker"] = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    # Files lie on the host that has received them, whether a worker runs there or not.
    sys.exit(supervise(commands, hourly=lambda: roster.forget_uploads(utcnow())))
