"""`flask roster import`."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.petitions.services import get_by_slug
from petition_app.roster import services
from petition_app.roster.tables import open_table, read_choice
from petition_app.sheets import BadRow
from petition_app.shell import Door, good_rows, write_errors

group = Door("roster", help="Bring in the list of people who may sign.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the list is called and where it comes from.")
@click.option("--as-of", "as_of", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is true.")
@click.option("--columns", default="", help="Which column is what, as FIELD=TITLE,FIELD=TITLE; else it is guessed.")
def import_(slug: str, file: Path, name: str, as_of: datetime, columns: str) -> None:
    """Import the people who may sign from FILE (CSV or XLSX). Bad rows go to FILE.errors.csv."""
    table = open_table(file)
    table.choose(read_choice(columns, table.titles) if columns else table.columns)
    for title, column in zip(table.titles, table.columns, strict=True):
        click.echo(f"column {title}: {column or 'not used'}", err=True)
    with file.open("rb") as raw:
        sha256 = hashlib.file_digest(raw, "sha256").digest()
    with transaction():
        version = services.begin(
            get_by_slug(slug), name=name[:200], as_of=as_of.date(), sha256=sha256, columns=table.columns, by=None,
            at=utcnow(),
        )  # fmt: skip
        version_id, done = version.id, version.state == "current"
    if done:
        click.echo("This file is the roster in use already; nothing was added.")
        return
    bad: list[BadRow] = []
    good = good_rows(table.rows(), bad)
    seen = 0
    while chunk := list(itertools.islice(good, services.CHUNK)):
        with transaction():
            services.stage(version_id, chunk)
        seen += len(chunk)
        click.echo(f"\r{seen} rows read", nl=False, err=True)
    click.echo(err=True)
    with transaction():
        version = services.admit(version_id, by=None, at=utcnow())
        number, added, gone, changed = version.number, version.added, version.gone, version.changed
    write_errors(file, bad)
    if table.counts_lines:
        click.echo("The ids count the lines; if they move in the next version, leave that column out.", err=True)
    click.echo(f"version {number}: {seen} people ({added} added, {gone} gone, {changed} changed)")
    click.echo(f"{len(bad)} rows not taken")
