"""`flask mail …`: what the mail server of the sender's address hands over."""

from __future__ import annotations

from typing import BinaryIO

import click
from flask import Flask

from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.signatures import bounces
from petition_app.storage.db import transaction

group = ErrorReportingGroup("mail", help="Take in what comes back to the sender's address.")


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(group)


@group.command("bounced")
@click.argument("file", type=click.File("rb"), default="-")
def bounced(file: BinaryIO) -> None:
    """Read a report of a failed delivery from FILE or standard input, and tell the case."""
    with transaction():
        status = bounces.take_in(file.read(), at=utcnow())
    click.echo(f"The case is told: {status}")
