"""`flask tally …`, `flask audit verify`."""

from __future__ import annotations

import json

import click
from flask import Flask

from petition_app import audit
from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.petitions import rehearsing
from petition_app.petitions.services import get_by_slug, list_all
from petition_app.shell import Door
from petition_app.signatures import contents
from petition_app.tally import counting, services

tally = Door("tally", help="Show, publish and recount the numbers.")
trail = Door("audit", help="Check the trail of staff acts.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    for group in (tally, trail):
        app.cli.add_command(group)


@tally.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print the object of status.json, nothing hidden.")
def show(slug: str, as_json: bool) -> None:
    """Show the live numbers of a petition."""
    with transaction(saving=False):
        numbers = counting.live_tally(get_by_slug(slug)).as_json(as_of=utcnow(), public=False)
    if as_json:
        click.echo(json.dumps(numbers, ensure_ascii=False, indent=2))
        return
    for name in ("verified", "not_counted", "initial", "received_total", "unconfirmed", "corrections"):
        click.echo(f"{name}: {numbers[name]}")
    for state, number in numbers["states"].items():
        click.echo(f"  {state}: {number}")
    for batch in numbers["batches"]:
        click.echo(f"{batch['title']} ({batch['state']}): {batch['received']} received, {batch['verified']} verified")


@tally.command("publish")
@click.argument("slug")
def publish(slug: str) -> None:
    """Publish the numbers of a petition now."""
    with transaction():
        publication = services.publish_now(get_by_slug(slug), by=None, at=utcnow())
        number = publication.number if publication else None
    if number is None:
        raise click.ClickException("Nothing was published: the petition is a draft, or its numbers do not add up.")
    click.echo(f"publication {number}")


@tally.command("audit")
def recount() -> None:
    """Count everything anew from other tables and compare."""
    problems = []
    with transaction(saving=False):
        petitions = list_all()
        for petition in petitions:
            problems += [f"{petition.slug}: {line}" for line in counting.recount(petition)]
        problems += [f"{number} rows of {name} belong to no signature" for name, number in contents.strays().items()]
    for line in problems:
        click.echo(line)
    if problems:
        raise click.ClickException(f"{len(problems)} differences were found.")
    click.echo(f"{len(petitions)} petitions counted anew: no difference")


@trail.command("verify")
def verify() -> None:
    """Check that no row of the trail was changed, added or removed."""
    with transaction():
        audit.link_events(apart=rehearsing.list_ids())
        broken = audit.find_broken_link()
    if broken is not None:
        raise click.ClickException(f"The trail is broken at row {broken}.")
    click.echo("The trail is whole.")
