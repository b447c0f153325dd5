"""The shell as a door: commands run in the application, and what goes wrong is one line and exit code 1."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from petition_app.errors import DomainError
from petition_app.storage.spreadsheets import BadRow

Taken = TypeVar("Taken")


class ErrorReportingGroup(AppGroup):
    """A group of commands that turns a domain error into one line."""

    def command(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override] # Narrower on purpose.
        """Declare a command that runs in the application."""
        return super().command(name, cls=Command, **options)


class Command(click.Command):
    """A command whose domain errors are one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(str(error)) from None


commands = ErrorReportingGroup(help="Commands that stand alone.")


def good_rows(rows: Iterator[Taken | BadRow], bad: list[BadRow]) -> Iterator[Taken]:
    """Go through the rows of a file that can be taken, and set the others aside."""
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            yield row


def write_errors(file: Path, bad: list[BadRow]) -> None:
    """Write line numbers and reasons, never a row's content; remove the list of an earlier try."""
    path = file.with_name(f"{file.name}.errors.csv")
    if not bad:
        path.unlink(missing_ok=True)
        return
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("line", "reason"))
        writer.writerows((row.line, row.reason) for row in bad)
    click.echo(f"{len(bad)} rows were not taken; see {path}", err=True)
