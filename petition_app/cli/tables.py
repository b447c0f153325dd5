"""What `flask signatures import` and `flask roster import` have in common: how a file is read, and its preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
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
ALL = "all"
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
    sheet: str
    with_hidden: bool
    with_headings: bool
    with_filled: bool
    mended: str
    days: str
    dry_run: bool

    @property
    def opening(self) -> dict[str, Any]:
        """What has to be known when the file is opened."""
        names = ("encoding", "sheet", "header_line", "with_hidden", "with_headings", "with_filled", "days")
        lines = () if self.mended in ("", ALL) else tuple(int(line) for line in self.mended.split(","))
        told = {"with_mended": self.mended == ALL, "mended": lines}
        return {name: getattr(self, name) for name in names} | told

    @property
    def words(self) -> list[str]:
        """The options that change what is read, as words; none where nothing was chosen."""
        chosen = [
            f"{name}={value}" for name, value in vars(self).items() if value not in ("", None) and value is not False
        ]
        return [word for word in chosen if word != "dry_run=True"]

    def choose(self, layout: Layout, kind: Kind) -> Layout:
        """Return the layout with the columns that were chosen, if any were. Raises: ColumnsError."""
        return read_choice(self.columns, layout, kind) if self.columns else layout


def reading_options(command: Command) -> Command:
    """Give a command the options that say how its file is read; they arrive as one `options`."""
    names = [field.name for field in fields(Options)]

    def gather(**values: Any) -> Any:
        options = Options(*(values.pop(name) for name in names))
        return command(**values, options=options)

    gather.__doc__ = command.__doc__
    for option in (
        click.option("--dry-run", is_flag=True, help="Print the preview, and change nothing."),
        click.option("--days", default="", type=click.Choice(["", *ORDERS]), help="What comes first in 08/09/2019."),
        click.option("--mended", default="", callback=_check_lines, help="Names that mix alphabets: ALL or LINE,LINE."),
        click.option("--with-filled", is_flag=True, help="Take what a merged cell holds on each of its lines."),
        click.option("--with-headings", is_flag=True, help="Take rows, too, that look like headings or totals."),
        click.option("--with-hidden", is_flag=True, help="Take rows, too, that the spreadsheet does not show."),
        click.option("--sheet", default="", help="Which sheet of a spreadsheet; else the first that is shown."),
        click.option("--encoding", default="", type=click.Choice(["", *ENCODINGS]), help="Of a text, if not found."),
        click.option("--header-line", type=click.IntRange(0), help="The line of the titles; 0: there is none."),
        click.option(
            "--columns", default="", help="Which column is what, as FIELD=TITLE,FIELD=NUMBER; else it is guessed."
        ),
    ):
        gather = option(gather)
    return gather  # type: ignore[return-value] # With one argument in place of five.


def _check_lines(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Check that it says lines, or all of them."""
    value = value.replace(" ", "").casefold()
    if value not in ("", ALL) and not all(line.isdecimal() for line in value.split(",")):
        raise click.BadParameter("say `all`, or lines such as 3,7")
    return value


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
    if len(layout.sheet_names) > 1:
        others = ", ".join(name for name in layout.sheet_names if name != layout.sheet)
        told.append(
            f"of {len(layout.sheet_names)} sheets one is read: {layout.sheet}; the others (--sheet) are {others}"
        )
    for column in survey.hidden_columns:
        told.append(f"column hidden in the spreadsheet: {column.title or column.number + 1}")
    if survey.headings:
        what = "taken, too" if layout.with_headings else "left out (--with-headings takes them)"
        told.append(f"{len(survey.headings)} rows look like headings, totals or vacant seats and are {what}")
    if survey.merged:
        where = f"the first is line {survey.merged[0]}"
        what = "taken there, too" if layout.with_filled else "taken as empty there (--with-filled takes it)"
        told.append(f"cells of {len(survey.merged)} lines are merged with one above, {where}; what it holds is {what}")
    if survey.mendable:
        told += [f"line {name.line}: {name.typed} reads {name.meant}" for name in survey.some_mendable]
        what = "taken as they read" if layout.with_mended else "taken so only where --mended says so"
        told.append(f"{survey.mendable} names mix letters that look alike, or hide a sign; they are {what}")
    if survey.unclear and not layout.days:
        told.append(f"{survey.unclear} days can be read in two ways (--days dmy or --days mdy)")
    if survey.errors:
        told.append(f"{survey.errors} cells hold an error of the spreadsheet and are taken as empty")
    if survey.short:
        told.append(f"{len(survey.short)} lines have fewer cells than titles, the first is line {survey.short[0]}")
    return told


def _why(reason: str, word: str) -> str:
    return f"another column is {word}" if reason in ("twice", "weak") else f"its title holds {word}"
