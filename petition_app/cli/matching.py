"""`flask verification measure`: how well matching does on a folder whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import Flask

from petition_app.cli.base import ErrorReportingGroup
from petition_app.verification.matching_cases.measure import Measures, NameMeasures, measure, measure_names

group = ErrorReportingGroup("verification", help="Measure the matching, estimate from a sample. Needs no database.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("measure")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--names", type=click.Path(path_type=Path), help="Measure pairs of names of this JSON file instead.")
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
def measure_(folder: Path | None, names: Path | None, as_json: bool) -> None:
    """Match the signatures in FOLDER with its roster.csv and compare with its truth.json. Needs no database."""
    if folder is None and names is None:
        raise click.ClickException("Name a folder, or a file of pairs with --names.")
    found: list[Measures | NameMeasures] = []
    if folder is not None:
        found.append(measure(folder))
    if names is not None:
        found.append(measure_names(names))
    figures = {key: value for each in found for key, value in each.as_json().items()}
    if as_json:
        click.echo(json.dumps(figures))
        return
    for key, value in figures.items():
        click.echo(f"{key:<18} {value:.3f}" if isinstance(value, float) else f"{key:<18} {value}")
