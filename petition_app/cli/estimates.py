"""`flask verification estimate …`: what a sample says, by the rule of a state or by the exact bound of a re-check."""

from __future__ import annotations

import json

import click
from flask import Flask

from petition_app.cli.base import Command
from petition_app.cli.matching import group
from petition_app.estimation.bounds import StateEstimate
from petition_app.estimation.methods import RULES, make_estimate


def init_app(app: Flask) -> None:
    """Add the command to its group."""
    group.add_command(estimate)


@click.command("estimate", cls=Command)
@click.argument("rule", type=click.Choice(RULES))
@click.option("--stage", type=int, help="Oregon: first (1) or second (2) sample.")
@click.option("--raw", type=int, help="All signatures submitted; for a re-check, all that were decided.")
@click.option("--sample", type=int, help="How many of them were drawn and checked.")
@click.option("--valid", type=int, help="Valid ones in the sample.")
@click.option("--invalid", type=int, help="Invalid ones in the sample.")
@click.option("--duplicates", type=int, help="Repeats in the sample; in Oregon and Washington, pairs.")
@click.option("--required", type=int, help="How many valid signatures the law asks for.")
@click.option("--wrong", type=int, help="Re-check: how many were found wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
def estimate(rule: str, as_json: bool, **numbers: int | None) -> None:
    """Estimate valid signatures from a random sample, each figure as the rule prints it. Needs no database."""
    result = make_estimate(rule, **numbers)
    if as_json:
        click.echo(json.dumps({"rule": rule, **result.as_json()}, ensure_ascii=False))
        return
    click.echo(result.explanation)
    if isinstance(result, StateEstimate):
        if result.verdict:
            click.echo(result.verdict)
        if result.sample < result.sample_asked:
            click.echo(f"The law asks for a sample of at least {result.sample_asked}.")
    for name, figure in result.as_json().items():
        if figure is not None:
            click.echo(f"{name}: {figure}")
