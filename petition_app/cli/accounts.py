"""`flask accounts …`: it stands here because a role belongs to a petition."""

from __future__ import annotations

import sys

import click
from flask import Flask

from petition_app.accounts import credentials, services
from petition_app.accounts.models import ROLES
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import leaving
from petition_app.petitions.first_petition import is_empty
from petition_app.petitions.services import get_by_slug
from petition_app.storage.db import transaction

group = ErrorReportingGroup("accounts", help="Make and remove the accounts of organizers, reviewers and auditors.")


class NoPetitionError(DomainError):
    """Somebody who is no first organizer needs a petition."""

    message = N_("Please say on which petition: --petition. Only the organizer who drafts the first one needs none.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option(
    "--petition", "slug", help="The petition's address; not needed for the organizer who drafts the first one."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create(email: str, name: str, role: str, slug: str | None, password_stdin: bool) -> None:
    """Give EMAIL a role on a petition, with a new account if the address has none."""
    password = _read_password(password_stdin)
    with transaction():
        if slug is None and (role != "organizer" or not is_empty()):
            raise NoPetitionError
        petition_id = get_by_slug(slug).id if slug else None
        account = services.create_account(
            email=email, name=name, role=role, petition_id=petition_id, password=password, at=utcnow()
        )
        click.echo(f"{account.email} is {role} of {slug}" if slug else f"{account.email} may draft the first petition")


@group.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def password(email: str, password_stdin: bool) -> None:
    """Give EMAIL a new password and end its sessions, when the old one is forgotten."""
    new = _read_password(password_stdin)
    with transaction():
        account = services.find_account(email)
        if account is None:
            raise services.NoAccountError
        credentials.set_password(account, new, at=utcnow())
    click.echo(f"{email} has a new password and is signed out everywhere")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@group.command("remove")
@click.argument("email")
@click.option("--petition", "slug", required=True, help="The petition's address.")
def remove(email: str, slug: str) -> None:
    """Take EMAIL's role on a petition away and end the person's sessions."""
    with transaction():
        petition_id = get_by_slug(slug).id
        membership = services.find_member(email, petition_id=petition_id)
        leaving.remove_as_operator(membership.id, petition_id=petition_id, at=utcnow())
    click.echo(f"{email} has no role on {slug} any more")
