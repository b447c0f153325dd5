"""`flask tally …`, `flask audit verify`."""

from __future__ import annotations

import json

import click
from flask import Flask

from petition_app import audit
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.petitions import rehearsing
from petition_app.petitions.services import get_by_slug, list_all
from petition_app.signatures import opened_signature
from petition_app.storage.db import transaction
from petition_app.tally import counting, services

tally = ErrorReportingGroup("tally", help="Show, publish and recount the numbers.")
trail = ErrorReportingGroup("audit", help="Check the trail of staff acts.")


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
        problems += [
            f"{number} rows of {name} belong to no signature" for name, number in opened_signature.strays().items()
        ]
    for line in problems:
        click.echo(line)
    if problems:
        raise click.ClickException(f"{len(problems)} differences were found.")
    click.echo(f"{len(petitions)} petitions counted anew: no difference")


@trail.command("verify")
@click.option("--length", type=click.IntRange(1), help="How long the trail was once, as `flask backup` has said.")
@click.option("--head", help="Its newest link at that time, as `flask backup` has said.")
def verify(length: int | None, head: str | None) -> None:
    """Check that no row of the trail was changed, added or removed, and that its end was not cut off.

    Its end is compared with what publications remember, and with what was noted elsewhere: --length and --head.
    """
    link = _link(length, head)
    with transaction():
        audit.link_events(apart=rehearsing.list_ids())
        broken, lost = audit.find_broken_link(), services.find_lost_trail()
        if length and not audit.has_been(length, link):
            lost = length
    if broken is not None:
        raise click.ClickException(f"The trail is broken at row {broken}.")
    if lost is not None:
        raise click.ClickException(f"The trail once had another row {lost}: its end was cut off or written anew.")
    click.echo("The trail is whole.")


def _link(length: int | None, head: str | None) -> bytes:
    if (length is None) != (head is None):
        raise click.UsageError("--length and --head are given together.")
    try:
        return bytes.fromhex(head or "")
    except ValueError:
        raise click.UsageError("--head is not what `flask backup` prints.") from None
