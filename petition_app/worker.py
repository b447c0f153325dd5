"""Hangs tasks on job names and on intervals; `flask worker`, and `flask serve` for web and worker together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from datetime import datetime, timedelta
from types import FrameType
from typing import Any
from uuid import uuid4

import click
from flask import Flask

from petition_app import config, couriers, erasures, jobs, switches
from petition_app.accounts import tasks as accounts
from petition_app.clock import utcnow
from petition_app.db import is_alone, transaction
from petition_app.mail import Letter, Line
from petition_app.petitions import tasks as petitions
from petition_app.posting import Round, Taken
from petition_app.roster import tasks as roster
from petition_app.shell import door
from petition_app.signatures import tasks as signatures
from petition_app.tally import tasks as tally
from petition_app.verification import tasks as verification

logger = logging.getLogger(__name__)


def settle_erasures(_at: datetime) -> None:
    """Empty a log that may still keep what was erased."""
    erasures.settle()


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
PERIODIC: tuple[tuple[timedelta, Callable[[datetime], object]], ...] = (
    (timedelta(seconds=1), tally.publish_left),
    (timedelta(seconds=5), tally.fold_deltas),
    (timedelta(seconds=2), verification.match_waiting),
    (timedelta(seconds=5), verification.settle_waiting),
    (timedelta(seconds=10), tally.link_trail),
    (timedelta(seconds=10), signatures.drop_lost),
    (timedelta(seconds=5), signatures.hear_knocks),
    (timedelta(hours=1), tally.count_roles),
    (timedelta(hours=1), signatures.forget_confirmations),
    (timedelta(hours=1), verification.remind),
    (timedelta(hours=1), verification.close_unanswered),
    (timedelta(hours=1), verification.retain),
    (timedelta(hours=1), roster.forget_uploads),
    (timedelta(hours=1), signatures.forget_imports),
    (timedelta(hours=1), petitions.forget_dead_letters),
    (timedelta(hours=1), signatures.forget_sent),
    (timedelta(minutes=5), petitions.freeze_silent),
)
# What opens its own transactions, or needs none to be open.
OUTSIDE: tuple[tuple[timedelta, Callable[[datetime], object]], ...] = ((timedelta(seconds=5), settle_erasures),)
# What several workers may do at once, each its own rows; all else that comes round is one worker's at a time.
TOGETHER = (verification.match_waiting,)
IDLE = 0.5
# So many messages are claimed in one transaction; other work waits for no more than these.
MESSAGES = 20
# Of all web processes together: while some wait for the disk, others take what comes next, and are written together.
THREADS, FEWEST_THREADS = 32, 8


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(work)
    app.cli.add_command(serve)


def run_job(line: Line | None = None) -> int:
    """Take what is due and do it: one job, or a few messages together; return how many there were.

    While mail is paused its jobs stay where they are; while the installation is read-only all do. Messages go over
    the `line`, or over one of their own.
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
    if taken[0].name in LETTERS:
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
        run_periodic(lambda at: tell(taken.payload, failure, at))


def run_periodic(task: Callable[[datetime], object], *, together: bool = True) -> bool:
    """Run one of the tasks that come round, unless nothing may change now, or another worker is at it.

    Returns whether it has done a slice and left some: then it is to be run again without a pause.
    """
    try:
        with transaction():
            if not switches.is_on(switches.READ_ONLY) and (together or is_alone(f"{task.__module__}.{task.__name__}")):
                return task(utcnow()) is True
    except Exception as error:
        logger.error("Task %s failed: %s", getattr(task, "__name__", "?"), type(error).__name__)
    return False


def run_outside(task: Callable[[datetime], object]) -> bool:
    """Run one of the tasks that open their own transactions; return whether it has left some, as `run_periodic`."""
    try:
        return task(utcnow()) is True
    except Exception as error:
        logger.error("Task %s failed: %s", getattr(task, "__name__", "?"), type(error).__name__)
    return False


def run_once() -> int:
    """Work off all that is due and every periodic task once; return how many jobs were done."""
    done = 0
    with closing(Line()) as line:
        while number := run_job(line):
            done += number
    for _, task in (*PERIODIC, *OUTSIDE):
        while _run_task(task):
            continue
    return done


def _run_task(task: Callable[[datetime], object]) -> bool:
    outside = any(task is one for _, one in OUTSIDE)
    return run_outside(task) if outside else run_periodic(task, together=task in TOGETHER)


def run_forever(stopped: Callable[[], bool]) -> None:
    """Work until told to stop; a job that is under way is finished first."""
    with closing(Line()) as line:
        _run(stopped, line)


def _run(stopped: Callable[[], bool], line: Line) -> None:
    worker_id, next_beat = uuid4(), utcnow()
    rounds = (*PERIODIC, *OUTSIDE)
    due = {task: utcnow() for _, task in rounds}
    while not stopped():
        now = utcnow()
        if now >= next_beat:
            with transaction():
                jobs.beat(worker_id, at=now)
                couriers.beat(at=now)
            next_beat = now + timedelta(seconds=5)
        for interval, task in rounds:
            if now >= due[task]:
                due[task] = utcnow() if _run_task(task) else utcnow() + interval
        if not run_job(line):
            line.rest()
            time.sleep(IDLE if min(due.values()) > utcnow() else 0)


@door.command("worker")
@click.option("--drain", is_flag=True, help="Work off what is due, then end.")
def work(drain: bool) -> None:
    """Send mail, publish what is left, fold the counts."""
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
    """Start the web server and the worker; Ctrl-C ends both."""
    port, processes = str(config.current().port), config.current().web_processes
    click.echo(f"Countersign on http://{host}:{port} (Ctrl-C ends it)")
    threads = str(max(FEWEST_THREADS, THREADS // processes))
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port, "--no-ws"]
    web += ["--workers", str(processes), "--blocking-threads", threads, "--log-level", "error", "wsgi:app"]
    commands = [web] if web_only else [web, [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]]
    running = [subprocess.Popen(command, start_new_session=True) for command in commands]  # noqa: S603 -- fixed words.

    def stop(_number: int, _frame: FrameType | None) -> None:
        for process in running:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while all(process.poll() is None for process in running):
        time.sleep(0.2)
    stop(0, None)
    codes = [process.wait() for process in running]
    sys.exit(max(abs(code) for code in codes if code != -signal.SIGTERM) if any(codes) else 0)
