"""`flask desk`: the desk on a reviewer's own machine."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from petition_app.cli.base import ErrorReportingGroup
from petition_app.local_desk.client import Server
from petition_app.local_desk.running import ADDRESS, MakeApp, make_desk

IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- only a private folder is made in it.


class _Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Write nothing: an address of a case is nobody's business."""


def init_app(app: Flask, make_app: MakeApp) -> None:
    """Add the command; `make_app` makes the application it runs."""
    door = ErrorReportingGroup("local")

    @door.command("desk", with_appcontext=False)
    @click.option("--server", required=True, help="The server, such as https://letters.example.org")
    @click.option("--petition", required=True, help="The petition's short name in its address.")
    @click.option("--port", default=0, help="The port on this machine; any free one unless given.")
    @click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
    def desk(server: str, petition: str, port: int, token_stdin: bool) -> None:
        """Open the desk on this machine: the server gives sealed cases and takes signed decisions."""
        told = sys.stdin.readline() if token_stdin else str(click.prompt("Token", hide_input=True))
        _run(Server(server, petition, told.strip()), make_app, port)

    app.cli.add_command(door.commands["desk"])


def _run(server: Server, make_app: MakeApp, port: int) -> None:
    """Serve until Ctrl-C, and leave nothing behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    usable = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="countersign-", dir=IN_MEMORY if usable else None))
    try:
        app, path = make_desk(make_app, server, folder)
        web = make_server(ADDRESS, port, app, threaded=True, request_handler=_Quiet)
        click.echo(f"Your desk: http://{ADDRESS}:{web.port}{path}")
        click.echo("The address works once. Ctrl-C ends the desk and removes all it holds.")
        web.serve_forever()
    except KeyboardInterrupt:
        click.echo("The desk is closed.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
