"""`flask backup` and `flask restore`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask

from petition_app.backup import services
from petition_app.cli.base import commands
from petition_app.clock import utcnow
from petition_app.storage.db import transaction

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(backup)
    app.cli.add_command(restore)


@commands.command("backup")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to.")
@click.option("--recipient", "recipients", multiple=True, help="A public key of age (age1…); may be given twice.")
@click.option("--prune", is_flag=True, help="Make none; only remove key streams older than seven days.")
def backup(folder: Path, recipients: tuple[str, ...], prune: bool) -> None:
    """Write a backup in two streams, sealed to somebody who is not on this server; remove old key streams."""
    if prune:
        click.echo(f"{services.remove_old_keys(folder, at=utcnow())} key streams older than seven days removed")
        return
    if not recipients:
        raise click.UsageError("--recipient is missing: the public key of whoever keeps the backups.")
    try:
        made = services.make(folder, recipients, at=utcnow())
    except OSError as error:
        raise click.ClickException(f"The backup was not written: {error.strerror or error}") from None
    for path in made.files:
        click.echo(path)
    click.echo(f"{made.rows} rows; {made.removed} key streams older than seven days removed")
    if made.trail[0]:
        click.echo("Note elsewhere: flask audit verify --length {} --head {}".format(*made.trail))


@commands.command("restore")
@click.argument("data", type=FILE)
@click.option("--keys", type=FILE, help="The keys stream of the same backup; without it sealed parts stay unreadable.")
@click.option("--identity", required=True, type=FILE, help="The file with the secret key of age.")
def restore(data: Path, keys: Path | None, identity: Path) -> None:
    """Restore a backup into an empty, migrated database: the DATA stream, and its keys."""
    with transaction():
        rows = services.restore(data, keys, identity)
    click.echo(f"{rows} rows restored")
    if keys is None:
        click.echo("Without the keys stream: no sealed part can be read, and no name is public.")
    click.echo("Now run `flask tally audit`, and read docs/backups.md about who has withdrawn since.")
