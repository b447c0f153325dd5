"""`flask verification duplicates`: how well the search for duplicates does on files whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import Flask

from petition_app.cli.base import Command
from petition_app.cli.matching import group
from petition_app.verification.matching_cases.linkage_truth import Measured, NotLabelledError, measure, together


def init_app(app: Flask) -> None:
    """Add the command to its group."""
    group.add_command(duplicates)


@click.command("duplicates", cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON, for all files and for each.")
def duplicates(files: tuple[Path, ...], as_json: bool) -> None:
    """Measure the search for duplicates on each FILE (CSV of FEBRL, or like Splink's fake_20000). Needs no database.

    A folder stands for the CSV files in it.
    """
    paths = [path for file in files for path in (sorted(file.glob("*.csv")) if file.is_dir() else [file])]
    if not paths:
        raise NotLabelledError(file=files[0].name, why="it holds no CSV file")
    figures = []
    for path in paths:
        click.echo(f"{path.name} …", err=True)
        figures.append(measure(path))
    if as_json:
        whole = {key: value for key, value in together(figures).as_json().items() if key != "file"}
        click.echo(json.dumps({**whole, "files": [one.as_json() for one in figures]}, ensure_ascii=False))
        return
    for one in figures:
        click.echo(_line(one))


def _line(one: Measured) -> str:
    return (
        f"{one.file}: {one.records} records, {one.true_pairs} true pairs, {one.found} found, {one.right} right: "
        f"precision {one.precision:.4f}, recall {one.recall:.4f}, F1 {one.f1:.4f}"
    )
