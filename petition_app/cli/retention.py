"""`flask retention`."""

from __future__ import annotations

import click
from flask import Flask

from petition_app.cli.base import commands
from petition_app.clock import utcnow
from petition_app.retention import services as retention
from petition_app.storage.db import transaction

WORDS = {
    "unconfirmed": "unconfirmed signatures older than 72 hours",
    "rejected": "signatures rejected 14 days ago",
    "contact": "contacts of signatures decided 30 days ago",
    "keys": "sealed petitions closed 90 days ago, with keys",
}


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(retain)


@commands.command("retention")
@click.option("--dry-run", is_flag=True, help="Say what has run out, and erase nothing.")
def retain(dry_run: bool) -> None:
    """Erase what has run out, as the worker does every hour."""
    now, numbers = utcnow(), dict.fromkeys(WORDS, 0)
    with transaction(saving=False):
        erased = retention.list_due(at=now) if dry_run else []
        petitions = [] if dry_run else retention.list_petitions_due(at=now)
    for petition_id in petitions:
        while True:
            with transaction():
                slice_ = retention.retain(petition_id, at=now)
            erased += slice_
            if not any(one.number for one in slice_):
                break
    for one in erased:
        numbers[one.kind] += one.number
    for kind, words in WORDS.items():
        click.echo(f"{numbers[kind]:>7}  {words}{', would be erased' if dry_run else ', erased'}")
