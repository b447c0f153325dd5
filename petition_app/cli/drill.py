"""`flask seizure-drill`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask

from petition_app.cli.base import commands
from petition_app.drill import services
from petition_app.drill.judging import Finding, Report

EXISTING = click.Path(exists=True, path_type=Path)


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(drill)


@commands.command("seizure-drill")
@click.option("--also", multiple=True, type=EXISTING, help="A file or folder to search too: logs, backups, /tmp.")
@click.option("--names", type=EXISTING, help="Names and addresses to try besides the roster: CSV, XLSX, or one a line.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def drill(also: tuple[Path, ...], names: Path | None, as_json: bool) -> None:
    """Play somebody who has seized this server: what do they learn about who signed?

    Exit code 0: of sealed petitions nothing but the published names. 1: something else was found. Standard petitions
    are reported and do not count.
    """
    report = services.run(also=also, names=names, say=lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps(asdict(report) | {"failed": report.failed}, ensure_ascii=False, indent=2))
    else:
        _print(report)
    if report.failed:
        raise click.exceptions.Exit(1)


def _print(report: Report) -> None:
    click.echo(f"Tried {report.people} people and {report.keys} keys on the database and {report.files} files.")
    for name in report.unread:
        click.echo(f"Could not be read: {name}")
    rows = [("petition", "mode", "signatures", "with keys", "opened", "published names")]
    rows += [
        (one.slug, one.mode, str(one.signatures), str(one.readable), str(one.opened), str(one.published))
        for one in report.petitions
    ]
    _table(rows)
    for sealed, title in ((True, "Found about sealed petitions"), (False, "Found about standard petitions")):
        found = [finding for finding in report.findings if finding.sealed == sealed]
        if found:
            click.echo(f"\n{title}:")
            _table([("what", "where", "signatures", "petition"), *(_row(finding) for finding in found)])
    if any(one.mode == "sealed" for one in report.petitions) and not report.failed:
        click.echo("\nOf sealed petitions: the published names, and nothing else.")
    if any(one.mode == "standard" and one.opened for one in report.petitions):
        click.echo("\nStandard petitions: whoever seizes this server reads every name that still has its key.")


def _row(finding: Finding) -> tuple[str, str, str, str]:
    what = f"{finding.what}, {finding.how}" if finding.how else finding.what
    return what, finding.where, str(finding.number), finding.petition


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
