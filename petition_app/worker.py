"""Hangs tasks on job names and on intervals; `flask worker`, and `flask serve` for web and worker together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

import click
from flask import Flask

from petition_app import config, couriers, jobs, mail, switches
from petition_app.accounts import tasks as accounts
from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.mail import Letter
from petition_app.petitions import tasks as petitions
from petition_app.roster import tasks as roster
from petition_app.shell import door
from petition_app.signatures import tasks as signatures
from petition_app.tally import tasks as tally
from petition_app.verification import tasks as verification

logger = logging.getLogger(__name__)

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
IDLE = 0.5


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(work)
    app.cli.add_command(serve)


@dataclass(frozen=True)
class Taken:
    """A job that this worker has claimed: the `tries` tell it from any other worker's claim."""

    id: UUID
    name: str
    payload: dict[str, Any]
    tries: int
    handed: bool


class LostClaimError(Exception):
    """Another worker has taken the message up, since this one took too long."""


def run_job() -> bool:
    """Take one job that is due and do it; return whether there was one.

    While mail is paused its jobs stay where they are; while the installation is read-only all do.
    """
    with transaction():
        on = switches.list_on()
        waits = LETTERS.keys() if switches.MAIL in on else ()
        free = switches.READ_ONLY not in on
        job = jobs.claim(at=utcnow(), without=waits, couriers=couriers.mine()) if free else None
        taken = Taken(job.id, job.name, job.payload, job.tries, job.handed_at is not None) if job else None
    if taken is None:
        return False
    try:
        if taken.name in LETTERS:
            _post(taken)
        else:
            with transaction():
                TASKS[taken.name](taken.payload, utcnow())
                jobs.finish(taken.id)
    except LostClaimError:
        pass
    except Exception as error:
        logger.warning("Job %s failed: %s", taken.name, type(error).__name__)
        with transaction():
            tried_again = jobs.postpone(taken.id, failure=type(error).__name__, at=utcnow())
        if not tried_again and taken.name in LETTERS:
            _tell_case(taken, type(error).__name__)
    return True


def _post(taken: Taken) -> None:
    """Deliver a message once: what may have arrived is never sent again without somebody having looked.

    The row says that it is handed over before the server may take it. A message found handed over, because its worker
    was killed, and one whose connection broke at that point, are left to the organizers; so is what was refused.
    """
    letter, failure = (None, mail.UnsureError.__name__) if taken.handed else _try_to_send(taken)
    with transaction():
        if failure:
            logger.warning("Message %s was not delivered: %s", taken.name, failure)
            jobs.bury(taken.id, failure=failure, at=utcnow())
        else:
            jobs.finish(taken.id)
        if letter and not failure:
            signatures.note_sent(letter, taken.id.hex, utcnow())
    if failure:
        _tell_case(taken, failure)


def _try_to_send(taken: Taken) -> tuple[Letter | None, str]:
    """Send a message; return it, and why it must not be tried again, if so. Raises what may be over by another time."""
    with transaction(saving=False):
        letter = LETTERS[taken.name](taken.payload, utcnow())
    try:
        if letter:
            mail.send(letter, message_id=taken.id.hex, hand_over=lambda: _hand_over(taken))
    except mail.RefusedError as error:
        return letter, f"{type(error).__name__} {error.code}"
    except mail.UnsureError as error:
        return letter, type(error).__name__
    return letter, ""


def _hand_over(taken: Taken) -> None:
    with transaction():
        if not jobs.hand_over(taken.id, tries=taken.tries, at=utcnow()):
            raise LostClaimError


def _tell_case(taken: Taken, failure: str) -> None:
    """Tell the case, where there is one and it can be written to."""
    if tell := FAILURES.get(taken.name):
        run_periodic(lambda at: tell(taken.payload, failure, at))


def run_periodic(task: Callable[[datetime], object]) -> None:
    """Run one of the tasks that come round, unless nothing may change now."""
    try:
        with transaction():
            if not switches.is_on(switches.READ_ONLY):
                task(utcnow())
    except Exception as error:
        logger.error("Task %s failed: %s", getattr(task, "__name__", "?"), type(error).__name__)


def run_once() -> int:
    """Work off all that is due and every periodic task once; return how many jobs were done."""
    done = 0
    while run_job():
        done += 1
    for _, task in PERIODIC:
        run_periodic(task)
    return done


def run_forever(stopped: Callable[[], bool]) -> None:
    """Work until told to stop; a job that is under way is finished first."""
    worker_id, next_beat = uuid4(), utcnow()
    due = {task: utcnow() for _, task in PERIODIC}
    while not stopped():
        now = utcnow()
        if now >= next_beat:
            with transaction():
                jobs.beat(worker_id, at=now)
                couriers.beat(at=now)
            next_beat = now + timedelta(seconds=5)
        for interval, task in PERIODIC:
            if now >= due[task]:
                run_periodic(task)
                due[task] = utcnow() + interval
        if not run_job():
            time.sleep(IDLE)


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
def serve(host: str) -> None:
    """Start the web server and the worker; Ctrl-C ends both."""
    port = str(config.current().port)
    click.echo(f"Countersign on http://{host}:{port} (Ctrl-C ends it)")
    web = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port, "--workers", "1"]
    web += ["--blocking-threads", "8", "--no-ws", "--log-level", "error", "wsgi:app"]
    commands = (web, [sys.executable, "-m", "flask", "--app", "wsgi", "worker"])
    processes = [subprocess.Popen(command, start_new_session=True) for command in commands]  # noqa: S603 -- fixed words.

    def stop(_number: int, _frame: FrameType | None) -> None:
        for process in processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while all(process.poll() is None for process in processes):
        time.sleep(0.2)
    stop(0, None)
    codes = [process.wait() for process in processes]
    sys.exit(max(abs(code) for code in codes if code != -signal.SIGTERM) if any(codes) else 0)
