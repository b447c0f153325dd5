"""What `flask signatures import` and `flask roster import` have in common: how a file is read, and its preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from petition_app.storage.spreadsheets import BadRow
from petition_app.storage.text_tables import ENCODINGS
from petition_app.tables.days import ORDERS
from petition_app.tables.layout import Layout, read_choice
from petition_app.tables.survey import Survey
from petition_app.tables.titles import Kind

Command = TypeVar("Command", bound=Callable[..., Any])

SHOWN_BAD_ROWS = 10
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
REASONS = {
    "title": "its title is known",
    "cells": "its cells look like mail addresses",
    "items": "its cells are addresses of records",
    "": "its title is not known",
}


@dataclass(frozen=True)
class Options:
    """How a command was told to read a file."""

    columns: str
    header_line: int | None
    encoding: str
    with_hidden: bool
    with_headings: bool
    days: str
    dry_run: bool

    @property
    def opening(self) -> dict[str, Any]:
        """What has to be known when the file is opened."""
        names = ("encoding", "header_line", "with_hidden", "with_headings", "days")
        return {name: getattr(self, name) for name in names}

    @property
    def words(self) -> list[str]:
        """The options that change what is read, as words; none where nothing was chosen."""
        chosen = [self.columns, *map(str, self.opening.values())]
        return chosen if chosen != ["", "", "None", "False", "False", ""] else []

    def choose(self, layout: Layout, kind: Kind) -> Layout:
        """Return the layout with the columns that were chosen, if any were. Raises: ColumnsError."""
        return read_choice(self.columns, layout, kind) if self.columns else layout


def reading_options(command: Command) -> Command:
    """Give a command the options that say how its file is read; they arrive as one `options`."""
    names = ("columns", "header_line", "encoding", "with_hidden", "with_headings", "days", "dry_run")

    def gather(**values: Any) -> Any:
        options = Options(*(values.pop(name) for name in names))
        return command(**values, options=options)

    gather.__doc__ = command.__doc__
    for option in (
        click.option("--dry-run", is_flag=True, help="Print the preview, and change nothing."),
        click.option("--days", default="", type=click.Choice(["", *ORDERS]), help="What comes first in 08/09/2019."),
        click.option("--with-headings", is_flag=True, help="Take rows, too, that look like headings or totals."),
        click.option("--with-hidden", is_flag=True, help="Take rows, too, that the spreadsheet does not show."),
        click.option("--encoding", default="", type=click.Choice(["", *ENCODINGS]), help="Of a text, if not found."),
        click.option("--header-line", type=click.IntRange(0), help="The line of the titles; 0: there is none."),
        click.option(
            "--columns", default="", help="Which column is what, as FIELD=TITLE,FIELD=NUMBER; else it is guessed."
        ),
    ):
        gather = option(gather)
    return gather  # type: ignore[return-value] # With one argument in place of five.


def print_preview(layout: Layout, survey: Survey, shown: Sequence[str], size: int, bad: Sequence[BadRow]) -> None:
    """Print how a file is read, what is passed over, its first rows as they are taken, and what would be done."""
    if layout.encoding:
        click.echo(f"encoding {layout.encoding}, delimiter {NAMES.get(layout.delimiter, layout.delimiter)}")
    click.echo(f"titles on line {layout.header_line}" if layout.header_line else "no line of titles")
    for column in survey.columns:
        guess = column.guess
        why = "chosen" if guess.field != column.field else REASONS.get(guess.reason, _why(guess.reason, guess.word))
        click.echo(f"column {column.title or column.number + 1}: {column.field or 'not used'} ({why})")
    for line in notes(layout, survey):
        click.echo(line)
    for line in shown:
        click.echo(f"  {line}")
    for row in bad[:SHOWN_BAD_ROWS]:
        click.echo(f"line {row.line} is left out: {row.reason}")
    click.echo(f"{size} rows would be taken, {len(bad)} rows are left out; nothing was changed")


def notes(layout: Layout, survey: Survey) -> list[str]:
    """Return what must be told of a file before its rows are taken."""
    told = [
        f"column not used, though {column.filled} of its cells are filled: {column.title or column.number + 1}"
        for column in survey.passed_over
    ]
    if survey.hidden:
        what = "taken, too" if layout.with_hidden else "left out (--with-hidden takes them)"
        told.append(f"{len(survey.hidden)} rows are hidden in the spreadsheet and {what}")
    if layout.sheets > 1:
        told.append(f"the first of {layout.sheets} sheets is read: {layout.sheet}")
    for column in survey.hidden_columns:
        told.append(f"column hidden in the spreadsheet: {column.title or column.number + 1}")
    if survey.headings:
        what = "taken, too" if layout.with_headings else "left out (--with-headings takes them)"
        told.append(f"{len(survey.headings)} rows look like headings, totals or vacant seats and are {what}")
    if survey.merged:
        where = f"the first is line {survey.merged[0]}; only there its content is taken"
        told.append(f"cells of {len(survey.merged)} lines are merged with those below, {where}")
    if survey.unclear and not layout.days:
        told.append(f"{survey.unclear} days can be read in two ways (--days dmy or --days mdy)")
    if survey.errors:
        told.append(f"{survey.errors} cells hold an error of the spreadsheet and are taken as empty")
    if survey.short:
        told.append(f"{len(survey.short)} lines have fewer cells than titles, the first is line {survey.short[0]}")
    return told


def _why(reason: str, word: str) -> str:
    return f"another column is {word}" if reason in ("twice", "weak") else f"its title holds {word}"
