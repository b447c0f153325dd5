"""`flask petitions …`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask

from petition_app.accounts.services import find_account
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.crypto import passwords
from petition_app.petitions import freezing, services
from petition_app.petitions.toml_reader import read_petition
from petition_app.storage.db import transaction

NO_CONTACT = (
    "Nobody is named whom signers can turn to who lose the twelve words: add `organizers` and `contact` on the page "
    "“Edit”, or to the file of the next petition."
)

group = ErrorReportingGroup("petitions", help="Create, open, pause, close and show petitions.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("create")
@click.argument("file", type=click.Path(path_type=Path))
def create(file: Path) -> None:
    """Draft a petition from FILE (TOML)."""
    new = read_petition(file)
    with transaction():
        services.create(new, by=None, at=utcnow())
    click.echo(f"{new.slug} is drafted. Open it with `flask petitions open {new.slug}`.")


@group.command("open")
@click.argument("slug")
def open_(slug: str) -> None:
    """Open a petition for signing, or resume it."""
    _change(slug, "open")
    with transaction(saving=False):
        if not services.get_by_slug(slug).names_contact:
            click.echo(NO_CONTACT, err=True)


@group.command("pause")
@click.argument("slug")
def pause(slug: str) -> None:
    """Stop taking signatures for a while."""
    _change(slug, "paused")


@group.command("close")
@click.argument("slug")
def close(slug: str) -> None:
    """End signing; what was received is still checked."""
    _change(slug, "closed")


@group.command("freeze")
@click.argument("slug")
def freeze(slug: str) -> None:
    """Stop intake, lock every desk, show no name and sign the numbers, at once."""
    with transaction():
        freezing.freeze(services.get_by_slug(slug), by=None, at=utcnow())
    click.echo(f"{slug} is frozen. Two organizers must agree before it goes on.")


@group.command("unfreeze")
@click.argument("slug")
@click.option("--by", "email", required=True, help="The organizer who proposes or confirms it.")
@click.option("--password-stdin", is_flag=True, help="Read the organizer's password from standard input.")
def unfreeze(slug: str, email: str, password_stdin: bool) -> None:
    """Propose to end a freeze, or confirm what another organizer proposed in the last 24 hours."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt("Password", hide_input=True)
    with transaction():
        petition, account = services.get_by_slug(slug), find_account(email)
        if account is None or not passwords.check(password, account.password).right:
            raise click.ClickException("Address or password is not right.")
        goes_on = freezing.unfreeze(petition, by=account, at=utcnow())
    click.echo(f"{slug} is no longer frozen" if goes_on else "Proposed. Another organizer must confirm it in 24 hours.")


@group.command("show")
@click.argument("slug")
def show(slug: str) -> None:
    """Show a petition's settings and text versions."""
    with transaction(saving=False):
        petition = services.get_by_slug(slug)
        for name in (
            "slug",
            "state",
            "goal",
            "opens",
            "closes",
            "time_zone",
            "names_order",
            "mode",
            "mail",
            "roster",
            "reviewers",
            "frozen_at",
        ):
            click.echo(f"{name}: {getattr(petition, name)}")
        for version in petition.versions:
            click.echo(f"text {version.number}: {version.sha256.hex()} ({', '.join(version.texts)})")


def _change(slug: str, to: str) -> None:
    with transaction():
        services.change_state(services.get_by_slug(slug), to, by=None, at=utcnow())
    click.echo(f"{slug} is {to}")
