"""`flask roster import`."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from petition_app.cli.base import ErrorReportingGroup, good_rows, write_errors
from petition_app.cli.tables import Options, notes, print_preview, reading_options
from petition_app.clock import utcnow
from petition_app.petitions.services import get_by_slug
from petition_app.roster import services
from petition_app.roster.file_reader import Entry, Table, by_reason, open_table
from petition_app.storage.db import transaction
from petition_app.storage.spreadsheets import BadRow
from petition_app.tables.layout import check_columns, digest_of
from petition_app.tables.survey import Surveyor
from petition_app.tables.titles import ROSTER

group = ErrorReportingGroup("roster", help="Bring in the list of people who may sign.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the list is called and where it comes from.")
@click.option("--as-of", "as_of", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is true.")
@reading_options
def import_(slug: str, file: Path, name: str, as_of: datetime, options: Options) -> None:
    """Import the people who may sign from FILE (CSV, XLSX or ODS). Bad rows go to FILE.errors.csv."""
    table = open_table(file, **options.opening)
    table.layout = options.choose(table.layout, ROSTER)
    check_columns(table.layout.columns, table.layout.titles, ROSTER)
    surveyor = Surveyor(table.layout, ROSTER)
    table.lines = surveyor.watch(table.lines)
    if options.dry_run:
        _preview(table, surveyor)
        return
    for title, column in zip(table.layout.titles, table.layout.columns, strict=True):
        click.echo(f"column {title}: {column or 'not used'}", err=True)
    with file.open("rb") as raw:
        sha256 = digest_of(hashlib.file_digest(raw, "sha256").digest(), table.layout)
    with transaction():
        version = services.begin(
            get_by_slug(slug), name=name[:200], as_of=as_of.date(), sha256=sha256, columns=table.layout.columns,
            by=None, at=utcnow(),
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
        is_used = get_by_slug(slug).uses_roster
    write_errors(file, bad)
    for line in (*notes(table.layout, surveyor.survey()), *_remarks(table)):
        click.echo(line, err=True)
    if table.counts_lines:
        click.echo("The ids count the lines; if they move in the next version, leave that column out.", err=True)
    if not is_used:
        click.echo("This petition does not check against a roster; an organizer can have it do so.", err=True)
    click.echo(f"version {number}: {seen} people ({added} added, {gone} gone, {changed} changed)")
    click.echo(f"{len(bad)} rows not taken")


def _remarks(table: Table) -> Iterator[str]:
    """Say which cells are left empty, and, by reason, what is understood that is not written in full."""
    yield from (f"line {row.line} is taken without a cell: {row.reason}" for row in table.remarks)
    yield from (f"{len(lines)} times, first on line {lines[0]}: {reason}" for reason, lines in by_reason(table.told))


def _preview(table: Table, surveyor: Surveyor) -> None:
    bad: list[BadRow] = []
    people = list(good_rows(table.rows(), bad))
    shown = [_as_text(entry) for entry in people[: services.EXAMPLES]]
    for line in _remarks(table):
        click.echo(line)
    print_preview(table.layout, surveyor.survey(), shown, len(people), bad)


def _as_text(entry: Entry) -> str:
    return "; ".join(f"{name}: {value}" for name, value in asdict(entry).items() if name != "key" and value)
