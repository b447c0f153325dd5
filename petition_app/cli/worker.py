"""`flask worker`, and `flask serve` for web and worker together."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

import click
from flask import Flask

from petition_app import config
from petition_app.cli.base import commands
from petition_app.cli.supervisor import supervise
from petition_app.clock import utcnow
from petition_app.errors import StorageSealedError
from petition_app.retention.key_rotation import require_whole_ring
from petition_app.storage.db import transaction
from petition_app.worker.loop import run_forever, run_once
from petition_app.worker.tasks import roster


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(work)
    app.cli.add_command(serve)


def _check_ring() -> None:
    """Refuse to start with a ring that lacks a key still in use, with which mails and alarms would be lost."""
    with suppress(StorageSealedError), transaction(saving=False):
        require_whole_ring()


@commands.command("worker")
@click.option("--drain", is_flag=True, help="Work off what is due, then end.")
def work(drain: bool) -> None:
    """Send mail, publish what is left, fold the counts."""
    _check_ring()
    if drain:
        done = run_once()
        click.echo(f"{done.jobs} jobs done, {done.in_slices} rows matched, erased or sorted; nothing else is due")
        return
    stop: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    click.echo("Worker started")
    run_forever(lambda: bool(stop))
    click.echo("Worker stopped")


@commands.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--web-only", is_flag=True, help="Without the worker, which then runs elsewhere: flask worker.")
def serve(host: str, web_only: bool) -> None:
    """Start the web server and the worker; Ctrl-C ends both, and one that ends by itself is started again."""
    _check_ring()
    port = str(config.current().port)
    click.echo(f"Countersign on http://{host}:{port} (Ctrl-C ends it)")
    web = [sys.executable, "-m", "petition_app.web.http_server", host, port]
    commands = {"web server": web}
    if not web_only:
        commands["worker"] = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    # Files lie on the host that has received them, whether a worker runs there or not.
    sys.exit(supervise(commands, hourly=lambda: roster.forget_uploads(utcnow())))
