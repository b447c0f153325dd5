"""`flask demo load`."""

from __future__ import annotations

import click
from flask import Flask

from petition_app import config
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.demo import story
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.services import list_all
from petition_app.storage.db import transaction

group = ErrorReportingGroup("demo", help="The founding day with invented people.")


class NotEmptyError(DomainError):
    """There are petitions already."""

    message = N_("The database holds petitions already, so the demo was not loaded.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("load")
@click.option("--sealed", is_flag=True, help="Load it in sealed mode.")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are petitions already.")
def load(sealed: bool, if_empty: bool) -> None:
    """Load the founding day: 19 initial signatories, a correction, 84 more received, 47 verified."""
    with transaction(saving=False):
        slugs = [petition.slug for petition in list_all()]
    if slugs and not if_empty:
        raise NotEmptyError
    if not slugs:
        click.echo("Loading the founding day …", err=True)
        told = story.tell(utcnow(), sealed=sealed)
        if sealed:
            click.echo(f"Passphrase of organizer and reviewers: {story.PASSPHRASE}")
        click.echo("Secret codes to try at /my:")
        click.echo(f"  asked a question: {told.codes[story.ASKED[0]]}")
        click.echo(f"  verified:         {told.codes[story.VERIFIED[0]]}")
    if not slugs or story.SLUG in slugs:
        _say_where()


def _say_where() -> None:
    settings = config.current()
    click.echo(f"The letter:  http://127.0.0.1:{settings.port}/p/{story.SLUG}")
    click.echo(f"For staff:   http://127.0.0.1:{settings.port}/organizer")
    for email, _, role in story.STAFF:
        click.echo(f"  {role:<10} {email:<24} password {story.PASSWORD}")
    click.echo(
        f"Mails land:  {settings.mail_url.split('@')[-1] if settings.mail_url else settings.instance / 'outbox'}"
    )
