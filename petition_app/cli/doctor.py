"""`flask doctor`: looks at settings, keys, database, mail, clock and worker; one line each, with what to do."""

from __future__ import annotations

import os
import shutil
import smtplib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from alembic.script import ScriptDirectory
from flask import Flask
from redis.exceptions import RedisError, ResponseError

from petition_app import __version__, config, private_files
from petition_app.cli.base import commands
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.errors import StorageSealedError
from petition_app.mailer import smtp
from petition_app.rate_limits import counters
from petition_app.retention import key_rotation
from petition_app.storage import completions, db, engines, erasures, jobs, task_failures
from petition_app.tally.services import latest_publication

SILENCE = timedelta(seconds=30)
DRIFT = timedelta(seconds=30)
LITTLE_SPACE = 200 * 1024 * 1024
MAIL_ERRORS = (OSError, smtplib.SMTPException, smtp.RefusedError, smtp.NotNowError, smtp.NoTlsError)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, a `note` to think about, or something to `mend`."""

    state: str
    what: str
    words: str


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(doctor)
    app.cli.add_command(version)


@commands.command("version")
def version() -> None:
    """Say which release this is."""
    click.echo(f"Countersign {__version__}")


@commands.command("doctor")
def doctor() -> None:
    """Look at everything that must be right; exit 1 when something must be mended."""
    findings = list(examine())
    for finding in findings:
        click.echo(f"{finding.state:<5} {finding.what:<9} {finding.words}")
    if any(finding.state == "mend" for finding in findings):
        sys.exit(1)


def examine() -> Iterator[Finding]:
    """Look at one thing after the other; what needs the database is left out where it does not answer."""
    yield _settings()
    yield _folder()
    yield _keys()
    yield _passwords()
    database = _database()
    yield database
    yield _mail()
    yield _limits()
    if database.state != "mend":
        yield from _ring()
        yield _clock()
        yield _worker()
        yield _log()
        yield from _rounds()
        yield from _tasks()


def _settings() -> Finding:
    settings = config.current()
    if settings.production:
        return Finding("ok", "settings", "production")
    return Finding(
        "note", "settings", "development: secrets lie in the instance folder; set COUNTERSIGN_ENV=production"
    )


def _folder() -> Finding:
    folder = config.current().instance
    if not os.access(folder, os.W_OK):
        return Finding("mend", "folder", f"{folder} cannot be written; give it to the user that runs this")
    if folder.stat().st_mode & 0o077:
        return Finding("mend", "folder", f"others can look into {folder}; run: chmod 700 {folder}")
    if shutil.disk_usage(folder).free < LITTLE_SPACE:
        return Finding("mend", "folder", f"less than 200 MB are free where {folder} lies; make room")
    return Finding("ok", "folder", str(folder))


def _passwords() -> Finding:
    if config.current().password_pepper:
        return Finding("ok", "passwords", "under a pepper of their own")
    return Finding(
        "note", "passwords", "PASSWORD_PEPPER is not set, so a new SECRET_KEY ends them; run: flask keys new --id p1"
    )


def _keys() -> Finding:
    try:
        ring = vault.key_ring()
        opened = ring.open(ring.newest, ring.close(b"doctor", b"doctor"), b"doctor")
    except (StorageSealedError, vault.UnreadableError):
        return Finding(
            "mend", "keys", "the key ring cannot be read, so nothing can be sealed; put it back from its backup"
        )
    ring_file = Path(config.current().key_ring)
    if private_files.is_path(config.current().key_ring) and ring_file.stat().st_mode & 0o077:
        return Finding("mend", "keys", f"others can read {ring_file}; run: chmod 600 {ring_file}")
    return Finding("ok" if opened == b"doctor" else "mend", "keys", f"the key ring seals and opens with {ring.newest}")


def _ring() -> Iterator[Finding]:
    """Tell what lies under a key that is missing, and which older keys are still needed."""
    try:
        ring, found = vault.key_ring(), key_rotation.count_by_key()
        key_rotation.require_whole_ring()
    except StorageSealedError:
        return
    except key_rotation.RingLacksKeyError as error:
        yield Finding("mend", "keys", str(error))
        return
    for key_id in ring.keys:
        if key_id != ring.newest:
            number = found.get(key_id, Counter()).total()
            left = f"{number} things lie under it; run: flask keys rotate" if number else "nothing needs it any more"
            yield Finding("note", "keys", f"{key_id} is an older key of the ring: {left}")


def _database() -> Finding:
    if not db.is_reachable():
        return Finding("mend", "database", "it does not answer; look at DATABASE_URL and whether the server runs")
    newest = ScriptDirectory(str(config.MIGRATIONS)).get_current_head()
    with db.snapshot() as connection:
        here = engines.migration(connection)
    if here != newest:
        return Finding(
            "mend", "database", f"it is at {here or 'nothing'}, this version needs {newest}; run: flask db upgrade"
        )
    return Finding("ok", "database", f"at {here}")


def _mail() -> Finding:
    settings = config.current()
    if not settings.mail_url:
        where = settings.instance / "outbox"
        return Finding("note", "mail", f"no mail server: messages become files in {where}; set MAIL_URL")
    try:
        utf8 = smtp.check()
    except MAIL_ERRORS as error:
        return Finding("mend", "mail", f"the mail server does not take us ({type(error).__name__}); look at MAIL_URL")
    limit = "" if utf8 else "; it has no SMTPUTF8, so addresses with letters beyond ASCII before the @ are refused"
    return Finding("ok", "mail", f"the mail server answers{limit}")


def _limits() -> Finding:
    if not config.current().limits_url:
        return Finding("ok", "limits", "counted in the web process; where several run, set LIMITS_URL")
    try:
        written = _ask_store()
    except (RedisError, ValueError) as error:
        kind = type(error).__name__
        return Finding("mend", "limits", f"the store does not answer ({kind}), so each process counts on its own")
    if written:
        words = 'it must not; set: save "" and appendonly no'
        return Finding("mend", "limits", f"the store writes what it holds to its disk ({written}); {words}")
    return Finding("ok", "limits", "the store answers, and writes nothing to its disk")


def _clock() -> Finding:
    now, theirs = utcnow(), db.clock()
    if abs(now - theirs) > DRIFT:
        return Finding("mend", "clock", f"it differs from the database's by {abs(now - theirs)}; run a time service")
    published = latest_publication()
    if published and published > now + DRIFT:
        return Finding("mend", "clock", f"numbers were published at {published:%F %T}, which lies ahead; set the clock")
    return Finding("ok", "clock", f"{now:%F %T} UTC")


def _worker() -> Finding:
    seen = jobs.last_heartbeat()
    if seen is None or utcnow() - seen > SILENCE:
        since = f"since {seen:%F %T} UTC" if seen else "yet"
        return Finding("mend", "worker", f"none was seen {since}, so nothing is mailed or published; run: flask worker")
    return Finding("ok", "worker", f"seen {seen:%T} UTC")


def _log() -> Finding:
    if erasures.settle():
        return Finding("ok", "erasure", "no log keeps what was erased")
    return Finding(
        "mend",
        "erasure",
        "what was erased is still in the log of the database, since somebody reads it for long; "
        "end backups and shells that have it open",
    )


def _rounds() -> Iterator[Finding]:
    words = {
        completions.RETENTION: "what has run out is erased",
        completions.ROW_ORDER: "rows lie in an order that tells no hour",
    }
    for name, done in words.items():
        last = completions.last(name)
        if last is None:
            yield Finding("note", name, f"no worker has yet seen to it that {done}; run: flask worker")
        elif completions.is_overdue(name, at=utcnow()):
            yield Finding("mend", name, f"not since {last:%F %T} UTC was it seen to that {done}; look at flask worker")
        else:
            yield Finding("ok", name, f"{done}, last {last:%F %T} UTC")


def _tasks() -> Iterator[Finding]:
    for row in task_failures.list_failures():
        about = "" if row.object_id == task_failures.WHOLE else f" for {row.object_id}"
        words = f"{row.task} fails{about} ({row.failure}), {row.times} times since {row.since:%F %H}:00 UTC"
        yield Finding("mend", "tasks", f"{words}; other work goes on; look at the worker's log")


def _ask_store() -> str:
    """Ask the store of limits whether it is there; return what it would write to a disk, in words, if anything.

    Raises:
        RedisError: it does not answer, or does not let us.
    """
    redis = counters.shared(config.current().limits_url).redis
    redis.ping()
    told: dict[str, Any] = redis.info("persistence")
    if told.get("aof_enabled"):
        return "appendonly"
    try:
        found: dict[str, Any] = redis.config_get("save")  # type: ignore[assignment] # Not a promise: this client waits.
    except ResponseError:  # Whoever runs it does not let us ask.
        return ""
    return "save" if found.get("save") else ""
